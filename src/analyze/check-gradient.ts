/**
 * A gradient against differences of the function, which share no code with it: extrapolated central differences, each
 * with an estimate of its own error (Ridders 1982, "Accurate computation of F′(x) and F′(x)F″(x)").
 */
import { NablaError } from "../base/error.ts";
import { grad } from "../derivative/grad.ts";
import { toTensor } from "../graph/convert.ts";
import { constant, type Tensor, type TensorLike } from "../graph/tensor.ts";
import type { Traced } from "../graph/trees.ts";
import { flatten } from "../optimize/parameters.ts";

/** One parameter: nabla's derivative, the difference quotient, and how far that may be off. */
export interface CheckedComponent {
  readonly name: string;
  readonly gradient: number;
  readonly difference: number;
  /** Estimated error of the difference. */
  readonly uncertainty: number;
}

export interface GradientCheck {
  /** Whether every component agrees with its difference, within the error of that and the tolerance. */
  readonly ok: boolean;
  readonly message: string;
  readonly components: readonly CheckedComponent[];
  /** The component that is furthest off, relative to the gradient's size. */
  readonly worst: CheckedComponent;
  /** Largest |gradient − difference| of all components over the gradient's size. */
  readonly error: number;
  /** The same of plain central differences by their step: falls as h², until rounding takes over. */
  readonly errorByStep: readonly { readonly step: number; readonly error: number }[];
  toString(): string;
}

export interface CheckGradientOptions {
  /** Relative error that is let pass. Default 1e-6. */
  readonly tolerance?: number;
}

/** A wrong derivative is off by more than the difference's own error, however that was underestimated. */
const safety = 10;
const shrink = 1.4;
const rounds = 12;

/**
 * Checks the gradient of a scalar function at x, a number, an array or a tree of them.
 *
 * @throws E-DTYPE, E-VALUE where x is no finite floats; E-OPTION for a tolerance that is not positive
 * @example
 * checkGradient((x) => x.sin().mul(x), 1.5).ok // true
 */
export function checkGradient<X>(
  f: (x: Traced<X>) => TensorLike,
  x: X,
  { tolerance = 1e-6 }: CheckGradientOptions = {},
): GradientCheck {
  if (!(tolerance > 0))
    throw new NablaError("E-OPTION", `checkGradient: tolerance is ${tolerance}, not > 0`, "a relative error: 1e-6");
  const point = flatten("checkGradient", x);
  const flat = (v: Tensor): Tensor => toTensor("checkGradient", f(point.rebuild(v)));
  const at = (values: Float64Array): Tensor => constant(values, [values.length], "float64");
  const gradient = grad(flat)(at(point.x)).data;
  const central = (i: number, h: number): number => {
    const [up, down] = [point.x.slice(), point.x.slice()];
    up[i] = (up[i] as number) + h;
    down[i] = (down[i] as number) - h;
    // What was added, not what was meant to be.
    return (flat(at(up)).item() - flat(at(down)).item()) / ((up[i] as number) - (down[i] as number));
  };
  const scaleOf = (i: number): number => Math.max(Math.abs(point.x[i] as number), 1);
  const components = point.names.map((name, i): CheckedComponent => {
    const { value, error } = ridders((h) => central(i, h), 0.1 * scaleOf(i));
    return { name, gradient: gradient[i] as number, difference: value, uncertainty: error };
  });
  const size = Math.max(...components.map((c) => Math.max(Math.abs(c.gradient), Math.abs(c.difference))), 1e-300);
  const off = (c: CheckedComponent): number => Math.abs(c.gradient - c.difference) / size;
  const isRight = (c: CheckedComponent): boolean =>
    Math.abs(c.gradient - c.difference) <= tolerance * size + safety * c.uncertainty;
  const worst = components.reduce((a, b) => (off(b) > off(a) || Number.isNaN(off(b)) ? b : a));
  const ok = components.every(isRight);
  const errorByStep = Array.from({ length: 14 }, (_, k) => 10 ** -(k + 1)).map((step) => ({
    step,
    error: Math.max(
      ...components.map((c, i) => Math.abs(c.gradient - central(i, step * scaleOf(i)))).map((e) => e / size),
    ),
  }));
  const shown = (v: number): string => v.toPrecision(6).replace(/\.?0+(e|$)/, "$1");
  const message = ok
    ? `the gradient agrees with differences to ${off(worst).toExponential(1)} of its size (tolerance ${tolerance})`
    : `the gradient is wrong: ∂f/∂${worst.name} is given as ${shown(worst.gradient)}, differences say ${shown(worst.difference)} ± ${worst.uncertainty.toExponential(1)}`;
  return {
    ok,
    message,
    components,
    worst,
    error: off(worst),
    errorByStep,
    toString: () => {
      const width = Math.max(...components.map((c) => c.name.length));
      const rows = components
        .filter((c) => components.length <= 10 || c === worst || !isRight(c))
        .slice(0, 10)
        .map((c) => `  ${c.name.padEnd(width)}  ${shown(c.gradient)}  by differences ${shown(c.difference)}`);
      return [message, ...rows].join("\n");
    },
  };
}

/** Central differences of falling steps, extrapolated to step 0 (Neville's scheme in h²); the best, and its error. */
function ridders(difference: (h: number) => number, first: number): { readonly value: number; readonly error: number } {
  let before: number[] = [difference(first)];
  let best = { value: before[0] as number, error: Infinity };
  for (let k = 1; k < rounds; k++) {
    const row = [difference(first / shrink ** k)];
    for (let j = 1; j <= k; j++) {
      const factor = shrink ** (2 * j);
      const [finer, coarser] = [row[j - 1] as number, before[j - 1] as number];
      const value = (finer * factor - coarser) / (factor - 1);
      const error = Math.max(Math.abs(value - finer), Math.abs(value - coarser));
      if (error < best.error) best = { value, error };
      row.push(value);
    }
    // Once rounding takes over, smaller steps only make it worse.
    if (Math.abs((row[k] as number) - (before[k - 1] as number)) >= 2 * best.error && best.error < Infinity && k > 4)
      break;
    before = row;
  }
  return best;
}
