/** Sparse derivatives: patterns and colours that are known on paper, and what the tables of the laws cannot show. */
import {
  compile,
  concatenate,
  cond,
  customDerivative,
  greater,
  hessian,
  jacobian,
  less,
  NablaError,
  ones,
  random,
  type SparseMatrix,
  scan,
  square,
  sum,
  type Tensor,
  take,
  tensor,
  toDense,
  vmap,
  whileLoop,
} from "nabla";
import { describe, expect, test } from "vitest";
import { linearMap } from "../src/derivative/products.ts";
import { columnColoring, starColoring } from "../src/derivative/sparse/coloring.ts";
import { fromRows, type Pattern, patternOf, transposed } from "../src/derivative/sparse/pattern.ts";
import { setPool } from "../src/derivative/sparse/pool.ts";
import { draws, seed } from "./laws/cases.ts";

const list = (t: Tensor): number[] => Array.from(t.data);
const places = ({ rows, columns }: SparseMatrix): string[] => list(rows).map((r, k) => `${r},${columns.data[k]}`);
const patternFor = (f: (x: Tensor) => Tensor, n: number): Pattern =>
  patternOf(linearMap("test", ([x]) => [f(x as Tensor)], [ones([n])]));

/** n − 1 residuals xᵢ₊₁ − xᵢ², each of two neighbours. */
const chained = (x: Tensor): Tensor => x.slice([[1, x.size]]).sub(square(x.slice([[0, x.size - 1]])));

describe("sets", () => {
  test("equal sets have one number, unions hold what both hold", () => {
    const next = draws(seed);
    const pool = setPool();
    const sets = [{ id: 0, items: new Set<number>() }];
    for (let i = 0; i < 3000; i++) {
      const [a, b] = [sets[next(sets.length)], sets[next(sets.length)]] as [(typeof sets)[0], (typeof sets)[0]];
      const fresh = next(40);
      const id = i % 3 === 0 ? pool.single(fresh) : pool.union(a.id, b.id);
      const items = i % 3 === 0 ? new Set([fresh]) : new Set([...a.items, ...b.items]);
      expect(Array.from(pool.elements(id))).toEqual([...items].sort((x, y) => x - y));
      sets.push({ id, items });
    }
    const byContent = new Map<string, number>();
    for (const { id, items } of sets) {
      const key = [...items].sort().join();
      expect(byContent.get(key) ?? id).toBe(id);
      byContent.set(key, id);
    }
  });
});

describe("colours", () => {
  const random = (rows: number, columns: number, salt: number): Pattern => {
    const next = draws(seed + salt);
    const lists = Array.from({ length: rows }, () =>
      Array.from({ length: columns }, (_, c) => c).filter(() => next(5) === 0),
    );
    return fromRows(lists, columns);
  };
  const rowsOf = ({ starts, columns, shape }: Pattern): number[][] =>
    Array.from({ length: shape[0] }, (_, i) => Array.from(columns.subarray(starts[i], starts[i + 1])));

  test("two columns of one colour share no row", () => {
    for (let k = 0; k < 50; k++) {
      const pattern = random(12, 17, k);
      const { colors, count } = columnColoring(pattern);
      for (const row of rowsOf(pattern)) {
        const used = row.map((c) => colors[c]);
        expect(new Set(used).size).toBe(used.length);
      }
      expect(Math.max(...colors)).toBe(count - 1);
      expect(transposed(transposed(pattern))).toEqual(pattern);
    }
  });

  test("no path of four vertices has two colours", () => {
    for (let k = 0; k < 50; k++) {
      const half = rowsOf(random(13, 13, 100 + k));
      const rows = half.map((row, i) =>
        half.flatMap((r, j) => (i === j || row.includes(j) || r.includes(i) ? [j] : [])),
      );
      const { colors } = starColoring(fromRows(rows, 13));
      const color = (i: number): number => colors[i] as number;
      const next = (i: number, ...not: number[]): number[] =>
        (rows[i] ?? []).filter((j) => j !== i && !not.includes(j));
      for (let a = 0; a < 13; a++)
        for (const b of next(a)) {
          expect(color(a)).not.toBe(color(b));
          for (const c of next(b, a))
            for (const d of next(c, a, b)) expect(new Set([a, b, c, d].map(color)).size).toBeGreaterThan(2);
        }
    }
  });

  test("as few as are known: a band takes its width, an arrow two by its symmetry", () => {
    expect(columnColoring(patternFor(chained, 50)).count).toBe(2);
    const band = patternOf(linearMap("test", ([x]) => [conv(x as Tensor)], [ones([60])]));
    expect(columnColoring(band).count).toBe(5);
    const arrow = fromRows(
      Array.from({ length: 40 }, (_, i) => (i === 0 ? Array.from({ length: 40 }, (_, j) => j) : [0, i])),
      40,
    );
    expect(starColoring(arrow).count).toBe(2);
    expect(columnColoring(arrow).count).toBe(40);
  });
  const conv = (x: Tensor): Tensor =>
    [0, 1, 2, 3, 4].map((k) => square(x.slice([[k, x.size - 4 + k]]))).reduce((a, b) => a.add(b));
});

