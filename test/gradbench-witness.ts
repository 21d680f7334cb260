/** What the tests of the tool for GradBench share: the protocol, inputs, and witnesses in plain JavaScript. */
import { expect } from "vitest";
import { type Message, type Response, respond } from "../bench/gradbench/protocol.ts";

export type Vector = number[];
export type Matrix = Vector[];

export const send = (message: object): Promise<Response> => respond({ id: 7, ...message } as Message, { threads: 1 });

export async function evaluate(module: string, name: string, input: unknown): Promise<unknown> {
  const { success, output, error } = await send({ kind: "evaluate", module, function: name, input });
  expect(error).toBeUndefined();
  expect(success).toBe(true);
  return JSON.parse(JSON.stringify(output));
}

const numbers = (value: unknown): Vector => [value].flat(Number.POSITIVE_INFINITY) as Vector;

/** Within a tolerance relative to the largest expected number, or to 1 if all are smaller. */
export function expectClose(actual: unknown, expected: unknown, tolerance: number): void {
  const [a, b] = [numbers(actual), numbers(expected)];
  expect(a.length).toBe(b.length);
  const scale = b.reduce((most, x) => Math.max(most, Math.abs(x)), 1);
  const worst = a.reduce((most, x, i) => Math.max(most, Math.abs(x - (b[i] as number))), 0);
  expect(worst / scale).toBeLessThan(tolerance);
}

/** The columns of ∂f/∂x by central differences. */
export function differences(f: (x: Vector) => Vector, x: Vector, h = 1e-5): Matrix {
  const moved = (i: number, by: number): Vector => f(x.map((v, j) => (i === j ? v + by : v)));
  return x.map((_, i) => {
    const below = moved(i, -h);
    return moved(i, h).map((v, k) => (v - (below[k] as number)) / (2 * h));
  });
}
export const slope = (f: (x: Vector) => number, x: Vector, h?: number): Vector =>
  differences((x) => [f(x)], x, h).flat();

/** Uniform numbers in (0, 1), from a seed (Lehmer 1951, the multiplier of Park and Miller 1988). */
export function uniform(seed: number): (count: number) => Vector {
  let state = seed;
  const next = (): number => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  return (count) => Array.from({ length: count }, next);
}
export const rows = (values: Vector, width: number): Matrix =>
  Array.from({ length: values.length / width }, (_, i) => values.slice(i * width, (i + 1) * width));
export const total = (values: Vector): number => values.reduce((a, b) => a + b, 0);
export const logSumExp = (v: Vector): number =>
  Math.max(...v) + Math.log(total(v.map((x) => Math.exp(x - Math.max(...v)))));

export const seed = 20260817;
