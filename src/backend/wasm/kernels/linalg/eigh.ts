/** Symmetric eigenproblems: the steps of `ops/linalg/numerics/eigh.ts`; the vectors follow the rotations in sweeps. */
import { sizeOf } from "../../../../base/shape.ts";
import type { Type } from "../../../../graph/operation.ts";
import { maxSteps, negligible } from "../../../../ops/linalg/numerics/eigh.ts";
import {
  block,
  branch,
  branchIf,
  type Code,
  call,
  type FunctionReference,
  f64,
  i32,
  loop,
  type ModuleBuilder,
  select,
  sequence,
  when,
} from "../../encode.ts";
import type { KernelMaker } from "../../kernel.ts";
import { type Int, int, plus } from "../memory.ts";
import { formProduct, formTriangles, reflectionBytes } from "./block-reflector.ts";
import {
  abs,
  add,
  cell,
  div,
  down,
  fill,
  finiteness,
  forEachMatrix,
  get,
  ints,
  mul,
  neg,
  nothing,
  one,
  put,
  type Real,
  reals,
  row,
  scaleOf,
  sortValues,
  spread,
  sub,
  zero,
} from "./matrices.ts";
import { hypotenuse } from "./rotation.ts";
import { intoPanels, outOfPanels, panelBytes, recordBytes, sweepsOver } from "./sweeps.ts";
import { tridiagonalize, tridiagonalReflections, tridiagonalWork } from "./tridiagonal.ts";

/** (z, d, e, record) → 1 if it converged. z is in panels. */
const diagonalize = (module: ModuleBuilder, n: number): FunctionReference<"i32"> => {
  const hypot = hypotenuse(module);
  return module.once(`diagonalize:${n}`, () =>
    module.function(["i32", "i32", "i32", "i32"], "i32", (f, z, d, e, record) => {
      const [shift, size, small, first, off, p, r, second, h] = reals(f, 9) as Local[] as Nine;
      const [c, c2, c3, s, s2, beside, ei, di, g] = reals(f, 9) as Nine;
      const [t, length] = reals(f, 2) as [Local, Local];
      const [m, steps, failed] = ints(f, 3) as [IntLocal, IntLocal, IntLocal];
      const sweeps = sweepsOver(module, f, n, false, z, record);
      const rotation = (i: Int): Code => [
        c3.set(c2.get),
        c2.set(c.get),
        s2.set(s.get),
        ei.set(get(e.get, i)),
        di.set(get(d.get, i)),
        g.set(mul(c.get, ei.get)),
        t.set(mul(c.get, p.get)),
        length.set(call(hypot, p.get, ei.get)),
        put(e.get, plus(i, int(1)), mul(s.get, length.get)),
        s.set(div(ei.get, length.get)),
        c.set(div(p.get, length.get)),
        p.set(sub(mul(c.get, di.get), mul(s.get, g.get))),
        put(d.get, plus(i, int(1)), add(t.get, mul(s.get, add(mul(c.get, g.get), mul(s.get, di.get))))),
        sweeps.rotation(c.get, s.get),
      ];
      const step = (l: Int): Code => [
        first.set(get(d.get, l)),
        off.set(get(e.get, l)),
        p.set(div(sub(get(d.get, plus(l, int(1))), first.get), mul(f64.const(2), off.get))),
        r.set(call(hypot, p.get, one)),
        r.set(select(f64.lt(p.get, zero), neg(r.get), r.get)),
        put(d.get, l, div(off.get, add(p.get, r.get))),
        second.set(mul(off.get, add(p.get, r.get))),
        put(d.get, plus(l, int(1)), second.get),
        h.set(sub(first.get, get(d.get, l))),
        f.for(plus(l, int(2)), int(n), 1, (i) => put(d.get, i, sub(get(d.get, i), h.get))),
        shift.set(add(shift.get, h.get)),
        p.set(get(d.get, m.get)),
        [c, c2, c3].map((x) => x.set(one)),
        [s, s2].map((x) => x.set(zero)),
        beside.set(get(e.get, plus(l, int(1)))),
        sweeps.begin(m.get, i32.sub(m.get, l)),
        down(f, m.get, l, rotation),
        p.set(div(mul(mul(mul(mul(neg(s.get), s2.get), c3.get), beside.get), get(e.get, l)), second.get)),
        put(e.get, l, mul(s.get, p.get)),
        put(d.get, l, mul(c.get, p.get)),
      ];
      const eigenvalue = (l: Int): Code => [
        r.set(add(abs(get(d.get, l)), abs(get(e.get, l)))),
        size.set(f64.max(size.get, r.get)),
        small.set(f64.max(mul(f64.const(2 ** -52), size.get), f64.const(negligible))),
        m.set(l),
        block(
          loop([
            branchIf(f64.le(abs(get(e.get, m.get)), small.get), 1),
            // e[n − 1] is 0
            m.set(plus(m.get, int(1))),
            branchIf(i32.ltS(m.get, int(n)), 0),
          ]),
        ),
        when(i32.gtS(m.get, l), [
          steps.set(int(0)),
          block(
            loop([
              when(i32.eq(steps.get, int(maxSteps)), [failed.set(int(1)), branch(2)]),
              steps.set(plus(steps.get, int(1))),
              step(l),
              branchIf(f64.gt(abs(get(e.get, l)), small.get), 0),
            ]),
          ),
        ]),
        put(d.get, l, add(get(d.get, l), shift.get)),
        put(e.get, l, zero),
      ];
      return sequence([sweeps.reset, f.for(int(0), int(n), 1, eigenvalue), sweeps.apply], i32.eqz(failed.get));
    }),
  );
};
type Local = ReturnType<typeof reals>[number];
type IntLocal = ReturnType<typeof ints>[number];
type Nine = [Local, Local, Local, Local, Local, Local, Local, Local, Local];

