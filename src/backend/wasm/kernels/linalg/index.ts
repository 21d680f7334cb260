/** The kernels of linear algebra by the name under which operations ask for them. */
import type { KernelMaker } from "../../kernel.ts";
import { cholesky } from "./cholesky.ts";
import { eigh } from "./eigh.ts";
import { lu, luSolve } from "./lu.ts";
import { qr } from "./qr.ts";
import { svd } from "./svd.ts";
import { triangularSolve } from "./triangular.ts";

export const linalgKernels: Readonly<Record<string, KernelMaker>> = {
  cholesky,
  eigh,
  lu,
  luSolve,
  qr,
  svd,
  triangularSolve,
};
