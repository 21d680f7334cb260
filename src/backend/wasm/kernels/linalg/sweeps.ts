/**
 * Sweeps of plane rotations, recorded first and applied to the rows of a matrix later, a few columns at a time: a row
 * is read and written once in a sweep, and the columns stay in the cache for many sweeps (Van Zee, van de Geijn and
 * Quintana-Ortí 2014, "Restructuring the tridiagonal and bidiagonal QR algorithms for performance").
 */
import {
  type Code,
  call,
  type FunctionBuilder,
  type FunctionReference,
  f64,
  f64x2,
  i32,
  type Local,
  type ModuleBuilder,
  v128,
  when,
  whileDo,
} from "../../encode.ts";
import { at, type Int, int, plus, times } from "../memory.ts";
import { get, neg, put, type Real, spread } from "./matrices.ts";

/** Vectors of two columns that are rotated together. */
const vectors = 4;
/** Columns of a panel, in which the elements of a row lie beside each other and the rows below each other. */
const panelColumns = 2 * vectors;
const panelRow = 8 * panelColumns;
const sweepsAtOnce = 16;
const head = 16;
const rotationBytes = 16;

const panelsOf = (n: number): number => Math.ceil(n / panelColumns);
/** Bytes of an n × n matrix in panels of columns. */
export const panelBytes = (n: number): number => panelsOf(n) * n * panelRow;
/** Bytes of a record. */
export const recordBytes = (n: number): number => sweepsAtOnce * (head + rotationBytes * n);

/** Address of the element in row 0 of a column. */
const columnOf = (z: Int, n: number, j: Int): Int => {
  const panel = i32.shrU(j, int(Math.log2(panelColumns)));
  return plus(plus(z, times(panel, n * panelRow)), times(i32.and(j, int(panelColumns - 1)), 8));
};

/** (q, z): the columns of q, [n, n] with rows spread, become the rows of z. */
export const intoPanels = (module: ModuleBuilder, n: number): FunctionReference<undefined> =>
  module.once(`panels.into:${n}`, () =>
    module.function(["i32", "i32"], undefined, (f, q, z) => {
      const to = f.local("i32");
      return f.for(int(0), int(n), 1, (j) => [
        to.set(columnOf(z.get, n, j)),
        f.for(int(0), int(n), 1, (i) => [put(to.get, int(0), get(q.get, i)), to.set(plus(to.get, int(panelRow)))]),
        q.set(plus(q.get, int(8 * spread(n)))),
      ]);
    }),
  );

/** (z, order, out): column i of out, [n, n], becomes row order[i] of z. */
export const outOfPanels = (module: ModuleBuilder, n: number): FunctionReference<undefined> =>
  module.once(`panels.out:${n}`, () =>
    module.function(["i32", "i32", "i32"], undefined, (f, z, order, out) => {
      const from = f.local("i32");
      return f.for(int(0), int(n), 1, (j) => [
        from.set(columnOf(z.get, n, j)),
        f.for(int(0), int(n), 1, (i) =>
          put(out.get, i, f64.load(plus(from.get, times(i32.load(at(order.get, i, "int32")), panelRow)))),
        ),
        out.set(plus(out.get, int(8 * n))),
      ]);
    }),
  );

/** (z, i): row i of z is negated. */
export const negateRow = (module: ModuleBuilder, n: number): FunctionReference<undefined> =>
  module.once(`panels.negate:${n}`, () =>
    module.function(["i32", "i32"], undefined, (f, z, i) =>
      f.for(int(0), int(n), 1, (j) => {
        const element = plus(columnOf(z.get, n, j), times(i.get, panelRow));
        return f64.store(element, neg(f64.load(element)));
      }),
    ),
  );

/**
 * (z, record, end): each recorded sweep holds a first row, a count and as many pairs c, s. From row to next row, down
 * or up: (this, next) becomes (c·this + s·next, c·next − s·this).
 */
const applySweeps = (module: ModuleBuilder, n: number, down: boolean): FunctionReference<undefined> =>
  module.once(`sweeps:${[n, down]}`, () =>
    module.function(["i32", "i32", "i32"], undefined, (f, z, record, end) => {
      const [from, to, stop] = [f.local("i32"), f.local("i32"), f.local("i32")];
      const [c, s] = [f.local("v128"), f.local("v128")];
      const lines = Array.from({ length: vectors }, (_, i) => ({
        offset: 16 * i,
        own: f.local("v128"),
        next: f.local("v128"),
      }));
      // `to` is the upper row of both.
      const [thisRow, nextRow] = down ? [0, panelRow] : [panelRow, 0];
      const move = to.set(plus(to.get, int(down ? panelRow : -panelRow)));
      const rotate: Code = [
        c.set(v128.load64Splat(from.get)),
        s.set(v128.load64Splat(from.get, 8)),
        lines.map(({ own, next, offset }) => [
          next.set(v128.load(to.get, nextRow + offset)),
          v128.store(to.get, f64x2.add(f64x2.mul(s.get, next.get), f64x2.mul(c.get, own.get)), thisRow + offset),
          own.set(f64x2.sub(f64x2.mul(c.get, next.get), f64x2.mul(s.get, own.get))),
        ]),
        move,
        from.set(plus(from.get, int(rotationBytes))),
      ];
      return f.for(int(0), int(panelsOf(n)), 1, () => [
        from.set(record.get),
        whileDo(i32.ltU(from.get, end.get), [
          to.set(plus(z.get, times(i32.load(from.get), panelRow))),
          stop.set(plus(from.get, plus(int(head), times(i32.load(from.get, 4), rotationBytes)))),
          from.set(plus(from.get, int(head))),
          lines.map(({ own, offset }) => own.set(v128.load(to.get, offset))),
          down ? [] : move,
          whileDo(i32.ltU(from.get, stop.get), rotate),
          lines.map(({ own, offset }) => v128.store(to.get, own.get, thisRow + offset)),
        ]),
        z.set(plus(z.get, int(n * panelRow))),
      ]);
    }),
  );

/** The record of the sweeps over the rows of z, [n, n] in panels. */
export interface Sweeps {
  readonly reset: Code;
  /** A sweep of `count` rotations starts at row `first`. Applies those before if there is no room. */
  begin(first: Int, count: Int): Code;
  rotation(c: Real, s: Real): Code;
  readonly apply: Code;
}

export function sweepsOver(
  module: ModuleBuilder,
  f: FunctionBuilder,
  n: number,
  down: boolean,
  z: Local<"i32">,
  record: Local<"i32">,
): Sweeps {
  const end = f.local("i32");
  const reset = end.set(record.get);
  const apply: Code = [call(applySweeps(module, n, down), z.get, record.get, end.get), reset];
  return {
    reset,
    begin: (first, count) => [
      when(
        i32.gtU(plus(end.get, plus(int(head), times(count, rotationBytes))), plus(record.get, int(recordBytes(n)))),
        apply,
      ),
      i32.store(end.get, first),
      i32.store(end.get, count, 4),
      end.set(plus(end.get, int(head))),
    ],
    rotation: (c, s) => [put(end.get, int(0), c), put(end.get, int(1), s), end.set(plus(end.get, int(rotationBytes)))],
    apply,
  };
}
