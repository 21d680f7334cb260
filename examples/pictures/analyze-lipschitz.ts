/** How branch and bound closes in on a Lipschitz constant. */
import { cos, sin, type Tensor } from "nabla";
import { lipschitz } from "nabla/analyze";
import { type Line, toSVG } from "../../src/cli/plot/figure.ts";
import { logarithmicScale } from "../../src/cli/plot/ticks.ts";
import { axis } from "./marks.ts";

const waves = (x: Tensor, y: Tensor) =>
  sin(x.mul(3))
    .mul(cos(y.mul(2)))
    .add(x.mul(y));
const box = { lower: [-2, -2], upper: [2, 2] };
const budgets = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const enclosures = budgets.map((maxCells) => lipschitz(waves, box, { maxCells, timeLimit: Infinity }));

// Drawn:
const bound = (side: "lower" | "upper" | "estimate"): Line => enclosures.map((e) => [e.cells, e[side]]);
const highest = Math.max(...enclosures.map(({ upper }) => upper));

export const picture = toSVG({
  title: "The Lipschitz constant of sin(3x)·cos(2y) + xy on −2 ≤ x, y ≤ 2",
  description:
    "The proved upper bound falls and the lower one rises with the number of cells until they meet; an estimate from random points lies below.",
  x: { label: "cells of the box", scale: logarithmicScale(enclosures.map(({ cells }) => cells)) },
  y: axis("Lipschitz constant", 4, Math.ceil(highest)),
  marks: [
    { kind: "band", lower: bound("lower"), upper: bound("upper"), colour: "blue", name: "certified: it lies here" },
    { kind: "line", lines: [bound("upper"), bound("lower")], colour: "blue" },
    { kind: "points", points: [...bound("upper"), ...bound("lower")], colour: "blue" },
    { kind: "line", lines: [bound("estimate")], colour: "orange", name: "estimate from 200 random points" },
  ],
});
