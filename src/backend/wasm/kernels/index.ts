import type { KernelMaker } from "../kernel.ts";
export const kernels: Record<string, KernelMaker> = {};
