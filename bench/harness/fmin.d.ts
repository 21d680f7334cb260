declare module "fmin" {
  export function conjugateGradient(
    f: (x: readonly number[], gradient: number[]) => number,
    start: readonly number[],
    options: { maxIterations: number },
  ): { readonly x: readonly number[]; readonly fx: number };
}
