/** A node of a graph of one vector as text, in the names of its elements: `mul(x, y)`. */
import { isConstant, isVariable, type Tensor } from "../graph/tensor.ts";
import { showConstant } from "../graph/text.ts";

export function showExpression(node: Tensor, names: readonly string[], depth = 2): string {
  const direct = places(node);
  if (direct !== undefined) return shown(direct, names);
  if (isConstant(node)) return showConstant(node);
  if (node.operation.kind === "movement" && node.inputs.length === 1)
    return showExpression(node.inputs[0] as Tensor, names, depth);
  const args = depth === 0 ? ["…"] : node.inputs.map((input) => showExpression(input, names, depth - 1));
  return `${node.operation.name}(${args.join(", ")})`;
}

/** Which elements of the vector these are, if nothing was done but to move them. */
function places(node: Tensor): Float64Array | undefined {
  if (isVariable(node)) return Float64Array.from({ length: node.size }, (_, i) => i);
  const { operation, inputs, attributes, shape } = node;
  if (operation.kind !== "movement" || inputs.length !== 1) return undefined;
  const of = places(inputs[0] as Tensor);
  if (of === undefined) return undefined;
  const types = [{ shape: (inputs[0] as Tensor).shape, dtype: "float64" }] as const;
  return Float64Array.from(operation.evaluate([of], types, attributes, { shape, dtype: "float64" }));
}

function shown(list: Float64Array, names: readonly string[]): string {
  const all = [...new Set(list)].map((i) => names[i] ?? "?");
  if (all.length === 1) return all[0] as string;
  const whole = (all[0] as string).replace(/\[[^[\]]*\]$/, "");
  return all.every((name) => name.startsWith(whole))
    ? whole
    : `[${all.slice(0, 4).join(", ")}${all.length > 4 ? ", …" : ""}]`;
}
