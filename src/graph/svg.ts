/** A graph as an SVG picture that needs nothing else. */
import { type Annotations, type Arrow, type Box, type Drawing, drawingOf } from "./draw.ts";
import type { Graph } from "./graph.ts";
import { type Layout, layered, type Point } from "./layout.ts";

const colours: Record<Box["kind"], readonly [fill: string, line: string]> = {
  input: ["#dbeafe", "#2563eb"],
  constant: ["#f3f4f6", "#9ca3af"],
  operation: ["#ffffff", "#374151"],
  control: ["#fef3c7", "#b45309"],
  output: ["#dcfce7", "#15803d"],
};
const grey = "#6b7280";
const lineHeight = 15;
const frameTitle = 20;
const gap = 12;
/** The head of an arrow stands out over its line. */
const tip = 5;

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
/** XML has no way to write control characters, tabs and line ends apart. */
const escape = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => entities[c] as string).replace(/(?![\t\n])\p{Cc}/gu, "�");
const short = (text: string): string => {
  const letters = [...text];
  return letters.length > 40 ? `${letters.slice(0, 39).join("")}…` : text;
};

/** Something drawn from the origin to the right and down. */
interface Picture {
  readonly width: number;
  readonly height: number;
  readonly markup: string;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

export function toSVG(graph: Graph, annotations: Annotations): string {
  const { width, height, markup } = draw(drawingOf(graph, annotations));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="Helvetica, Arial, sans-serif" font-size="12" text-anchor="middle">`,
    `<defs><marker id="tip" viewBox="0 0 8 8" refX="2" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="${grey}" stroke="none"/></marker></defs>`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    markup,
    "</svg>",
  ].join("\n");
}

function draw({ boxes, arrows, left }: Drawing): Picture {
  const frames = boxes.map((box) => box.inside.map(({ name, drawing }) => frame(name, draw(drawing))));
  const sizes = boxes.map((box, i) => sizeOf(box, frames[i] as readonly Picture[]));
  // Constants are boxed when they are first read, so every arrow goes from a lower number to a higher one.
  const layout = layered(
    sizes,
    arrows.map((a) => [a.from, a.to]),
  );
  const { places, width, height } = layout;
  const lines = arrows.map((_, i) => pointsOf(arrows, i, sizes, layout));
  const note = left > 0 ? `<text x="${width / 2}" y="${height}">${left} more nodes are not drawn</text>` : "";
  return {
    width,
    height: height + (left > 0 ? 16 : 0),
    markup: [
      `<g fill="none" stroke="#9ca3af">${lines.map(curve).join("")}</g>`,
      ...boxes.map((box, i) => drawBox(box, places[i] as Point, sizes[i] as Size, frames[i] as readonly Picture[])),
      `<g fill="${grey}" font-size="10" stroke="#ffffff" stroke-width="3" paint-order="stroke">${arrows.map((a, i) => drawLabel(a, lines[i] as readonly Point[])).join("")}</g>`,
      note,
    ].join("\n"),
  };
}

function sizeOf({ lines }: Box, frames: readonly Picture[]): Size {
  const text = Math.max(...lines.map((line) => [...short(line)].length)) * 7 + 20;
  const inside = frames.reduce((sum, f) => sum + f.width + gap, gap);
  const height = lines.length * lineHeight + 12;
  if (frames.length === 0) return { width: text, height };
  return { width: Math.max(text, inside), height: height + Math.max(...frames.map((f) => f.height)) + gap };
}

/** A body with its name, in a frame. */
function frame(name: string, { width, height, markup }: Picture): Picture {
  return {
    width,
    height: height + frameTitle,
    markup: `<rect width="${width}" height="${height + frameTitle}" rx="6" fill="#ffffff" stroke="#d6a46a" stroke-dasharray="4 3"/><text x="10" y="15" text-anchor="start" fill="${grey}">${escape(name)}</text><g transform="translate(0 ${frameTitle})">${markup}</g>`,
  };
}

/** From the middle below one box to a place above the other, which the arrows into it share from left to right. */
function pointsOf(
  arrows: readonly Arrow[],
  i: number,
  sizes: readonly Size[],
  { places, layers, routes }: Layout,
): readonly Point[] {
  const { from, to } = arrows[i] as Arrow;
  const [start, end] = [places[from] as Point, places[to] as Point];
  const [above, below] = [sizes[from] as Size, sizes[to] as Size];
  const comesFrom = (k: number): number => (routes[k]?.at(-1) ?? (places[(arrows[k] as Arrow).from] as Point)).x;
  const rivals = arrows
    .flatMap((a, k) => (a.to === to ? [k] : []))
    .sort((a, b) => comesFrom(a) - comesFrom(b) || a - b);
  const width = Math.min(below.width - 24, 56 * (rivals.length - 1));
  const share = rivals.length === 1 ? 0 : rivals.indexOf(i) / (rivals.length - 1) - 0.5;
  const x = end.x + share * width;
  return [
    { x: start.x, y: start.y + above.height / 2 },
    { x: start.x, y: layers[from]?.bottom as number },
    ...(routes[i] as readonly Point[]),
    { x, y: (layers[to]?.top as number) - tip },
    { x, y: end.y - below.height / 2 - tip },
  ];
}

function curve(points: readonly Point[]): string {
  const bends = points.slice(1).map((p, k) => {
    const q = points[k] as Point;
    const middle = (q.y + p.y) / 2;
    return `C${q.x} ${middle} ${p.x} ${middle} ${p.x} ${p.y}`;
  });
  return `<path d="M${points[0]?.x} ${points[0]?.y}${bends.join("")}" marker-end="url(#tip)"/>`;
}

/** Three quarters down the last bend: t = ¾ of a cubic whose tangents are vertical at both ends. */
function drawLabel({ label }: Arrow, points: readonly Point[]): string {
  if (label === "") return "";
  const [a, b] = points.slice(-3) as [Point, Point, Point];
  const t = 0.75;
  const along = t * t * (3 - 2 * t);
  const down = t * t * t + 1.5 * t * (1 - t);
  return `<text x="${a.x + along * (b.x - a.x)}" y="${a.y + down * (b.y - a.y)}">${escape(label)}</text>`;
}

function drawBox({ kind, lines }: Box, { x, y }: Point, { width, height }: Size, frames: readonly Picture[]): string {
  const [fill, line] = colours[kind];
  const [left, top] = [x - width / 2, y - height / 2];
  const radius = kind === "input" || kind === "output" ? 14 : 4;
  const text = lines.map((t, k) => {
    const weight = k === 0 && kind !== "constant" ? ' font-weight="bold"' : ` fill="${grey}"`;
    return `<text x="${x}" y="${top + 18 + lineHeight * k}"${weight}>${escape(short(t))}</text>`;
  });
  const used = frames.reduce((sum, f) => sum + f.width + gap, -gap);
  let at = x - used / 2;
  const inner = frames.map((f) => {
    const group = `<g transform="translate(${at} ${top + lines.length * lineHeight + 12})">${f.markup}</g>`;
    at += f.width + gap;
    return group;
  });
  return `<g><title>${escape(lines.join("\n"))}</title><rect x="${left}" y="${top}" width="${width}" height="${height}" rx="${radius}" fill="${fill}" stroke="${line}"/>${text.join("")}${inner.join("")}</g>`;
}
