/** Factorizations: values by their identities, derivatives by finite differences, code against the reference. */

import { EigenvalueDecomposition, LuDecomposition, Matrix, SingularValueDecomposition } from "ml-matrix";
import {
  abs,
  add,
  at,
  cholesky,
  compile,
  det,
  eigh,
  eye,
  grad,
  hessian,
  inverse,
  jacobian,
  jvp,
  lstsq,
  matmul,
  matrixPower,
  matrixTranspose,
  max,
  mul,
  NablaError,
  pinv,
  qr,
  random,
  slogdet,
  solve,
  stack,
  sub,
  sum,
  svd,
  type Tensor,
  tensor,
  trace,
  triangularSolve,
  tril,
  triu,
  vmap,
  zeros,
} from "nabla";
import { describe, expect, test } from "vitest";
import { ModuleBuilder } from "../src/backend/wasm/encode.ts";
import type { KernelMaker } from "../src/backend/wasm/kernel.ts";
import { kernels } from "../src/backend/wasm/kernels/index.ts";
import { linalgKernels } from "../src/backend/wasm/kernels/linalg/index.ts";
import { byteSize, type Data, viewOf } from "../src/base/dtype.ts";
import { sizeOf } from "../src/base/shape.ts";
import type { Operation, Type } from "../src/graph/operation.ts";
import { luFactors, luSolveOperation } from "../src/ops/linalg/lu.ts";
import * as records from "../src/ops/linalg/records.ts";

// The table of kernels may know these already.
Object.assign(kernels as Record<string, KernelMaker>, linalgKernels);

const seed = Number(process.env.NABLA_SEED ?? 20261123);
console.log(`linalg: seed ${seed} (NABLA_SEED)`);

let stream = 0;
const draw = (...shape: number[]): Tensor => random.normal(random.key(seed + stream++), shape);
const numbers = (t: Tensor): number[] => Array.from(t.data);
const largest = (t: Tensor): number => (t.size === 0 ? 0 : max(abs(t)).item());
const gap = (a: Tensor, b: Tensor): number => largest(sub(a, b)) / Math.max(1, largest(b));
const symmetric = (a: Tensor): Tensor => add(a, matrixTranspose(a));
const gram = (a: Tensor): Tensor => add(matmul(a, matrixTranspose(a)), eye(a.shape.at(-1) as number));
const shapes: readonly (readonly number[])[] = [[0], [1], [2], [3], [7], [16], [61], [3, 4], [2, 0], [2, 3, 5]];
const square = (shape: readonly number[]): Tensor => draw(...shape, shape.at(-1) as number);
const rows2 = (t: Tensor): number[][] => t.toArray() as number[][];

