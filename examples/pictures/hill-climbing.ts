/** A climb, restarts and annealing on a landscape of whole numbers. */
import { anneal, type Chance, hillClimb } from "nabla/optimize";
import type { Line, Mark } from "../../src/cli/plot/figure.ts";
import { linearScale } from "../../src/cli/plot/ticks.ts";
import { axis } from "./marks.ts";
import { sheetToSVG } from "./sheet.ts";

const peaks = (x: number) => 60 - (x - 70) ** 2 / 90 + 12 * Math.sin(x / 2.5) + 5 * Math.sin(x / 0.9);
const besides = (x: number) => [x - 1, x + 1].filter((y) => y >= 0 && y < 100);
const common = { neighbors: besides, maximize: true, path: true } as const;

const climb = hillClimb(peaks, 12, common);
const restarted = hillClimb(peaks, 12, { ...common, restart: (chance: Chance) => chance.integer(100), restarts: 8 });
const annealed = anneal(peaks, 12, common);

// Drawn:
const states = Array.from({ length: 100 }, (_, i) => i);
const landscape: Line = states.map((s) => [s, peaks(s)]);
const x = axis("state", 0, 99);
const y = { label: "value", scale: linearScale(landscape.map(([, v]) => v)) };
const line: Mark = { kind: "line", lines: [landscape], colour: "blue", faint: 0.6, name: "landscape" };
const pointsOf = (found: typeof climb): Line => (found.path ?? []).map((s) => [s.x, s.value]);
const panel = (title: string, found: typeof climb, marks: readonly Mark[]) => ({
  title: `${title}: ${found.value.toFixed(1)} at ${found.x}`,
  x,
  y,
  marks: [
    line,
    ...marks,
    { kind: "points" as const, points: [[12, peaks(12)]] as const, colour: "ink" as const, name: "start", radius: 4.5 },
    {
      kind: "points" as const,
      points: [[found.x, found.value]] as const,
      colour: "red" as const,
      name: "best",
      radius: 4.5,
    },
  ],
});
/** Each state once. */
const visited = (points: Line, colour: "orange" | "green", name: string): Mark => {
  return { kind: "points", points: [...new Map(points.map((p) => [p[0], p])).values()], colour, name };
};
const ways = pointsOf(annealed);
const half = Math.floor(ways.length / 2);

export const picture = sheetToSVG({
  title: "The highest of 100 states",
  description:
    "The same landscape of many peaks three times: a climb ends on the nearest peak; the best of nine climbs from random starts is the highest; annealing crosses the valleys while it is hot, and settles on the second highest.",
  columns: 1,
  height: 210,
  panels: [
    panel("one climb", climb, [visited(pointsOf(climb), "orange", "visited")]),
    panel("nine climbs", restarted, [visited(pointsOf(restarted), "orange", "visited")]),
    panel("annealing", annealed, [
      visited(ways.slice(0, half), "orange", "visited"),
      visited(ways.slice(half), "green", "visited in the second half, colder"),
    ]),
  ],
});
