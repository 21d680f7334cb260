/** Random inputs for the law cases of every operation, from a seed that is printed. */
import { random, type Tensor, tensor } from "nabla";
import type { LawCase, Operation } from "../../src/graph/operation.ts";
import { operations } from "../../src/ops/table.ts";

export const seed = Number(process.env.NABLA_SEED ?? 20261123);
console.log(`laws: seed ${seed} (NABLA_SEED)`);

export interface NamedCase extends LawCase {
  readonly operation: Operation;
  readonly name: string;
}

export const cases: readonly NamedCase[] = operations.flatMap((operation) =>
  (operation.laws?.cases ?? []).map((c) => ({ ...c, operation, name: `${operation.name} ${c.label ?? ""}` })),
);

export function draw(c: NamedCase, stream: number, dtype: "float64" | "float32" = "float64"): Tensor[] {
  return c.shapes.map((shape, i) => {
    const [low, high] = c.ranges?.[i] ?? [-2, 2];
    const floats = random.uniform(random.key(seed + 1000 * stream + i), shape, { low, high, dtype });
    const own = c.operation.laws?.dtype;
    return own === undefined ? floats : floats.mul(10).cast(own);
  });
}

/** Random directions; an input that has one value only (an order, say) is held. */
export const directions = (inputs: readonly Tensor[], stream: number, c?: LawCase): Tensor[] =>
  inputs.map((x, i) => {
    const [low, high] = c?.ranges?.[i] ?? [0, 1];
    const dtype = x.dtype === "float32" ? "float32" : "float64";
    const v = random.uniform(random.key(seed + 7000 + 1000 * stream + i), x.shape, { low: -1, high: 1, dtype });
    return low === high ? v.mul(0) : v;
  });

export const numbers = (t: Tensor): number[] => Array.from(t.data);
export const shifted = (inputs: readonly Tensor[], by: readonly Tensor[], h: number): Tensor[] =>
  inputs.map((x, i) =>
    tensor(
      Float64Array.from(x.data, (v, k) => v + h * (by[i]?.data[k] as number)),
      { shape: x.shape },
    ),
  );

/** The largest difference relative to the size of what is expected. */
export function distance(actual: readonly number[], expected: readonly number[]): number {
  const scale = Math.max(1, ...expected.map(Math.abs));
  return Math.max(
    0,
    ...actual.map((v, i) => (Object.is(v, expected[i]) ? 0 : Math.abs(v - (expected[i] as number)) / scale)),
  );
}
