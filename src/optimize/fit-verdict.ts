/** What a solution of a least-squares problem is, in one sentence. */
import type { Parameters } from "./parameters.ts";
import { type Measure, measure, type Status, show, showDirection } from "./result.ts";
import { isDetermined, type Solution, underflow } from "./solve-squares.ts";
import { outside } from "./triangular-form.ts";

export interface Verdict {
  readonly status: Status;
  readonly message: string;
  /** The part of the residuals that parameters can still change, as a fraction of all of them. */
  readonly gradient: Measure;
  /** The next Newton step beside the parameters, both by what they change in the residuals. */
  readonly step: Measure;
  /** Combinations of parameters that the residuals do not depend on here: `0.7071 a − 0.7071 b`. */
  readonly undetermined: readonly string[];
  /** Which parameters are in one of those. */
  readonly involved: readonly boolean[];
}

export function verdictOf(solution: Solution, { names, x }: Parameters, tolerance: number, tries: number): Verdict {
  const { offset, end, iterations, leastCurvature, free, point } = solution;
  const gradient = measure(offset, tolerance);
  const step = measure(solution.step, tolerance / 100);
  const directions = nullDirections(solution);
  const shown = directions.map((d) => showDirection(d, names));
  const involved = names.map((_, j) => directions.some((d) => Math.abs(d[j] as number) > 1e-3));
  const held = names.filter((_, j) => !free.includes(j)).map((name, k) => `${name} = ${show(heldAt(solution, k))}`);
  const measured = `${show(offset, 2)} of the residuals can still be changed (tolerance ${tolerance})`;
  const at = `half the sum ${show(point.cost, 6)}`;
  let status: Status;
  let message: string;
  if (end === "stopped")
    [status, message] = ["stopped", `stopped by the callback after ${iterations} iterations, ${at}`];
  else if (solution.minimum) {
    const how = gradient.met
      ? measured
      : `the next step is ${show(solution.step, 2)} of the parameters (tolerance ${step.tolerance})`;
    [status, message] = ["converged", `a minimum, ${at}: ${how}`];
    if (shown.length > 0) message += `; not determined: ${shown.join("; ")}`;
    if (held.length > 0) message += `; at a bound: ${held.join(", ")}`;
  } else if (end === "iteration-limit")
    [status, message] = ["iteration-limit", `no minimum within ${iterations} iterations: ${measured}`];
  else if (solution.plateau)
    [status, message] = ["stalled", `a plateau: no parameter changes the residuals here or nearby, ${at}`];
  else if (leastCurvature <= 0 && gradient.met)
    [status, message] = [
      "stalled",
      `a saddle: flat, but curved downwards along a direction in which no step improves, ${at}`,
    ];
  else if (solution.lost || point.cost < underflow) {
    const grown = (j: number): boolean => Math.abs(point.x[j] as number) > 1e8 * Math.max(1, Math.abs(x[j] as number));
    const counts = (j: number): boolean => involved[j] === true || shown.length === 0;
    const far = names.filter((_, j) => counts(j) && (point.cost < underflow || grown(j)));
    const here = shown.length > 0 ? `: the residuals no longer depend on ${shown.join("; ")}` : "";
    [status, message] =
      far.length > 0
        ? [
            "unbounded",
            `the sum falls as ${far.join(", ")} grow${far.length > 1 ? "" : "s"} without limit${here}, ${at}`,
          ]
        : ["stalled", `a plateau, which the start is not on${here}, ${at}`];
  } else [status, message] = ["stalled", `no step improves, and it is no minimum: ${measured}`];
  if (tries > 1) message += `; ${tries} tries with other first steps`;
  return { status, message, gradient, step, undetermined: shown, involved };
}

function heldAt({ point, free }: Solution, k: number): number {
  const held = Array.from(point.x, (_, j) => j).filter((j) => !free.includes(j));
  return point.x[held[k] as number] as number;
}

/** Unit vectors of the space in which J·d = 0 or the Hessian is, as simple as elimination makes them. */
function nullDirections(solution: Solution): Float64Array[] {
  if (isDetermined(solution)) return [];
  const { factors, free, point, level } = solution;
  const { v, s, scale, rank } = factors;
  const [n, k] = [scale.length, s.length];
  // V has k ≤ n columns; with fewer residuals than parameters the rest of the space is completed from unit vectors.
  const basis: Float64Array[] = Array.from({ length: k }, (_, j) => scale.map((__, i) => v[i * k + j] as number));
  const determined = basis.slice(0, rank);
  const rest = basis.slice(rank);
  for (let j = 0; j < n && determined.length + rest.length < n; j++) {
    const e = outside([...determined, ...rest], n, j);
    if (e !== undefined) rest.push(e);
  }
  const rows = eliminate([...rest.map((d) => d.map((value, i) => value / (scale[i] as number))), ...level]);
  return rows.map((d) => {
    const length = Math.hypot(...d);
    const sign = (d.find((value) => Math.abs(value) > 1e-3 * length) as number) < 0 ? -1 : 1;
    const full = new Float64Array(point.x.length);
    free.forEach((j, i) => {
      full[j] = (sign * (d[i] as number)) / length;
    });
    return full;
  });
}

/** Reduced row echelon form with the largest pivots. */
function eliminate(given: Float64Array[]): Float64Array[] {
  const rows = given.map((row) => row.slice());
  rows.forEach((row, i) => {
    const pivot = row.reduce((best, value, j) => (Math.abs(value) > Math.abs(row[best] as number) ? j : best), 0);
    const size = row[pivot] as number;
    for (let j = 0; j < row.length; j++) row[j] = (row[j] as number) / size;
    rows.forEach((other, k) => {
      const factor = other[pivot] as number;
      if (k !== i) for (let j = 0; j < row.length; j++) other[j] = (other[j] as number) - factor * (row[j] as number);
    });
  });
  return rows;
}
