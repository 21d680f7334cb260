/** Several figures of one size on a sheet, with one legend; what is the same in them is written once. */
import { documentOf, type Figure, type Frame, heading, legend, plot } from "../../src/cli/plot/figure.ts";

export interface Sheet {
  readonly title: string;
  readonly description: string;
  readonly columns: number;
  /** Of a panel, in pixels. */
  readonly height: number;
  readonly panels: readonly Omit<Figure, "description">[];
}

const width = 720;
const head = 58;

export function sheetToSVG({ title, description, columns, height, panels }: Sheet): string {
  const across = width / columns;
  const labelled = panels.some(({ y }) => y.label !== "");
  const frame: Frame = {
    left: labelled ? 62 : 44,
    right: across - 12,
    top: 28,
    bottom: height - (panels.some(({ x }) => x.label !== "") ? 44 : 26),
    labels: { x: 34, y: 48 },
  };
  const drawn = panels.map((panel) => plot(panel, frame));
  const seen = drawn.flat();
  const repeated = [...new Set(seen.filter((part, i) => part.length > 200 && seen.indexOf(part) < i))];
  const placed = panels.map((panel, k) => {
    const [left, top] = [(k % columns) * across, head + Math.floor(k / columns) * height];
    const parts = (drawn[k] as string[]).map((part) => {
      const shared = repeated.indexOf(part);
      return shared < 0 ? part : `<use href="#shared${shared}"/>`;
    });
    return [`<g transform="translate(${left} ${top})">`, heading(panel.title, frame.left, 18, 12), ...parts, "</g>"];
  });
  const shared = repeated.map((part, k) => `<g id="shared${k}">${part}</g>`);
  const named = panels.flatMap(({ marks }) => marks.filter(({ name }) => name !== undefined));
  const distinct = named.filter((mark, i) => named.findIndex(({ name }) => name === mark.name) === i);
  return documentOf({ title, description }, width, head + height * Math.ceil(panels.length / columns), frame, [
    heading(title, frame.left, 22, 15),
    legend(distinct, frame.left, 42),
    ...(shared.length > 0 ? [`<defs>${shared.join("\n")}</defs>`] : []),
    ...placed.flat(),
  ]);
}
