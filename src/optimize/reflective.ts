/** The trust region within bounds: Branch, Coleman and Li, SIAM J. Sci. Comput. 21, 1999. */

import type { Box } from "./bounds.ts";
import { dampedStep } from "./damped-step.ts";
import { gradientOf } from "./point.ts";
import { decrease, type Factors, factorize, fromFactors, toFactors } from "./triangular-form.ts";
import type { Proposal, View } from "./trust-region-squares.ts";
import { along, norm } from "./vector.ts";

/**
 * v: the distance to the bound that descent heads for, as a fraction of `size` and at most 1, and v′ where it is less.
 * Both in residuals' units, so that a bound far away bends nothing (Kanzow and Klug, Optim. Methods Softw. 21, 2006).
 */
function distances(x: Float64Array, g: Float64Array, scale: Float64Array, size: number, { lower, upper }: Box) {
  const [v, slope] = [new Float64Array(x.length).fill(1), new Float64Array(x.length)];
  for (let j = 0; j < x.length; j++) {
    const bound = ((g[j] as number) < 0 ? upper[j] : lower[j]) as number;
    const fraction = (Math.abs(bound - (x[j] as number)) * (scale[j] as number)) / size;
    if (g[j] === 0 || !(fraction < 1)) continue;
    v[j] = fraction;
    slope[j] = (scale[j] as number) / size;
  }
  return { v, slope };
}

/** The largest t with x + t·p in the box, and which parameters are at a bound there. */
function toBounds(x: Float64Array, p: Float64Array, { lower, upper }: Box): { t: number; hits: Uint8Array } {
  const times = p.map((d, j) =>
    d === 0
      ? Number.POSITIVE_INFINITY
      : Math.max(0, (((d > 0 ? upper[j] : lower[j]) as number) - (x[j] as number)) / d),
  );
  const t = times.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY);
  return { t, hits: Uint8Array.from(times, (time) => (time === t ? 1 : 0)) };
}

/** The t in [low, high] at which the linear problem is least along from + t·d, and its decrease there. */
function bestAlong(factors: Factors, from: Float64Array, d: Float64Array, low: number, high: number) {
  // decrease(from + t·d) = decrease(from) + t·a − t²·b/2
  const b = d.reduce((sum, v, j) => sum + ((factors.s[j] as number) * v) ** 2, 0);
  const a = decrease(factors, along(from, 1, d)) - decrease(factors, from) + b / 2;
  const t = Math.min(high, Math.max(low, b > 0 ? a / b : a > 0 ? high : low));
  return { t, predicted: decrease(factors, along(from, t, d)) };
}

/** The t ≥ 0 at which ‖from + t·d‖ = radius. */
function toRegion(from: Float64Array, d: Float64Array, radius: number): number {
  const [a, b] = [norm(d) ** 2, from.reduce((sum, v, j) => sum + v * (d[j] as number), 0)];
  const c = norm(from) ** 2 - radius * radius;
  return a === 0 || c >= 0 ? 0 : (-b + Math.sqrt(b * b - a * c)) / a;
}

export function reflective(box: Box): View {
  return {
    /** Columns times √v, and below them what bends the cost near a bound. */
    factors(point, scale) {
      const { x, jacobian, r } = point;
      const n = x.length;
      const g = gradientOf(point);
      const size = Math.max(norm(x.map((value, j) => value * (scale[j] as number))), norm(r)) || 1;
      const { v, slope } = distances(x, g, scale, size, box);
      const metric = scale.map((d, j) => d / Math.sqrt(v[j] as number));
      const tall = new Float64Array(jacobian.length + n * n);
      tall.set(jacobian);
      for (let j = 0; j < n; j++) {
        // In the bent variables |g|·v′/D², times the metric for the variables themselves.
        const bend = Math.sqrt(Math.abs(g[j] as number) * (slope[j] as number)) / (scale[j] as number);
        tall[jacobian.length + j * n + j] = bend * (metric[j] as number);
      }
      const longer = new Float64Array(r.length + n);
      longer.set(r);
      return factorize(tall, longer, metric);
    },
    propose(point, factors, radius) {
      const { x } = point;
      const { z } = dampedStep(factors, radius);
      const p = fromFactors(factors, z);
      const { t: room, hits } = toBounds(x, p, box);
      if (room > 1) return { p, length: norm(z), predicted: decrease(factors, z) };

      // How close to the bound a step may end: the closer, the flatter the gradient is.
      const theta = Math.max(0.995, 1 - norm(factors.c) / (factors.residualNorm || 1));
      const proposals: Proposal[] = [];
      const offer = (w: Float64Array): void => {
        proposals.push({ p: fromFactors(factors, w), length: norm(w), predicted: decrease(factors, w) });
      };
      const shortened = z.map((v) => v * room);
      const turned = p.map((d, j) => (hits[j] === 1 ? -d : d));
      const turnedZ = toFactors(factors, turned);
      const onBound = along(x, room, p);
      const bounce = toBounds(onBound, turned, box).t;
      const reach = Math.min(bounce, toRegion(shortened, turnedZ, radius));
      if (reach > 0) {
        const low = ((1 - theta) * room) / reach;
        const high = reach === bounce ? theta * bounce : reach;
        if (low <= high) offer(along(shortened, bestAlong(factors, shortened, turnedZ, low, high).t, turnedZ));
      }
      offer(shortened.map((v) => v * theta));
      // Steepest descent in the bent metric: −S·c.
      const downhill = factors.s.map((s, j) => -s * (factors.c[j] as number));
      const length = norm(downhill);
      const free = toBounds(x, fromFactors(factors, downhill), box).t;
      const within = length === 0 ? 0 : radius / length;
      const most = free < within ? theta * free : within;
      offer(downhill.map((v) => v * bestAlong(factors, new Float64Array(z.length), downhill, 0, most).t));
      return proposals.reduce((best, one) => (one.predicted > best.predicted ? one : best));
    },
    land: (x, p) => inside(along(x, 1, p), box),
  };
}

/** x, moved off the bounds by as little as there is. */
export const inside = (x: Float64Array, { lower, upper }: Box): Float64Array =>
  x.map((v, j) => {
    const [low, high] = [lower[j] as number, upper[j] as number];
    if (v > low && v < high) return v;
    const gap = Math.min(Math.max(Math.abs(v <= low ? low : high) * 2 * Number.EPSILON, 1e-300), (high - low) / 2);
    return v <= low ? low + gap : high - gap;
  });
