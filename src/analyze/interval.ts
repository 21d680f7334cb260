/** A graph run on intervals: bounds of every node over a whole box (Moore 1966), by the rules in the records. */
import { isFloat } from "../base/dtype.ts";
import { type Bounds, type Interval, unknown } from "../base/interval.ts";
import type { Graph } from "../graph/graph.ts";
import { type Tensor, valueOf } from "../graph/tensor.ts";

/** The bounds of one value. */
export const exactly = (values: ArrayLike<number>): Bounds => {
  const data = Float64Array.from(values);
  return { low: data, high: data };
};

export const elementOf = ({ low, high }: Bounds, i: number): Interval => [low[i] ?? Number.NaN, high[i] ?? Number.NaN];
export const isPoint = ({ low, high }: Bounds): boolean => low.every((v, i) => v === high[i]);

/** The first node whose operation has no interval rule: of its values nothing is known. */
export const withoutRule = (graph: Graph): Tensor | undefined =>
  graph.nodes.find((node) => node.operation.interval === undefined);

/** In intervals ∞ is a bound, no number: an infinite constant may stand only where it does nothing. */
const neutral: Readonly<Record<string, number>> = {
  maximum: Number.NEGATIVE_INFINITY,
  minimum: Number.POSITIVE_INFINITY,
};

/** The first node that computes with an infinite constant: what it says is no statement about real numbers. */
export function withInfinity(graph: Graph): Tensor | undefined {
  const varies = new Set<Tensor>([...graph.inputs, ...graph.nodes]);
  const infinite = (v: number): boolean => Math.abs(v) === Infinity;
  return graph.nodes.find(
    ({ operation, dtype, inputs }) =>
      isFloat(dtype) &&
      inputs.some((t) => !varies.has(t) && valueOf(t).some((v) => infinite(v) && v !== neutral[operation.name])),
  );
}

/** Runs the graph on boxes: bounds of all its nodes, nothing known where an operation has no rule. */
export function intervalsOf(graph: Graph): (box: readonly Bounds[]) => (node: Tensor) => Bounds {
  const place = new Map<Tensor, number>();
  for (const node of [...graph.inputs, ...graph.nodes]) place.set(node, place.size);
  const constants = new Map<Tensor, Bounds>();
  const constantOf = (t: Tensor): Bounds => {
    const known = constants.get(t) ?? exactly(valueOf(t));
    constants.set(t, known);
    return known;
  };
  const steps = graph.nodes.map((node) => ({
    node,
    reads: node.inputs.map((input) => place.get(input) ?? constantOf(input)),
  }));
  return (box) => {
    const found: Bounds[] = [...box];
    for (const { node, reads } of steps) {
      const inputs = reads.map((read) => (typeof read === "number" ? (found[read] as Bounds) : read));
      found.push(node.operation.interval?.(inputs, node.inputs, node.attributes, node) ?? nothing(node));
    }
    return (node) => {
      const at = place.get(node);
      return at === undefined ? constantOf(node) : (found[at] as Bounds);
    };
  };
}

/** The first node of which nothing is known although of its inputs something is. */
export const firstUnknown = (graph: Graph, bounds: (node: Tensor) => Bounds): Tensor | undefined =>
  graph.nodes.find((node) => bounds(node).low.some(Number.isNaN));

function nothing(node: Tensor): Bounds {
  const data = new Float64Array(node.size).fill(unknown[0]);
  return { low: data, high: data };
}
