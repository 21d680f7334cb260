/** What the laws are checked on: the cases of every operation, and random inputs from a seed that is printed. */
import { random, type Tensor, tensor } from "nabla";
import { type Data, type DType, isFloat } from "../../src/base/dtype.ts";
import { sizeOf } from "../../src/base/shape.ts";
import type { Lane, Lanes, LawCase, Operation } from "../../src/graph/operation.ts";
import { operations } from "../../src/ops/table.ts";
import { compositions } from "./compositions.ts";
import { controlCases } from "./control.ts";

export const seed = Number(process.env.NABLA_SEED ?? 20261123);
console.log(`laws: seed ${seed} (NABLA_SEED)`);

export type Float = "float64" | "float32";
export const floats: readonly Float[] = ["float64", "float32"];

export interface NamedCase extends LawCase {
  readonly name: string;
  /** What the case is for; a composition has none. */
  readonly operation?: Operation;
  /** The dtype of the inputs, where they are no floats. */
  readonly dtype?: DType;
}

export const tableCases: readonly (NamedCase & { readonly operation: Operation })[] = operations.flatMap((operation) =>
  (operation.laws?.cases ?? []).map((c) => ({
    ...c,
    operation,
    name: `${operation.name} ${c.label ?? ""}`,
    ...(operation.laws?.dtype ? { dtype: operation.laws.dtype } : {}),
  })),
);
export const cases: readonly NamedCase[] = [...tableCases, ...controlCases, ...compositions];
/** A cast to float32 rounds, and finite differences see steps where the derivative sees none. */
const rounds = (c: NamedCase): boolean => c.name === "cast to float32";
export const differentiable = cases.filter((c) => c.differentiable !== false);
export const smooth = differentiable.filter((c) => !rounds(c));

/** A source of small numbers, 0 … count − 1, always the same for one seed (Marsaglia 2003, xorshift). */
export function draws(start: number): (count: number) => number {
  let state = (start ^ 0x9e3779b9) | 1;
  return (count) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % count;
  };
}

const key = (stream: number, input: number): Tensor => random.key(seed + 1000 * stream + input);

export function draw(c: NamedCase, stream: number, dtype: Float = "float64"): Tensor[] {
  return c.shapes.map((shape, i) => {
    const [low, high] = c.ranges?.[i] ?? [-2, 2];
    const values = random.uniform(key(stream, i), shape, { low, high, dtype });
    return c.dtype === undefined || isFloat(c.dtype) ? values : values.mul(10).cast(c.dtype);
  });
}

/** Small integers with the extreme ones among them. */
export function drawIntegers(c: LawCase, stream: number, dtype: "int32" | "uint32" | "bool"): Tensor[] {
  const extremes = dtype === "int32" ? [-(2 ** 31), 2 ** 31 - 1, -1] : [2 ** 32 - 1, 2 ** 31, 0];
  return c.shapes.map((shape, i) => {
    const n = sizeOf(shape);
    const from = random.uniform(key(stream, i), [n], { low: dtype === "int32" ? -12 : 0, high: 13 }).data;
    const values = Array.from(from, (v, k) =>
      dtype === "bool" ? Number(v > 6) : k % 8 === 5 ? (extremes[k % 3] as number) : Math.floor(v),
    );
    const data: Data =
      dtype === "bool"
        ? Uint8Array.from(values)
        : dtype === "int32"
          ? Int32Array.from(values)
          : Uint32Array.from(values);
    return tensor(data, { shape });
  });
}

/** Random directions; an input that has one value only (an order, say) is held. */
export const directions = (inputs: readonly Tensor[], stream: number, c?: LawCase): Tensor[] =>
  inputs.map((x, i) => {
    const [low, high] = c?.ranges?.[i] ?? [0, 1];
    const dtype = x.dtype === "float32" ? "float32" : "float64";
    const v = random.uniform(key(stream, 500 + i), x.shape, { low: -1, high: 1, dtype });
    return low === high ? v.mul(0) : v;
  });

