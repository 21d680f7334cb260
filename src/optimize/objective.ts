/** The cost as the outer loop sees it: numbers and vectors, counted, with errors that say where they arose. */
import { NablaError, userFrame } from "../base/error.ts";
import { grad } from "../derivative/grad.ts";
import { firstNonFinite } from "../derivative/non-finite.ts";
import { type UndefinedDerivatives, undefinedDerivatives } from "../derivative/undefined-derivative.ts";
import { constant, type Tensor } from "../graph/tensor.ts";
import type { Traced } from "../graph/trees.ts";
import { cast } from "../ops/arithmetic.ts";
import { reshapeOperation } from "../ops/movement.ts";
import { castOperation } from "../ops/record.ts";
import { flatten, type Parameters } from "./parameters.ts";
import { type Programs, programsOf, resultOf } from "./programs.ts";
import { showPoint } from "./result.ts";
import type { Vector } from "./vector.ts";

export interface Point {
  readonly x: Vector;
  readonly value: number;
  readonly gradient: Vector;
}

export interface Counts {
  /** Of the value with its gradient. */
  evaluations: number;
  hessians: number;
  products: number;
}

/** How messages speak of the goal: f is turned over to be maximised, and the sentences are about f itself. */
const wordings = {
  minimize: {
    minimum: "minimum",
    infimum: "infimum",
    falls: "falls",
    falling: "falling",
    rises: "rises",
    down: "down",
    lower: "lower",
    positive: "positive",
  },
  maximize: {
    minimum: "maximum",
    infimum: "supremum",
    falls: "rises",
    falling: "rising",
    rises: "falls",
    down: "up",
    lower: "higher",
    positive: "negative",
  },
} as const;

export interface Objective<X = unknown> {
  readonly n: number;
  /** −1: f is maximised, and everything here is about −f. */
  readonly sign: 1 | -1;
  readonly words: (typeof wordings)[keyof typeof wordings];
  readonly parameters: Parameters<X>;
  readonly names: readonly string[];
  /** Whether the function runs as one compiled program; one that looks at values does not. */
  readonly compiled: boolean;
  /** Whether some operation of it may have no derivative somewhere. */
  readonly mayKink: boolean;
  /** The rounding unit of its values: a function of float32 is less exact. */
  readonly epsilon: number;
  readonly counts: Counts;
  evaluate(x: Vector): Point;
  hessian(x: Vector): Vector;
  product(x: Vector, v: Vector): Vector;
  /** D³f[d, d, ·] and D⁴f[d, d, d, d]. */
  higher(x: Vector, d: Vector): { readonly third: Vector; readonly fourth: number };
  /** Which operation gave the first NaN or infinity of the value, or else of the gradient. */
  nonFinite(x: Vector): string;
  undefinedDerivatives(x: Vector): UndefinedDerivatives;
}

/** A function of a tree as one of a vector. */
export function scalarFunction<X>(
  what: string,
  f: (x: Traced<X>) => unknown,
  { rebuild }: Parameters<X>,
): (x: Tensor) => Tensor {
  return (x) => {
    const results = resultOf(what, f(rebuild(x)));
    const [value] = results;
    if (value === undefined || results.length !== 1 || value.size !== 1)
      throw new NablaError(
        "E-NOT-SCALAR",
        `${what}: the function returns ${results.length === 1 ? `a tensor of shape [${value?.shape}]` : `${results.length} tensors`}, not one scalar`,
        "returning the cost alone: sum(…) or mean(…) of it",
      );
    return value.rank === 0 ? cast(value, "float64") : cast(value, "float64").reshape([]);
  };
}

/** The objective of `f` (times `sign`: −1 to maximise) over the tree x0. */
export function objective<X>(what: string, f: (x: Traced<X>) => unknown, x0: X, sign: 1 | -1 = 1): Objective<X> {
  if (typeof f !== "function")
    throw new NablaError("E-VALUE", `${what}: the first argument is no function`, `${what}((x) => cost, start)`);
  const parameters = flatten(what, x0);
  const flat = scalarFunction(what, f, parameters);
  const n = parameters.x.length;
  const counts: Counts = { evaluations: 0, hessians: 0, products: 0 };
  const at = <R>(x: Vector, run: () => R): R => {
    try {
      return run();
    } catch (error) {
      throw located(what, error, x, parameters.names, counts.evaluations);
    }
  };
  const programs: Programs = at(parameters.x, () => programsOf(what, f, flat, n));
  const signed = (data: ArrayLike<number>): Vector => {
    if (sign === 1 && data instanceof Float64Array) return data;
    return Float64Array.from(data, (v) => sign * v);
  };
  const leaf = (x: Vector): Tensor => constant(x, [n]);
  return {
    n,
    sign,
    words: sign === 1 ? wordings.minimize : wordings.maximize,
    parameters,
    names: parameters.names,
    compiled: programs.compiled,
    mayKink: programs.mayKink,
    epsilon: at(parameters.x, () => precision(f, parameters, programs.result)),
    counts,
    evaluate: (x) => {
      counts.evaluations++;
      const [value, gradient] = at(x, () => programs.valueAndGrad(x));
      return { x, value: sign * value.item(), gradient: signed(gradient.data) };
    },
    hessian: (x) => {
      counts.hessians++;
      return signed(at(x, () => programs.hessian(x)).data);
    },
    product: (x, v) => {
      counts.products++;
      return signed(at(x, () => programs.product(x, v)).data);
    },
    higher: (x, d) => {
      const [third, fourth] = at(x, () => programs.higher(x, d));
      return { third: signed(third.data), fourth: sign * fourth.item() };
    },
    nonFinite: (x) => String(firstNonFinite(flat, leaf(x)) ?? firstNonFinite(grad(flat), leaf(x)) ?? "no operation"),
    undefinedDerivatives: (x) => undefinedDerivatives(flat, leaf(x)),
  };
}

/** float32 anywhere in the parameters or in the result bounds what can be told apart. */
function precision<X>(
  f: (x: Traced<X>) => unknown,
  { x, rebuild }: Parameters<X>,
  recorded: Tensor | undefined,
): number {
  const given = resultOf("", rebuild(x));
  const isNarrow = ({ dtype }: Tensor): boolean => dtype === "float32";
  const narrow =
    given.some(isNarrow) ||
    (recorded ? beforeWidening(recorded).some(isNarrow) : resultOf("", f(rebuild(x))).some(isNarrow));
  return narrow ? 2 ** -23 : 2 ** -52;
}

/** What was cast and reshaped to become the result, and the result. */
const beforeWidening = (t: Tensor): readonly Tensor[] =>
  t.operation === castOperation || t.operation === reshapeOperation ? [t, ...t.inputs.flatMap(beforeWidening)] : [t];

/** An error of the user's function, with the point at which it arose. nabla's own, at the start, says it all. */
function located(what: string, error: unknown, x: Vector, names: readonly string[], evaluation: number): unknown {
  if (error instanceof NablaError && evaluation <= 1) return error;
  const inner = error instanceof Error ? error : new Error(String(error));
  const wrapped = new NablaError(
    error instanceof NablaError ? error.code : "E-VALUE",
    `${what}: the function failed at ${showPoint(x, names)} (evaluation ${Math.max(1, evaluation)}): ${inner.message}`,
    "bounds that keep the parameters where the function is defined, or NaN instead of an error: then the search steps back",
    userFrame(inner),
  );
  wrapped.cause = error;
  return wrapped;
}
