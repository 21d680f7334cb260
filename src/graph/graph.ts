/** A graph as data: leaves, nodes in an order in which inputs come first, results. And its tracing. */
import type { Type } from "./operation.ts";
import {
  applyAll,
  constant,
  currentDepth,
  deeper,
  isConstant,
  isPick,
  isVariable,
  make,
  type Tensor,
  variable,
} from "./tensor.ts";

export interface Graph {
  /** Variables, in the order of the arguments. */
  readonly inputs: readonly Tensor[];
  /** All nodes between inputs and outputs, without the inputs and without what lies outside the trace. */
  readonly nodes: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

/** Records `f` over fresh variables; with `aliases` they have values, and `item()` works inside. */
export function trace(
  maker: string,
  types: readonly Type[],
  f: (leaves: readonly Tensor[]) => readonly Tensor[],
  aliases?: readonly Tensor[],
): Graph {
  return deeper(() => {
    const level = currentDepth();
    const inputs = types.map((type, i) => variable(type, maker, aliases?.[i]));
    const outputs = f(inputs);
    return { inputs, nodes: inputs[0] === undefined ? [] : collect(outputs, level, inputs[0].id), outputs };
  });
}

/** The nodes of this level, made since id `first`, that the outputs need; in order of their ids: inputs come first. */
function collect(outputs: readonly Tensor[], level: number, first: number): Tensor[] {
  const last = outputs.reduce((id, t) => (t.level < level ? id : Math.max(id, t.id)), first);
  const found = new Array<Tensor | undefined>(last - first + 1);
  const stack: Tensor[] = [];
  const visit = (t: Tensor): void => {
    if (t.level < level || t.id < first || found[t.id - first] !== undefined) return;
    found[t.id - first] = t;
    stack.push(t);
  };
  outputs.forEach(visit);
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) node.inputs.forEach(visit);
  return found.filter((node): node is Tensor => node !== undefined && !isVariable(node));
}

/** A map from nodes of a graph to the tensors that stand for them elsewhere. */
export class Environment {
  readonly #one = new Map<Tensor, Tensor>();
  readonly #several = new Map<Tensor, readonly Tensor[]>();

  constructor(graph: Graph, args: readonly Tensor[]) {
    graph.inputs.forEach((leaf, i) => {
      this.#one.set(leaf, args[i] as Tensor);
    });
  }

  /** What stands for a node; a node from outside the graph stands for itself. */
  get(node: Tensor): Tensor {
    return this.#one.get(node) ?? node;
  }

  results(node: Tensor): readonly Tensor[] {
    return this.#several.get(node) ?? [];
  }

  set(node: Tensor, tensor: Tensor): void {
    this.#one.set(node, tensor);
  }

  setResults(node: Tensor, tensors: readonly Tensor[]): void {
    this.#several.set(node, tensors);
  }

  /** Applies the node's operation again to what stands for its inputs. */
  replay(node: Tensor): void {
    if (isPick(node)) {
      this.#one.set(node, this.results(node.inputs[0] as Tensor)[node.attributes.index as number] as Tensor);
      return;
    }
    const inputs = node.inputs.map((input) => this.get(input));
    if (node.results !== undefined) {
      this.#several.set(node, applyAll(node.operation, inputs, node.attributes));
      return;
    }
    if (node.cached !== undefined && inputs.every(isConstant)) {
      this.#one.set(node, constant(node.cached, node.shape, node.dtype));
      return;
    }
    const made = make(node.operation, inputs, node.attributes, node);
    if (node.source !== undefined) made.source = node.source;
    this.#one.set(node, made);
  }
}

/**
 * The same computation on other arguments; on constants it is evaluated as it goes.
 *
 * @param instead what stands for tensors from outside the graph
 */
export function replay(
  graph: Graph,
  args: readonly Tensor[],
  instead: ReadonlyMap<Tensor, Tensor> = new Map(),
): readonly Tensor[] {
  const environment = new Environment(graph, args);
  for (const [outside, tensor] of instead) environment.set(outside, tensor);
  for (const node of graph.nodes) environment.replay(node);
  return graph.outputs.map((output) => environment.get(output));
}

/** Tensors outside the graph, other than constants, that its nodes or outputs read. */
export function captured(graph: Graph): Tensor[] {
  const inside = new Set<Tensor>([...graph.inputs, ...graph.nodes]);
  const outside = new Set<Tensor>();
  const visit = (t: Tensor): void => {
    if (!inside.has(t) && !isConstant(t)) outside.add(t);
  };
  for (const node of graph.nodes) node.inputs.forEach(visit);
  graph.outputs.forEach(visit);
  return [...outside];
}

/**
 * Graphs that read nothing from outside but constants: what any of them captured becomes further inputs,
 * the same for all of them, after their own.
 */
export function close(
  maker: string,
  graphs: readonly Graph[],
): { readonly graphs: readonly Graph[]; readonly captured: readonly Tensor[] } {
  const extra = [...new Set(graphs.flatMap(captured))];
  if (extra.length === 0) return { graphs, captured: extra };
  const closed = graphs.map((graph) =>
    trace(maker, [...graph.inputs, ...extra], (leaves) => {
      const environment = new Environment(graph, leaves);
      extra.forEach((t, i) => {
        environment.set(t, leaves[graph.inputs.length + i] as Tensor);
      });
      for (const node of graph.nodes) environment.replay(node);
      return graph.outputs.map((output) => environment.get(output));
    }),
  );
  return { graphs: closed, captured: extra };
}