describe("identities", () => {
  test.each(shapes)("square, %s", (...shape) => {
    const n = shape.at(-1) as number;
    const tolerance = 1e-13 * Math.max(1, n);
    const a = square(shape);
    const s = symmetric(a);
    const p = gram(a);
    const b = draw(...shape.slice(0, -1), n, 3);
    const l = cholesky(p);
    expect(gap(matmul(l, matrixTranspose(l)), p)).toBeLessThan(tolerance);
    expect(gap(tril(l), l)).toBe(0);
    expect(gap(matmul(p, solve(p, b)), b)).toBeLessThan(10 * tolerance);
    expect(gap(matmul(p, inverse(p)), eye(n))).toBeLessThan(10 * tolerance);
    const { values, vectors } = eigh(s);
    expect(
      gap(matmul(mul(vectors, values.reshape([...shape.slice(0, -1), 1, n])), matrixTranspose(vectors)), s),
    ).toBeLessThan(tolerance);
    expect(gap(matmul(matrixTranspose(vectors), vectors), eye(n))).toBeLessThan(tolerance);
    expect(numbers(values)).toEqual(numbers(values.sort()));
    const { sign, logdet } = slogdet(p);
    expect(gap(logdet, sum(l.mul(eye(n)).sum({ axis: -1 }).log(), { axis: -1 }).mul(2))).toBeLessThan(tolerance);
    expect(numbers(sign).every((v) => v === 1)).toBe(true);
    expect(gap(det(p), mul(sign, logdet.exp()))).toBeLessThan(10 * tolerance);
    for (const lower of [true, false]) {
      for (const transpose of [true, false]) {
        const triangle = lower ? tril(p) : triu(p);
        const x = triangularSolve(p, b, { lower, transpose });
        expect(gap(matmul(transpose ? matrixTranspose(triangle) : triangle, x), b)).toBeLessThan(10 * tolerance);
      }
    }
  });

  test.each([
    [0, 3],
    [3, 0],
    [1, 1],
    [5, 3],
    [3, 5],
    [40, 12],
    [12, 40],
    [2, 4, 3],
    [2, 3, 4],
  ])("rectangular, %s", (...shape) => {
    const [m, n] = shape.slice(-2) as [number, number];
    const tolerance = 1e-13 * Math.max(m, n, 1);
    const a = draw(...shape);
    const { q, r } = qr(a);
    expect(gap(matmul(q, r), a)).toBeLessThan(tolerance);
    expect(gap(matmul(matrixTranspose(q), q), eye(Math.min(m, n)))).toBeLessThan(tolerance);
    expect(gap(triu(r), r)).toBe(0);
    expect(numbers(r.mul(eye(Math.min(m, n), n))).every((v) => v >= 0)).toBe(true);
    const { u, s, v } = svd(a);
    const middle = s.reshape([...s.shape.slice(0, -1), 1, Math.min(m, n)]);
    expect(gap(matmul(mul(u, middle), matrixTranspose(v)), a)).toBeLessThan(tolerance);
    for (const w of [u, v]) expect(gap(matmul(matrixTranspose(w), w), eye(Math.min(m, n)))).toBeLessThan(tolerance);
    expect(numbers(s)).toEqual(numbers(s.neg().sort().neg()));
    const p = pinv(a);
    expect(gap(matmul(a, matmul(p, a)), a)).toBeLessThan(10 * tolerance);
    expect(gap(matrixTranspose(matmul(p, a)), matmul(p, a))).toBeLessThan(10 * tolerance);
  });

  test("values of another library", () => {
    const a = draw(12, 12);
    const s = symmetric(a);
    const spectrum = new EigenvalueDecomposition(new Matrix(rows2(s))).realEigenvalues.sort((x, y) => x - y);
    expect(gap(eigh(s).values, tensor(spectrum))).toBeLessThan(1e-13);
    expect(gap(svd(a).s, tensor(new SingularValueDecomposition(new Matrix(rows2(a))).diagonal))).toBeLessThan(1e-13);
    expect(gap(det(a), tensor(new LuDecomposition(new Matrix(rows2(a))).determinant))).toBeLessThan(1e-12);
  });

  test("deficient ranks", () => {
    for (const a of [
      zeros([3, 2]),
      zeros([2, 3]),
      tensor([
        [1, 1, 1],
        [1, 1, 1],
        [1, 1, 1],
      ]),
      matmul(draw(9, 2), draw(2, 6)),
    ]) {
      const k = Math.min(...a.shape);
      const { u, s, v } = svd(a);
      expect(gap(matmul(mul(u, s), matrixTranspose(v)), a)).toBeLessThan(1e-14);
      for (const w of [u, v]) expect(gap(matmul(matrixTranspose(w), w), eye(k))).toBeLessThan(1e-13);
      const { q, r } = qr(a);
      expect(gap(matmul(q, r), a)).toBeLessThan(1e-14);
      expect(gap(matmul(matrixTranspose(q), q), eye(k))).toBeLessThan(1e-14);
    }
    expect(numbers(eigh(eye(4)).values)).toEqual([1, 1, 1, 1]);
    expect(
      gap(
        lstsq(
          [
            [1, 1],
            [1, 1],
          ],
          [2, 2],
        ),
        tensor([1, 1]),
      ),
    ).toBeLessThan(1e-14);
  });

  test("very large and very small elements", () => {
    for (const size of [1e-150, 1e150, 1e-290, 1e290]) {
      const a = symmetric(draw(5, 5)).mul(size);
      const { u, s, v } = svd(a);
      expect(gap(matmul(mul(u, s.div(size)), matrixTranspose(v)), a.div(size))).toBeLessThan(1e-13);
      const { values, vectors } = eigh(a);
      expect(gap(matmul(mul(vectors, values.div(size)), matrixTranspose(vectors)), a.div(size))).toBeLessThan(1e-13);
      const { q, r } = qr(a);
      expect(gap(matmul(q, r.div(size)), a.div(size))).toBeLessThan(1e-13);
    }
  });

  test("vectors and batches on the right follow NumPy 2", () => {
    const a = gram(draw(2, 3, 3));
    expect(solve(a, [1, 2, 3]).shape).toEqual([2, 3]);
    expect(solve(gram(draw(3, 3)), draw(4, 3, 2)).shape).toEqual([4, 3, 2]);
    expect(triangularSolve(a, [1, 2, 3]).shape).toEqual([2, 3]);
    expect(lstsq(draw(5, 2), draw(5)).shape).toEqual([2]);
    expect(
      solve(
        tensor(
          [
            [2, 0],
            [0, 4],
          ],
          { dtype: "float32" },
        ),
        [2, 4],
      ).dtype,
    ).toBe("float64");
    expect(
      cholesky(
        tensor(
          [
            [2, 0],
            [0, 4],
          ],
          { dtype: "float32" },
        ),
      ).dtype,
    ).toBe("float32");
  });

  test("powers and traces", () => {
    const a = draw(4, 4);
    expect(gap(matrixPower(a, 5), matmul(a, matmul(a, matmul(a, matmul(a, a)))))).toBeLessThan(1e-13);
    expect(gap(matmul(matrixPower(a, -2), matmul(a, a)), eye(4))).toBeLessThan(1e-10);
    expect(numbers(matrixPower(a, 0))).toEqual(numbers(eye(4)));
    expect(
      trace([
        [1, 2, 3],
        [4, 5, 6],
      ]).item(),
    ).toBe(6);
  });
});