export const numbers = (t: Tensor): number[] => Array.from(t.data);
export const shifted = (inputs: readonly Tensor[], by: readonly Tensor[], h: number): Tensor[] =>
  inputs.map((x, i) =>
    tensor(
      Float64Array.from(x.data, (v, k) => v + h * (by[i]?.data[k] as number)),
      { shape: x.shape },
    ),
  );

/** The largest difference relative to the size of what is expected; NaN and infinities must be the same. */
export function distance(actual: readonly number[], expected: readonly number[]): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  const scale = expected.reduce((most, v) => (Number.isFinite(v) ? Math.max(most, Math.abs(v)) : most), 1);
  let worst = 0;
  actual.forEach((v, i) => {
    const w = expected[i] as number;
    if (v === w || (Number.isNaN(v) && Number.isNaN(w))) return;
    const gap = Math.abs(v - w) / scale;
    if (!(gap <= worst)) worst = Number.isNaN(gap) ? Number.POSITIVE_INFINITY : gap;
  });
  return worst;
}

export const dot = (a: readonly Tensor[], b: readonly Tensor[]): number =>
  a.reduce((sum, t, i) => sum + numbers(t).reduce((s, v, k) => s + v * (b[i]?.data[k] as number), 0), 0);

/**
 * d/dh f(h) at 0 by central differences of fourth order. Undefined where one-sided differences disagree: random
 * inputs may fall on a kink, where no number is the derivative.
 */
export function differences(f: (h: number) => number[], h = 2e-4): number[] | undefined {
  const at = (k: number): number[] => f(k * h);
  const [zero, a, b, c, d] = [at(0), at(1), at(-1), at(2), at(-2)] as [
    number[],
    number[],
    number[],
    number[],
    number[],
  ];
  const value = (list: number[], i: number): number => list[i] as number;
  const slope = a.map((v, i) => (8 * (v - value(b, i)) - (value(c, i) - value(d, i))) / (12 * h));
  const size = Math.max(1, ...slope.map(Math.abs));
  const kink = a.some((v, i) => {
    const [right, left] = [v - value(zero, i), value(zero, i) - value(b, i)];
    const [farRight, farLeft] = [value(c, i) - v, value(b, i) - value(d, i)];
    return Math.abs(right - left) + Math.abs(farRight - farLeft) > 0.1 * h * size;
  });
  return kink ? undefined : slope;
}

/** Draws until `check` finds no kink near; three draws on kinks are no accident. */
export function awayFromKinks(c: NamedCase, stream: number, check: (x: Tensor[], v: Tensor[]) => boolean): void {
  for (let k = 0; k < 3; k++) {
    const x = draw(c, stream + 100 * k);
    if (check(x, directions(x, stream + 100 * k, c))) return;
  }
  throw new Error(`${c.name}: every input drawn lies on a kink`);
}

/** Σ of squares: a scalar of any result, with a second derivative of its own. */
export const cost =
  (c: NamedCase) =>
  (...x: Tensor[]): Tensor =>
    c
      .apply(...x)
      .square()
      .sum();
export const all = (c: NamedCase): number[] => c.shapes.map((_, i) => i);

/** What the code of an elementwise operation consists of: calls of the vector library, and roundings. */
export function codeOf(operation: Operation): { readonly calls: boolean; readonly roundings: number } {
  const made: string[] = [];
  const lane: Lane = { dtype: "float64" };
  const record =
    (name: string) =>
    (called: unknown): Lane => {
      made.push(name === "call" && called === "rem" ? "rem" : name); // rem is exact
      return lane;
    };
  const lanes = new Proxy({} as Lanes, { get: (_target, name) => record(String(name)) });
  operation.lower?.(lanes, [lane, lane, lane], { dtype: "float64" }, { shape: [], dtype: "float64" });
  const rounding = new Set(["add", "sub", "mul", "div", "sqrt"]);
  return { calls: made.includes("call"), roundings: made.filter((name) => rounding.has(name)).length };
}
