/** A sum of losses at one point: its value, and the linear least-squares problem that stands for it nearby. */
import { type Loss, losses } from "./loss.ts";
import type { Residuals } from "./residuals.ts";

export interface Point {
  readonly x: Float64Array;
  /** ½ Σ s²·ρ((rᵢ/s)²); NaN where a residual or a slope is not finite. */
  readonly cost: number;
  /** The residuals as the function gave them. */
  readonly raw: Float64Array;
  /** Their derivatives, [m, n]. */
  readonly slopes: Float64Array;
  /** r̃ and J̃ (row-major) with J̃ᵀ·r̃ = the gradient of the cost, J̃ᵀ·J̃ its Hessian but for terms of second order. */
  readonly r: Float64Array;
  readonly jacobian: Float64Array;
}

export interface LossOptions {
  readonly loss: Loss;
  readonly scale: number;
}

/**
 * Rows are weighted by √(ρ′ + 2zρ″), the curvature of the loss along its residual (Triggs et al. 2000, §4.3), but at
 * least by √(ρ′/10), since a loss that bends down is no sum of squares.
 */
export function pointAt({ linearize }: Residuals, x: Float64Array, { loss, scale }: LossOptions): Point {
  const { r: raw, jacobian: slopes } = linearize(x);
  const m = raw.length;
  if (loss === losses.squares) {
    let twice = 0;
    for (const v of raw) twice += v * v;
    return { x, cost: finite(slopes) ? twice / 2 : Number.NaN, raw, slopes, r: raw, jacobian: slopes };
  }
  const n = x.length;
  const r = new Float64Array(m);
  const jacobian = slopes.slice();
  let cost = 0;
  for (let i = 0; i < m; i++) {
    const v = raw[i] as number;
    const [value, slope, bend] = loss((v / scale) ** 2);
    cost += (scale * scale * value) / 2;
    const weight = Math.sqrt(Math.max(slope + 2 * (v / scale) ** 2 * bend, slope / 10));
    r[i] = weight === 0 ? 0 : (slope / weight) * v;
    for (let j = i * n; j < (i + 1) * n; j++) jacobian[j] = weight * (jacobian[j] as number);
  }
  return { x, cost: finite(jacobian) ? cost : Number.NaN, raw, slopes, r, jacobian };
}

/** The cost alone; NaN where a residual is. */
export function costAt({ values }: Residuals, x: Float64Array, { loss, scale }: LossOptions): number {
  let sum = 0;
  for (const v of values(x)) sum += loss === losses.squares ? v * v : scale * scale * loss((v / scale) ** 2)[0];
  return sum / 2;
}

function finite(a: Float64Array): boolean {
  for (let i = 0; i < a.length; i++) if (!Number.isFinite(a[i])) return false;
  return true;
}

/** ∇² cost − J̃ᵀ·J̃: what the linear problem leaves out. */
export function curvatureLeftOut({ curvature }: Residuals, at: Point, options: LossOptions): Float64Array {
  const { x, raw, slopes } = at;
  const { loss, scale } = options;
  if (loss === losses.squares) return curvature(x, raw);
  const n = x.length;
  const rho = Array.from(raw, (v) => loss((v / scale) ** 2));
  const left = curvature(
    x,
    raw.map((v, i) => v * (rho[i]?.[1] as number)),
  );
  raw.forEach((v, i) => {
    const [, slope, bend] = rho[i] as readonly [number, number, number];
    const weight = slope + (2 * v * v * bend) / (scale * scale);
    const missing = Math.min(0, weight - slope / 10);
    if (missing === 0) return;
    for (let j = 0; j < n; j++)
      for (let k = 0; k < n; k++)
        left[j * n + k] =
          (left[j * n + k] as number) + missing * (slopes[i * n + j] as number) * (slopes[i * n + k] as number);
  });
  return left;
}

/** Jᵀ·r */
export function gradientOf({ jacobian, r, x }: Point): Float64Array {
  const g = new Float64Array(x.length);
  for (let i = 0; i < r.length; i++)
    for (let j = 0; j < g.length; j++)
      g[j] = (g[j] as number) + (jacobian[i * g.length + j] as number) * (r[i] as number);
  return g;
}
