/**
 * Saddle-free Newton (Dauphin et al. 2014): −|H|⁻¹∇f, which leaves saddles as fast as Newton's step approaches minima.
 * |H| by eigenvalues of H; for many variables within the Krylov space of the gradient (their algorithm 1), and the
 * plain gradient, scaled by the largest |λ| there, on the rest.
 */
import { eigenpairs } from "../eigenpairs.ts";
import { coordinates, spectrum, stepOf } from "../factor.ts";
import { lanczos } from "../lanczos.ts";
import { type Model, steepest } from "../model.ts";
import { along, dot, scaled, type Vector } from "../vector.ts";
import type { Direction } from "./direction.ts";

/** Up to here the whole Hessian is decomposed. */
const most = 200;
/** The dimension of the Krylov space beyond. */
const krylov = 30;
/** An eigenvalue counts as at least this part of the largest: along flat directions the model says nothing. */
const floor = 1e-12;

function exact(model: Model): Vector {
  const parts = spectrum(model.hessian(), model.x.length);
  const c = coordinates(parts, model.slope);
  const least = floor * parts.values.reduce((m, v) => Math.max(m, Math.abs(v)), Number.MIN_VALUE / floor);
  return stepOf(
    parts,
    c.map((v, i) => -v / Math.max(Math.abs(parts.values[i] as number), least)),
  );
}

function withinKrylov(model: Model): Vector {
  const { basis, matrix } = lanczos(model.product, model.slope, krylov);
  const m = basis.length;
  const { values, vectors } = eigenpairs(matrix, m);
  const largest = values.reduce((a, v) => Math.max(a, Math.abs(v)), 0);
  if (!(largest > 0)) return steepest(model);
  const c = basis.map((v) => dot(v, model.slope));
  let rest = steepest(model);
  let step: Vector = new Float64Array(model.x.length);
  basis.forEach((v, i) => {
    rest = along(rest, c[i] as number, v);
  });
  for (let j = 0; j < m; j++) {
    const component = c.reduce((sum, v, i) => sum + v * (vectors[i * m + j] as number), 0);
    const length = -component / Math.max(Math.abs(values[j] as number), 1e-8 * largest);
    basis.forEach((v, i) => {
      step = along(step, length * (vectors[i * m + j] as number), v);
    });
  }
  return along(step, 1, scaled(1 / largest, rest));
}

export const saddleFreeNewton: Direction<undefined> = {
  start: undefined,
  propose: (_, model) => ({ step: model.x.length <= most ? exact(model) : withinKrylov(model), length: 1 }),
  learn: () => undefined,
};