describe("what cannot be factored", () => {
  test("NaN where JAX gives NaN", () => {
    const l = cholesky([
      [1, 2],
      [2, 1],
    ]);
    expect(numbers(l)).toEqual([Number.NaN, 0, Number.NaN, Number.NaN]);
    expect(
      numbers(
        solve(
          [
            [1, 2],
            [2, 4],
          ],
          [1, 1],
        ),
      ),
    ).toEqual([Number.NaN, Number.NaN]);
    expect(
      numbers(
        eigh([
          [1, Number.NaN],
          [0, 1],
        ]).values,
      ),
    ).toEqual([Number.NaN, Number.NaN]);
    expect(
      numbers(
        svd([
          [1, Infinity],
          [0, 1],
        ]).s,
      ),
    ).toEqual([Number.NaN, Number.NaN]);
    const { sign, logdet } = slogdet([
      [1, 2],
      [2, 4],
    ]);
    expect([Math.abs(sign.item()), logdet.item()]).toEqual([0, -Infinity]);
  });

  test("errors name the shapes and the repair", () => {
    expect(() => cholesky([[1, 2, 3]])).toThrow(/E-SHAPE cholesky: a is \[1, 3\].*must be square/);
    expect(() => solve([[1]], [1, 2])).toThrow(/E-SHAPE solve: a is \[1, 1\], b is \[2\]/);
    expect(() => det([1, 2])).toThrow(/E-SHAPE det: a is \[2\], not a matrix/);
    expect(() => matrixPower([[1]], 0.5)).toThrow(NablaError);
  });
});

