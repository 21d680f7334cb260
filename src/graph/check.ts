/** The verifier that runs between passes in tests: a graph that breaks a rule names its node. */
import { NablaError } from "../base/error.ts";
import { sameShape } from "../base/shape.ts";
import type { Graph } from "./graph.ts";
import type { Type } from "./operation.ts";
import { isConstant, isPick, isVariable, type Tensor } from "./tensor.ts";
import { innerGraphs, showGraph, showType } from "./text.ts";

const sameType = (a: Type, b: Type): boolean => sameShape(a.shape, b.shape) && a.dtype === b.dtype;

/**
 * Inputs are variables, every node comes after what it reads, its type is what its operation infers, and graphs
 * inside nodes are closed. Returns the graph.
 */
export function checkGraph(graph: Graph, where = "graph", closed = false): Graph {
  const broken = (node: Tensor, why: string): never => {
    throw new NablaError("E-INTERNAL", `${where}: ${node.operation.name}: ${why}\n${showGraph(graph)}`);
  };
  const known = new Set<Tensor>(graph.inputs);
  const all = new Set<Tensor>(graph.nodes);
  for (const input of graph.inputs) if (closed && isConstant(input)) broken(input, "a constant stands as an input");
  const visible = (t: Tensor, node: Tensor): void => {
    if (known.has(t) || isConstant(t)) return;
    if (all.has(t)) broken(node, `reads ${t.operation.name} before it is computed`);
    if (closed) broken(node, `reads ${t.operation.name}:${showType(t)} from outside`);
  };
  for (const node of graph.nodes) {
    for (const input of node.inputs) visible(input, node);
    if (isVariable(node)) broken(node, "a variable that is no input");
    if (isPick(node)) checkPick(node, broken);
    else {
      const inferred = node.operation.infer(node.inputs, node.attributes);
      const expected = Array.isArray(inferred) ? (inferred as readonly Type[]) : [inferred as Type];
      const actual = node.results ?? [node];
      const agree = expected.length === actual.length && expected.every((t, i) => sameType(t, actual[i] as Type));
      if (!agree) broken(node, `is ${actual.map(showType)}, its operation infers ${expected.map(showType)}`);
    }
    for (const inner of innerGraphs(node))
      checkGraph(inner.graph, `${where} > ${node.operation.name}.${inner.name}`, true);
    known.add(node);
  }
  for (const output of graph.outputs) visible(output, output);
  return graph;
}

function checkPick(node: Tensor, broken: (node: Tensor, why: string) => never): void {
  const type = node.inputs[0]?.results?.[node.attributes.index as number];
  if (type === undefined) broken(node, "picks from a node without that result");
  else if (!sameType(type, node)) broken(node, `is ${showType(node)}, the result ${showType(type)}`);
}
