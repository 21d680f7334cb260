/** A function of residuals with what its derivatives tell, compiled where it compiles. */
import { NablaError } from "../base/error.ts";
import type { Tensor } from "../graph/tensor.ts";
import { flattenResults, type Traced } from "../graph/trees.ts";
import { concatenate, ravel } from "../ops/movement.ts";
import { convert } from "../ops/record.ts";
import type { Parameters } from "./parameters.ts";
import { programsOf } from "./programs.ts";

/** r(x) and its exact derivatives at plain vectors. */
export interface Residuals {
  /** Residuals r and Jacobian J (row-major, [m, n]) in one call. */
  linearize(x: Float64Array): { readonly r: Float64Array; readonly jacobian: Float64Array };
  /** r alone. */
  values(x: Float64Array): Float64Array;
  /** ∇² Σ wᵢ·rᵢ, [n, n]. */
  curvature(x: Float64Array, w: Float64Array): Float64Array;
  /** d²r(x + t·v)/dt² at t = 0. */
  acceleration(x: Float64Array, v: Float64Array): Float64Array;
  /** How often residuals were computed, with derivatives or without. */
  readonly evaluations: number;
}

/** Elements of a Jacobian from which on residuals without it are worth a program of their own. */
const large = 1e4;

/** The leaves of a result, one after the other. */
function joined(what: string, result: unknown): Tensor {
  const { tensors } = flattenResults(what, result);
  if (tensors.length === 0)
    throw new NablaError("E-VALUE", `${what}: the function returns no residuals`, "one residual an observation");
  const flat = tensors.map((t) => convert(ravel(t), "float64"));
  return flat.length === 1 ? (flat[0] as Tensor) : concatenate(flat);
}

/** @param owner whose compiled programs serve again, as long as what it records is the same */
export function residualsOf<X>(
  what: string,
  f: (x: Traced<X>) => unknown,
  start: Parameters<X>,
  owner: object = f,
): Residuals {
  const flat = (x: Tensor): Tensor => joined(what, f(start.rebuild(x)));
  const programs = programsOf(what, owner, flat, start.x.length);
  const dataOf = (t: Tensor): Float64Array => t.data as Float64Array;
  let evaluations = 0;
  let size = 0;
  return {
    linearize(x) {
      evaluations++;
      const [r, jacobian] = programs.valueAndJacobian(x);
      size = jacobian.size;
      return { r: dataOf(r), jacobian: dataOf(jacobian) };
    },
    values(x) {
      evaluations++;
      return dataOf(size < large ? programs.valueAndJacobian(x)[0] : programs.value(x));
    },
    curvature: (x, w) => dataOf(programs.weightedHessian(x, w)),
    acceleration: (x, v) => dataOf(programs.acceleration(x, v)),
    get evaluations() {
      return evaluations;
    },
  };
}
