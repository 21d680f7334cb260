/** A graph of nabla, node by node, into a scope; graphs within it become graphs within ONNX's. */
import { NablaError } from "../../base/error.ts";
import type { Graph } from "../../graph/graph.ts";
import { isPick, type Tensor } from "../../graph/tensor.ts";
import { type Dimension, isFixed, Traced } from "./dimension.ts";
import { operators } from "./operators.ts";
import { type AttributeProto, elementTypes, type GraphProto, type NodeProto, type ValueInfo } from "./schema.ts";
import { Scope } from "./scope.ts";

/** The name that a size has in the file where it grows with the batch. */
const axisName = ({ slope, offset }: Dimension): string =>
  slope === 1 && offset === 0 ? "batch" : `${slope}*batch${offset < 0 ? offset : `+${offset}`}`;

/** A value's name, dtype and shape as the file says it. */
export const valueInfo = (name: string, traced: Traced): ValueInfo => ({
  name,
  type: {
    tensor_type: {
      elem_type: elementTypes[traced.first.dtype],
      shape: { dim: traced.shape.map((d) => (isFixed(d) ? { dim_value: d.offset } : { dim_param: axisName(d) })) },
    },
  },
});

type Control = (scope: Scope, node: Traced, inputs: readonly string[]) => readonly string[];

const attributesOf = <A>(t: Tensor): A => t.attributes as unknown as A;

/** A graph as ONNX writes a loop's body: some inputs are its own, the others are values around it. */
function within(scope: Scope, graphs: readonly Graph[], own: number, others: readonly string[]): GraphProto {
  const inner = new Scope(scope);
  const inputs = tracedInputs(graphs);
  const names = inputs.map((_, i) => (i < own ? scope.fresh("step") : (others[i - own] as string)));
  const outputs = walk(inner, graphs, names).map((name) => inner.node("Identity", [name]));
  return graphOf(
    inner,
    "body",
    inputs.slice(0, own).map((t, i) => valueInfo(names[i] as string, t)),
    tracedOutputs(graphs).map((t, i) => valueInfo(outputs[i] as string, t)),
  );
}

const control: Readonly<Record<string, Control>> = {
  scan: (scope, node, inputs) => {
    type Attributes = { body: Graph; carries: number; slices: number; reverse: boolean };
    const { carries, slices, reverse, body } = attributesOf<Attributes>(node.first);
    if (slices === 0)
      throw new NablaError(
        "E-LIMIT",
        "onnx: a scan over nothing but its length is not exported",
        "slices to scan over",
      );
    const bodies = node.all.map((t) => attributesOf<Attributes>(t).body);
    const moving = carries + slices;
    const directions = (count: number): readonly number[] => new Array<number>(count).fill(reverse ? 1 : 0);
    return scope.several("Scan", inputs.slice(0, moving), body.outputs.length, {
      body: within(scope, bodies, moving, inputs.slice(moving)),
      num_scan_inputs: slices,
      scan_input_directions: directions(slices),
      scan_output_directions: directions(body.outputs.length - carries),
    });
  },
  cond: (scope, node, [predicate, ...operands]) => {
    const branch = (which: 0 | 1): GraphProto =>
      within(
        scope,
        node.all.map((t) => attributesOf<{ branches: readonly [Graph, Graph] }>(t).branches[which]),
        0,
        operands,
      );
    const count = attributesOf<{ branches: readonly [Graph, Graph] }>(node.first).branches[0].outputs.length;
    return scope.several("If", [predicate as string], count, { then_branch: branch(0), else_branch: branch(1) });
  },
  call: (scope, node, inputs) =>
    walk(
      scope,
      node.all.map((t) => attributesOf<{ graph: Graph }>(t).graph),
      inputs,
    ),
  custom: (scope, node, inputs) =>
    walk(
      scope,
      node.all.map((t) => attributesOf<{ graph: Graph }>(t).graph),
      inputs,
    ),
};

const aligned = (graphs: readonly Graph[], of: (graph: Graph) => readonly Tensor[]): Traced[] => {
  const lists = graphs.map(of);
  const [first = []] = lists;
  if (lists.some((list) => list.length !== first.length))
    throw new NablaError(
      "E-LIMIT",
      "onnx: the graph changes with the batch",
      "{ batch: false } for examples of one fixed size",
    );
  return first.map((_, i) => new Traced(lists.map((list) => list[i] as Tensor)));
};

export const tracedInputs = (graphs: readonly Graph[]): Traced[] => aligned(graphs, ({ inputs }) => inputs);
export const tracedOutputs = (graphs: readonly Graph[]): Traced[] => aligned(graphs, ({ outputs }) => outputs);

/** Writes the nodes of a graph (as it was traced at each batch size) and gives the names of its outputs. */
export function walk(scope: Scope, graphs: readonly Graph[], inputs: readonly string[]): readonly string[] {
  tracedInputs(graphs).forEach((t, i) => {
    scope.set(t, [inputs[i] as string]);
  });
  for (const node of aligned(graphs, ({ nodes }) => nodes)) {
    const { operation, attributes } = node.first;
    if (isPick(node.first)) {
      const all = scope.names(node.inputs[0] as Traced);
      scope.set(node, [all[attributes.index as number] as string]);
      continue;
    }
    const names = node.inputs.map((input) => scope.name(input));
    const several = control[operation.name];
    const rule = operators[operation.name];
    if (several !== undefined) scope.set(node, several(scope, node, names));
    else if (rule !== undefined) scope.set(node, [rule(scope, node, names)]);
    else
      throw new NablaError(
        "E-LIMIT",
        `onnx: ${operation.name} is not exported`,
        `one of ${[...Object.keys(operators), ...Object.keys(control)].join(", ")}`,
        node.first.source,
      );
  }
  return tracedOutputs(graphs).map((t) => scope.name(t));
}

/** The graph of a scope, without what none of its outputs needs. */
export function graphOf(
  { nodes, initializers }: Scope,
  name: string,
  input: readonly ValueInfo[],
  output: readonly ValueInfo[],
): GraphProto {
  const needed = new Set(output.map((o) => o.name));
  const node: NodeProto[] = [];
  for (const one of nodes.toReversed()) {
    if (!one.output.some((o) => needed.has(o))) continue;
    for (const read of reads(one)) needed.add(read);
    node.unshift(one);
  }
  return { name, node, initializer: initializers.filter((t) => needed.has(t.name ?? "")), input, output };
}

/** What a node reads, the graphs within it included. */
function* reads({ input, attribute }: NodeProto): Generator<string> {
  yield* input;
  for (const { g } of attribute as readonly AttributeProto[]) {
    if (g === undefined) continue;
    for (const { name } of g.output) yield name;
    for (const node of g.node) yield* reads(node);
  }
}
