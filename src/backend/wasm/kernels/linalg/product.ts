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
const nameOf = ({ a, b, c, minus }: ProductLayout): string => [a.row, a.depth, b, c, minus].join();

/** (c, a, b, depth, blocks): `blocks` register blocks of `rows` rows below each other. */
const register = (module: ModuleBuilder, layout: ProductLayout, rows: number, columns: number) =>
  module.once(`linalg.block:${[nameOf(layout), rows, columns]}`, () =>
    module.function(["i32", "i32", "i32", "i32", "i32"], undefined, (f, c, a, b, depth, blocks) => {
      const vectors = Array.from({ length: Math.ceil(columns / 2) }, (_, j) => ({
        offset: 16 * j,
        valid: Math.min(2, columns - 2 * j),
        value: f.local("v128"),
      }));
      const lines = Array.from({ length: rows }, () => vectors.map((v) => ({ ...v, sum: f.local("v128") })));
      const [factor, aAt, aEnd, bAt] = [f.local("v128"), f.local("i32"), f.local("i32"), f.local("i32")];
      const term = layout.minus ? f64x2.sub : f64x2.add;
      const step = (): Code => [
        branchIf(i32.eq(aAt.get, aEnd.get), 1),
        vectors.map(({ value, valid, offset }) => value.set(loadFirst(bAt.get, valid, offset))),
        lines.map((line, i) => [
          factor.set(v128.load64Splat(aAt.get, i * layout.a.row)),
          line.map(({ sum, value }) => sum.set(term(sum.get, f64x2.mul(factor.get, value.get)))),
        ]),
        aAt.set(plus(aAt.get, int(layout.a.depth))),
        bAt.set(plus(bAt.get, int(layout.b))),
      ];
      return loop([
        lines.map((line, i) =>
          line.map(({ sum, valid, offset }) =>
            sum.set(layout.minus ? loadFirst(c.get, valid, i * layout.c + offset) : zeros),
          ),
        ),
        aAt.set(a.get),
        bAt.set(b.get),
        aEnd.set(plus(a.get, times(depth.get, layout.a.depth))),
        // An exit before every step keeps the compiler from hoisting the loads of later steps, which would spill.
        block(loop([Array.from({ length: unroll }, step), branch(0)])),
        lines.map((line, i) =>
          line.map(({ sum, valid, offset }) => storeFirst(c.get, sum.get, valid, i * layout.c + offset)),
        ),
        a.set(plus(a.get, int(rows * layout.a.row))),
        c.set(plus(c.get, int(rows * layout.c))),
        branchIf(blocks.tee(i32.sub(blocks.get, int(1))), 0),
      ]);
    }),
  );

/** (c, a, b, rows, columns, depth) */
export const product = (module: ModuleBuilder, layout: ProductLayout): FunctionReference<undefined> =>
  module.once(`linalg.product:${nameOf(layout)}`, () => {
    const blockOf = [blockRows, 1].map((rows) =>
      [blockColumns, 2, 1].map((columns) => register(module, layout, rows, columns)),
    );
    return module.function(
      ["i32", "i32", "i32", "i32", "i32", "i32"],
      undefined,
      (f, c, a, b, rows, columns, depth) => {
        const [whole, rest, aRest, cRest] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
        const panel = (width: number, which: number): Code => [
          when(whole.get, call(blockOf[0]?.[which] as Panel, c.get, a.get, b.get, depth.get, whole.get)),
          when(
            rest.get,
            call(
              blockOf[1]?.[which] as Panel,
              plus(c.get, cRest.get),
              plus(a.get, aRest.get),
              b.get,
              depth.get,
              rest.get,
            ),
          ),
          c.set(plus(c.get, int(8 * width))),
          b.set(plus(b.get, int(8 * width))),
        ];
        const wholeRows: Int = i32.and(rows.get, int(-blockRows));
        return [
          whole.set(i32.shrU(rows.get, int(Math.log2(blockRows)))),
          rest.set(i32.and(rows.get, int(blockRows - 1))),
          aRest.set(times(wholeRows, layout.a.row)),
          cRest.set(times(wholeRows, layout.c)),
          f.for(int(blockColumns - 1), columns.get, blockColumns, () => panel(blockColumns, 0)),
          when(i32.and(columns.get, int(2)), panel(2, 1)),
          when(i32.and(columns.get, int(1)), panel(1, 2)),
        ];
      },
    );
  });
type Panel = FunctionReference<undefined>;
