/** Batching: the same graph over arrays with one more axis, the first. */
import { NablaError } from "../base/error.ts";
import { Environment, type Graph } from "../graph/graph.ts";
import { isPick, make, type Tensor } from "../graph/tensor.ts";
import { alignBatch } from "../ops/movement.ts";

export interface Vectorized {
  readonly outputs: readonly Tensor[];
  /** Whether each output has the batch as its first axis; others are the same for the whole batch. */
  readonly batched: readonly boolean[];
}

export function vectorize(
  graph: Graph,
  args: readonly Tensor[],
  batched: readonly boolean[],
  size: number,
): Vectorized {
  const values = new Environment(graph, args);
  const marks = new Set<Tensor>(graph.inputs.filter((_, i) => batched[i]));
  const several = new Map<Tensor, readonly boolean[]>();
  for (const node of graph.nodes) {
    if (isPick(node)) {
      values.replay(node);
      if (several.get(node.inputs[0] as Tensor)?.[node.attributes.index as number]) marks.add(node);
      continue;
    }
    const flags = node.inputs.map((input) => marks.has(input));
    if (!flags.includes(true)) {
      values.replay(node);
      continue;
    }
    const inputs = node.inputs.map((input) => values.get(input));
    if (node.results !== undefined) {
      const rule = node.operation.batchAll;
      if (rule === undefined)
        throw new NablaError(
          "E-LIMIT",
          `vmap: ${node.operation.name} cannot be batched`,
          "a loop over the batch, or reverse mode (vjp) inside vmap",
        );
      const result = rule(inputs, flags, size, node.attributes);
      values.setResults(node, result.outputs);
      several.set(node, result.batched);
      continue;
    }
    marks.add(node);
    values.set(node, batchOne(node, inputs, flags, size));
  }
  return {
    outputs: graph.outputs.map((output) => values.get(output)),
    batched: graph.outputs.map((output) => marks.has(output)),
  };
}

function batchOne(node: Tensor, inputs: readonly Tensor[], flags: readonly boolean[], size: number): Tensor {
  const { operation, attributes } = node;
  if (operation.kind === "elementwise") {
    const rank = Math.max(...node.inputs.map((input) => input.rank));
    const aligned = inputs.map((x, i) => (flags[i] ? alignBatch(x, rank) : x));
    return make(operation, aligned, attributes, { shape: [size, ...node.shape], dtype: node.dtype });
  }
  if (operation.batch === undefined)
    throw new NablaError(
      "E-LIMIT",
      `vmap: ${operation.name} cannot be batched`,
      "a loop over the batch, or reverse mode (vjp) inside vmap",
    );
  return operation.batch(inputs, flags, size, attributes);
}
