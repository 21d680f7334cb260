/** A figure with two axes as SVG that needs nothing else and reads on light and on dark paper. */
import type { Line } from "./contour.ts";
import type { Scale } from "./ticks.ts";

export type { Line };

export interface Figure {
  readonly title: string;
  /** What a reader sees, in words, for who cannot see it. */
  readonly description: string;
  readonly x: Axis;
  readonly y: Axis;
  /** Drawn one over the other, from the first to the last. */
  readonly marks: readonly Mark[];
}

export interface Axis {
  readonly label: string;
  readonly scale: Scale;
}

/** What is drawn; those with a name are explained beside the title. */
export type Mark =
  | {
      readonly kind: "line";
      readonly lines: readonly Line[];
      readonly colour: Colour;
      readonly name?: string;
      readonly faint?: number;
    }
  | {
      readonly kind: "points";
      readonly points: Line;
      readonly colour: Colour;
      readonly name?: string;
      readonly radius?: number;
    }
  | {
      readonly kind: "band";
      readonly lower: Line;
      readonly upper: Line;
      readonly colour: Colour;
      readonly name?: string;
    };

export type Colour = keyof typeof colours;

/** Of middling lightness: each has a contrast of about 4 against white and against black paper. */
export const colours = { ink: "#717b87", blue: "#2f81f7", orange: "#d9730d", green: "#2c974b", red: "#e5484d" };

/** Where the axes are on the paper, and how far from them their labels. */
export interface Frame {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly labels: { readonly x: number; readonly y: number };
}

const frame: Frame = { left: 76, right: 700, top: 62, bottom: 424, labels: { x: 42, y: 58 } };

/** The drawing; every coordinate is written with one decimal, so that the same figure is the same text everywhere. */
export function toSVG(figure: Figure): string {
  return documentOf(figure, 720, 480, frame, [
    heading(figure.title, frame.left, 24, 15),
    legend(figure.marks, frame.left, 44),
    ...plot(figure, frame),
  ]);
}

