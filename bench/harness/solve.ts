/** Solvers in JavaScript as contestants. */
import type { Tensor } from "nabla";
import type { Contestant, Optimize } from "./row.ts";

export const optimizeOf = (entry: string): Promise<Optimize> => import(new URL("optimize/index.js", entry).href);

/** `minimize` from a start, by a method; or `leastSquares`, if the cost is a sum of squares. */
export async function nablaSolver(
  entry: string,
  method: string,
  start: ArrayLike<number>,
  cost: (x: Tensor) => Tensor,
  residuals?: (x: Tensor) => Tensor,
): Promise<Contestant> {
  const { leastSquares, minimize } = await optimizeOf(entry);
  const from = Array.from(start);
  if (method === "leastSquares" && residuals !== undefined) {
    const run = () => leastSquares(residuals, from);
    return {
      run,
      check: () => {
        const { x, value } = run();
        return [2 * value, ...x.data];
      },
    };
  }
  const run = () => minimize(cost, from, { method: method as "auto" });
  return {
    run,
    check: () => {
      const { x, value } = run();
      return [value, ...x.data];
    },
  };
}

interface Fmin {
  conjugateGradient(
    f: (x: readonly number[], gradient: number[]) => number,
    start: readonly number[],
    options: { readonly maxIterations: number },
  ): { readonly x: readonly number[]; readonly fx: number };
}

/** fmin's conjugate gradients: f writes its gradient into the second argument. */
export async function fminSolver(
  start: ArrayLike<number>,
  f: (x: readonly number[], gradient: number[]) => number,
): Promise<Contestant> {
  // Its package says that it is a module, but it is a script: what it has, it leaves in a global.
  await import("fmin");
  const { conjugateGradient } = Reflect.get(globalThis, "fmin") as Fmin;
  const run = () => conjugateGradient(f, Array.from(start), { maxIterations: 20_000 });
  return {
    run,
    check: () => {
      const { x, fx } = run();
      return [fx, ...x];
    },
  };
}
