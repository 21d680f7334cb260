/** What Taylor's formula promises of a step, and what the step brings. */
import { square, type Tensor } from "nabla";
import { analyze, stepForecast } from "nabla/analyze";
import { type Line, toSVG } from "../../src/cli/plot/figure.ts";
import { linearScale } from "../../src/cli/plot/ticks.ts";
import { axis } from "./marks.ts";

const curved = (x: Tensor, y: Tensor) =>
  square(y.sub(square(x)))
    .mul(100)
    .add(square(x.sub(1)));
const { gradient, optimalStep, forecast } = analyze(curved, [0.4, 0.8]);
const lengths = Array.from({ length: 61 }, (_, k) => (k / 40) * optimalStep);
const forecasts = lengths.map((t) =>
  stepForecast(
    curved,
    [0.4, 0.8],
    gradient.map((g) => -t * g),
  ),
);

// Drawn:
const by = (kind: keyof typeof forecast): Line => lengths.map((t, k) => [t, forecasts[k]?.[kind] as number]);

export const picture = toSVG({
  title: "Rosenbrock's function from (0.4, 0.8) against the gradient",
  description:
    "The change of f by the length of the step: a straight line by first order, a parabola by second order with its least value at gᵀg/gᵀHg, and the true change, which touches both at 0.",
  x: axis("t", 0, lengths.at(-1) ?? 1),
  y: { label: "change of f", scale: linearScale([...by("secondOrder"), ...by("actual")].flatMap(([, v]) => v)) },
  marks: [
    { kind: "line", lines: [by("firstOrder")], colour: "ink", name: "first order" },
    { kind: "line", lines: [by("secondOrder")], colour: "blue", name: "second order" },
    { kind: "line", lines: [by("actual")], colour: "orange", name: "actual" },
    {
      kind: "points",
      points: [[optimalStep, forecast.secondOrder]],
      colour: "blue",
      name: "best step gᵀg/gᵀHg",
      radius: 4.5,
    },
    { kind: "points", points: [[optimalStep, forecast.actual]], colour: "orange", name: "what it brings", radius: 4.5 },
  ],
});
