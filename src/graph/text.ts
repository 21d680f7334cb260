/** A graph as text, one node a line, numbered from its inputs: the same graph always prints the same. */
import { showShape } from "../base/shape.ts";
import type { Graph } from "./graph.ts";
import type { Attributes, Type } from "./operation.ts";
import { isConstant, isPick, type Tensor } from "./tensor.ts";

export const showType = ({ dtype, shape }: Type): string => `${dtype}${showShape(shape)}`;

export const isGraph = (value: unknown): value is Graph =>
  typeof value === "object" && value !== null && "inputs" in value && "nodes" in value && "outputs" in value;

/** The graphs that a control operation holds, by the name of the attribute. */
export function innerGraphs(node: Tensor): { readonly name: string; readonly graph: Graph }[] {
  return Object.entries(node.attributes).flatMap(([name, value]) => {
    if (isGraph(value)) return [{ name, graph: value }];
    return Array.isArray(value) && value.some(isGraph)
      ? value.filter(isGraph).map((graph, i) => ({ name: `${name}[${i}]`, graph }))
      : [];
  });
}

/** Attributes that are plain data, as `name: value`. */
export function showAttributes({ attributes }: { readonly attributes: Attributes }): string {
  const plain = Object.entries(attributes).filter(([, value]) => {
    const items: readonly unknown[] = Array.isArray(value) ? value : [value];
    return items.every((v) => typeof v === "number" || typeof v === "string" || typeof v === "boolean");
  });
  return plain.map(([name, value]) => `${name}: ${Array.isArray(value) ? `[${value.join(", ")}]` : value}`).join(", ");
}

/** A constant by its value, if that is short. */
export function showConstant(t: Tensor): string {
  const first = t.size > 0 ? (t.data[0] as number) : 0;
  const uniform = t.size > 0 && t.data.every((v) => Object.is(v, first));
  const value = t.dtype === "bool" ? String(first !== 0) : Object.is(first, -0) ? "-0" : String(first);
  if (uniform) return t.rank === 0 && t.dtype === "float64" ? value : `${value}:${showType(t)}`;
  return t.size <= 4 ? `{${Array.from(t.data).join(", ")}}:${showType(t)}` : `constant:${showType(t)}`;
}

export function showGraph(graph: Graph, names: readonly string[] = []): string {
  return lines(graph, names).join("\n");
}

function lines(graph: Graph, names: readonly string[]): string[] {
  const number = new Map<Tensor, number>();
  for (const t of [...graph.inputs, ...graph.nodes]) number.set(t, number.size);
  const reference = (t: Tensor): string => {
    const n = number.get(t);
    if (n !== undefined) return `%${n}`;
    return isConstant(t) ? showConstant(t) : `outer ${t.operation.name}:${showType(t)}`;
  };
  const out = graph.inputs.map((t, i) => `${reference(t)}: ${showType(t)} = input${names[i] ? ` ${names[i]}` : ""}`);
  for (const node of graph.nodes) {
    const types = node.results === undefined ? showType(node) : `(${node.results.map(showType).join(", ")})`;
    const attributes = showAttributes(node);
    const operation = isPick(node) ? "result" : node.operation.name;
    out.push(
      `${reference(node)}: ${types} = ${operation}${attributes ? ` {${attributes}}` : ""}${node.inputs.length > 0 ? " " : ""}${node.inputs.map(reference).join(", ")}`,
    );
    for (const inner of innerGraphs(node)) {
      out.push(`  ${inner.name}:`, ...lines(inner.graph, []).map((line) => `    ${line}`));
    }
  }
  return [...out, `return ${graph.outputs.map(reference).join(", ")}`];
}
