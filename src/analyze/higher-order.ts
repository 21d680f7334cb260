/**
 * Where second derivatives vanish along some directions: what third and fourth derivatives say there.
 *
 * Let u move in the null space of H and let the other variables w follow to where f is critical in them. What is left
 * is f + ∇³f[u,u,u]/6 + (∇⁴f[u,u,u,u] − 3·cᵀH⁺c)/24 + …, c = ∇³f[u,u,·] (Lyapunov–Schmidt reduction: Golubitsky and
 * Schaeffer 1985, §VII.1). Along straight lines alone (y − x²)·(y − 3x²) would pass for a minimum (Peano 1884).
 */

import { pseudoSolve } from "../optimize/ritz.ts";
import { along, dot, norm, scaled } from "../optimize/vector.ts";
import { derivativesAlong, evaluator, type Point, thirdAlong } from "./point.ts";
import type { Spectrum } from "./spectrum.ts";
import { combination, listed, readableBasis, show } from "./words.ts";

/** What the higher derivatives make of the point; `flat`: f does not change; `unknown`: they do not decide either. */
export type HigherVerdict = "minimum" | "maximum" | "saddle" | "flat" | "unknown";

/** What third and fourth derivatives say where second ones do not decide. */
export interface HigherOrder {
  readonly verdict: HigherVerdict;
  /** The null direction along which most is known, as a vector of length 1. */
  readonly direction: readonly number[];
  /** ∇³f along it … */
  readonly third: number;
  /** … and ∇⁴f, while the other variables follow. */
  readonly fourth: number;
  readonly sentence: string;
}

/** Below this part of the largest term of the expansion a derivative is rounding. */
const negligible = 1e-12;
const mostNull = 6;

interface Along {
  readonly u: Float64Array;
  /** ∇³f[u,u,u] and what is left of ∇⁴f[u,u,u,u], with their sizes before cancellation. */
  readonly third: number;
  readonly fourth: number;
  readonly sizes: number;
}

export function higherOrder(
  point: Point,
  value: number,
  spectrum: Spectrum,
  significant: readonly boolean[],
  step: number,
): HigherOrder {
  const { x, names } = point;
  const nullSpace = spectrum.vectors.filter((_, i) => !significant[i]).slice(0, mostNull);
  const basis = readableBasis(nullSpace);
  const words = listed(basis.map((v) => combination(v, names)));
  const zero = Math.max(0, ...spectrum.values.flatMap((v, i) => (significant[i] ? [] : [Math.abs(v)])));
  const length = Math.max(1, norm(x));

  // Where f bends most its derivatives show their size; along u they may be all cancellation.
  const steepest = spectrum.values.reduce((at, v, i, all) => (Math.abs(v) > Math.abs(all[at] as number) ? i : at), 0);
  const [, , , size3 = 0, size4 = 0] = derivativesAlong(point, x, spectrum.vectors[steepest] as Float64Array, 4);

  const expand = (u: Float64Array, at: Float64Array): Along => {
    const [, , , third = 0, straight = 0] = derivativesAlong(point, at, u, 4);
    const c = thirdAlong(point, at, u);
    const followed = 3 * dot(c, pseudoSolve(spectrum.reached(c), c, zero));
    const sizes = Math.max(
      spectrum.size * length ** 2,
      norm(c) * length ** 3,
      (Math.abs(straight) + Math.abs(followed)) * length ** 4,
      ...(significant[steepest] ? [Math.abs(size3) * length ** 3, Math.abs(size4) * length ** 4] : []),
    );
    return { u, third, fourth: straight - followed, sizes };
  };
  // Is it more than rounding, and more than what the distance to the true point may have made of zero?
  const tried = mixtures(nullSpace).map((u) => {
    const one = expand(u, x);
    const other = step > 0 ? expand(u, along(x, step, u)) : one;
    const real = (v: number, w: number, power: number): number =>
      Math.abs(v) * length ** power > negligible * one.sizes && Math.abs(v) > 4 * Math.abs(v - w) ? v : 0;
    return { ...one, third: real(one.third, other.third, 3), fourth: real(one.fourth, other.fourth, 4) };
  });

  const by = (pick: (a: Along) => number): Along =>
    tried.reduce((best, a) => (Math.abs(pick(a)) > Math.abs(pick(best)) ? a : best));
  const result = (verdict: HigherVerdict, one: Along, sentence: string): HigherOrder => ({
    verdict,
    direction: [...one.u],
    third: one.third,
    fourth: one.fourth,
    sentence,
  });
  const name = (a: Along): string => combination(a.u, names);

  const cubic = by((a) => a.third);
  if (cubic.third !== 0) {
    return result(
      "saddle",
      cubic,
      `the third derivative along ${name(cubic)} is ${show(cubic.third)}, not 0: f rises to one side and falls to the other, so it is neither a minimum nor a maximum`,
    );
  }
  const bent = spectrum.values.filter((_, i) => significant[i]);
  const rises = bent.some((v) => v > 0);
  const falls = bent.some((v) => v < 0);
  const quartic = by((a) => a.fourth);
  const up = tried.some((a) => a.fourth > 0);
  const down = tried.some((a) => a.fourth < 0);
  if ((rises || up) && (falls || down)) {
    const against = tried.find((a) => (rises ? a.fourth < 0 : a.fourth > 0)) ?? quartic;
    return result(
      "saddle",
      against,
      `the third derivative along ${name(against)} is 0, the fourth ${show(against.fourth)}${following(spectrum)}: f ${against.fourth < 0 ? "falls" : "rises"} there and ${against.fourth < 0 ? "rises" : "falls"} elsewhere, a saddle`,
    );
  }
  if (up || down) {
    const kind = up ? "minimum" : "maximum";
    const every = tried.every((a) => a.fourth !== 0);
    const sides = `the third derivative along ${name(quartic)} is 0, the fourth ${show(quartic.fourth)}${following(spectrum)}`;
    if (nullSpace.length === 1) return result(kind, quartic, `${sides}: a ${kind}`);
    return result(
      "unknown",
      quartic,
      `${sides}; ${every ? `the fourth has this sign along all ${tried.length} directions tried between ${words}: it looks like a ${kind}` : `along others of ${words} it is 0 too`}`,
    );
  }
  const first = { ...(tried[0] as Along), u: scaled(1 / norm(basis[0] as Float64Array), basis[0] as Float64Array) };
  const { same, verdict } = probe(point, value, mixtures(basis), spectrum.size * length ** 2);
  const within = same === length ? "" : ` within a distance of ${show(same, 2)}`;
  if (same >= 0.01 * length) {
    const where = spectrum.size === 0 ? "the surroundings are a plateau" : "a flat direction of critical points";
    return result("flat", first, `f does not change along ${words}${within}, up to rounding: ${where}`);
  }
  return result(
    "unknown",
    first,
    `third and fourth derivatives along ${words} vanish too${following(spectrum)}; ${verdict}`,
  );
}

