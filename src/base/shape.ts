/** Shapes, axes, strides and broadcasting, as in NumPy. */
import { NablaError } from "./error.ts";

export type Shape = readonly number[];

export const showShape = (shape: Shape): string => `[${shape.join(", ")}]`;

export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const n of shape) size *= n;
  return size;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Row-major element strides. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride;
    stride *= shape[i] as number;
  }
  return strides;
}

/** NumPy's rule: shapes are aligned at the right; a size of 1 stretches. */
export function broadcastShapes(what: string, shapes: readonly Shape[]): Shape {
  const first = shapes[0] ?? [];
  let equal = true;
  for (const shape of shapes) equal = equal && sameShape(shape, first);
  if (equal) return first;
  const [a, b, c] = shapes as [Shape, Shape, Shape?];
  if (c === undefined && b.length === 0) return a;
  if (c === undefined && a.length === 0) return b;
  const rank = Math.max(...shapes.map((s) => s.length));
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes) {
    for (let i = 0; i < shape.length; i++) {
      const axis = rank - shape.length + i;
      const n = shape[i] as number;
      if (n === 1 || n === result[axis]) continue;
      if (result[axis] !== 1) {
        throw new NablaError(
          "E-SHAPE",
          `${what}: shapes ${shapes.map(showShape).join(" and ")} do not broadcast: axis ${axis - rank} has sizes ${result[axis]} and ${n}`,
          "reshaping one of them so that each axis, from the right, has equal sizes or a 1",
        );
      }
      result[axis] = n;
    }
  }
  return result;
}

/** Strides that read an array of shape `from` as if it had shape `to` (0 on stretched axes). */
export function broadcastStrides(from: Shape, to: Shape, strides: readonly number[] = stridesOf(from)): number[] {
  const lead = to.length - from.length;
  return to.map((_, i) => (i < lead || from[i - lead] === 1 ? 0 : (strides[i - lead] as number)));
}

export function checkAxis(what: string, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new NablaError(
      "E-SHAPE",
      `${what}: axis ${axis} is outside an array of ${rank} axes`,
      rank === 0 ? "an array with at least one axis" : `an integer from ${-rank} to ${rank - 1}`,
    );
  }
  return axis < 0 ? axis + rank : axis;
}

export type Axes = number | readonly number[] | undefined;

/** All axes if undefined; sorted, each once. */
export function checkAxes(what: string, axes: Axes, rank: number): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, i) => i);
  if (typeof axes !== "number" && !Array.isArray(axes)) {
    throw new NablaError("E-OPTION", `${what}: axis is ${String(axes)}`, "an axis, a list of axes, or nothing for all");
  }
  const list = (typeof axes === "number" ? [axes] : [...axes]).map((a) => checkAxis(what, a, rank));
  list.sort((a, b) => a - b);
  for (let i = 1; i < list.length; i++) {
    if (list[i] === list[i - 1])
      throw new NablaError("E-SHAPE", `${what}: axis ${list[i]} is named twice`, "naming each axis once");
  }
  return list;
}

export const removeAxes = (shape: Shape, axes: readonly number[]): number[] =>
  shape.filter((_, i) => !axes.includes(i));
export const keepAxes = (shape: Shape, axes: readonly number[]): number[] =>
  shape.map((n, i) => (axes.includes(i) ? 1 : n));

const shown = (shape: unknown): string | undefined =>
  JSON.stringify(shape, (_, value) => (typeof value === "bigint" ? `${value}n` : (value as unknown)));

export function checkShape(what: string, shape: unknown): Shape {
  const list: readonly unknown[] = typeof shape === "number" ? [shape] : Array.isArray(shape) ? shape : [undefined];
  for (const n of list) {
    if (!Number.isInteger(n) || (n as number) < 0) {
      throw new NablaError(
        "E-SHAPE",
        `${what}: a shape is a list of sizes ≥ 0, not ${shown(shape)}`,
        "a list such as [2, 3], or a single size",
      );
    }
  }
  return list as Shape;
}

/** A list without its last n items, and those. */
export const cutLast = <T>(list: readonly T[], n: number): [T[], T[]] => [
  list.slice(0, list.length - n),
  list.slice(list.length - n),
];
