/**
 * Newton's step; where the Hessian is not positive definite, with one that is made so by a modified Cholesky, in
 * coordinates in which its rows are of one size.
 */
import { equilibrated, modifiedCholesky, solveLDL } from "../factor.ts";
import { type Model, steepest } from "../model.ts";
import type { Vector } from "../vector.ts";
import type { Direction } from "./direction.ts";

function newtonStep(model: Model): Vector {
  const n = model.x.length;
  const { scale, matrix } = equilibrated(model.hessian(), n);
  const rescale = (v: Vector): Vector => v.map((w, i) => w * (scale[i] as number));
  return rescale(solveLDL(modifiedCholesky(matrix, n), rescale(steepest(model))));
}

export const newton: Direction<undefined> = {
  start: undefined,
  propose: (_, model) => ({ step: newtonStep(model), length: 1 }),
  learn: () => undefined,
};
