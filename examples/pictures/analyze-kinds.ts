/** Kinds of critical points, as maps with the eigenvectors of the Hessian. */
import { pow, square, type Tensor } from "nabla";
import { analyze } from "nabla/analyze";
import type { Colour } from "../../src/cli/plot/figure.ts";
import { arrow, axis, map } from "./marks.ts";
import { sheetToSVG } from "./sheet.ts";

const surfaces: Record<string, (x: Tensor, y: Tensor) => Tensor> = {
  "x² + xy + y²": (x, y) => square(x).add(x.mul(y)).add(square(y)),
  "−2x² − y²": (x, y) => square(x).mul(-2).sub(square(y)),
  "x² + 3xy + y²": (x, y) => square(x).add(x.mul(y).mul(3)).add(square(y)),
  "x³ − 3xy²": (x, y) => pow(x, 3).sub(x.mul(square(y)).mul(3)),
  "x² + y⁴": (x, y) => square(x).add(pow(y, 4)),
  "(y − x²)(y − 3x²)": (x, y) => y.sub(square(x)).mul(y.sub(square(x).mul(3))),
};
const analyses = Object.values(surfaces).map((f) => analyze(f, [0, 0]));

// Drawn:
const side = axis("", -1, 1, 3);
const meanings: Readonly<Record<string, Colour>> = { "f rises": "green", "f falls": "red", "no curvature": "ink" };

export const picture = sheetToSVG({
  title: "Critical points, and the eigenvectors of the Hessian",
  description:
    "Six maps around (0, 0): a minimum with two green arrows, a maximum with two red ones, a saddle with one of each; a monkey saddle without any curvature, and two points where it is missing in one direction.",
  columns: 3,
  height: 254,
  panels: Object.entries(surfaces).map(([formula, f], k) => {
    const { kind, eigenvalues = [], eigenvectors = [], eigenvalueTolerance = 0, higher } = analyses[k] ?? {};
    const arrows = eigenvectors.flatMap(([a = 0, b = 0], i) => {
      const value = eigenvalues[i] ?? 0;
      const name = Math.abs(value) <= eigenvalueTolerance ? "no curvature" : value > 0 ? "f rises" : "f falls";
      const size = 0.62;
      return [1, -1].map((side) =>
        arrow([0, 0], [side * size * a, side * size * b], meanings[name] ?? "ink", side > 0 ? name : undefined),
      );
    });
    const verdict = higher ? `${kind}; higher: ${higher.verdict}` : (kind ?? "");
    return { title: formula, x: { ...side, label: verdict }, y: side, marks: [...map(f, side, side, 43), ...arrows] };
  }),
});
