/**
 * Whether a function is convex over a box, decided: by composition, or by the Hessian over cells of the box, which are
 * cut until each is proved or a point refutes.
 */
import { down, type Interval, productUp, sumUp, up } from "../base/interval.ts";
import type { Tensor } from "../graph/tensor.ts";
import { show, showDirection, showPoint } from "../optimize/result.ts";
import { Heap, type Limits } from "./branch-and-bound.ts";
import { composition } from "./disciplined.ts";
import { asCell, type Curved, hessianBounds, smoothBeside } from "./hessian-bounds.ts";
import { elementOf, intervalsOf, withInfinity, withoutRule } from "./interval.ts";
import { curvatureAlong, eigen, isSemidefinite, spectrumOf } from "./interval-matrix.ts";
import type { Verdict } from "./lipschitz.ts";
import { type Box, type Cell, halves, middleOf, type Region, regionOf, showCell } from "./region.ts";
import { showTrouble } from "./regularity.ts";
import { samplesOf } from "./sample.ts";
import { showExpression } from "./subexpression.ts";

/** A point with negative curvature in a direction, or two points whose chord lies below the function between them. */
export type ConvexityWitness =
  | {
      readonly kind: "curvature";
      /** As the argument of f (a list of them if there are several). */
      readonly x: unknown;
      readonly direction: Float64Array;
      /** No more than this is dᵀHd. */
      readonly curvature: number;
    }
  | {
      readonly kind: "chord";
      readonly from: unknown;
      readonly to: unknown;
      /** f lies by at least so much above the chord, halfway. */
      readonly excess: number;
    };

/** Whether a function is convex over a box, and how that is known. */
export interface ConvexityResult {
  readonly verdict: Verdict;
  /** Proved: no eigenvalue of the Hessian is less (> 0: strongly convex); −Infinity where nothing is. */
  readonly lower: number;
  /** Proved: the least eigenvalue is no greater, at some point. */
  readonly upper: number;
  readonly witness: ConvexityWitness | undefined;
  /** What decided. */
  readonly by: "composition" | "hessian" | "chord" | "none";
  /** The subexpression at which the proof by composition ends, and the user's line. */
  readonly breaks: { readonly expression: string; readonly source: string | undefined } | undefined;
  readonly message: string;
  /** The cells of the box that were looked at. */
  readonly cells: number;
  toString(): string;
}

type AnyFunction = (...args: never[]) => unknown;
type Finding = Omit<ConvexityResult, "toString" | "breaks">;

/**
 * Whether a scalar function is convex over a box: certified, refuted by a witness, or unknown. The statement is about
 * the function in exact arithmetic.
 *
 * @param f of a number, an array or a tree, or of several arguments
 * @param box `lower` and `upper`, trees like the argument (lists of them for several arguments)
 * @throws E-VALUE, E-TREE where the box does not fit f or is a single point; E-NO-VALUE where f looks at values
 * @example
 * convexity((x) => logsumexp(x), { lower: [-1, -1], upper: [1, 1] }).verdict // "certified"
 * convexity((x) => sin(x), { lower: 0, upper: 1 }).verdict // "refuted"
 */
export function convexity(f: AnyFunction, box: Box, options: Limits = {}): ConvexityResult {
  const what = "convexity";
  const region = regionOf(what, f, box);
  const infinite = withInfinity(region.value);
  if (infinite !== undefined)
    return report({ ...open, breaks: undefined, message: `${infinite.operation.name} has an infinite constant` });
  const { convex, breaks } = composition(region.value, region.cell);
  const at = breaks && { expression: showExpression(breaks, region.names), source: breaks.source };
  const ruled = at && `composition ends at ${at.expression}${at.source === undefined ? "" : ` (at ${at.source})`}`;
  const finish = (finding: Finding): ConvexityResult => {
    const fields = { ...finding, breaks: convex ? undefined : at };
    const more = finding.verdict === "unknown" && ruled ? `; ${ruled}` : "";
    return report({ ...fields, message: `${finding.message}${more}` });
  };
  if (convex)
    return finish({
      verdict: "certified",
      lower: 0,
      upper: Infinity,
      witness: undefined,
      by: "composition",
      message: "convex by the rules of composition",
      cells: 0,
    });
  const chord = chordAbove(region);
  if (chord !== undefined) return finish(chord);
  const missing = withoutRule(region.value) ?? withoutRule(region.hessian());
  if (missing !== undefined) return finish({ ...open, message: `${missing.operation.name} has no interval rule` });
  return finish(byHessian(region, options));
}

const open: Finding = {
  verdict: "unknown",
  lower: Number.NEGATIVE_INFINITY,
  upper: Number.POSITIVE_INFINITY,
  witness: undefined,
  by: "none",
  message: "",
  cells: 0,
};

/** f((a + b)/2) > (f(a) + f(b))/2 for certain: kinks and jumps do not matter. */
function chordAbove(region: Region): Finding | undefined {
  const output = region.value.outputs[0] as Tensor;
  const run = intervalsOf(region.value);
  const valueAt = (cell: Cell): Interval => elementOf(run([cell])(output), 0);
  const points = samplesOf(region.cell, 64).map((x) => ({ x, f: valueAt(asCell(x)) }));
  for (const [k, { x: a, f: fa }] of points.entries()) {
    const { x: b, f: fb } = points[(k * 7 + 3) % points.length] as (typeof points)[number];
    // The exact middle lies between its neighbours.
    const middle = a.map((v, i) => v / 2 + (b[i] as number) / 2);
    const fm = valueAt({ low: middle.map(down), high: middle.map(up) });
    const excess = down(fm[0] - up((fa[1] + fb[1]) / 2) - up(2 ** -52 * (Math.abs(fa[1]) + Math.abs(fb[1]))));
    if (excess > 0) {
      const [from, to] = [showPoint(a, region.names), showPoint(b, region.names)];
      return {
        verdict: "refuted",
        lower: Number.NEGATIVE_INFINITY,
        upper: Number.POSITIVE_INFINITY,
        witness: { kind: "chord", from: region.rebuild(a), to: region.rebuild(b), excess },
        by: "chord",
        message: `not convex: halfway between (${from}) and (${to}) f lies ${show(excess)} above its chord`,
        cells: 0,
      };
    }
  }
  return undefined;
}

