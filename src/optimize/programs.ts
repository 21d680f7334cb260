/**
 * A function of a parameter vector, compiled: its value with the gradient, its Hessian, products with it.
 *
 * Programs are kept by the function that they came from. What a function reads from outside may have changed since: it
 * is traced anew each time it is asked for (a fraction of compiling it), and the programs serve only an equal graph.
 */
import { NablaError } from "../base/error.ts";
import { compile } from "../compile/compile.ts";
import { valueAndGrad } from "../derivative/grad.ts";
import { hessian, jacobian } from "../derivative/jacobian.ts";
import { hvp, jvp } from "../derivative/products.ts";
import { type Graph, trace } from "../graph/graph.ts";
import { constant, isConstant, type Tensor, type TensorLike } from "../graph/tensor.ts";
import { flattenResults } from "../graph/trees.ts";
import { dot } from "../ops/contract.ts";

/** A scalar function of a vector, or a vector-valued one. */
export type FlatFunction = (x: Tensor) => Tensor;

export interface Programs {
  /** false: the function looks at values, and runs as it stands. */
  readonly compiled: boolean;
  /** Whether some operation has points without a derivative. */
  readonly mayKink: boolean;
  readonly f: FlatFunction;
  valueAndGrad(x: Float64Array): readonly [Tensor, Tensor];
  hessian(x: Float64Array): Tensor;
  product(x: Float64Array, v: Float64Array): Tensor;
  /** D³f[v, v, ·] and D⁴f[v, v, v, v]. */
  higher(x: Float64Array, v: Float64Array): readonly [Tensor, Tensor];
  value(x: Float64Array): Tensor;
  jacobian(x: Float64Array): Tensor;
  /** For a vector-valued f: f and its Jacobian in one call. */
  valueAndJacobian(x: Float64Array): readonly [Tensor, Tensor];
  /** ∇² Σ wᵢ·fᵢ. */
  weightedHessian(x: Float64Array, w: Float64Array): Tensor;
  /** d²f(x + t·v)/dt² at t = 0. */
  acceleration(x: Float64Array, v: Float64Array): Tensor;
}

interface Kept {
  readonly graph: Graph;
  readonly programs: Programs;
}

const kept = new WeakMap<object, Kept>();

/** The programs of `flat`, which is `owner` as a function of one vector. */
export function programsOf(what: string, owner: object, flat: FlatFunction, n: number): Programs {
  const graph = traced(what, flat, n);
  if (graph === undefined) return build(flat, false, true);
  const before = kept.get(owner);
  if (before !== undefined && sameGraph(before.graph, graph)) return before.programs;
  const programs = build(flat, true, graph.nodes.some(mayKink));
  kept.set(owner, { graph, programs });
  return programs;
}

/** The graph; undefined where the function asks for values while it is traced. */
function traced(what: string, flat: FlatFunction, n: number): Graph | undefined {
  try {
    return trace(what, [{ shape: [n], dtype: "float64" }], ([x]) => [flat(x as Tensor)]);
  } catch (error) {
    if (error instanceof NablaError && error.code === "E-NO-VALUE") return undefined;
    throw error;
  }
}

/** Loops and branches may hold anything. */
const mayKink = (node: Tensor): boolean => node.operation.undefinedAt !== undefined || node.results !== undefined;

function build(f: FlatFunction, compiled: boolean, mayKink: boolean): Programs {
  const program = <R>(g: (...args: Tensor[]) => R): ((...args: Float64Array[]) => R) => {
    if (!compiled) return (...args) => g(...args.map((x) => constant(x, [x.length])));
    const run = compile(g);
    return (...args) => run(...(args as TensorLike[]));
  };
  return {
    compiled,
    mayKink,
    f,
    value: program(f),
    valueAndGrad: program((x) => valueAndGrad(f)(x)),
    hessian: program((x) => hessian(f)(x)),
    product: program((x, v) => hvp(f)(x as Tensor, v as Tensor)),
    higher: program((x, v) => higher(f, x as Tensor, v as Tensor)),
    jacobian: program((x) => jacobian(f)(x)),
    valueAndJacobian: program((x) => [f(x), jacobian(f)(x)]),
    weightedHessian: program((x, w) => hessian((y: Tensor) => dot(f(y), w as Tensor))(x as Tensor)),
    acceleration: program((x, v) => jvp((y: Tensor) => jvp(f, [y], [v as Tensor])[1], [x as Tensor], [v as Tensor])[1]),
  };
}

function higher(f: FlatFunction, x: Tensor, v: Tensor): readonly [Tensor, Tensor] {
  const second = (y: Tensor): Tensor => hvp(f)(y, v);
  const third = (y: Tensor): Tensor => jvp(second, [y], [v])[1];
  const [value, slope] = jvp(third, [x], [v]);
  return [value, dot(slope, v)];
}

/** What a function of a tree is as a function of a vector: scalars for `minimize`, one vector for systems. */
export function resultOf(what: string, y: unknown): readonly Tensor[] {
  return flattenResults(what, y).tensors;
}

/** Whether two graphs are equal, the values of their constants included. */
function sameGraph(a: Graph, b: Graph): boolean {
  if (a.nodes.length !== b.nodes.length || a.outputs.length !== b.outputs.length) return false;
  const partner = new Map<Tensor, Tensor>();
  a.inputs.forEach((leaf, i) => {
    partner.set(leaf, b.inputs[i] as Tensor);
  });
  const same = (x: Tensor, y: Tensor): boolean => {
    const known = partner.get(x);
    if (known !== undefined) return known === y;
    if (x === y) return true;
    return isConstant(x) && isConstant(y) && sameType(x, y) && x.data.every((v, i) => Object.is(v, y.data[i]));
  };
  for (let i = 0; i < a.nodes.length; i++) {
    const x = a.nodes[i] as Tensor;
    const y = b.nodes[i] as Tensor;
    if (x.operation !== y.operation || !sameType(x, y) || x.inputs.length !== y.inputs.length) return false;
    if (!x.inputs.every((input, k) => same(input, y.inputs[k] as Tensor))) return false;
    if (!sameAttribute(x.attributes, y.attributes)) return false;
    partner.set(x, y);
  }
  return a.outputs.every((output, i) => same(output, b.outputs[i] as Tensor));
}

const sameType = (x: Tensor, y: Tensor): boolean =>
  x.dtype === y.dtype && x.shape.length === y.shape.length && x.shape.every((size, i) => size === y.shape[i]);

const isGraph = (value: object): value is Graph => "inputs" in value && "nodes" in value && "outputs" in value;

function sameAttribute(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (isGraph(a)) return isGraph(b) && sameGraph(a, b);
  const keys = Object.keys(a);
  return (
    Object.getPrototypeOf(a) === Object.getPrototypeOf(b) &&
    keys.length === Object.keys(b).length &&
    keys.every((key) => sameAttribute((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
  );
}
