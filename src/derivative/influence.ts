/**
 * Which elements of a graph's values can change its outputs to first order: back-propagation with every slope
 * replaced by 1. What `where` does not take, and what only comparisons read, has no influence.
 */
import { isFloat } from "../base/dtype.ts";
import type { Graph } from "../graph/graph.ts";
import { filled, isPick, type Tensor } from "../graph/tensor.ts";
import { add, cast } from "../ops/arithmetic.ts";
import { sumTo } from "../ops/movement.ts";
import type { Evaluated } from "./steps.ts";

/** An order is made of integers, and yet a kink where elements tie; so is a part of it. */
function hasKinks(t: Tensor): boolean {
  let source = t;
  while (source.operation.kind === "movement" && source.inputs.length === 1) source = source.inputs[0] as Tensor;
  return !isFloat(source.dtype) && (source.operation.undefinedAt?.length ?? 0) > 0;
}
const ones = (t: Tensor): Tensor => filled(1, t.shape);

/** > 0 where an element has influence; nodes without any are missing. */
export function influenceOf({ graph, value }: Evaluated): Map<Tensor, Tensor> {
  const found = new Map<Tensor, Tensor>();
  const give = (t: Tensor, weight: Tensor): void => {
    if (t.results === undefined && !isFloat(t.dtype) && !hasKinks(t)) return;
    const before = found.get(t);
    found.set(t, before === undefined ? weight : add(before, weight));
  };
  for (const output of graph.outputs) give(output, ones(output));
  for (const node of graph.nodes.toReversed()) {
    const weight = found.get(node);
    if (weight === undefined) continue;
    node.inputs.forEach((_, i) => {
      passOn(node, i, weight, value, give);
    });
  }
  return found;
}

function passOn(
  node: Tensor,
  i: number,
  weight: Tensor,
  value: (t: Tensor) => Tensor,
  give: (t: Tensor, weight: Tensor) => void,
): void {
  const { operation, attributes } = node;
  const input = node.inputs[i] as Tensor;
  if (hasKinks(input) && operation.kind !== "movement") {
    give(input, ones(input));
    return;
  }
  if (isPick(node) || node.results !== undefined) {
    give(input, ones(input));
  } else if (operation.partials !== undefined) {
    if (operation.partials[i] !== undefined) give(input, sumTo(weight, input.shape));
  } else if (operation.linear !== undefined) {
    if (operation.linear.inputs !== undefined && !operation.linear.inputs.includes(i)) return;
    const copies = operation.kind !== "routine" || node.inputs.length === 1;
    const back = copies
      ? operation.transpose?.(cast(weight, node.dtype), i, node.inputs.map(value), attributes, node)
      : ones(input);
    if (back !== undefined) give(input, sumTo(cast(back, "float64"), input.shape));
  } else if (operation.jvp !== undefined) give(input, ones(input));
}

/** Nodes that depend on the inputs marked active. */
export function dependents(graph: Graph, active: readonly boolean[]): Set<Tensor> {
  const reached = new Set<Tensor>(graph.inputs.filter((_, i) => active[i]));
  for (const node of graph.nodes) if (node.inputs.some((t) => reached.has(t))) reached.add(node);
  return reached;
}
