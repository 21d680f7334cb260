/** The kernels of routines by the name under which operations ask for them. */

import type { KernelMaker } from "../kernel.ts";
import { argreduce } from "./argreduce.ts";
import { contract } from "./contract.ts";
import { contractAndFold } from "./contract-fold.ts";
import { fold } from "./fold.ts";
import { scatterAdd, take, update } from "./gather.ts";
import { linalgKernels } from "./linalg/index.ts";
import { argsort, cumsum } from "./order.ts";
import { concatenate, spread } from "./place.ts";
import { matmul } from "./product.ts";
import { randomKernels } from "./random.ts";

export const kernels: Readonly<Record<string, KernelMaker>> = {
  argreduce,
  argsort,
  concatenate,
  contract,
  contractAndFold,
  cumsum,
  fold,
  matmul,
  scatterAdd,
  spread,
  take,
  update,
  ...linalgKernels,
  ...randomKernels,
};
