/** Products with an epilogue: the bits of the product alone and its epilogue done afterwards, in every layout. */
import { cast, compile, grad, greater, matmul, maximum, minimum, random, relu, type Tensor, transpose } from "nabla";
import { expect, test } from "vitest";
import type { Step } from "../src/backend/target.ts";

type DType = "float32" | "float64" | "int32";
const key = random.key(11);
let count = 0;
const normal = (shape: readonly number[], dtype: DType): Tensor => {
  const drawn = random.normal(random.foldIn(key, count++), shape, { dtype: dtype === "int32" ? "float32" : dtype });
  return dtype === "int32" ? cast(drawn.mul(9), "int32") : drawn;
};

/** What is made of a product p and of arrays whose shapes `beside` derives from the product's. */
interface Epilogue {
  readonly name: string;
  readonly beside: (shape: readonly number[]) => readonly (readonly number[])[];
  readonly make: (p: Tensor, ...beside: Tensor[]) => Tensor[];
}
const epilogues: readonly Epilogue[] = [
  { name: "of each row", beside: (s) => [[...s.slice(0, -1), 1]], make: (p, c) => [p.mul(c as Tensor)] },
  { name: "of each column", beside: (s) => [s.slice(-1)], make: (p, b) => [maximum(p.add(b as Tensor), 1)] },
  { name: "of each element", beside: (s) => [s], make: (p, x) => [(x as Tensor).sub(p.mul(3))] },
  {
    name: "two results and the product",
    beside: (s) => [s, s.slice(-1)],
    make: (p, x, b) => [minimum(p, x as Tensor), greater(p.add(b as Tensor), 1), p],
  },
  {
    name: "in another shape",
    beside: (s) => [[s.reduce((a, b) => a * b, 1)]],
    make: (p, x) => [p.reshape([-1]).add(x as Tensor)],
  },
];
const sizes: readonly (readonly [lead: number[], m: number, k: number, n: number])[] = [
  [[], 2, 1, 2],
  [[], 4, 8, 8],
  [[], 7, 5, 13],
  [[], 13, 400, 9],
  [[], 150, 801, 37],
  [[], 5, 3, 1030],
  [[3], 6, 7, 11],
  [[2], 9, 390, 5],
];

const hasEpilogue = (steps: readonly Step[]): boolean =>
  steps.some((step) =>
    step.kind === "routine" ? step.epilogue !== undefined : step.kind === "repeat" && hasEpilogue(step.body),
  );
const bitsOf = (results: readonly Tensor[]): string[] =>
  results.map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("hex"));

for (const dtype of ["float32", "float64", "int32"] as const) {
  for (const { name, beside, make } of epilogues) {
    test(`${dtype}, ${name}`, () => {
      for (const [lead, m, k, n] of sizes) {
        const [a, b] = [normal([...lead, m, k], dtype), normal([...lead, k, n], dtype)];
        const others = beside([...lead, m, n]).map((shape) => normal(shape, dtype));
        const product = compile((a: Tensor, b: Tensor) => matmul(a, b))(a, b);
        const expected = bitsOf(make(product, ...others));
        for (const threads of [1, 2, 3]) {
          const f = compile((a: Tensor, b: Tensor, ...x: Tensor[]) => make(matmul(a, b), ...x), { threads });
          expect(hasEpilogue(f.inspect(a, b, ...others).plan.steps)).toBe(true);
          for (let call = 0; call < 4; call++)
            expect(bitsOf(f(a, b, ...others)), `${[lead, m, k, n]}`).toEqual(expected);
        }
      }
    });
  }
}

test("a state is updated in place by its gradient, and the gradient is not kept", () => {
  const [x, w0] = [normal([20, 30], "float64"), normal([30, 10], "float64")];
  const cost = (w: Tensor): Tensor => relu(matmul(x, w)).sum();
  const step = compile((w: Tensor): [Tensor] => [w.sub(grad(cost)(w).mul(0.1))], { state: true });
  const { plan } = step.inspect(w0);
  expect(plan.steps.filter((s) => s.kind === "copy")).toEqual([]);
  const [w] = step(w0);
  const gradient = compile(grad(cost))(w0);
  expect(bitsOf([w])).toEqual(bitsOf([w0.sub(gradient.mul(0.1))]));
});

test("a factor is not overwritten while it is read, nor is a column for each row", () => {
  const options = { state: true, reproducible: true } as const; // without fused multiply–add, as uncompiled code
  const [a, b] = [normal([6, 6], "float64"), normal([6, 6], "float64")];
  const square = compile((w: Tensor): [Tensor, Tensor] => [w.add(matmul(w, w)), w.sum()], options);
  expect(bitsOf([square(a)[0]])).toEqual(bitsOf([a.add(matmul(a, a))]));
  const turned = compile((w: Tensor): [Tensor, Tensor] => [transpose(w).add(matmul(b, b)), w.sum()], options);
  expect(bitsOf([turned(a)[0]])).toEqual(bitsOf([transpose(a).add(matmul(b, b))]));
});