describe("derivatives", () => {
  /** Central differences of fourth order along v. */
  const slope = (f: (x: Tensor) => Tensor, x: Tensor, v: Tensor, h = 1e-3): Tensor => {
    const at = (t: number): Tensor => f(add(x, mul(v, t)));
    return sub(mul(sub(at(h), at(-h)), 8), sub(at(2 * h), at(-2 * h))).div(12 * h);
  };
  const list = Object.values(records).flatMap((operation) =>
    (operation.laws?.cases ?? []).map((c) => ({ ...c, name: `${operation.name} ${c.label}` })),
  );

  test.each(list.filter((c) => c.differentiable !== false))("$name", (c) => {
    const x = c.shapes.map((shape) => random.uniform(random.key(seed + stream++), shape, { low: -2, high: 2 }));
    const v = c.shapes.map((shape) => draw(...shape).mul(0.5));
    const along = (t: number): Tensor[] => x.map((one, i) => add(one, mul(v[i] as Tensor, t)));
    const four = (f: (t: number) => number[], h: number): number[] => {
      const [a, b, d, e] = [f(h), f(-h), f(2 * h), f(-2 * h)] as [number[], number[], number[], number[]];
      return a.map((value, i) => (8 * (value - (b[i] as number)) - ((d[i] as number) - (e[i] as number))) / (12 * h));
    };
    const first = jvp((...args: Tensor[]) => c.apply(...args), x, v)[1];
    const numeric = tensor(four((t) => numbers(c.apply(...along(t))), 1e-4));
    expect(gap(first.reshape([-1]), numeric)).toBeLessThan(1e-7);
    const gradient = grad(
      (...args: Tensor[]) =>
        c
          .apply(...args)
          .square()
          .sum(),
      { wrt: x.map((_, i) => i) },
    );
    const [, second] = jvp((...args: Tensor[]) => gradient(...args), x, v) as unknown as [Tensor[], Tensor[]];
    const back = tensor(four((t) => gradient(...along(t)).flatMap(numbers), 1e-4));
    expect(gap(tensor(second.flatMap(numbers)), back)).toBeLessThan(1e-6);
  });

  test.each(list)("vmap of $name = a loop", (c) => {
    const inputs = c.shapes.map((shape) => draw(3, ...shape));
    for (let mask = 1; mask < 2 ** c.shapes.length; mask++) {
      const inAxes = c.shapes.map((_, i) => (mask & (1 << i) ? 0 : null));
      const part = (i: number, k: number): Tensor => at(inputs[i] as Tensor, inAxes[i] === 0 ? k : 0);
      const all = vmap((...x: Tensor[]) => c.apply(...x), { inAxes })(
        ...inputs.map((t, i) => (inAxes[i] === 0 ? t : at(t, 0))),
      );
      const each = stack([0, 1, 2].map((k) => c.apply(...inputs.map((_, i) => part(i, k)))));
      expect(all.shape).toEqual(each.shape);
      expect(gap(all, each)).toBeLessThan(1e-12);
    }
  });

  describe.each(["float64", "float32"] as const)("compiled, %s", (dtype) => {
    const tolerance = dtype === "float64" ? 1e-13 : 2e-6;
    test.each(list)("$name", (c) => {
      const x = c.shapes.map((shape) =>
        random.uniform(random.key(seed + stream++), shape, { low: -2, high: 2, dtype }),
      );
      const plain = c.apply(...x);
      const compiled = compile((...args: Tensor[]) => c.apply(...args))(...x);
      expect([compiled.dtype, compiled.shape]).toEqual([plain.dtype, plain.shape]);
      expect(gap(compiled, plain)).toBeLessThan(tolerance);
      if (c.differentiable === false) return;
      const gradient = grad((...args: Tensor[]) => sum(mul(c.apply(...args), c.apply(...args))), {
        wrt: x.map((_, i) => i),
      });
      const [back, expected] = [compile((...args: Tensor[]) => gradient(...args))(...x) as Tensor[], gradient(...x)];
      expected.forEach((t, i) => {
        expect(gap(back[i] as Tensor, t)).toBeLessThan(50 * tolerance);
      });
    });
  });

  test("the determinant of singular matrices, to second order", () => {
    const deficient = [
      zeros([3, 3]),
      matmul(draw(3, 1), draw(1, 3)),
      matmul(draw(4, 3), draw(3, 4)),
      zeros([1, 1]),
      zeros([2, 2]),
    ];
    for (const a of deficient) {
      const v = draw(...a.shape);
      expect(gap(jvp((x: Tensor) => det(x), [a], [v])[1], slope(det, a, v))).toBeLessThan(1e-9);
      const [, second] = jvp((x: Tensor) => grad((y: Tensor) => det(y))(x), [a], [v]);
      expect(
        gap(
          second,
          slope((x) => grad((y: Tensor) => det(y))(x), a, v),
        ),
      ).toBeLessThan(1e-9);
    }
    // det of 2 × 2: its Hessian is constant
    const h = hessian((x: Tensor) => det(x))(zeros([2, 2])) as Tensor;
    expect(
      gap(
        h.reshape([4, 4]),
        tensor([
          [0, 0, 0, 1],
          [0, 0, -1, 0],
          [0, -1, 0, 0],
          [1, 0, 0, 0],
        ]),
      ),
    ).toBeLessThan(1e-15);
  });

  test("third order where the matrix is regular, also with equal singular values", () => {
    const v = draw(3, 3);
    const second = (x: Tensor): Tensor => jvp((y: Tensor) => grad((z: Tensor) => det(z))(y), [x], [v])[1];
    expect(gap(jvp(second, [eye(3)], [v])[1], slope(second, eye(3), v))).toBeLessThan(1e-9);
  });

  test("eigenvalues keep their gradient where some coincide", () => {
    const weighted = grad((a: Tensor) => eigh(a).values.square().sum())(eye(3).mul(2));
    expect(gap(weighted, eye(3).mul(4))).toBeLessThan(1e-14);
    expect(numbers(grad((a: Tensor) => svd(a).s.sum())(eye(3)))).toEqual(numbers(eye(3)));
  });

  test("the symmetric part is what counts", () => {
    const a = add(gram(draw(3, 3)), triu(draw(3, 3), 1).mul(0.1));
    for (const f of [(x: Tensor) => cholesky(x).sum(), (x: Tensor) => eigh(x).values.square().sum()]) {
      const g = grad(f)(a);
      expect(gap(matrixTranspose(g), g)).toBeLessThan(1e-13);
      expect(f(a).item()).toBeCloseTo(f(symmetric(a).mul(0.5)).item(), 12);
    }
  });

  test("jacobians in both modes agree", () => {
    const a = gram(draw(3, 3));
    const f = (x: Tensor): Tensor => solve(x, [1, 2, 3]);
    const [forward, reverse] = (["forward", "reverse"] as const).map((mode) => jacobian(f, { mode })(a) as Tensor);
    expect(gap(forward as Tensor, reverse as Tensor)).toBeLessThan(1e-13);
  });
});

