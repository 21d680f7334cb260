/** Newton's method at a saddle, and what saddle-free Newton does there. */
import { grad, hessian, pow, solve, square, type Tensor, tensor } from "nabla";
import { minimize } from "nabla/optimize";
import { toSVG } from "../../src/cli/plot/figure.ts";
import { axis, map, trail } from "./marks.ts";

const surface = (x: Tensor, y: Tensor) => square(x).sub(square(y)).add(pow(y, 4).div(4));
const height = (p: Tensor) => surface(p.at(0), p.at(1));

// Newton's method solves ∇f = 0, whatever kind of point that is.
const newton = [tensor([1.6, 0.5])];
for (let k = 0; k < 6; k++) {
  const p = newton[k] as Tensor;
  newton.push(p.sub(solve(hessian(height)(p), grad(height)(p))));
}
const free = minimize(height, tensor([1.6, 0.5]), { method: "saddle-free-newton", path: true });

// Drawn:
const x = axis("x", -1.2, 2.2);
const y = axis("y", -2.1, 2.1);
const points = (path: readonly Tensor[]) => path.map((p) => [p.at(0).item(), p.at(1).item()] as const);
export const picture = toSVG({
  title: "x² − y² + y⁴/4 from (1.6, 0.5)",
  description:
    "Newton's steps end in the saddle at (0, 0); those of saddle-free Newton, with the absolute values of the eigenvalues, in the minimum at (0, √2).",
  x,
  y,
  marks: [
    ...map(surface, x, y, 101),
    ...trail(points(newton), x, y, "red", "Newton: to the saddle"),
    ...trail(points((free.path ?? []).map((p) => p.x)), x, y, "orange", "saddle-free Newton: to the minimum"),
  ],
});
