/** Bounds on the variables: the box, the projection onto it, and which variables a bound holds. */
import { NablaError } from "../base/error.ts";
import { flattenArguments, type Input } from "../graph/trees.ts";
import type { Parameters } from "./parameters.ts";
import { maxNorm, type Vector } from "./vector.ts";

export interface Box {
  readonly lower: Vector;
  readonly upper: Vector;
}

/** What may be given: for each tensor of the parameters a number or an array of its shape; −∞, ∞ or nothing leaves it free. */
export interface Bounds<X> {
  readonly lower?: Input<X> | number;
  readonly upper?: Input<X> | number;
}

export function boxOf<X>(
  what: string,
  bounds: Bounds<X> | undefined,
  { x, names, sizes }: Parameters<X>,
): Box | undefined {
  if (bounds === undefined) return undefined;
  const side = (given: unknown, name: string, otherwise: number): Vector => {
    if (given === undefined) return new Float64Array(x.length).fill(otherwise);
    if (typeof given === "number") return new Float64Array(x.length).fill(given);
    const { tensors } = flattenArguments(what, given, `bounds.${name}`);
    const fits = tensors.length === sizes.length && tensors.every((t, i) => t.size === sizes[i] || t.size === 1);
    if (!fits)
      throw new NablaError(
        "E-SHAPE",
        `${what}: bounds.${name} has ${tensors.map((t) => t.size).join(" + ")} numbers for parameters of ${sizes.join(" + ")}`,
        "a number, or a tree like the parameters, of numbers or arrays of their shapes",
      );
    return Float64Array.from(
      tensors.flatMap((t, i) =>
        Array.from({ length: sizes[i] as number }, (_, k) => t.data[t.size === 1 ? 0 : k] as number),
      ),
    );
  };
  const lower = side(bounds.lower, "lower", Number.NEGATIVE_INFINITY);
  const upper = side(bounds.upper, "upper", Number.POSITIVE_INFINITY);
  const bad = lower.findIndex((l, i) => !(l <= (upper[i] as number)));
  if (bad >= 0)
    throw new NablaError(
      "E-VALUE",
      `${what}: the bounds of ${names[bad]} are ${lower[bad]} … ${upper[bad]}`,
      "a lower bound that is not above the upper one",
    );
  return { lower, upper };
}

/** The nearest point of the box. */
export function project(x: Vector, box: Box | undefined): Vector {
  if (box === undefined) return x;
  return x.map((v, i) => Math.min(Math.max(v, box.lower[i] as number), box.upper[i] as number));
}

/**
 * The variables that a bound holds: at it, or within `near` of it, while the gradient presses outward. With near = 0
 * what a minimum of the box has; with a small one the ε-active set of Bertsekas (1982, SIAM J. Control Optim. 20,
 * p. 224), without which steps would get ever shorter before a bound.
 */
export function held(x: Vector, gradient: Vector, box: Box | undefined, near = 0): readonly boolean[] | undefined {
  if (box === undefined) return undefined;
  const marks = Array.from(x, (v, i) => {
    const g = gradient[i] as number;
    return (g > 0 && v <= (box.lower[i] as number) + near) || (g < 0 && v >= (box.upper[i] as number) - near);
  });
  return marks.includes(true) ? marks : undefined;
}

/** The gradient without what the bounds hold: 0 at a minimum of the box. */
export function free(gradient: Vector, marks: readonly boolean[] | undefined): Vector {
  return marks === undefined ? gradient : gradient.map((g, i) => (marks[i] ? 0 : g));
}

/** The width of the ε-active set at x: ‖x − P(x − g)‖∞, at most 10⁻⁶. */
export function nearness(x: Vector, gradient: Vector, box: Box): number {
  const moved = project(
    x.map((v, i) => v - (gradient[i] as number)),
    box,
  );
  return Math.min(1e-6, maxNorm(moved.map((v, i) => v - (x[i] as number))));
}
