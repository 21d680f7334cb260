/** The local model at a point, over the variables that are free there: what directions are proposed from. */
import { type Box, free, held, nearness } from "./bounds.ts";
import type { Objective, Point } from "./objective.ts";
import { negative, type Vector } from "./vector.ts";

export interface Model extends Point {
  /** The gradient, 0 where a bound holds the variable. */
  readonly slope: Vector;
  /** The variables that a bound holds. */
  readonly marks: readonly boolean[] | undefined;
  /** The Hessian; rows and columns of held variables are those of the identity. */
  hessian(): Vector;
  product(v: Vector): Vector;
}

/** The gradient at a point, 0 where a bound holds the variable. */
export const slopeAt = ({ x, gradient }: Point, box: Box | undefined): Vector => free(gradient, held(x, gradient, box));

export function modelAt(objective: Objective, point: Point, box: Box | undefined, wide = true): Model {
  const { x, value, gradient } = point;
  const marks = box && held(x, gradient, box, wide ? nearness(x, gradient, box) : 0);
  let known: Vector | undefined;
  return {
    x,
    value,
    gradient,
    marks,
    slope: free(gradient, marks),
    hessian: () => {
      known ??= marks === undefined ? objective.hessian(x) : restricted(objective.hessian(x), marks);
      return known;
    },
    product: (v) => (marks === undefined ? objective.product(x, v) : free(objective.product(x, free(v, marks)), marks)),
  };
}

function restricted(h: Vector, marks: readonly boolean[]): Vector {
  const n = marks.length;
  return h.map((v, k) => {
    const i = Math.floor(k / n);
    const j = k % n;
    return marks[i] || marks[j] ? (i === j ? 1 : 0) : v;
  });
}

/** A step of the free variables, and of the held ones to their bound. */
export function intoBounds(step: Vector, { x, gradient, marks }: Model, box: Box | undefined): Vector {
  if (marks === undefined || box === undefined) return step;
  return step.map((p, i) => {
    if (!marks[i]) return p;
    return ((gradient[i] as number) > 0 ? (box.lower[i] as number) : (box.upper[i] as number)) - (x[i] as number);
  });
}

export const steepest = (model: Model): Vector => negative(model.slope);
