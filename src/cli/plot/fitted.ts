/** Data, the fitted curve and its bands; for several columns the measured against the fitted values. */
import type { Figure, Line, Mark } from "./figure.ts";
import { linearScale } from "./ticks.ts";

export interface Fitted {
  readonly formula: string;
  readonly verdict: string;
  readonly x: { readonly name: string; readonly values: Float64Array };
  readonly y: { readonly name: string; readonly values: Float64Array };
  /** The curve at increasing x, and the intervals about it by their names. */
  readonly curve: readonly { readonly x: number; readonly y: number }[];
  readonly bands: readonly {
    readonly name: string;
    readonly lower: ArrayLike<number>;
    readonly upper: ArrayLike<number>;
  }[];
}

export function fittedFigure({ formula, verdict, x, y, curve, bands }: Fitted): Figure {
  const points: Line = Array.from(x.values, (v, i) => [v, y.values[i] as number]);
  const line: Line = curve.map((p) => [p.x, p.y]);
  const border = (side: ArrayLike<number>): Line => curve.map((p, i) => [p.x, side[i] as number]);
  const areas = bands.map(({ name, lower, upper }): Mark => {
    return { kind: "band", lower: border(lower), upper: border(upper), colour: "blue", name };
  });
  const heights = [...points, ...line, ...bands.flatMap((b) => [...border(b.lower), ...border(b.upper)])];
  return {
    title: `${y.name} = ${formula}`,
    description: `${points.length} points of data and the fitted curve. ${verdict}`,
    x: {
      label: x.name,
      scale: linearScale(
        line.map(([v]) => v),
        { margin: 0 },
      ),
    },
    y: { label: y.name, scale: linearScale(heights.map(([, v]) => v)) },
    marks: [
      ...areas,
      { kind: "points", points, colour: "orange", name: "data" },
      { kind: "line", lines: [line], colour: "blue", name: "fit" },
    ],
  };
}

/** Where there is more than one column, no curve can be drawn: how far each fitted value is from the measured one. */
export function agreementFigure(
  formula: string,
  verdict: string,
  name: string,
  fitted: Float64Array,
  measured: Float64Array,
): Figure {
  const scale = linearScale([...fitted, ...measured]);
  const points: Line = Array.from(fitted, (v, i) => [v, measured[i] as number]);
  return {
    title: `${name} = ${formula}`,
    description: `Measured against fitted values, ${points.length} points; on the line they are equal. ${verdict}`,
    x: { label: `fitted ${name}`, scale },
    y: { label: `measured ${name}`, scale },
    marks: [
      {
        kind: "line",
        lines: [
          [
            [scale.low, scale.low],
            [scale.high, scale.high],
          ],
        ],
        colour: "blue",
        name: "equal",
      },
      { kind: "points", points, colour: "orange", name: "data" },
    ],
  };
}