/** Cells whose sides are this part of the box's are not cut any more. */
const narrow = 2 ** -20;

function byHessian(region: Region, { timeLimit = 2000, maxCells = 20_000 }: Limits): Finding {
  const n = region.names.length;
  const bounds = hessianBounds(region);
  const smooth = smoothBeside(region);
  const end = performance.now() + timeLimit;
  const heap = new Heap<{ readonly cell: Cell; readonly least: number }>(({ least }) => -least);
  heap.push({ cell: region.cell, least: Number.NEGATIVE_INFINITY });
  let [cells, lower] = [0, Number.POSITIVE_INFINITY];
  let upper = leastSeen(bounds, smooth, middleOf(region.cell))?.upper ?? Number.POSITIVE_INFINITY;
  for (let next = heap.pop(); next !== undefined; next = heap.pop()) {
    const { cell } = next;
    cells++;
    const { h, trouble, influence } = bounds(cell);
    if (h !== undefined) {
      const least = spectrumOf(h, n).least;
      if (least >= 0 || isSemidefinite(h, n)) {
        lower = Math.min(lower, Math.max(0, least));
        continue;
      }
    }
    const seen = leastSeen(bounds, smooth, middleOf(cell));
    if (seen !== undefined) {
      upper = Math.min(upper, seen.upper);
      if (seen.along < 0) return negative(region, middleOf(cell), seen.direction, seen.along, cells);
    }
    const side = sideToCut(cell, region.cell, influence);
    const parts = side === undefined ? undefined : halves(cell, side);
    if (parts === undefined || cells >= maxCells || performance.now() > end) {
      const why =
        trouble !== undefined ? showTrouble(trouble) : "the bounds of the Hessian allow curvatures of either sign";
      return {
        ...open,
        upper,
        cells,
        message: `neither proved nor refuted in ${showCell(cell, region.names)}: ${why}`,
      };
    }
    const least = h === undefined ? Number.NEGATIVE_INFINITY : spectrumOf(h, n).least;
    for (const part of parts) heap.push({ cell: part, least });
  }
  return {
    verdict: "certified",
    lower,
    upper,
    witness: undefined,
    by: "hessian",
    message: `convex: no eigenvalue of the Hessian is less than ${show(lower, 6)} in any of ${cells} cells`,
    cells,
  };
}

/** The curvature along the eigenvector of the least eigenvalue at a point, and a bound of that eigenvalue. */
function leastSeen(
  bounds: (cell: Cell) => Curved,
  smooth: (x: Float64Array) => boolean,
  x: Float64Array,
): { readonly along: number; readonly upper: number; readonly direction: Float64Array } | undefined {
  const { h } = bounds(asCell(x));
  if (h === undefined || !smooth(x)) return undefined;
  const n = x.length;
  const { vectors } = eigen(
    h.low.map((a, k) => a / 2 + (h.high[k] as number) / 2),
    n,
  );
  const direction = Float64Array.from({ length: n }, (_, i) => vectors[i * n] as number);
  const along = curvatureAlong(h, direction)[1];
  if (Number.isNaN(along)) return undefined;
  const length = direction.reduce((s, c) => sumUp(s, productUp(c, c)), 0);
  return { along, upper: up(along >= 0 ? along / (length * (1 - 1e-14)) : along / length), direction };
}

function negative(region: Region, x: Float64Array, d: Float64Array, curvature: number, cells: number): Finding {
  const [point, direction] = [showPoint(x, region.names), showDirection(d, region.names)];
  return {
    verdict: "refuted",
    lower: Number.NEGATIVE_INFINITY,
    upper: curvature,
    witness: { kind: "curvature", x: region.rebuild(x), direction: d, curvature },
    by: "hessian",
    message: `not convex: at ${point} the curvature along ${direction} is ${show(curvature)}`,
    cells,
  };
}

function sideToCut(cell: Cell, whole: Cell, influence: Float64Array): number | undefined {
  const part = (i: number): number =>
    ((cell.high[i] as number) - (cell.low[i] as number)) / ((whole.high[i] as number) - (whole.low[i] as number)) || 0;
  const known = influence.every(Number.isFinite) && influence.some((v) => v > 0);
  const order = [...influence.keys()].filter((i) => part(i) > narrow);
  const weight = (i: number): number => (known ? (influence[i] as number) : part(i));
  return order.sort((i, j) => weight(j) - weight(i))[0];
}

function report(fields: Omit<ConvexityResult, "toString">): ConvexityResult {
  const { verdict, message, by, lower, upper, cells } = fields;
  const lines = [`convexity: ${verdict}${by === "none" ? "" : ` (${by})`}`, message];
  if (by === "hessian") lines.push(`least eigenvalue in [${show(lower)}, ${show(upper)}]; ${cells} cells`);
  return Object.defineProperty({ ...fields }, "toString", { value: () => lines.join("\n") });
}
