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
const colours = { ink: "#717b87", blue: "#2f81f7", orange: "#d9730d", green: "#2c974b", red: "#e5484d" };

const [width, height] = [720, 480];
const frame = { left: 76, right: 700, top: 62, bottom: 424 };

/** The drawing; every coordinate is written with one decimal, so that the same figure is the same text everywhere. */
export function toSVG(figure: Figure): string {
  const { title, description, x, y, marks } = figure;
  const place = ([a, b]: readonly [number, number]): string => `${across(x.scale, a)} ${up(y.scale, b)}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title desc" font-family="Helvetica, Arial, sans-serif" font-size="12" fill="${colours.ink}">`,
    `<title id="title">${escape(title)}</title>`,
    `<desc id="desc">${escape(description)}</desc>`,
    `<clipPath id="frame"><rect x="${frame.left}" y="${frame.top}" width="${frame.right - frame.left}" height="${frame.bottom - frame.top}"/></clipPath>`,
    `<text x="${frame.left}" y="24" font-size="15" font-weight="bold">${escape(shortened(title))}</text>`,
    legend(marks),
    axes(x, y),
    '<g clip-path="url(#frame)">',
    ...marks.map((mark) => draw(mark, place)),
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

const fixed = (v: number): string => String(Number(v.toFixed(1)));
/** Values far outside stay within what a renderer can count. */
const within = (share: number): number => Math.min(Math.max(share, -10), 10);
const across = (scale: Scale, v: number): string =>
  fixed(frame.left + within(scale.at(v)) * (frame.right - frame.left));
const up = (scale: Scale, v: number): string => fixed(frame.bottom - within(scale.at(v)) * (frame.bottom - frame.top));

function axes(x: Axis, y: Axis): string {
  const grid = [
    ...x.scale.ticks.map(({ value }) => `M${across(x.scale, value)} ${frame.top}V${frame.bottom}`),
    ...y.scale.ticks.map(({ value }) => `M${frame.left} ${up(y.scale, value)}H${frame.right}`),
  ];
  const below = x.scale.ticks.map(
    ({ value, label }) => `<text x="${across(x.scale, value)}" y="${frame.bottom + 18}">${label}</text>`,
  );
  const beside = y.scale.ticks.map(
    ({ value, label }) => `<text x="${frame.left - 8}" y="${up(y.scale, value)}" dy="4">${label}</text>`,
  );
  const [centre, middle] = [(frame.left + frame.right) / 2, (frame.top + frame.bottom) / 2];
  return [
    `<path class="grid" d="${grid.join("")}" stroke="${colours.ink}" stroke-opacity="0.22" fill="none"/>`,
    `<path class="axes" d="M${frame.left} ${frame.top}V${frame.bottom}H${frame.right}" stroke="${colours.ink}" fill="none"/>`,
    `<g class="x ticks" text-anchor="middle">${below.join("")}</g>`,
    `<g class="y ticks" text-anchor="end">${beside.join("")}</g>`,
    `<text class="x label" x="${centre}" y="${frame.bottom + 42}" text-anchor="middle">${escape(x.label)}</text>`,
    `<text class="y label" transform="translate(18 ${middle}) rotate(-90)" text-anchor="middle">${escape(y.label)}</text>`,
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

function legend(marks: readonly Mark[]): string {
  let left = frame.left;
  const entries = marks.flatMap((mark) => {
    if (mark.name === undefined) return [];
    const at = left;
    left += 34 + 6.5 * mark.name.length;
    const colour = colours[mark.colour];
    const sign = {
      line: `<path d="M${at} 44h16" stroke="${colour}" stroke-width="2"/>`,
      points: `<circle cx="${at + 8}" cy="44" r="3" fill="${colour}"/>`,
      band: `<rect x="${at}" y="39" width="16" height="10" fill="${colour}" fill-opacity="0.3"/>`,
    }[mark.kind];
    return [`${sign}<text x="${at + 21}" y="48">${escape(mark.name)}</text>`];
  });
  return `<g class="legend">${entries.join("")}</g>`;
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
/** XML has no way to write control characters. */
const escape = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => entities[c] as string).replace(/(?![\t\n])\p{Cc}/gu, "\ufffd");

function shortened(text: string): string {
  const letters = [...text];
  return letters.length > 72 ? `${letters.slice(0, 71).join("")}…` : text;
}
