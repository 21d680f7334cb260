/** Heavy work on constants goes through the kernels of compiled programs, without anyone's asking. */
import { argsort, cholesky, compile, eye, matmul, qr, random, svd, type Tensor, tensor } from "nabla";
import { expect, test } from "vitest";
import { operations } from "../src/ops/table.ts";

const key = random.key(3);
const a = random.normal(key, [190, 190]);
const spd = matmul(a, a.transpose()).add(eye(190).mul(190));

const cases: readonly (readonly [string, (x: Tensor) => unknown, Tensor])[] = [
  ["matmul", (x) => matmul(x, x.transpose()), a],
  ["matmul, float32", (x) => matmul(x, x), a.cast("float32")],
  ["matmul, integers", (x) => matmul(x, x), a.mul(10).cast("int32")],
  ["cholesky", (x) => cholesky(x), spd],
  ["qr", (x) => Object.values(qr(x)), a],
  ["svd", (x) => Object.values(svd(x)), a],
  ["argsort", (x) => argsort(x), a],
];

const bits = (tree: unknown): unknown => (Array.isArray(tree) ? tree.map(bits) : (tree as Tensor).data);

test.each(cases)("%s: the bits of the compiled operation", (_name, f, x) => {
  expect(bits(f(x))).toEqual(bits(compile(f as (x: Tensor) => Tensor[])(x)));
});

test("a signature that comes often is worth a program too, and gives the same result before and after", () => {
  const x = random.normal(key, [40, 40]).mul(4).floor();
  const first = matmul(x, x).data;
  for (let i = 0; i < 100; i++) expect(matmul(x, x).data).toEqual(first);
});

test("values are not shared with a program's memory", () => {
  const first = matmul(a, a);
  const kept = Array.from(first.data);
  matmul(a.mul(2), a);
  expect(Array.from(first.data)).toEqual(kept);
  expect(tensor(kept).size).toBe(190 * 190);
});

test("elementwise operations that round as the processor does have the same bits for many elements as for few", () => {
  const x = random.normal(key, [30_001]).mul(100);
  for (const { name, kind, work, laws } of operations) {
    const law = laws?.cases[0];
    if (kind !== "elementwise" || work === undefined || law === undefined) continue;
    for (const dtype of laws?.dtype ? [laws.dtype] : (["float64", "float32"] as const)) {
      const many = [x.cast(dtype), x.neg().mul(0.37).cast(dtype)].slice(0, law.shapes.length);
      const few = many.map((t) => tensor(t.data.slice(0, 500), { dtype }));
      for (let call = 0; call < 30; call++) {
        const [whole, part] = [law.apply(...many), law.apply(...few)];
        if (whole.shape[0] === 30_001) expect(whole.data.slice(0, 500), `${name} ${dtype}`).toEqual(part.data);
      }
    }
  }
});
