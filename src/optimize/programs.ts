/**
 * A function of a parameter vector, compiled: its value with the gradient, its Hessian, products with it.
 *
 * Programs are kept by the function that they came from. What a function reads from outside may have changed since: it
 * is traced anew each time it is asked for (a fraction of compiling it), and the programs serve only an equal graph.
 * Constants that have changed, the place to which a mouse drags or the data of the next fit, become inputs of the
 * programs then, so that from the next change on nothing is compiled.
 */
import { NablaError } from "../base/error.ts";
import { compile } from "../compile/compile.ts";
import { valueAndGrad } from "../derivative/grad.ts";
import { hessian, jacobian } from "../derivative/jacobian.ts";
import { hvp, jvp } from "../derivative/products.ts";
import { type Graph, replay, trace } from "../graph/graph.ts";
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
  /** The result as it is recorded; none where the function runs as it stands. */
  readonly result: Tensor | undefined;
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

/** A graph with some of its constants open: programs for any values of these. */
interface Kept {
  readonly graph: Graph;
  readonly open: readonly Tensor[];
  readonly programsFor: (values: readonly Tensor[]) => Programs;
}

const kept = new WeakMap<object, Kept>();

/** The programs of `flat`, which is `owner` as a function of one vector. */
export function programsOf(what: string, owner: object, flat: FlatFunction, n: number): Programs {
  const graph = traced(what, flat, n);
  if (graph === undefined) return build(() => flat, 0, undefined)([]);
  const before = kept.get(owner);
  const changed = before && changedConstants(before.graph, graph);
  if (before === undefined || changed === undefined) {
    const programsFor = build(() => flat, 0, graph);
    kept.set(owner, { graph, open: [], programsFor });
    return programsFor([]);
  }
  const added = [...changed.keys()].filter((constant) => !before.open.includes(constant));
  const now = added.length === 0 ? before : opened(before.graph, [...before.open, ...added]);
  kept.set(owner, now);
  return now.programsFor(now.open.map((constant) => changed.get(constant) ?? constant));
}

function opened(graph: Graph, open: readonly Tensor[]): Kept {
  const from = (values: readonly Tensor[]): FlatFunction => {
    const instead = new Map(open.map((constant, i) => [constant, values[i] as Tensor]));
    return (x) => replay(graph, [x], instead)[0] as Tensor;
  };
  return { graph, open, programsFor: build(from, open.length, graph) };
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

/**
 * @param from f for given values of the open constants
 * @param open how many these are
 * @param graph what f records; undefined where it runs as it stands
 */
function build(
  from: (values: readonly Tensor[]) => FlatFunction,
  open: number,
  graph: Graph | undefined,
): (values: readonly Tensor[]) => Programs {
  const compiled = graph !== undefined;
  const kinks = graph?.nodes.some(mayKink) ?? true;
  const program = <R>(of: (f: FlatFunction, ...args: Tensor[]) => R) => {
    const apply = (all: readonly Tensor[]): R => of(from(all.slice(0, open)), ...all.slice(open));
    // One list, never empty: what a program tells from the last arguments at a glance.
    const run = compiled
      ? compile(apply)
      : (all: readonly TensorLike[]) =>
          apply(all.map((x) => constant(x as Float64Array, [(x as Float64Array).length])));
    return (values: readonly Tensor[]) =>
      (...args: Float64Array[]): R =>
        run([...values, ...args]);
  };
  const programs = {
    value: program((f, x) => f(x as Tensor)),
    valueAndGrad: program((f, x) => valueAndGrad(f)(x as Tensor)),
    hessian: program((f, x) => hessian(f)(x as Tensor)),
    product: program((f, x, v) => hvp(f)(x as Tensor, v as Tensor)),
    higher: program((f, x, v) => higher(f, x as Tensor, v as Tensor)),
    jacobian: program((f, x) => jacobian(f)(x as Tensor)),
    valueAndJacobian: program((f, x) => [f(x as Tensor), jacobian(f)(x as Tensor)] as const),
    weightedHessian: program((f, x, w) => hessian((y: Tensor) => dot(f(y), w as Tensor))(x as Tensor)),
    acceleration: program(
      (f, x, v) => jvp((y: Tensor) => jvp(f, [y], [v as Tensor])[1], [x as Tensor], [v as Tensor])[1],
    ),
  };
  return (values) => ({
    compiled,
    mayKink: kinks,
    result: graph?.outputs[0],
    f: from(values),
    value: programs.value(values),
    valueAndGrad: programs.valueAndGrad(values),
    hessian: programs.hessian(values),
    product: programs.product(values),
    higher: programs.higher(values),
    jacobian: programs.jacobian(values),
    valueAndJacobian: programs.valueAndJacobian(values),
    weightedHessian: programs.weightedHessian(values),
    acceleration: programs.acceleration(values),
  });
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

const sameGraph = (a: Graph, b: Graph): boolean => changedConstants(a, b)?.size === 0;

/** What constants of a are in b, if their values are others; undefined where anything else differs. */
function changedConstants(a: Graph, b: Graph): Map<Tensor, Tensor> | undefined {
  if (a.nodes.length !== b.nodes.length || a.outputs.length !== b.outputs.length) return undefined;
  const partner = new Map<Tensor, Tensor>();
  const changed = new Map<Tensor, Tensor>();
  a.inputs.forEach((leaf, i) => {
    partner.set(leaf, b.inputs[i] as Tensor);
  });
  const same = (x: Tensor, y: Tensor): boolean => {
    const known = partner.get(x);
    if (known !== undefined) return known === y || (isConstant(x) && isConstant(y) && equal(known, y));
    if (x !== y && !(isConstant(x) && isConstant(y) && sameType(x, y))) return false;
    partner.set(x, y);
    if (x !== y && !equal(x, y)) changed.set(x, y);
    return true;
  };
  for (let i = 0; i < a.nodes.length; i++) {
    const x = a.nodes[i] as Tensor;
    const y = b.nodes[i] as Tensor;
    if (x.operation !== y.operation || !sameType(x, y) || x.inputs.length !== y.inputs.length) return undefined;
    if (!x.inputs.every((input, k) => same(input, y.inputs[k] as Tensor))) return undefined;
    if (!sameAttribute(x.attributes, y.attributes)) return undefined;
    partner.set(x, y);
  }
  return a.outputs.every((output, i) => same(output, b.outputs[i] as Tensor)) ? changed : undefined;
}

/** Of constants: whether they are the same bits. */
const equal = (x: Tensor, y: Tensor): boolean =>
  x === y || (sameType(x, y) && x.data.every((v, i) => Object.is(v, y.data[i])));

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
