/** The error of central differences by their step, for a right and for a wrong gradient. */
import { customDerivative, exp, sin, type Tensor } from "nabla";
import { checkGradient } from "nabla/analyze";
import { type Line, toSVG } from "../../src/cli/plot/figure.ts";
import { logarithmicScale } from "../../src/cli/plot/ticks.ts";

const almost = customDerivative((x: Tensor) => exp(x), { vjp: (x) => [exp(x), (ct) => [ct.mul(exp(x)).mul(1.00001)]] });
const right = checkGradient((x: Tensor, y: Tensor) => exp(x).mul(sin(y)), [1, 2]);
const wrong = checkGradient((x: Tensor, y: Tensor) => almost(x).mul(sin(y)), [1, 2]);

// Drawn:
const curve = ({ steps, errors }: typeof right): Line => steps.map((h, k) => [h, errors[k] as number]);
const each = (line: Line, colour: "blue" | "red", name: string) => [
  { kind: "line" as const, lines: [line], colour, name },
  { kind: "points" as const, points: line, colour },
];

export const picture = toSVG({
  title: "Central differences of exp(x)·sin(y) at (1, 2) against the gradient",
  description:
    "On logarithmic scales the error of a right gradient falls as the square of the step, then rises as rounding over the step; that of a wrong one stays at its own error, 1e-5.",
  x: { label: "step h", scale: logarithmicScale(right.steps) },
  y: { label: "largest relative error", scale: logarithmicScale([...right.errors, ...wrong.errors]) },
  marks: [
    ...each(curve(right), "blue", `exact gradient: ${right.verdict}`),
    ...each(curve(wrong), "red", `off by a factor of 1.00001: ${wrong.verdict}`),
  ],
});
