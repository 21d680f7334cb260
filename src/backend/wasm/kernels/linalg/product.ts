/**
 * C ← C − A·B and C ← A·B in float64: one subtraction (or addition) a term, in the order of the depth, from what is
 * there on. So a blocked factorization has the bits of the plain one, however its depth is cut.
 */
import {
  block,
  branch,
  branchIf,
  type Code,
  call,
  type FunctionReference,
  f64x2,
  i32,
  type Local,
  loop,
  type ModuleBuilder,
  v128,
  when,
} from "../../encode.ts";
import { type Int, int, plus, times } from "../memory.ts";
import { loadFirst, storeFirst, zeros } from "./line.ts";

/** Bytes between elements; columns of B and of C are contiguous. Depths may run backwards. */
export interface ProductLayout {
  readonly a: { readonly row: number; readonly depth: number };
  /** From one depth to the next. */
  readonly b: number;
  /** From one row to the next. */
  readonly c: number;
  /** C − A·B, else A·B. */
  readonly minus: boolean;
}

const blockRows = 4;
const blockColumns = 4;
const unroll = 4;
type Kernel = FunctionReference<undefined>;

/** (c, a, b, depth, blocks, aDepth, bDepth, cRow): `blocks` register blocks of `rows` rows below each other. */
const register = (module: ModuleBuilder, aRow: number, minus: boolean, rows: number, columns: number): Kernel =>
  module.once(`linalg.block:${[aRow, minus, rows, columns]}`, () => {
    const parameters = ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"] as const;
    return module.function(parameters, undefined, (f, c, a, b, depth, blocks, aDepth, bDepth, cRow) => {
      const vectors = Array.from({ length: Math.ceil(columns / 2) }, (_, j) => ({
        offset: 16 * j,
        valid: Math.min(2, columns - 2 * j),
        value: f.local("v128"),
      }));
      const lines = Array.from({ length: rows }, () => vectors.map((v) => ({ ...v, sum: f.local("v128") })));
      const [factor, aAt, aEnd, bAt] = [f.local("v128"), f.local("i32"), f.local("i32"), f.local("i32")];
      const term = minus ? f64x2.sub : f64x2.add;
      const step = (): Code => [
        branchIf(i32.eq(aAt.get, aEnd.get), 1),
        vectors.map(({ value, valid, offset }) => value.set(loadFirst(bAt.get, valid, offset))),
        lines.map((line, i) => [
          factor.set(v128.load64Splat(aAt.get, i * aRow)),
          line.map(({ sum, value }) => sum.set(term(sum.get, f64x2.mul(factor.get, value.get)))),
        ]),
        aAt.set(plus(aAt.get, aDepth.get)),
        bAt.set(plus(bAt.get, bDepth.get)),
      ];
      const cAt = bAt;
      const eachSum = (body: (part: { sum: Local<"v128">; valid: number; offset: number }) => Code): Code =>
        lines.map((line, i) => [cAt.set(i === 0 ? c.get : plus(cAt.get, cRow.get)), line.map(body)]);
      return loop([
        eachSum(({ sum, valid, offset }) => sum.set(minus ? loadFirst(cAt.get, valid, offset) : zeros)),
        aAt.set(a.get),
        bAt.set(b.get),
        aEnd.set(plus(a.get, i32.mul(depth.get, aDepth.get))),
        // An exit before every step keeps the compiler from hoisting the loads of later steps, which would spill.
        block(loop([Array.from({ length: unroll }, step), branch(0)])),
        eachSum(({ sum, valid, offset }) => storeFirst(cAt.get, sum.get, valid, offset)),
        a.set(plus(a.get, int(rows * aRow))),
        c.set(plus(c.get, times(cRow.get, rows))),
        branchIf(blocks.tee(i32.sub(blocks.get, int(1))), 0),
      ]);
    });
  });

/** (c, a, b, rows, columns, depth, aDepth, bDepth, cRow) */
const general = (module: ModuleBuilder, aRow: number, minus: boolean): Kernel =>
  module.once(`linalg.product:${[aRow, minus]}`, () => {
    const kernel = (rows: number, columns: number): Kernel => register(module, aRow, minus, rows, columns);
    const parameters = ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"] as const;
    return module.function(parameters, undefined, (f, c, a, b, rows, columns, depth, aDepth, bDepth, cRow) => {
      const [whole, rest, aRest, cRest] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
      const panel = (width: number): Code => {
        const strides = [aDepth.get, bDepth.get, cRow.get];
        const below = [plus(c.get, cRest.get), plus(a.get, aRest.get)];
        return [
          when(whole.get, call(kernel(blockRows, width), c.get, a.get, b.get, depth.get, whole.get, ...strides)),
          when(rest.get, call(kernel(1, width), ...below, b.get, depth.get, rest.get, ...strides)),
          c.set(plus(c.get, int(8 * width))),
          b.set(plus(b.get, int(8 * width))),
        ];
      };
      const wholeRows: Int = i32.and(rows.get, int(-blockRows));
      const wholeColumns: Int = i32.and(columns.get, int(-blockColumns));
      return [
        whole.set(i32.shrU(rows.get, int(Math.log2(blockRows)))),
        rest.set(i32.and(rows.get, int(blockRows - 1))),
        aRest.set(times(wholeRows, aRow)),
        cRest.set(i32.mul(wholeRows, cRow.get)),
        f.for(int(0), wholeColumns, blockColumns, () => panel(blockColumns)),
        f.for(wholeColumns, columns.get, 1, () => panel(1)),
      ];
    });
  });

/** The call of a product. The distance of the rows of A is fixed in its code, the others are arguments. */
export const product = (module: ModuleBuilder, layout: ProductLayout) => {
  const run = general(module, layout.a.row, layout.minus);
  return (c: Int, a: Int, b: Int, rows: Int, columns: Int, depth: Int): Code =>
    call(run, c, a, b, rows, columns, depth, int(layout.a.depth), int(layout.b), int(layout.c));
};