/** An SVG of this size; what lies inside the frame may be clipped by `url(#frame)`. */
export function documentOf(
  { title, description }: Pick<Figure, "title" | "description">,
  width: number,
  height: number,
  { left, right, top, bottom }: Frame,
  parts: readonly string[],
): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title desc" font-family="Helvetica, Arial, sans-serif" font-size="12" fill="${colours.ink}">`,
    `<title id="title">${escape(title)}</title>`,
    `<desc id="desc">${escape(description)}</desc>`,
    `<clipPath id="frame"><rect x="${left}" y="${top}" width="${right - left}" height="${bottom - top}"/></clipPath>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

export const heading = (text: string, x: number, y: number, size: number): string =>
  `<text x="${x}" y="${y}" font-size="${size}" font-weight="bold">${escape(shortened(text))}</text>`;

/** The axes, and the marks within their frame. */
export function plot({ x, y, marks }: Pick<Figure, "x" | "y" | "marks">, frame: Frame): string[] {
  const place = ([a, b]: readonly [number, number]): string => `${across(x.scale, a, frame)} ${up(y.scale, b, frame)}`;
  return [axes(x, y, frame), '<g clip-path="url(#frame)">', ...marks.map((mark) => draw(mark, place)), "</g>"];
}

const fixed = (v: number): string => String(Number(v.toFixed(1)));
/** Values far outside stay within what a renderer can count. */
const within = (share: number): number => Math.min(Math.max(share, -10), 10);
const across = (scale: Scale, v: number, { left, right }: Frame): string =>
  fixed(left + within(scale.at(v)) * (right - left));
const up = (scale: Scale, v: number, { top, bottom }: Frame): string =>
  fixed(bottom - within(scale.at(v)) * (bottom - top));

function axes(x: Axis, y: Axis, frame: Frame): string {
  const grid = [
    ...x.scale.ticks.map(({ value }) => `M${across(x.scale, value, frame)} ${frame.top}V${frame.bottom}`),
    ...y.scale.ticks.map(({ value }) => `M${frame.left} ${up(y.scale, value, frame)}H${frame.right}`),
  ];
  const below = x.scale.ticks.map(
    ({ value, label }) => `<text x="${across(x.scale, value, frame)}" y="${frame.bottom + 18}">${label}</text>`,
  );
  const beside = y.scale.ticks.map(
    ({ value, label }) => `<text x="${frame.left - 8}" y="${up(y.scale, value, frame)}" dy="4">${label}</text>`,
  );
  const { labels } = frame;
  const [centre, middle] = [(frame.left + frame.right) / 2, (frame.top + frame.bottom) / 2];
  return [
    `<path class="grid" d="${grid.join("")}" stroke="${colours.ink}" stroke-opacity="0.22" fill="none"/>`,
    `<path class="axes" d="M${frame.left} ${frame.top}V${frame.bottom}H${frame.right}" stroke="${colours.ink}" fill="none"/>`,
    `<g class="x ticks" text-anchor="middle">${below.join("")}</g>`,
    `<g class="y ticks" text-anchor="end">${beside.join("")}</g>`,
    `<text class="x label" x="${centre}" y="${frame.bottom + labels.x}" text-anchor="middle">${escape(x.label)}</text>`,
    `<text class="y label" transform="translate(${frame.left - labels.y} ${middle}) rotate(-90)" text-anchor="middle">${escape(y.label)}</text>`,
  ].join("\n");
}

function draw(mark: Mark, place: (point: readonly [number, number]) => string): string {
  const colour = colours[mark.colour];
  switch (mark.kind) {
    case "line": {
      const paths = mark.lines.flatMap(unbroken).map((line) => `M${line.map(place).join("L")}`);
      const faint = mark.faint === undefined ? "" : ` stroke-opacity="${mark.faint}"`;
      return `<path class="line" d="${paths.join("")}" stroke="${colour}"${faint} stroke-width="1.5" stroke-linejoin="round" fill="none"/>`;
    }
    case "points": {
      const radius = mark.radius ?? 2.5;
      const dots = mark.points.filter(finite).map((point) => {
        const [cx, cy] = place(point).split(" ");
        return `<circle cx="${cx}" cy="${cy}" r="${radius}"/>`;
      });
      return `<g class="points" fill="${colour}">${dots.join("")}</g>`;
    }
    case "band": {
      const outline = [...mark.lower, ...[...mark.upper].reverse()].filter(finite);
      return outline.length === 0
        ? ""
        : `<path class="band" d="M${outline.map(place).join("L")}Z" fill="${colour}" fill-opacity="0.18"/>`;
    }
  }
}

const finite = ([x, y]: readonly [number, number]): boolean => Number.isFinite(x) && Number.isFinite(y);

/** A line is broken where it has no value. */
function unbroken(line: Line): Line[] {
  const parts: [number, number][][] = [[]];
  for (const [x, y] of line) {
    if (finite([x, y])) parts.at(-1)?.push([x, y]);
    else parts.push([]);
  }
  return parts.filter((part) => part.length > 1);
}

/** Explains the marks that have a name, along a line from `left`. */
export function legend(marks: readonly Mark[], left: number, y: number): string {
  let at = left;
  const entries = marks.flatMap((mark) => {
    if (mark.name === undefined) return [];
    const from = at;
    at += 34 + 6.5 * mark.name.length;
    const colour = colours[mark.colour];
    const sign = {
      line: `<path d="M${from} ${y}h16" stroke="${colour}" stroke-width="2"/>`,
      points: `<circle cx="${from + 8}" cy="${y}" r="3" fill="${colour}"/>`,
      band: `<rect x="${from}" y="${y - 5}" width="16" height="10" fill="${colour}" fill-opacity="0.3"/>`,
    }[mark.kind];
    return [`${sign}<text x="${from + 21}" y="${y + 4}">${escape(mark.name)}</text>`];
  });
  return `<g class="legend">${entries.join("")}</g>`;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
/** XML has no way to write control characters. */
export const escape = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => entities[c] as string).replace(/(?![\t\n])\p{Cc}/gu, "\ufffd");

function shortened(text: string): string {
  const letters = [...text];
  return letters.length > 72 ? `${letters.slice(0, 71).join("")}…` : text;
}
