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
  f64x2,
  i32,
  type Local,
  type ModuleBuilder,
  v128,
  when,
  whileDo,
} from "../../encode.ts";
import { type Int, int, plus, times } from "../memory.ts";
import { put, type Real } from "./matrices.ts";

/** Vectors of two columns that are rotated together. */
const vectors = 4;
const columnsAtOnce = 2 * vectors;
const roundUp = (n: number): number => Math.ceil(n / columnsAtOnce) * columnsAtOnce;
const sweepsAtOnce = 16;
const head = 16;
const rotationBytes = 16;

/** Bytes between rows of an n × n matrix that is to be rotated: its columns are padded. */
export const paddedRow = (n: number): number => 8 * roundUp(n);
/** Bytes of a record. */
export const recordBytes = (n: number): number => sweepsAtOnce * (head + rotationBytes * n);

/**
 * (z, record, end): each recorded sweep holds a first row, a count and as many pairs c, s. From row to next row, down
 * or up: (this, next) becomes (c·this + s·next, c·next − s·this).
 */
const applySweeps = (module: ModuleBuilder, n: number, down: boolean): FunctionReference<undefined> =>
  module.once(`sweeps:${[n, down]}`, () =>
    module.function(["i32", "i32", "i32"], undefined, (f, z, record, end) => {
      const [at, to, stop] = [f.local("i32"), f.local("i32"), f.local("i32")];
      const [c, s] = [f.local("v128"), f.local("v128")];
      const lines = Array.from({ length: vectors }, (_, i) => ({
        offset: 16 * i,
        own: f.local("v128"),
        next: f.local("v128"),
      }));
      const step = int(down ? paddedRow(n) : -paddedRow(n));
      const rotate = (): Code => [
        c.set(v128.load64Splat(at.get)),
        s.set(v128.load64Splat(at.get, 8)),
        lines.map(({ own, next, offset }) => [
          next.set(v128.load(plus(to.get, step), offset)),
          v128.store(to.get, f64x2.add(f64x2.mul(s.get, next.get), f64x2.mul(c.get, own.get)), offset),
          own.set(f64x2.sub(f64x2.mul(c.get, next.get), f64x2.mul(s.get, own.get))),
        ]),
        to.set(plus(to.get, step)),
        at.set(plus(at.get, int(rotationBytes))),
      ];
      return f.for(int(0), int(roundUp(n)), columnsAtOnce, () => [
        at.set(record.get),
        whileDo(i32.ltU(at.get, end.get), [
          to.set(plus(z.get, times(i32.load(at.get), paddedRow(n)))),
          stop.set(plus(at.get, plus(int(head), times(i32.load(at.get, 4), rotationBytes)))),
          at.set(plus(at.get, int(head))),
          lines.map(({ own, offset }) => own.set(v128.load(to.get, offset))),
          whileDo(i32.ltU(at.get, stop.get), rotate()),
          lines.map(({ own, offset }) => v128.store(to.get, own.get, offset)),
        ]),
        z.set(plus(z.get, int(8 * columnsAtOnce))),
      ]);
    }),
  );

/** The record of the sweeps over the rows of z, [n, n] with padded rows. */
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
