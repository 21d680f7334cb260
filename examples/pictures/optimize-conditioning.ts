/** Gradient descent by the condition number. */
import { square, type Tensor } from "nabla";
import { analyze } from "nabla/analyze";
import { minimize } from "nabla/optimize";
import { toSVG } from "../../src/cli/plot/figure.ts";
import { logarithmicScale } from "../../src/cli/plot/ticks.ts";
import { axis } from "./marks.ts";

const descentsOf = [2, 10, 50, 250].map((steepness) => {
  const f = ({ x, y }: { x: Tensor; y: Tensor }) => square(x).add(square(y).mul(steepness)).div(2);
  const { conditionNumber, stepBound } = analyze(f, { x: 0, y: 0 });
  const lineSearch = { name: "constant", length: stepBound } as const;
  const { path = [] } = minimize(f, { x: 1, y: 1 }, { method: "gradient-descent", lineSearch, path: true });
  return { conditionNumber, values: path.map(({ value }) => value) };
});

// Drawn:
const colours = ["green", "blue", "orange", "red"] as const;
const shown = 150;

export const picture = toSVG({
  title: "Gradient descent with the step 1/λmax, by condition number",
  description:
    "The value by iteration on a logarithmic scale: straight lines, the flatter the larger the condition number: each step leaves (1 − 1/κ)² of the value.",
  x: axis("iteration", 0, shown),
  y: { label: "f(x) − f(minimum)", scale: logarithmicScale([1e-12, 100]) },
  marks: descentsOf.map(({ conditionNumber, values }, k) => ({
    kind: "line",
    lines: [values.slice(0, shown + 1).map((v, i) => [i, v > 0 ? v : Number.NaN] as const)],
    colour: colours[k] ?? "ink",
    name: `κ = ${Math.round(conditionNumber)}`,
  })),
});