describe("generated code has the bits of the reference", () => {
  /** Runs the kernel that an operation asks for, between canaries. */
  function run(operation: Operation, inputs: readonly Tensor[], attributes: object): Data[] {
    const given = attributes as Readonly<Record<string, unknown>>;
    const inferred = operation.infer(inputs, given);
    const results = (Array.isArray(inferred) ? inferred : [inferred]) as readonly Type[];
    const request = operation.kernel?.(inputs, given, results[0] as Type);
    const module = new ModuleBuilder({ initialPages: 1 });
    const maker = linalgKernels[request?.name ?? ""];
    if (maker === undefined || request === undefined) throw new Error(`no kernel for ${operation.name}`);
    const { run: kernel, scratch } = maker(module, request.parameters, inputs, results);
    module.export("run", kernel);
    let next = 64;
    const place = (bytes: number): number => {
      const address = next;
      next = Math.ceil((next + bytes + 32) / 16) * 16;
      return address;
    };
    const addresses = [...inputs, ...results].map((t) => place(sizeOf(t.shape) * byteSize[t.dtype]));
    const work = place(scratch);
    const memory = new WebAssembly.Memory({ initial: Math.ceil((next + 64) / 65536) });
    new Uint8Array(memory.buffer).fill(0xa5);
    inputs.forEach((t, i) => {
      viewOf(t.dtype, memory.buffer, addresses[i] as number, t.size).set(t.data);
    });
    const before = new Uint8Array(memory.buffer.slice(0));
    const instance = new WebAssembly.Instance(new WebAssembly.Module(module.toBytes()), { env: { memory } });
    (instance.exports.run as (...args: number[]) => void)(...addresses, work);
    const outs = results.map((t, i) =>
      viewOf(t.dtype, memory.buffer, addresses[inputs.length + i] as number, sizeOf(t.shape)).slice(),
    );
    // Nothing is written beside the results and the scratch memory.
    const after = new Uint8Array(memory.buffer);
    results.forEach((t, i) => {
      const at = addresses[inputs.length + i] as number;
      before.set(after.subarray(at, at + sizeOf(t.shape) * byteSize[t.dtype]), at);
    });
    before.set(after.subarray(work, work + scratch), work);
    expect(Buffer.compare(before, after)).toBe(0);
    return outs;
  }

  function reference(operation: Operation, inputs: readonly Tensor[], attributes: object): readonly Data[] {
    const given = attributes as Readonly<Record<string, unknown>>;
    const values = inputs.map((t) => t.data);
    if (operation.evaluateAll !== undefined) return operation.evaluateAll(values, inputs, given);
    return [operation.evaluate(values, inputs, given, operation.infer(inputs, given) as Type)];
  }

  function same(operation: Operation, inputs: readonly Tensor[], attributes: object = {}): readonly Data[] {
    const [actual, expected] = [run(operation, inputs, attributes), reference(operation, inputs, attributes)];
    expected.forEach((data, i) => {
      // Faster than comparing elements, which only the bits of NaN need.
      const bytes = [actual[i] as Data, data].map((x) => Buffer.from(x.buffer, x.byteOffset, x.byteLength));
      if (Buffer.compare(bytes[0] as Buffer, bytes[1] as Buffer) !== 0) expect(actual[i]).toEqual(data);
    });
    return expected;
  }

  const single = (t: Tensor, dtype: "float64" | "float32"): Tensor =>
    tensor(Float64Array.from(t.data), { shape: t.shape }).cast(dtype);
  describe.each(["float64", "float32"] as const)("%s", (dtype) => {
    test.each(shapes)("square, %s", (...shape) => {
      const a = square(shape);
      const p = single(gram(a), dtype);
      const b = single(draw(...shape, 3), dtype);
      const other = single(a, dtype);
      same(records.choleskyOperation, [p]);
      same(records.eighOperation, [other]);
      same(records.luOperation, [other]);
      same(records.qrOperation, [other]);
      same(records.svdOperation, [other]);
      const { factors, order } = luFactors(other);
      for (const transpose of [true, false]) {
        same(luSolveOperation, [other, factors, order, b], { transpose });
        for (const lower of [true, false])
          for (const unitDiagonal of [true, false])
            same(records.triangularSolveOperation, [p, b], { lower, transpose, unitDiagonal });
      }
    });

    test.each([
      [0, 3],
      [3, 0],
      [5, 3],
      [3, 5],
      [40, 12],
      [12, 40],
      [2, 4, 3],
      [2, 3, 4],
    ])("rectangular, %s", (...shape) => {
      same(records.qrOperation, [single(draw(...shape), dtype)]);
      same(records.svdOperation, [single(draw(...shape), dtype)]);
    });
  });

  describe("around the edges of blocks", () => {
    const epsilon = 2 ** -52;
    const norm = (a: Tensor): number => Math.sqrt(sum(a.square()).item());
    const matrix = (data: Data | undefined, m: number, n: number): Tensor =>
      tensor(data as Float64Array, { shape: [m, n] });
    /** ‖a − b‖ in units of n·ε·‖b‖. */
    const residual = (a: Tensor, b: Tensor): number =>
      norm(sub(a, b)) / (Math.max(...b.shape) * epsilon * (norm(b) || 1));
    /** ‖qᵀ·q − 1‖ in units of n·ε. */
    const skew = (q: Tensor): number =>
      norm(sub(matmul(matrixTranspose(q), q), eye(q.shape[1] as number))) / (Math.max(...q.shape) * epsilon);
    const sizes = [1, 2, 3, 7, 8, 31, 32, 33, 63, 64, 65, 127, 130, 200];
    const tall = [
      [33, 32],
      [130, 33],
      [200, 17],
      [300, 65],
    ] as const;

    const checkSvd = (a: Tensor): void => {
      const [m, n] = a.shape as [number, number];
      const k = Math.min(m, n);
      const [u, s, v] = same(records.svdOperation, [a]).map((data, i) =>
        matrix(data, i === 0 ? m : i === 1 ? 1 : n, k),
      ) as [Tensor, Tensor, Tensor];
      expect(residual(matmul(mul(u, s), matrixTranspose(v)), a)).toBeLessThan(4);
      expect(Math.max(skew(u), skew(v))).toBeLessThan(4);
      expect(numbers(s).every((value, i, all) => value >= 0 && !(value > (all[i - 1] ?? Infinity)))).toBe(true);
    };
    const checkQr = (a: Tensor): void => {
      const [m, n] = a.shape as [number, number];
      const k = Math.min(m, n);
      const [q, r] = same(records.qrOperation, [a]);
      expect(residual(matmul(matrix(q, m, k), matrix(r, k, n)), a)).toBeLessThan(4);
      expect(skew(matrix(q, m, k))).toBeLessThan(4);
    };
    const checkEigh = (a: Tensor): void => {
      const n = a.shape[0] as number;
      const [values, vectors] = same(records.eighOperation, [a]);
      const [w, v] = [matrix(values, 1, n), matrix(vectors, n, n)];
      expect(residual(matmul(mul(v, w), matrixTranspose(v)), a)).toBeLessThan(4);
      expect(skew(v)).toBeLessThan(4);
    };

    test.each(sizes)("definite and triangular, %s", (n) => {
      const p = gram(draw(n, n)).div(n);
      const [l] = same(records.choleskyOperation, [p]);
      const factor = matrix(l, n, n);
      expect(residual(matmul(factor, matrixTranspose(factor)), p)).toBeLessThan(4);
      for (const k of [1, 3, 17]) {
        const b = draw(n, k);
        for (const lower of [true, false])
          for (const transpose of [true, false])
            same(records.triangularSolveOperation, [p, b], { lower, transpose, unitDiagonal: n > 60 });
      }
    });

    test.each(sizes)("LU, %s", (n) => {
      const a = draw(n, n);
      const [lu, order] = same(records.luOperation, [a]);
      const both = matrix(lu, n, n);
      const product = matmul(add(tril(both, -1), eye(n)), triu(both));
      const permuted = stack(Array.from(order as Int32Array, (i) => at(a, i)));
      expect(residual(product, permuted)).toBeLessThan(4);
      const { factors, order: places } = luFactors(a);
      for (const transpose of [true, false]) same(luSolveOperation, [a, factors, places, draw(n, 5)], { transpose });
    });

    test.each(sizes)("orthogonal, %s", (n) => {
      const a = draw(n, n);
      checkQr(a);
      checkEigh(symmetric(a));
      checkSvd(a);
    });

    test.each(tall)("orthogonal, %s × %s", (m, n) => {
      const a = draw(m, n);
      for (const x of [a, matrixTranspose(a)]) {
        checkQr(tensor(x.data, { shape: x.shape }));
        checkSvd(tensor(x.data, { shape: x.shape }));
      }
    });

    test("hard spectra: none, one value, two clusters, graded, of low rank, a chain", () => {
      const n = 66;
      const of = (f: (i: number, j: number) => number): Tensor =>
        tensor(
          Float64Array.from({ length: n * n }, (_, at) => f(Math.floor(at / n), at % n)),
          { shape: [n, n] },
        );
      const hard = [
        zeros([n, n]),
        eye(n),
        of(() => 1),
        of((i, j) => (i === j ? (i % 2) + 1 : 0)),
        of((i, j) => (i === j ? 10 ** (-i / 2) : 0)),
        of((i, j) => 10 ** (-(i + j) / 4)),
        of((i, j) => 10 ** ((i + j) / 4)),
        of((i, j) => 1 / (i + j + 1)),
        of((i, j) => (Math.abs(i - j) === 1 ? 1 : 0)),
        of((i, j) => (Math.abs(i - j) === 1 ? 1 : i === j ? Math.abs(i - n / 2) : 0)),
        of((i, j) => (i === j - 1 ? 1 : 0)),
        of((i, j) => (i === j || i === j - 1 ? (i === 20 || i === 65 ? 0 : 1) : 0)),
        symmetric(matmul(draw(n, 3), draw(3, n))),
      ];
      for (const a of hard) {
        checkQr(a);
        checkEigh(symmetric(a));
        checkSvd(a);
      }
    });
  });

  test("what is singular, not definite or not finite", () => {
    const odd = [
      zeros([3, 3]),
      tensor([
        [1, 2],
        [2, 4],
      ]),
      tensor([
        [1, 2],
        [2, 1],
      ]),
      tensor([
        [Number.NaN, 1],
        [1, 2],
      ]),
      tensor([
        [Infinity, 1],
        [1, 2],
      ]),
      eye(5),
      matmul(draw(6, 2), draw(2, 6)),
      draw(4, 4).mul(1e-200),
    ];
    for (const a of odd) {
      const n = a.shape[0] as number;
      const { choleskyOperation, eighOperation, luOperation, qrOperation, svdOperation } = records;
      for (const operation of [choleskyOperation, eighOperation, luOperation, qrOperation, svdOperation]) {
        same(operation, [a]);
      }
      const { factors, order } = luFactors(a);
      same(luSolveOperation, [a, factors, order, draw(n, 2)], { transpose: false });
    }
  });
});

