/** A function at a point, seen as a function of one vector whose components have the user's names. */
import { NablaError } from "../base/error.ts";
import { toTensor } from "../graph/convert.ts";
import { constant, type Tensor, type TensorLike } from "../graph/tensor.ts";
import { flattenArguments } from "../graph/trees.ts";
import { compile, grad, hessian, hvp, jvp, valueAndGrad } from "../index.ts";
import { flatten } from "../optimize/parameters.ts";

export interface Point {
  readonly x: Float64Array;
  /** `x`, `w[1]`, `layer.b[0]`. */
  readonly names: readonly string[];
  /** f of the vector. */
  readonly f: (x: Tensor) => TensorLike;
  /** The arguments with these values, as f takes them. */
  readonly rebuild: (x: Float64Array) => readonly object[];
  /** Whether f takes several arguments. */
  readonly several: boolean;
}

/** Any function of float parameters. */
export type AnyFunction = (...args: never[]) => unknown;

/**
 * A function that declares several parameters takes a list with a value for each of them, any other one value.
 * Everything is computed in float64.
 */
export function pointOf(what: string, f: AnyFunction, x: unknown): Point {
  if (typeof f !== "function")
    throw new NablaError("E-VALUE", `${what}: the first argument is no function`, `${what}((x) => …, x)`);
  const several = f.length > 1;
  if (several && (!Array.isArray(x) || x.length !== f.length)) {
    throw new NablaError(
      "E-TREE",
      `${what}: the function takes ${f.length} arguments; the point has to be a list of ${f.length}`,
      `${what}(f, [${Array.from({ length: f.length }, () => "0").join(", ")}])`,
    );
  }
  const args = (several ? [...(x as unknown[])] : [x]).map((arg, i) => widened(what, arg, i));
  const labels = argumentNames(f);
  const tree = several ? Object.fromEntries(labels.map((name, i) => [name, args[i]])) : args[0];
  const parameters = flatten(what, tree, "x", "the point");
  const rebuild = (vector: Tensor | Float64Array): readonly object[] => {
    const again = parameters.rebuild(vector) as object;
    return several ? Object.values(again) : [again];
  };
  const call = f as (...all: readonly unknown[]) => TensorLike;
  return { x: parameters.x, names: parameters.names, f: (vector) => call(...rebuild(vector)), rebuild, several };
}

/** The tree with float32 as float64. */
function widened(what: string, arg: unknown, i: number): unknown {
  const { tensors, rebuild } = flattenArguments(what, arg, `argument ${i}`);
  return rebuild(tensors.map((t) => (t.dtype === "float32" ? constant(Float64Array.from(t.data), t.shape) : t)));
}

/** The names in a function's own source, `(x, y) => …`; where they are patterns or have defaults, x0, x1, … */
function argumentNames(f: AnyFunction): string[] {
  const [, list = ""] = /^(?:function\s*[\w$]*\s*)?\(([^)]*)\)/.exec(String(f)) ?? [];
  const names = list.split(",").map((name) => name.trim());
  const good = names.length === f.length && names.every((name) => /^[A-Za-z_$][\w$]*$/.test(name));
  return good ? names : Array.from({ length: f.length }, (_, i) => `x${i}`);
}

const numbers = (t: Tensor): Float64Array => Float64Array.from(t.data);
const vector = (x: ArrayLike<number>): Tensor => constant(Float64Array.from(x), [x.length]);

export function valueAndGradientAt({ f }: Point, x: Float64Array): { value: number; gradient: Float64Array } {
  const [value, gradient] = valueAndGrad(f)(vector(x));
  return { value: value.item(), gradient: numbers(gradient) };
}

export const gradientAt = ({ f }: Point, x: Float64Array): Float64Array => numbers(grad(f)(vector(x)));

/** f as a function of numbers, compiled where its control flow does not depend on values. */
export function evaluator({ f, x }: Point): (x: Float64Array) => number {
  const run = compiledIfPossible((v: Tensor) => ({ value: f(v) as Tensor }), vector(x));
  return (at) => {
    const { value } = run(vector(at));
    return typeof value === "number" ? value : value.item();
  };
}

/** All second derivatives, row after row, as they come: symmetric up to rounding. */
export const hessianAt = ({ f }: Point, x: Float64Array): Float64Array => numbers(hessian(f)(vector(x)));

/** v ↦ ∇²f(x)·v. */
export function hessianProduct({ f, x }: Point, at: Float64Array): (v: Float64Array) => Float64Array {
  const run = compiledIfPossible(hvp(f), vector(x), vector(x));
  return (v) => numbers(run(vector(at), vector(v)));
}

/** The same function, compiled; itself if it asks for values and so cannot be compiled. */
function compiledIfPossible<A extends Tensor[], R>(g: (...args: A) => R, ...example: A): (...args: A) => R {
  const fast = compile(g as (...args: Tensor[]) => R) as (...args: A) => R;
  try {
    fast(...example);
    return fast;
  } catch (error) {
    if (error instanceof NablaError && error.code === "E-NO-VALUE") return g;
    throw error;
  }
}

/**
 * f and its first derivatives along a line: dᵏ/dtᵏ f(x + t·v) at t = 0 for k from 0 to `order`, by forward mode inside
 * forward mode.
 */
export function derivativesAlong({ f }: Point, x: Float64Array, v: Float64Array, order: number): number[] {
  const [base, direction] = [vector(x), vector(v)];
  let derivatives = (t: Tensor): Tensor[] => [toTensor("analyze: the result", f(base.add(direction.mul(t))))];
  for (let k = 0; k < order; k++) {
    const lower = derivatives;
    derivatives = (t) => {
      const [values, tangents] = jvp<Tensor[]>(lower, [t], [1]);
      return [...values, tangents.at(-1) as Tensor];
    };
  }
  return derivatives(constant(new Float64Array(1), [])).map((d) => d.item());
}

/** The gradient of x ↦ vᵀ∇²f(x)v: the third derivative ∇³f(x)[v, v, ·] as a vector. */
export function thirdAlong({ f }: Point, x: Float64Array, v: Float64Array): Float64Array {
  const direction = vector(v);
  const slope = (y: Tensor): Tensor => jvp<Tensor>(f as (y: Tensor) => Tensor, [y], [direction])[1];
  const bend = (y: Tensor): Tensor => jvp<Tensor>(slope, [y], [direction])[1];
  return numbers(grad(bend)(vector(x)));
}
