/** The value of an operation at any point of a box lies within the bounds that its interval rule gives for the box. */
import { grad, type Tensor, tensor } from "nabla";
import { expect, test } from "vitest";
import { intervalsOf, withoutRule } from "../../src/analyze/interval.ts";
import type { Bounds } from "../../src/base/interval.ts";
import { trace } from "../../src/graph/graph.ts";
import { apply } from "../../src/graph/tensor.ts";
import { operations } from "../../src/ops/table.ts";
import { all, cases, cost, draw, draws, type NamedCase, seed, smooth } from "./cases.ts";

const factorization = "the interval of a factorization is too wide to say anything";
/** Operations without an interval rule, and why. */
const reasons: Readonly<Record<string, string>> = {
  cholesky: factorization,
  eigh: factorization,
  lu: factorization,
  luSolve: factorization,
  qr: factorization,
  svd: factorization,
  triangularSolve: factorization,
};

test("every operation has a rule, or a reason", () => {
  const open = operations.filter((o) => (o.interval === undefined) !== o.name in reasons).map((o) => o.name);
  expect(open).toEqual([]);
});

/** Boxes about the inputs drawn: points, narrow ones, wide ones. Integers have whole bounds. */
function boxesOf(
  c: Pick<NamedCase, "ranges">,
  x: readonly Tensor[],
  width: number,
  random: (n: number) => number,
): Bounds[] {
  return x.map((t, i) => {
    const [low, high] = c.ranges?.[i] ?? [-2, 2];
    const whole = t.dtype !== "float64" ? Math.round : (v: number): number => v;
    const cut = (v: number): number => (t.dtype === "bool" ? Math.min(1, Math.max(0, v)) : v);
    const reach = (): number => (width * (high - low) * random(1000)) / 1000;
    return {
      low: Float64Array.from(t.data, (v) => cut(whole(Math.max(c.ranges ? low : -Infinity, v - reach())))),
      high: Float64Array.from(t.data, (v) => cut(whole(Math.min(c.ranges ? high : Infinity, v + reach())))),
    };
  });
}

/** A point of the box; corners are likely. */
const pointOf = (box: readonly Bounds[], like: readonly Tensor[], random: (n: number) => number): Tensor[] =>
  like.map((t, i) => {
    const { low, high } = box[i] as Bounds;
    const values = Float64Array.from(t.data, (_, k) => {
      const [a, b] = [low[k] as number, high[k] as number];
      const part = [0, 1, random(1001) / 1000][random(3)] as number;
      const v = part === 1 ? b : Math.min(b, a + part * (b - a));
      return t.dtype === "float64" ? v : Math.floor(v);
    });
    return tensor(values, { shape: t.shape }).cast(t.dtype);
  });

/** What lies outside: the place, the value, its bounds. Bounds that are NaN hold everything. */
function outside(value: Tensor, { low, high }: Bounds): string[] {
  return Array.from(value.data).flatMap((v, i) => {
    const [a, b] = [low[i] as number, high[i] as number];
    return Number.isNaN(a) || (v >= a && v <= b) ? [] : [`[${i}]: ${v} not in [${a}, ${b}]`];
  });
}

function check(c: NamedCase, f: (...x: Tensor[]) => Tensor, stream: number): { known: number; of: number } {
  const random = draws(seed + stream);
  const x = draw(c, stream);
  const graph = trace("law", x, (leaves) => [f(...leaves)]);
  const output = graph.outputs[0] as Tensor;
  const run = intervalsOf(graph);
  let [known, of] = [0, 0];
  if (withoutRule(graph) !== undefined) return { known: 1, of: 1 };
  for (const width of [0, 1e-9, 0.01, 0.3, 1]) {
    const box = boxesOf(c, x, width, random);
    const bounds = run(box)(output);
    for (let k = 0; k < 12; k++) expect(outside(f(...pointOf(box, x, random)), bounds), `width ${width}`).toEqual([]);
    if (width === 0) [known, of] = [bounds.low.filter((v) => !Number.isNaN(v)).length, bounds.low.length];
  }
  return { known, of };
}

test.each(cases)("holds the values of $name", (c) => {
  const stream = 300 + cases.indexOf(c);
  const { known, of } = check(c, c.apply, stream);
  expect(known, "at a single point everything is known").toBe(of);
});

test.each(smooth.filter((c) => c.shapes.length > 0))("holds the derivative of $name", (c) => {
  const slope = grad(cost(c) as (...x: Tensor[]) => Tensor, { wrt: all(c).slice(0, 1) });
  check(c, (...x) => (slope(...x) as Tensor[])[0] as Tensor, 700 + cases.indexOf(c));
});

test.each(operations.filter((o) => o.laws?.edges !== undefined && o.interval !== undefined))(
  "holds the edges of $name",
  (o) => {
    for (const edge of o.laws?.edges ?? []) {
      const x = edge.map((v) => tensor(v, { dtype: o.laws?.dtype ?? "float64" }));
      const value = apply(o, x);
      const bounds = edge.map((v): Bounds => ({ low: Float64Array.of(v), high: Float64Array.of(v) }));
      const found = o.interval?.(bounds, x, {}, value) as Bounds;
      // Of infinities the rules speak as of bounds: they mean any number beyond.
      if (edge.every(Number.isFinite)) expect(outside(value, found), `${o.name}(${edge})`).toEqual([]);
    }
  },
);
