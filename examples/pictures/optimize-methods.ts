/** The nine methods on Rosenbrock's function. */
import { square, sub, type Tensor } from "nabla";
import { minimize } from "nabla/optimize";
import { axis, map, trail } from "./marks.ts";
import { sheetToSVG } from "./sheet.ts";

const valley = ({ x, y }: { x: Tensor; y: Tensor }) => square(sub(1, x)).add(square(y.sub(square(x))).mul(100));
const methods = [
  "gradient-descent",
  "momentum",
  "conjugate-gradient",
  "bfgs",
  "l-bfgs",
  "newton",
  "saddle-free-newton",
  "newton-cg",
  "trust-region",
] as const;
const runs = methods.map((method) => minimize(valley, { x: -1.2, y: 1 }, { method, path: true }));

// Drawn:
const x = axis("", -1.7, 1.6, 4);
const y = axis("", -0.6, 2);
const lines = map((a, b) => valley({ x: a, y: b }), x, y, 81);

export const picture = sheetToSVG({
  title: "(1 − x)² + 100(y − x²)² from (−1.2, 1), by each method",
  description:
    "Nine maps of Rosenbrock's curved valley, each with the way of one method from (−1.2, 1) to the minimum at (1, 1).",
  columns: 3,
  height: 190,
  panels: runs.map(({ method, iterations, path = [] }) => ({
    title: `${method}: ${iterations} steps`,
    x,
    y,
    marks: [
      ...lines,
      ...trail(
        path.map((p) => [p.x.x.item(), p.x.y.item()]),
        x,
        y,
      ),
    ],
  })),
});
