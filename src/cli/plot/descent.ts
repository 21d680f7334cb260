/** The way of a minimiser: on the curve of one variable, on the map of two, as values by iteration for more. */
import { contour, type Grid, type Line } from "./contour.ts";
import type { Axis, Figure, Mark } from "./figure.ts";
import { linearScale, logarithmicScale, range, type Scale } from "./ticks.ts";

export interface Descent {
  readonly formula: string;
  readonly names: readonly string[];
  /** From the start to the end. */
  readonly path: readonly { readonly x: readonly number[]; readonly value: number }[];
  /** What was found, in a sentence. */
  readonly verdict: string;
  /** The formula at many points: a column for each name. */
  evaluate(columns: readonly Float64Array[]): ArrayLike<number>;
}

export function descentFigure(descent: Descent): Figure {
  const { formula, names, verdict, path } = descent;
  const about = `${verdict} ${path.length} point${path.length === 1 ? "" : "s"} from the start to the end.`;
  const kinds = [valuesByIteration, onCurve, onMap] as const;
  return { title: formula, description: about, ...(kinds[names.length] ?? valuesByIteration)(descent) };
}

type Drawn = Omit<Figure, "title" | "description">;

/** The path itself, the first and the last point. */
export function pathMarks(points: Line): Mark[] {
  return [
    { kind: "line", lines: [points], colour: "orange", name: "path" },
    { kind: "points", points, colour: "orange" },
    { kind: "points", points: points.slice(0, 1), colour: "ink", name: "start", radius: 4.5 },
    { kind: "points", points: points.slice(-1), colour: "red", name: "end", radius: 4.5 },
  ];
}

function onCurve({ names: [name = ""], path, evaluate, formula }: Descent): Drawn {
  const x: Axis = {
    label: name,
    scale: linearScale(
      path.map((p) => p.x[0] as number),
      { margin: 0.25 },
    ),
  };
  const at = spaced(x.scale, 400);
  const values = evaluate([at]);
  const curve: Line = Array.from(at, (v, i) => [v, values[i] as number]);
  const points: Line = path.map((p) => [p.x[0] as number, p.value]);
  const shown = [...curve.map(([, v]) => v), ...points.map(([, v]) => v)];
  return {
    x,
    y: { label: formula.length > 40 ? "value" : formula, scale: linearScale(shown) },
    marks: [{ kind: "line", lines: [curve], colour: "blue", name: "formula" }, ...pathMarks(points)],
  };
}

/** Along each side of the map. */
const resolution = 141;
const levels = 12;

function onMap({ names, path, evaluate }: Descent): Drawn {
  const points: Line = path.map((p) => [p.x[0] as number, p.x[1] as number]);
  const [x, y] = [0, 1].map((side): Axis => {
    const scale = linearScale(
      points.map((p) => p[side as 0 | 1]),
      { margin: 0.25 },
    );
    return { label: names[side] as string, scale };
  }) as [Axis, Axis];
  return { x, y, marks: [...mapMarks(x.scale, y.scale, (a, b) => evaluate([a, b])), ...pathMarks(points)] };
}

/** Lines of equal value of a function of two columns. */
export function mapMarks(
  x: Scale,
  y: Scale,
  evaluate: (x: Float64Array, y: Float64Array) => ArrayLike<number>,
  along = resolution,
): Mark[] {
  const [across, up] = [spaced(x, along), spaced(y, along)];
  const nodes = Array.from({ length: along ** 2 }, (_, k) => k);
  const values = evaluate(
    Float64Array.from(nodes, (k) => across[k % along] as number),
    Float64Array.from(nodes, (k) => up[Math.floor(k / along)] as number),
  );
  return contourMarks({ x: [...across], y: [...up], values });
}

/** Levels that part the map into areas, the smaller the lower: where the path ends there are the most lines. */
function contourMarks(grid: Grid): Mark[] {
  const sorted = Float64Array.from(grid.values).filter(Number.isFinite).sort();
  if (sorted.length === 0) return [];
  const [least, most] = range(sorted);
  const at = Array.from({ length: levels }, (_, k) => {
    const share = ((k + 1) / (levels + 1)) ** 2;
    return sorted[Math.floor(share * (sorted.length - 1))] as number;
  });
  const distinct = [...new Set(at)].filter((level) => level > least && level < most);
  return distinct.map((level, k) => ({
    kind: "line",
    lines: contour(grid, level),
    colour: "blue",
    faint: Number((0.9 - (0.6 * k) / levels).toFixed(2)),
    ...(k === 0 ? { name: "equal values" } : {}),
  }));
}

/** How far each value lies above the least, where that can be told; the least itself has no place on this scale. */
function valuesByIteration({ path }: Descent): Drawn {
  const [least] = range(path.map((p) => p.value));
  const above: Line = path.map((p, i) => [i, p.value > least ? p.value - least : Number.NaN]);
  const points = above.filter(([, v]) => Number.isFinite(v));
  return {
    x: { label: "iteration", scale: linearScale([0, path.length - 1]) },
    y: { label: "value above the least", scale: logarithmicScale(points.map(([, v]) => v)) },
    marks: [
      { kind: "line", lines: [above], colour: "orange", name: "value − least value" },
      { kind: "points", points, colour: "orange" },
    ],
  };
}

/** Evenly over a scale, both ends included. */
export function spaced({ low, high }: Scale, count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1));
}
