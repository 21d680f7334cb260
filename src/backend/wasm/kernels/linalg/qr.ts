/** Householder reflections: the steps of `ops/linalg/numerics/qr.ts`. */
import { sizeOf } from "../../../../base/shape.ts";
import type { Type } from "../../../../graph/operation.ts";
import {
  type Code,
  call,
  type FunctionReference,
  f64,
  i32,
  type ModuleBuilder,
  memory,
  select,
  sequence,
  when,
} from "../../encode.ts";
import type { KernelMaker } from "../../kernel.ts";
import { copyBytes, type Int, int, plus, times } from "../memory.ts";
import {
  abs,
  add,
  div,
  down,
  fill,
  forEachMatrix,
  get,
  mul,
  neg,
  one,
  put,
  reals,
  row,
  sqrt,
  sub,
  subtract,
  zero,
} from "./matrices.ts";

/** (w, j, v) → β */
const reflection = (module: ModuleBuilder, m: number, n: number): FunctionReference<"f64"> =>
  module.once(`reflection:${[m, n]}`, () =>
    module.function(["i32", "i32", "i32"], "f64", (f, w, j, v) => {
      const [big, head, sum, x, first, length, alpha, beta] = reals(f, 8) as Eight;
      const element = (i: Int) => get(row(w.get, i, n), j.get);
      const below = (body: (i: Int) => Code): Code => f.for(plus(j.get, int(1)), int(m), 1, body);
      const greater = (value: typeof zero): Code => [x.set(abs(value)), when(f64.gt(x.get, big.get), big.set(x.get))];
      const statements: Code[] = [
        below((i) => greater(element(i))),
        when(f64.ne(big.get, zero), [
          head.set(element(j.get)),
          greater(head.get),
          f.for(j.get, int(m), 1, (i) => [x.set(div(element(i), big.get)), sum.set(add(sum.get, mul(x.get, x.get)))]),
          length.set(mul(big.get, sqrt(sum.get))),
          alpha.set(select(f64.gt(head.get, zero), neg(length.get), length.get)),
          first.set(sub(head.get, alpha.get)),
          put(v.get, j.get, one),
          below((i) => put(v.get, i, div(element(i), first.get))),
          beta.set(div(neg(first.get), alpha.get)),
        ]),
      ];
      return sequence(statements, beta.get);
    }),
  );
type Real = ReturnType<typeof reals>[number];
type Eight = [Real, Real, Real, Real, Real, Real, Real, Real];

/** (w, from, v, β, work): rows and columns from `from` on of w, [m, n]. */
const reflect = (module: ModuleBuilder, m: number, n: number): FunctionReference<undefined> =>
  module.once(`reflect:${[m, n]}`, () =>
    module.function(["i32", "i32", "i32", "f64", "i32"], undefined, (f, w, from, v, beta, work) => {
      const c = f.local("f64");
      return [
        fill(f, work.get, int(n), zero),
        f.for(from.get, int(m), 1, (i) => [
          c.set(get(v.get, i)),
          f.for(from.get, int(n), 1, (p) =>
            put(work.get, p, add(get(work.get, p), mul(c.get, get(row(w.get, i, n), p)))),
          ),
        ]),
        f.for(from.get, int(m), 1, (i) => [
          c.set(mul(beta.get, get(v.get, i))),
          subtract(f, row(w.get, i, n), c.get, work.get, from.get, int(n)),
        ]),
      ];
    }),
  );

const core = (module: ModuleBuilder, m: number, n: number): FunctionReference<undefined> => {
  const k = Math.min(m, n);
  const make = reflection(module, m, n);
  const [onW, onQ] = [reflect(module, m, n), reflect(module, m, k)];
  return module.once(`qr.core:${[m, n]}`, () =>
    module.function(["i32", "i32", "i32", "i32"], undefined, (f, a, q, r, work) => {
      const { vectors, betas, line } = layout(m, n);
      const v = (j: Int): Int => plus(row(work.get, j, m), int(vectors));
      const beta = f.local("f64");
      const betaAt = plus(work.get, int(betas));
      const lineAt = plus(work.get, int(line));
      return [
        copyBytes(work.get, a.get, 8 * m * n),
        memory.fill(plus(work.get, int(vectors)), int(0), int(8 * k * m)),
        f.for(int(0), int(k), 1, (j) => [
          beta.set(call(make, work.get, j, v(j))),
          put(betaAt, j, beta.get),
          when(f64.ne(beta.get, zero), call(onW, work.get, j, v(j), beta.get, lineAt)),
        ]),
        memory.fill(q.get, int(0), int(8 * m * k)),
        f.for(int(0), int(k), 1, (j) => put(row(q.get, j, k), j, one)),
        down(f, int(k), int(0), (j) => [
          beta.set(get(betaAt, j)),
          when(f64.ne(beta.get, zero), call(onQ, q.get, j, v(j), beta.get, lineAt)),
        ]),
        memory.fill(r.get, int(0), int(8 * k * n)),
        f.for(int(0), int(k), 1, (i) => [
          memory.copy(plus(row(r.get, i, n), bytes(i)), plus(row(work.get, i, n), bytes(i)), bytes(i32.sub(int(n), i))),
          when(f64.lt(get(row(work.get, i, n), i), zero), [
            f.for(i, int(n), 1, (j) => put(row(r.get, i, n), j, neg(get(row(r.get, i, n), j)))),
            f.for(int(0), int(m), 1, (p) => put(row(q.get, p, k), i, neg(get(row(q.get, p, k), i)))),
          ]),
        ]),
      ];
    }),
  );
};

const bytes = (count: Int): Int => times(count, 8);

/** Scratch: the matrix that becomes r, then the vectors of the reflections, their β, one row. */
function layout(m: number, n: number): { vectors: number; betas: number; line: number; bytes: number } {
  const k = Math.min(m, n);
  const vectors = 8 * m * n;
  const betas = vectors + 8 * k * m;
  const line = betas + 8 * k;
  return { vectors, betas, line, bytes: line + 8 * n };
}

export const qr: KernelMaker = (module, _parameters, inputs, results) => {
  const { shape } = inputs[0] as Type;
  const [m, n] = shape.slice(-2) as [number, number];
  const batch = sizeOf(shape.slice(0, -2));
  return forEachMatrix(module, `qr:${[m, n]}`, batch, inputs, results, layout(m, n).bytes, () => core(module, m, n));
};
