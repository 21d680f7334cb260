/** Forward and reverse mode under one form, for the problems that nest them in all four ways. */
import { at, eye, jvp, type Tensor, valueAndGrad, vmap } from "nabla";
import type { Differentiated } from "./descent.ts";

export type Mode = (f: (x: Tensor) => Tensor) => Differentiated;

export const reverse: Mode = (f) => (x) => valueAndGrad(f)(x);

/** A derivative in each unit direction; the value is the same beside all of them. */
export const forward: Mode = (f) => (x) => {
  const [values, slopes] = vmap((v) => jvp(f, [x], [v]))(eye(x.size));
  return [at(values, 0), slopes];
};