describe("what is sparse", () => {
  test("entries come row by row, for every tensor of a tree", () => {
    const f = (p: { a: Tensor; b: Tensor }): { first: Tensor; fixed: Tensor; second: Tensor } => ({
      first: p.a.mul(p.b.at(1)),
      fixed: tensor([1, 2]),
      second: p.b.sum(),
    });
    const matrix = jacobian(f, { sparse: true })({ a: [2, 3], b: [5, 7, 11] });
    expect(places(matrix)).toEqual(["0,0", "0,3", "1,1", "1,3", "4,2", "4,3", "4,4"]);
    expect(list(matrix.values)).toEqual([7, 2, 7, 3, 1, 1, 1]);
  });

  test("places of a gather count when they are known, in loops too; else all may be meant", () => {
    const order = tensor([3, 1, 1], { dtype: "int32" });
    expect(places(jacobian((x) => take(x, order), { sparse: true })([1, 2, 3, 4]))).toEqual(["0,3", "1,1", "2,1"]);
    const looped = (x: Tensor): Tensor =>
      scan((i: Tensor, k: Tensor) => [i.add(1), take(x, i).mul(take(x, k))], tensor(0, { dtype: "int32" }), order)[1];
    expect(places(jacobian(looped, { sparse: true })([1, 2, 3, 4]))).toEqual(["0,0", "0,3", "1,1", "2,1", "2,2"]);
    const asked = compile((x: Tensor, at: Tensor) => jacobian((v: Tensor) => take(v, at), { sparse: true })(x));
    const unknown = asked(tensor([1, 2, 3, 4]), order);
    expect(list(toDense(unknown, [3, 4]))).toEqual([0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0]);
    expect(unknown.values.size).toBe(12);
  });

  test("places that are not there belong to branches that are not taken", () => {
    const steps = tensor(0, { dtype: "int32" });
    const f = (x: Tensor): Tensor =>
      scan(
        (i: Tensor) => [
          i.add(1),
          cond(
            less(i, 3),
            (v: Tensor, k: Tensor) => take(v, k).mul(take(v, take([2, 1, 0], k).cast("int32"))),
            (v: Tensor, _: Tensor) => v.at(0),
            x,
            i,
          ),
        ],
        steps,
        null,
        { length: 5 },
      )[1];
    const x = [1, 2, 3];
    const dense = list(jacobian(f)(x));
    for (const mode of ["forward", "reverse"] as const)
      expect(list(toDense(jacobian(f, { sparse: true, mode })(x), [5, 3]))).toEqual(dense);
  });

  test("an index that many steps pass on as it is", () => {
    const f = (x: Tensor): Tensor =>
      scan(
        ({ i, h }: { i: Tensor; h: Tensor }) => [{ i, h: h.add(take(x, i)) }, undefined],
        { i: tensor(1, { dtype: "int32" }), h: tensor(0) },
        null,
        { length: 5000 },
      )[0].h.reshape([1]);
    expect(places(jacobian(f, { sparse: true })([1, 2, 3]))).toEqual(["0,1"]);
  });

  test("a loop of unknown length reaches as far as it may", () => {
    const shift = (x: Tensor): Tensor =>
      whileLoop(
        (s: { k: Tensor; x: Tensor }) => s.k.less(2),
        (s) => ({ k: s.k.add(1), x: s.x.add(s.x.pad([[1, 0]]).slice([[0, 4]])) }),
        { k: tensor(0), x },
      ).x;
    const matrix = jacobian(shift, { sparse: true, mode: "forward" })([1, 2, 3, 4]);
    expect(matrix.values.size).toBe(10);
    expect(list(toDense(matrix, [4, 4]))).toEqual(list(jacobian(shift, { mode: "forward" })([1, 2, 3, 4]) as Tensor));
  });

  test("systems beside each other do not mix", () => {
    const many = (x: Tensor): Tensor => vmap((v: Tensor) => v.mul(v.sum()))(x);
    const matrix = jacobian(many, { sparse: true })(ones([20, 3]));
    expect(matrix.values.size).toBe(20 * 9);
  });

  test("compiled as uncompiled, float32 as float32", () => {
    const cost = (x: Tensor): Tensor => sum(square(chained(x))).add(sum(square(x.sub(1))));
    for (const dtype of ["float64", "float32"] as const) {
      const x = random.uniform(random.key(seed), [30], { dtype });
      const eager = hessian(cost, { sparse: true })(x);
      const compiled = compile(hessian(cost, { sparse: true }))(x);
      expect(eager.values.dtype).toBe(dtype);
      expect(places(compiled)).toEqual(places(eager));
      expect(places(eager).length).toBe(30 + 2 * 29);
      list(compiled.values).forEach((v, k) => {
        const w = eager.values.data[k] as number;
        expect(Math.abs(v - w)).toBeLessThanOrEqual((dtype === "float64" ? 1e-13 : 1e-5) * Math.max(1, Math.abs(w)));
      });
    }
  });

  test("nothing, constants, and wrong shapes", () => {
    expect(jacobian((x) => x.mul(0).at(0).add(1), { sparse: true })([1]).values.shape).toEqual([1]);
    expect(jacobian(() => tensor([1, 2]), { sparse: true })([1, 2, 3]).values.shape).toEqual([0]);
    expect(jacobian((x) => x, { sparse: true })(tensor([])).values.shape).toEqual([0]);
    expect(hessian((x) => x.sum(), { sparse: true })([1, 2, 3]).values.shape).toEqual([0]);
    const matrix = jacobian((x) => x, { sparse: true })([1, 2]);
    expect(() => toDense(matrix, [2] as unknown as [number, number])).toThrow(NablaError);
    expect(() => toDense(matrix, [1, 1])).toThrow(NablaError);
    for (const no of [undefined, 5, {}, [1, 2]])
      expect(() => toDense(no as unknown as SparseMatrix, [1, 1])).toThrow(/E-VALUE toDense: expected a sparse matrix/);
    const wide = jacobian((x) => x.slice([[1, 3]]), { sparse: true })([1, 2, 3]);
    for (const put of [toDense, compile((m: typeof wide) => toDense(m, [3, 2]))])
      expect(() => put(wide, [3, 2])).toThrow(/E-INDEX/);
  });

  test("a stated derivative that is none has a Hessian that is not symmetric", () => {
    const tilted = customDerivative((x: Tensor) => x.mul(1), {
      jvp: ([x]: readonly [Tensor], [t]: readonly [Tensor]) => [x.mul(1), t.mul(x.at(1))] as const,
    });
    const f = (x: Tensor): Tensor => sum(square(cond(greater(x.at(0), 0), tilted, (v: Tensor) => v, x)));
    const dense = list(hessian(f)([1, 2, 3]) as Tensor);
    expect(dense).not.toEqual(list((hessian(f)([1, 2, 3]) as Tensor).transpose()));
    expect(list(toDense(hessian(f, { sparse: true })([1, 2, 3]), [3, 3]))).toEqual(dense);
  });

  test("options that are none", () => {
    const code = (f: () => unknown): string => {
      try {
        f();
      } catch (error) {
        return error instanceof NablaError ? error.code : String(error);
      }
      return "no error";
    };
    const square = (x: Tensor): Tensor => x.mul(x);
    for (const options of [{ sparse: "yes" }, { sparse: null }, { spares: true }, null])
      expect(code(() => jacobian(square, options as never))).toBe("E-OPTION");
    for (const options of [{ sparse: 1 }, { mode: "reverse" }])
      expect(code(() => hessian(square, options as never))).toBe("E-OPTION");
  });

  test("a sum over a hundred thousand unknowns, and an unknown in that many terms, take one pass more", () => {
    const n = 1e5;
    const x = ones([n]);
    const withSum = jacobian((v: Tensor) => concatenate([square(v), v.sum().reshape([1])]), { sparse: true })(x);
    expect(withSum.values.size).toBe(2 * n);
    const arrow = hessian((v: Tensor) => sum(square(v.slice([[1, n]]))).mul(v.at(0)), { sparse: true })(x);
    expect(arrow.values.size).toBe(3 * (n - 1));
    expect(list(arrow.values).every((v) => v === 2)).toBe(true);
    // Both a full row and a full column, where nothing is symmetric.
    const cross = (v: Tensor): Tensor => concatenate([v.slice([[1, n]]).mul(v.at(0)), v.sum().reshape([1])]);
    expect(() => jacobian(cross, { sparse: true })(x)).toThrow(/E-LIMIT/);
  });

  test("ten thousand unknowns", () => {
    const cost = (x: Tensor): Tensor => sum(square(chained(x)));
    const x = ones([10000]);
    const { values } = compile(hessian(cost, { sparse: true }))(x);
    expect(values.size).toBe(10000 + 2 * 9999);
    expect(list(values).slice(0, 4)).toEqual([8, -4, -4, 10]);
  });
});