/** Scratch memory: the matrix, then its vectors in panels; the product of the reflections; e; the reflections, then the record; lines; order. */
function parts(n: number) {
  const product = Math.max(8 * n * n, panelBytes(n));
  const e = product + 8 * n * spread(n);
  const reflections = e + 8 * n;
  const lines = reflections + Math.max(reflectionBytes(tridiagonalReflections(n)), recordBytes(n));
  const order = lines + tridiagonalWork(n);
  return { product, e, order, reflections, lines, end: order + 4 * n };
}

const core = (module: ModuleBuilder, n: number): FunctionReference<undefined> => {
  const given = tridiagonalReflections(n);
  const reduce = tridiagonalize(module, n);
  const [triangles, form] = [formTriangles(module, given), formProduct(module, given, n)];
  const [turn, turnBack] = [intoPanels(module, n), outOfPanels(module, n)];
  const rotate = diagonalize(module, n);
  const range = scaleOf(module);
  return module.once(`eigh.core:${n}`, () =>
    module.function(["i32", "i32", "i32", "i32"], undefined, (f, a, values, vectors, work) => {
      const [sum, scale] = reals(f, 2) as [Local, Local];
      const fine = f.local("i32");
      const at = parts(n);
      const [q, e, order, h, lines] = [at.product, at.e, at.order, at.reflections, at.lines].map((bytes) =>
        plus(work.get, int(bytes)),
      ) as [Int, Int, Int, Int, Int];
      const element = (i: Int, j: Int): Real => get(a.get, cell(i, n, j));
      return [
        f.for(int(0), int(n), 1, (i) =>
          f.for(int(0), int(n), 1, (j) =>
            put(row(work.get, i, n), j, mul(add(element(i, j), element(j, i)), f64.const(0.5))),
          ),
        ),
        finiteness(f, sum, work.get, n * n),
        when(f64.eq(sum.get, zero), [
          scale.set(call(range, work.get, int(n * n))),
          f.for(int(0), int(n * n), 1, (i) => put(work.get, i, mul(get(work.get, i), scale.get))),
          call(reduce, work.get, values.get, e, h, lines),
          call(triangles, h),
          call(form, h, q),
          call(turn, q, work.get),
          fine.set(call(rotate, work.get, values.get, e, h)),
        ]),
        when(
          fine.get,
          [
            sortValues(f, values.get, order, n, f64.lt),
            f.for(int(0), int(n), 1, (i) => put(values.get, i, div(get(values.get, i), scale.get))),
            call(turnBack, work.get, order, vectors.get),
          ],
          [fill(f, values.get, int(n), f64.const(Number.NaN)), fill(f, vectors.get, int(n * n), f64.const(Number.NaN))],
        ),
      ];
    }),
  );
};

export const eigh: KernelMaker = (module, _parameters, inputs, results) => {
  const { shape } = inputs[0] as Type;
  const n = shape.at(-1) as number;
  const batch = sizeOf(shape.slice(0, -2));
  if (n === 0) return nothing(module, 4);
  return forEachMatrix(module, "eigh", batch, inputs, results, parts(n).end, () => core(module, n));
};
