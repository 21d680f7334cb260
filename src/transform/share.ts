/** Repeated subexpressions become one node. `call` bodies are left apart: they are there to be computed again. */
import { Environment, type Graph, trace } from "../graph/graph.ts";
import { isConstant, isPick, type Tensor } from "../graph/tensor.ts";

export function share(graph: Graph): Graph {
  return trace("compile", graph.inputs, (leaves) => {
    const values = new Environment(graph, leaves);
    const known = new Map<string, Tensor>();
    for (const node of graph.nodes) {
      const key = keyOf(node, values);
      const before = known.get(key);
      if (before === undefined) {
        known.set(key, node);
        values.replay(node);
      } else if (node.results !== undefined) values.setResults(node, values.results(before));
      else values.set(node, values.get(before));
    }
    return graph.outputs.map((output) => values.get(output));
  });
}

/** Equal keys, equal values: operation, attributes and what stands for the inputs. */
function keyOf(node: Tensor, values: Environment): string {
  const inputs = isPick(node)
    ? values.results(node.inputs[0] as Tensor).map((t) => t.id)
    : node.inputs.map((input) => constantKey(values.get(input)));
  return `${node.operation.name}(${inputs.join()})${attributeKey(node)}`;
}

/** Equal scalars are equal, whatever their node. */
export function constantKey(t: Tensor): string {
  if (!isConstant(t) || t.size !== 1) return String(t.id);
  const value = t.data[0] as number;
  return `${t.dtype}[${t.shape}]${Object.is(value, -0) ? "-0" : value}`;
}

/** Attributes that are not plain data (graphs, functions) make a node unlike any other. */
export function attributeKey(node: Tensor): string {
  for (const value of Object.values(node.attributes)) {
    const plain =
      typeof value !== "function" &&
      (typeof value !== "object" || (Array.isArray(value) && value.every((v) => typeof v === "number")));
    if (!plain) return `#${node.id}`;
  }
  return JSON.stringify(node.attributes);
}