const following = ({ size, values }: Spectrum): string =>
  size > 0 && values.length > 1 ? " (with the other directions following)" : "";

/** Unit vectors: a basis, and sums and differences of two and of three of it, which decide cubic forms. */
function mixtures(basis: readonly Float64Array[]): Float64Array[] {
  const all = [...basis];
  basis.forEach((a, i) => {
    for (const b of basis.slice(i + 1)) all.push(along(a, 1, b), along(a, -1, b));
  });
  basis.forEach((a, i) => {
    basis.slice(i + 1).forEach((b, j) => {
      for (const c of basis.slice(i + j + 2)) for (const s of [1, -1]) all.push(along(along(a, 1, b), s, c));
    });
  });
  return all.map((v) => scaled(1 / norm(v), v));
}

/** The values of f at distances up to max(1, ‖x‖): how far they are the same, and what the others say. */
function probe(
  point: Point,
  value: number,
  directions: readonly Float64Array[],
  size: number,
): { readonly same: number; readonly verdict: string } {
  const f = evaluator(point);
  const length = Math.max(1, norm(point.x));
  const distances = [1e-3, 1e-2, 0.1, 1].map((t) => t * length);
  const changes = distances.map((t) =>
    directions.flatMap((u) =>
      [t, -t].map((s) => {
        const change = f(along(point.x, s, u)) - value;
        return Math.abs(change) <= 1e-14 * Math.abs(value) + 1e-28 * size ? 0 : change;
      }),
    ),
  );
  const differs = changes.findIndex((list) => list.some((c) => c !== 0));
  const same = (differs < 0 ? distances.at(-1) : distances[differs - 1]) ?? 0;
  const near = changes.slice(0, 3).flat();
  const verdict = near.every((c) => c >= 0)
    ? "the values tried nearby are nowhere smaller: it looks like a minimum"
    : near.every((c) => c <= 0)
      ? "the values tried nearby are nowhere greater: it looks like a maximum"
      : "the values tried nearby are partly greater and partly smaller";
  return { same, verdict };
}
