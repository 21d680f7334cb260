/** Σᵢ minⱼ |pᵢ − cⱼ|², and a step of Newton's method: its gradient over its Hessian, which is diagonal. */
import {
  argmin,
  compile,
  grad,
  jvp,
  matmul,
  onesLike,
  square,
  stopGradient,
  sum,
  type Tensor,
  take,
  tensor,
} from "nabla";
import type { Evaluation } from "../protocol.ts";

interface Input {
  readonly points: readonly (readonly number[])[];
  readonly centroids: readonly (readonly number[])[];
}

/** The nearest centroid of each point: |p − c|² is |c|² − 2 p·c but for |p|², the same for all c. */
const nearest = (points: Tensor, centroids: Tensor): Tensor =>
  argmin(sum(square(centroids), { axis: 1 }).sub(matmul(points, centroids.transpose()).mul(2)), { axis: 1 });

export const clusterCost =
  (points: Tensor) =>
  (centroids: Tensor): Tensor =>
    sum(square(points.sub(take(centroids, nearest(points, stopGradient(centroids))))));

/** The Hessian times a vector of ones is its diagonal, for it has nothing beside it. */
export const direction =
  (points: Tensor) =>
  (centroids: Tensor): Tensor => {
    const [slope, curvature] = jvp(grad(clusterCost(points)), [centroids], [onesLike(centroids)]);
    return slope.div(curvature);
  };

export const cost: Evaluation<Input, Tensor> = ({ points, centroids }, options) => {
  const f = compile(clusterCost(tensor(points)), options);
  const from = tensor(centroids);
  return { run: () => f(from), output: (y) => y.item() };
};

export const dir: Evaluation<Input, Tensor> = ({ points, centroids }, options) => {
  const f = compile(direction(tensor(points)), options);
  const from = tensor(centroids);
  return { run: () => f(from), output: (d) => d.toArray() };
};
