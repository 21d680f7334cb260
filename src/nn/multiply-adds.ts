/** How much a graph multiplies and adds. */
import { sizeOf } from "../base/shape.ts";
import type { Graph } from "../graph/graph.ts";
import type { Tensor } from "../graph/tensor.ts";
import { matmulOperation } from "../ops/contract.ts";
import { contractOperation } from "../ops/contraction.ts";

/** Graphs inside a node, and how often each runs: as often as a scan is long; a loop's and a branch's once. */
function inside({ attributes }: Tensor): readonly (readonly [Graph, number])[] {
  const { length } = attributes;
  const times = typeof length === "number" ? length : 1;
  return Object.values(attributes).flatMap((value) => (isGraph(value) ? [[value, times] as const] : []));
}

const isGraph = (value: unknown): value is Graph =>
  typeof value === "object" && value !== null && "nodes" in value && "outputs" in value && "inputs" in value;

/** Multiplications, each with its addition, in the products of a graph: matrix products, einsums, convolutions. */
export function multiplyAdds({ nodes }: Graph): number {
  let count = 0;
  for (const node of nodes) {
    const [a] = node.inputs;
    if (a !== undefined && node.operation === matmulOperation) count += node.size * (a.shape.at(-1) as number);
    if (a !== undefined && node.operation === contractOperation)
      count += node.size * sizeOf(a.shape.slice(a.rank - (node.attributes.inner as number)));
    for (const [graph, times] of inside(node)) count += times * multiplyAdds(graph);
  }
  return count;
}
