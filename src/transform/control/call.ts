/** A graph as one node: the unit that `checkpoint` recomputes instead of storing. */
import { choose, place } from "../../base/lists.ts";
import { close, type Graph, replay, trace } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import { applyAll, constant, type Tensor } from "../../graph/tensor.ts";
import { operation } from "../../ops/record.ts";
import { activeOutputs, batchedGraph, isDefined, tangentGraph, transposedGraph, typesOf } from "./body.ts";

export const callOperation: Operation = operation<{ graph: Graph }>({
  name: "call",
  kind: "control",
  infer: (_inputs, { graph }) => typesOf(graph.outputs),
  evaluateAll: (values, inputs, { graph }) =>
    replay(
      graph,
      values.map((v, i) => constant(v, inputs[i]?.shape ?? [], inputs[i]?.dtype)),
    ).map((t) => t.data),
  // The tangent's node computes the values again by itself: nothing else is kept for it.
  jvpAll: (tangents, inputs, _outputs, { graph }) => {
    const active = tangents.map(isDefined);
    const wanted = activeOutputs(graph, active);
    const given = tangents.filter((t): t is Tensor => t !== undefined);
    return place(
      wanted,
      applyAll(callOperation, [...inputs, ...given], { graph: tangentGraph(graph, active, wanted, false) }),
    );
  },
  transposeAll: (cotangents, linear, inputs, { graph }) => {
    const given = cotangents.map(isDefined);
    const cts = cotangents.filter((t): t is Tensor => t !== undefined);
    const back = transposedGraph(graph, linear, given);
    return place(linear, applyAll(callOperation, [...choose(inputs, linear, false), ...cts], { graph: back }));
  },
  batchAll: (inputs, batched, size, { graph }) => {
    const body = batchedGraph(graph, batched, size, []);
    return { outputs: applyAll(callOperation, inputs, { graph: body.graph }), batched: body.batched };
  },
  supportsAll: (inputs, { follow, known }, { graph }) => follow(graph, inputs, known).outputs,
});

/** Records f as one node over `args`. */
export function callFlat(
  f: (args: readonly Tensor[]) => readonly Tensor[],
  args: readonly Tensor[],
): readonly Tensor[] {
  const open = trace("checkpoint", typesOf(args), f, args);
  const { graphs, captured } = close("checkpoint", [open]);
  return applyAll(callOperation, [...args, ...captured], { graph: graphs[0] as Graph });
}
