/** Marks that several of the pictures have. */
import { type Tensor, tensor } from "nabla";
import { mapMarks, pathMarks } from "../../src/cli/plot/descent.ts";
import type { Axis, Colour, Line, Mark } from "../../src/cli/plot/figure.ts";
import { linearScale } from "../../src/cli/plot/ticks.ts";

type Point = readonly [x: number, y: number];

export const axis = (label: string, low: number, high: number, count = 5): Axis => ({
  label,
  scale: linearScale([low, high], { margin: 0, count }),
});

/** Lines of equal value of a function that works element by element. */
export const map = (f: (x: Tensor, y: Tensor) => Tensor, x: Axis, y: Axis, along = 61): Mark[] =>
  mapMarks(x.scale, y.scale, (a, b) => f(tensor(a), tensor(b)).data, along);

/** A path, without the points that nobody could tell from the one before. */
export function trail(points: readonly Point[], x: Axis, y: Axis, colour: Colour = "orange", name = "path"): Mark[] {
  const kept: Point[] = [];
  for (const point of points) {
    const [a, b] = kept.at(-1) ?? [Number.NaN, Number.NaN];
    const far = Math.hypot(x.scale.at(point[0]) - x.scale.at(a), y.scale.at(point[1]) - y.scale.at(b));
    if (!(far < 0.005) || point === points.at(-1)) kept.push(point);
  }
  return pathMarks(kept).map((mark) => {
    if (mark.colour !== "orange") return mark;
    return mark.name === undefined ? { ...mark, colour } : { ...mark, colour, name };
  });
}

/** From tail to tip; x and y must have one scale. */
export function arrow([ax, ay]: Point, [bx, by]: Point, colour: Colour, name?: string): Mark {
  const [dx, dy] = [(bx - ax) / 6, (by - ay) / 6];
  const barb = (side: number): Point => [bx - dx + side * dy * 0.6, by - dy - side * dx * 0.6];
  const lines: Line[] = [
    [
      [ax, ay],
      [bx, by],
    ],
    [barb(1), [bx, by], barb(-1)],
  ];
  return { kind: "line", lines, colour, ...(name === undefined ? {} : { name }) };
}
