/** A graph as a picture: DOT for Graphviz, and SVG that needs nothing else. */
import type { Graph } from "./graph.ts";
import { layered, type Point } from "./layout.ts";
import { isConstant, isPick, type Tensor } from "./tensor.ts";
import { innerGraphs, showAttributes, showConstant, showType } from "./text.ts";

export interface Annotations {
  /** Names of the inputs. */
  readonly names: readonly string[];
  /** Further lines of a node, such as its value. */
  lines?(node: Tensor): readonly string[];
}

interface Box {
  readonly kind: "input" | "constant" | "operation" | "control" | "output";
  readonly lines: readonly string[];
}

interface Arrow {
  readonly from: number;
  readonly to: number;
  readonly label: string;
}

/** More boxes than this no reader follows; the rest is counted. */
const mostBoxes = 300;

function boxesOf(graph: Graph, { names, lines }: Annotations): { boxes: Box[]; arrows: Arrow[]; left: number } {
  const boxes: Box[] = [];
  const arrows: Arrow[] = [];
  const place = new Map<Tensor, number>();
  const more = (t: Tensor): readonly string[] => lines?.(t) ?? [];
  const put = (box: Box): number => boxes.push(box) - 1;
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
    const attributes = showAttributes(node);
    const title = isPick(node) ? `result ${node.attributes.index}` : node.operation.name;
    const type = node.results === undefined ? showType(node) : node.results.map(showType).join(", ");
    const inner = innerGraphs(node).map(({ name, graph: g }) => `${name}: ${g.nodes.length} nodes`);
    const text = [title, ...(attributes && !isPick(node) ? [attributes] : []), ...inner, type, ...more(node)];
    const to = put({ kind: node.results === undefined ? "operation" : "control", lines: text });
    place.set(node, to);
    from.forEach((k, i) => {
      arrows.push({ from: k, to, label: from.length > 1 ? `${i}` : "" });
    });
  }
  if (shown.length === graph.nodes.length) {
    graph.outputs.forEach((t, i) => {
      const from = source(t);
      const to = put({ kind: "output", lines: [graph.outputs.length > 1 ? `output ${i}` : "output"] });
      arrows.push({ from, to, label: "" });
    });
  }
  return { boxes, arrows, left: graph.nodes.length - shown.length };
}

export function toDot(graph: Graph, annotations: Annotations): string {
  const { boxes, arrows, left } = boxesOf(graph, annotations);
  const quote = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`;
  const shape = { input: "ellipse", constant: "plaintext", operation: "box", control: "box3d", output: "ellipse" };
  return [
    "digraph nabla {",
    '  node [fontname="Helvetica", fontsize=11];',
    ...boxes.map(
      (box, i) => `  n${i} [shape=${shape[box.kind]}, label=${quote(box.lines.join("\n")).replace(/\n/g, "\\n")}];`,
    ),
    ...arrows.map((a) => `  n${a.from} -> n${a.to}${a.label ? ` [label=${quote(a.label)}]` : ""};`),
    ...(left > 0 ? [`  // ${left} more nodes are not drawn`] : []),
    "}",
  ].join("\n");
}

const colours: Record<Box["kind"], readonly [fill: string, line: string]> = {
  input: ["#dbeafe", "#2563eb"],
  constant: ["#f3f4f6", "#9ca3af"],
  operation: ["#ffffff", "#374151"],
  control: ["#fef3c7", "#b45309"],
  output: ["#dcfce7", "#15803d"],
};

const escape = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c] as string);
const short = (text: string): string => (text.length > 40 ? `${text.slice(0, 39)}…` : text);

export function toSVG(graph: Graph, annotations: Annotations): string {
  const { boxes, arrows, left } = boxesOf(graph, annotations);
  const sizes = boxes.map(({ lines }) => ({
    width: Math.max(...lines.map((line) => short(line).length)) * 7 + 20,
    height: lines.length * 15 + 12,
  }));
  // Constants are boxed when they are first read, so every arrow goes from a lower number to a higher one.
  const { places, routes, width, height } = layered(
    sizes,
    arrows.map((a) => [a.from, a.to]),
  );
  const centre = (i: number): Point => places[i] as Point;
  const half = (i: number): number => (sizes[i] as { height: number }).height / 2;
  const curve = ({ from, to, label }: Arrow, i: number): string => {
    const end = { x: centre(to).x, y: centre(to).y - half(to) - 5 };
    const points = [{ x: centre(from).x, y: centre(from).y + half(from) }, ...(routes[i] as readonly Point[]), end];
    const bends = points.slice(1).map((p, k) => {
      const q = points[k] as Point;
      const middle = (q.y + p.y) / 2;
      return `C${q.x} ${middle} ${p.x} ${middle} ${p.x} ${p.y}`;
    });
    const last = points.at(-2) as Point;
    const [x1, y1, x2, y2] = [last.x, last.y, end.x, end.y];
    const path = `<path d="M${points[0]?.x} ${points[0]?.y}${bends.join("")}" marker-end="url(#tip)"/>`;
    return label
      ? `${path}<text class="edge" x="${(x1 + 3 * x2) / 4 + 4}" y="${(y1 + 3 * y2) / 4}">${escape(label)}</text>`
      : path;
  };
  const box = ({ kind, lines }: Box, i: number): string => {
    const { x, y } = centre(i);
    const { width: w, height: h } = sizes[i] as { width: number; height: number };
    const [fill, line] = colours[kind];
    const radius = kind === "input" || kind === "output" ? 14 : 4;
    const text = lines.map((t, k) => {
      const weight = k === 0 && kind !== "constant" ? ' font-weight="bold"' : ' fill="#6b7280"';
      return `<text x="${x}" y="${y - h / 2 + 18 + 15 * k}"${weight}>${escape(short(t))}</text>`;
    });
    return `<g><title>${escape(lines.join("\n"))}</title><rect x="${x - w / 2}" y="${y - h / 2}" width="${w}" height="${h}" rx="${radius}" fill="${fill}" stroke="${line}"/>${text.join("")}</g>`;
  };
  const note = left > 0 ? `<text x="${width / 2}" y="${height + 4}">${left} more nodes are not drawn</text>` : "";
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height + 16}" viewBox="0 0 ${width} ${height + 16}" font-family="Helvetica, Arial, sans-serif" font-size="12" text-anchor="middle">`,
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="2" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="#6b7280" stroke="none"/></marker></defs>',
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    `<g fill="none" stroke="#9ca3af">${arrows.map(curve).join("")}</g>`.replace(
      /<text class="edge"/g,
      '<text fill="#9ca3af" stroke="none" font-size="10" text-anchor="start"',
    ),
    ...boxes.map(box),
    note,
    "</svg>",
  ].join("\n");
}
