/** A function over a box: its value, gradient and Hessian as graphs of one vector. */
import { NablaError } from "../base/error.ts";
import { down, up } from "../base/interval.ts";
import { scalarResult } from "../derivative/grad.ts";
import { type Graph, trace } from "../graph/graph.ts";
import { constant, type Tensor, withSources } from "../graph/tensor.ts";
import { callGiven, flattenResults, type Traced } from "../graph/trees.ts";
import { grad, hessian, jacobian } from "../index.ts";
import { concatenate, slice } from "../ops/movement.ts";
import { flatten, type Parameters } from "../optimize/parameters.ts";
import { show } from "../optimize/result.ts";
import { share } from "../transform/share.ts";
import { simplify } from "../transform/simplify.ts";

/**
 * From `lower` to `upper`, both trees like the argument of the function; for a function of several arguments lists
 * with one entry each.
 */
export interface Box<X = unknown> {
  readonly lower: X;
  readonly upper: X;
}

/** Part of a box, as vectors. */
export interface Cell {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

export interface Region {
  /** Names of the n variables, for messages. What the box leaves no width is a constant, in which nothing can step. */
  readonly names: readonly string[];
  readonly cell: Cell;
  /** [n] → []. */
  readonly value: Graph;
  /** [n] → [n]. */
  gradient(): Graph;
  /** [n] → [n, n]. */
  hessian(): Graph;
  /** [n] → [n, n, n]. */
  third(): Graph;
  /** A point as the tree of arguments; a list of trees if there are several. */
  rebuild(x: Float64Array): unknown;
}

type AnyFunction = (...args: never[]) => unknown;

/** @throws E-VALUE, E-TREE, E-SHAPE where lower and upper do not bound the arguments of f, or hold a single point */
export function regionOf(what: string, f: AnyFunction, box: Box): Region {
  if (typeof box !== "object" || box === null || !("lower" in box && "upper" in box))
    throw new NablaError("E-VALUE", `${what}: the box has no lower and upper`, "{ lower: […], upper: […] }");
  const several = f.length > 1;
  const [lower, upper] = [sideOf(what, "lower", box.lower, f.length), sideOf(what, "upper", box.upper, f.length)];
  if (lower.names.join() !== upper.names.join())
    throw new NablaError(
      "E-TREE",
      `${what}: lower bounds ${lower.names.join(", ")}, upper ${upper.names.join(", ")}`,
      "the same tree and the same shapes for both",
    );
  lower.x.forEach((a, i) => {
    const b = upper.x[i] as number;
    if (a > b)
      throw new NablaError("E-VALUE", `${what}: ${lower.names[i]} lies between ${a} and ${b}`, "lower ≤ upper");
  });
  const free = [...lower.x.keys()].filter((i) => lower.x[i] !== upper.x[i]);
  if (free.length === 0)
    throw new NablaError(
      "E-VALUE",
      `${what}: the box is a single point: lower and upper are the same`,
      "lower < upper for some of the variables; analyze(f, x) for a point",
    );
  const ofFree = <T>(list: ArrayLike<T>): T[] => free.map((i) => list[i] as T);
  /** All elements again, of those that vary. */
  const whole = (x: Tensor | Float64Array): Tensor | Float64Array => {
    if (free.length === lower.x.length) return x;
    if (x instanceof Float64Array) return free.reduce((all, i, k) => all.with(i, x[k] as number), lower.x);
    const places = new Map(free.map((i, k) => [i, k]));
    return concatenate(
      Array.from(lower.x, (v, i) => {
        const k = places.get(i);
        return k === undefined ? constant(Float64Array.of(v), [1]) : slice(x, [[k, k + 1]]);
      }),
    );
  };
  const args = (x: Tensor | Float64Array): readonly unknown[] => {
    const tree: Traced<unknown> = lower.rebuild(whole(x));
    return several ? Object.values(tree as object) : [tree];
  };
  const flat = (x: Tensor): Tensor => scalarResult(what, flattenResults(what, callGiven(what, f, args(x))).tensors);
  const graphOf = (g: (x: Tensor) => Tensor): Graph => {
    const types = [{ shape: [free.length], dtype: "float64" }] as const;
    return share(simplify(withSources(() => trace(what, types, ([x]) => [g(x as Tensor)]))));
  };
  return {
    names: ofFree(lower.names),
    cell: { low: Float64Array.from(ofFree(lower.x)), high: Float64Array.from(ofFree(upper.x)) },
    value: graphOf(flat),
    gradient: once(() => graphOf(grad(flat) as (x: Tensor) => Tensor)),
    hessian: once(() => graphOf(hessian(flat) as (x: Tensor) => Tensor)),
    third: once(() => graphOf(jacobian(hessian(flat)) as (x: Tensor) => Tensor)),
    rebuild: (x) => (several ? args(x) : args(x)[0]),
  };
}

/** One side of the box; several arguments become a tree of x0, x1, …. */
function sideOf(what: string, side: "lower" | "upper", tree: unknown, count: number): Parameters {
  const role = `the ${side} end of the box`;
  if (count <= 1) return flatten(what, tree, "x", role);
  if (!Array.isArray(tree) || tree.length !== count)
    throw new NablaError(
      "E-TREE",
      `${what}: ${side} is no list of ${count} entries`,
      "an entry for each argument of f",
    );
  return flatten(what, Object.fromEntries(tree.map((arg: unknown, i) => [`x${i}`, arg])), "x", role);
}

function once<R>(f: () => R): () => R {
  let known: { readonly value: R } | undefined;
  return () => {
    known ??= { value: f() };
    return known.value;
  };
}

export const middleOf = ({ low, high }: Cell): Float64Array =>
  low.map((a, i) => Math.min(high[i] as number, Math.max(a, a / 2 + (high[i] as number) / 2)));

/** A point with its neighbours in the box: what holds in all of it holds beside the point too. */
export const beside = (x: Float64Array, box: Cell): Cell => ({
  low: x.map((v, i) => Math.max(box.low[i] as number, down(v))),
  high: x.map((v, i) => Math.min(box.high[i] as number, up(v))),
});

/** The two halves of a cell, cut across a side; undefined if it is too narrow to be cut. */
export function halves({ low, high }: Cell, side: number): readonly [Cell, Cell] | undefined {
  const [a, b] = [low[side] as number, high[side] as number];
  const middle = a / 2 + b / 2;
  if (!(middle > a && middle < b)) return undefined;
  return [
    { low, high: high.with(side, middle) },
    { low: low.with(side, middle), high },
  ];
}

/** `x from 0 to 1, y = 2`. */
export const showCell = ({ low, high }: Cell, names: readonly string[], most = 4): string =>
  `${names
    .slice(0, most)
    .map((name, i) =>
      low[i] === high[i]
        ? `${name} = ${show(low[i] as number, 6)}`
        : `${name} from ${show(low[i] as number, 6)} to ${show(high[i] as number, 6)}`,
    )
    .join(", ")}${names.length > most ? ", …" : ""}`;