test.each([1.5e-323, 5e-324, 1e-310, 1e-160])(
  "elements of %d beside ordinary ones: orthogonal factors all the same",
  (t) => {
    const a = tensor([
      [0, t, t, 3 * t],
      [t, 0, -(2 ** -15), t],
      [t, -(2 ** -15), 0, 0],
      [3 * t, t, 0, t],
    ]);
    const check = (name: string, q: Tensor): void => {
      const off = matmul(matrixTranspose(q), q).sub(eye(q.shape[1] as number));
      expect(off.abs().max().item(), name).toBeLessThan(1e-14);
    };
    for (const run of [
      <T>(f: (a: Tensor) => T) => f(a),
      <T>(f: (a: Tensor) => T) => (compile(f as never) as never as (a: Tensor) => T)(a),
    ]) {
      const { values, vectors } = run((a) => ({ ...eigh(a) }));
      check("eigh", vectors);
      expect(values.data.every(Number.isFinite)).toBe(true);
      expect(matmul(vectors.mul(values), matrixTranspose(vectors)).sub(a).abs().max().item()).toBeLessThan(1e-18);
      const { q, r } = run((a) => ({ ...qr(a) }));
      check("qr", q);
      expect(matmul(q, r).sub(a).abs().max().item()).toBeLessThan(1e-18);
      const { u, s, v } = run((a) => ({ ...svd(a) }));
      check("svd u", u);
      check("svd v", v);
      expect(matmul(u.mul(s), matrixTranspose(v)).sub(a).abs().max().item()).toBeLessThan(1e-18);
    }
  },
);
