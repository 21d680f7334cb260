/** A graph as boxes and arrows, the same for every kind of picture; and as DOT, for Graphviz. */
import type { Graph } from "./graph.ts";
import { isConstant, isPick, type Tensor } from "./tensor.ts";
import { innerGraphs, showAttributes, showConstant, showType } from "./text.ts";

export interface Annotations {
  /** Names of the inputs and of the outputs. */
  readonly names: readonly string[];
  readonly outputs?: readonly string[];
  /** Further lines of a node, such as its value. */
  lines?(node: Tensor): readonly string[];
}

export interface Box {
  readonly kind: "input" | "constant" | "operation" | "control" | "output";
  readonly lines: readonly string[];
  /** The bodies and conditions of control flow. */
  readonly inside: readonly { readonly name: string; readonly drawing: Drawing }[];
}

/** From a box to a later one; the label is the operation there, and which of its operands these are. */
export interface Arrow {
  readonly from: number;
  readonly to: number;
  readonly label: string;
}

export interface Drawing {
  readonly boxes: readonly Box[];
  readonly arrows: readonly Arrow[];
  /** How many nodes are left out. */
  readonly left: number;
}

/** More boxes than this no reader follows; the rest is counted. */
const mostBoxes = 300;
/** Larger bodies are counted, not drawn. */
const mostInside = 40;

export function drawingOf(graph: Graph, { names, outputs = [], lines }: Annotations): Drawing {
  const boxes: Box[] = [];
  const arrows: Arrow[] = [];
  const place = new Map<Tensor, number>();
  const more = (t: Tensor): readonly string[] => lines?.(t) ?? [];
  const put = (box: Omit<Box, "inside"> & Partial<Box>): number => boxes.push({ inside: [], ...box }) - 1;
  const source = (t: Tensor): number => {
    const known = place.get(t);
    if (known !== undefined) return known;
    return put({ kind: "constant", lines: [isConstant(t) ? showConstant(t) : `outer ${showType(t)}`] });
  };
  graph.inputs.forEach((t, i) => {
    place.set(t, put({ kind: "input", lines: [names[i] ?? `input ${i}`, showType(t), ...more(t)] }));
  });
  const shown = graph.nodes.slice(0, mostBoxes);
  for (const node of shown) {
    const from = node.inputs.map(source);
    const to = put(boxOf(node, more(node)));
    place.set(node, to);
    for (const k of new Set(from)) arrows.push({ from: k, to, label: isPick(node) ? "" : labelOf(node, from, k) });
  }
  const left = graph.nodes.length - shown.length;
  if (left === 0) {
    graph.outputs.forEach((t, i) => {
      const from = source(t);
      const name = outputs[i] ?? (graph.outputs.length > 1 ? `output ${i}` : "output");
      arrows.push({ from, to: put({ kind: "output", lines: [name] }), label: "" });
    });
  }
  return { boxes, arrows, left };
}

function labelOf(node: Tensor, from: readonly number[], k: number): string {
  const { name } = node.operation;
  if (from.length === 1) return name;
  return `${name} ${from.flatMap((f, i) => (f === k ? [i] : [])).join(", ")}`;
}

function boxOf(node: Tensor, more: readonly string[]): Box {
  const attributes = showAttributes(node);
  const title = isPick(node) ? `result ${node.attributes.index}` : node.operation.name;
  const type = node.results === undefined ? showType(node) : node.results.map(showType).join(", ");
  const inner = innerGraphs(node);
  const [drawn, counted] = [inner.filter(fits), inner.filter((g) => !fits(g))];
  return {
    kind: node.results === undefined ? "operation" : "control",
    lines: [
      title,
      ...(attributes && !isPick(node) ? attributes.split(/, (?=\w+: )/) : []),
      ...counted.map(({ name, graph }) => `${name}: ${graph.nodes.length} nodes`),
      type,
      ...more,
    ],
    inside: drawn.map(({ name, graph }) => ({ name, drawing: drawingOf(graph, { names: [] }) })),
  };
}

const fits = ({ graph }: { readonly graph: Graph }): boolean => graph.nodes.length <= mostInside;

const quote = (text: string): string => `"${text.replace(/["\\]/g, "\\$&").replace(/\n/g, "\\n")}"`;
const shapes = { input: "ellipse", constant: "plaintext", operation: "box", control: "box3d", output: "ellipse" };

export function toDot(graph: Graph, annotations: Annotations): string {
  return [
    "digraph nabla {",
    '  node [fontname="Helvetica", fontsize=11];',
    '  edge [fontname="Helvetica", fontsize=9];',
    ...dotLines(drawingOf(graph, annotations), "n"),
    "}",
  ].join("\n");
}

/** A body is a cluster, joined to its node by a dashed line; `prefix` makes the names of its nodes its own. */
function dotLines({ boxes, arrows, left }: Drawing, prefix: string): string[] {
  return [
    ...boxes.flatMap((box, i) => [
      `  ${prefix}${i} [shape=${shapes[box.kind]}, label=${quote(box.lines.join("\n"))}];`,
      ...box.inside.flatMap(({ name, drawing }, k) => [
        `  subgraph cluster_${prefix}${i}_${k} {`,
        `    label=${quote(name)}; style=rounded;`,
        ...dotLines(drawing, `${prefix}${i}_${k}_`).map((line) => `  ${line}`),
        "  }",
        ...(drawing.boxes.length > 0
          ? [`  ${prefix}${i} -> ${prefix}${i}_${k}_0 [style=dashed, arrowhead=none];`]
          : []),
      ]),
    ]),
    ...arrows.map((a) => `  ${prefix}${a.from} -> ${prefix}${a.to}${a.label ? ` [label=${quote(a.label)}]` : ""};`),
    ...(left > 0 ? [`  // ${left} more nodes are not drawn`] : []),
  ];
}
