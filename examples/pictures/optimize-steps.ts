/** Step rules on a quadratic that is twenty times steeper one way than the other. */
import { square, type Tensor } from "nabla";
import { type LineSearch, minimize } from "nabla/optimize";
import { axis, map, trail } from "./marks.ts";
import { sheetToSVG } from "./sheet.ts";

const bowl = ({ x, y }: { x: Tensor; y: Tensor }) => square(x).add(square(y).mul(20)).div(2);
// The eigenvalues are 1 and 20: constant steps diverge from 2/20 on.
const rules: LineSearch[] = [
  { name: "constant", length: 0.101 },
  { name: "constant", length: 0.01 },
  { name: "exact-quadratic" },
  { name: "best-of", lengths: [0.01, 0.03, 0.1, 0.3] },
];
const descents = rules.map((lineSearch) =>
  minimize(bowl, { x: 20, y: 1 }, { method: "gradient-descent", lineSearch, maxIterations: 25, path: true }),
);

// Drawn:
const titles = [
  "constant 0.101: too long",
  "constant 0.01: too short",
  "exact quadratic step: zigzag",
  "best of 0.01, 0.03, 0.1, 0.3",
];
const x = axis("", -6, 22);
const y = axis("", -3, 3);
const lines = map((a, b) => bowl({ x: a, y: b }), x, y);

export const picture = sheetToSVG({
  title: "(x² + 20y²)/2 from (20, 1): 25 steps by each rule",
  description:
    "Four maps of a narrow bowl. Too long a step leaps from side to side and further out, too short a one creeps, the exact one zigzags, and the best of several does about as well.",
  columns: 2,
  height: 200,
  panels: descents.map(({ path = [] }, k) => ({
    title: titles[k] ?? "",
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
