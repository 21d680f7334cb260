/** A product in cache blocks of depth, columns and rows; in each, register blocks. */
import { type Code, call, type Expr, type FunctionBuilder, i32, type ModuleBuilder, select, when } from "../encode.ts";
import { type BlockKernel, blockColumns, blockKernel } from "./block.ts";
import { bytesAlong, type Epilogue, type Operand, operandsOf } from "./epilogue.ts";
import { constant, plus } from "./lanes.ts";
import { packKernel, packOrder } from "./pack.ts";
import { type Places, packByPlaces } from "./places.ts";
import { type BlockProduct, scratchParts } from "./plan.ts";

type Int = Expr<"i32">;
const offset = (base: Int, index: Int, bytes: number): Int => i32.add(base, i32.mul(index, constant(bytes)));

/** body(start, size) for every piece of `total`, the last one possibly shorter. */
function pieces(f: FunctionBuilder, total: number, step: number, body: (start: Int, size: Int) => Code): Code {
  if (total <= step) return body(constant(0), constant(total));
  const size = f.local("i32");
  return f.for(constant(0), constant(total), step, (start) => {
    const rest = i32.sub(constant(total), start);
    return [size.set(select(i32.ltS(rest, constant(step)), rest, constant(step))), body(start, size.get)];
  });
}

/** Where a product's arrays are; `places` of an operand that has no strides, and whether out holds a sum already. */
interface Addresses {
  readonly a: Int;
  readonly b: Int;
  /** Of the result; none if an epilogue has its operands `beside`. */
  readonly out: Int | undefined;
  readonly beside?: readonly Int[];
  readonly scratch: Int;
  readonly aPlaces?: Places | undefined;
  readonly bPlaces?: Places | undefined;
  readonly continues?: Int | undefined;
}

/** One matrix product: cache blocks of depth, columns and rows, and in them register blocks. */
export function blockProduct(module: ModuleBuilder, f: FunctionBuilder, plan: BlockProduct, at: Addresses): Code {
  const { lanes, spec, packA, packB } = plan;
  const { epilogue } = spec;
  const operands = epilogue === undefined ? [] : operandsOf(epilogue);
  const { bytes, blockRows } = lanes;
  const width = blockColumns(lanes);
  const a = { row: spec.a.row * bytes, depth: spec.a.column * bytes };
  const b = { depth: spec.b.row * bytes, column: spec.b.column * bytes };
  const parts = scratchParts(plan);
  const aPacked = at.scratch;
  const bPacked = plus(at.scratch, parts.a);
  const out = at.out ?? plus(at.scratch, parts.a + parts.b);
  const outRow = (at.out === undefined ? spec.n : (spec.outRow ?? spec.n)) * bytes;
  const kernel = (rows: number, columns: number, epilogue: Epilogue | undefined): BlockKernel =>
    blockKernel(module, lanes, {
      rows,
      columns,
      epilogue,
      a: packA ? { row: bytes, depth: blockRows * bytes } : a,
      b: packB ? { depth: width * bytes, padded: true } : { depth: b.depth, padded: false },
    });
  const raggedRows = spec.m % blockRows;
  const raggedColumns = spec.n % width;

  const aAt = f.local("i32");
  const bAt = f.local("i32");
  const outAt = f.local("i32");
  const aBlock = f.local("i32");
  const bPanel = f.local("i32");
  const besideAt = operands.map(() => f.local("i32"));
  const blocks = f.local("i32");

  /** All rows of the cache block times one panel of columns. */
  const panelThen = (epilogue: Epilogue | undefined, columns: number, rows: Int, depth: Int, accumulate: Int): Code => [
    spec.m >= blockRows
      ? when(
          blocks.get,
          call(
            kernel(blockRows, columns, epilogue),
            aAt.get,
            bAt.get,
            outAt.get,
            depth,
            blocks.get,
            aBlock.get,
            constant(outRow),
            accumulate,
            ...(epilogue === undefined ? [] : besideAt.map((local) => local.get)),
          ),
        )
      : [],
    raggedRows > 0
      ? when(
          i32.remU(rows, constant(blockRows)),
          call(
            kernel(raggedRows, columns, epilogue),
            i32.add(aAt.get, i32.mul(blocks.get, aBlock.get)),
            bAt.get,
            offset(outAt.get, blocks.get, blockRows * outRow),
            depth,
            constant(1),
            constant(0),
            constant(outRow),
            accumulate,
            ...(epilogue === undefined
              ? []
              : besideAt.map((local, i) =>
                  offset(local.get, blocks.get, blockRows * bytesAlong(operands[i] as Operand, "row")),
                )),
          ),
        )
      : [],
  ];

  return pieces(f, spec.k, plan.depth, (depthStart, depth) => {
    const later = i32.ne(depthStart, constant(0));
    const accumulate = at.continues === undefined ? later : i32.or(at.continues, later);
    /** Lines `start` … of an operand into panels. */
    const pack = (
      width: number,
      to: Int,
      start: Int,
      count: Int,
      from: Int,
      strides: { readonly line: number; readonly depth: number },
      places: Places | undefined,
    ): Code => {
      if (places !== undefined) {
        const [across, along] = [offset(places.across, start, 4), offset(places.along, depthStart, 4)];
        return call(packByPlaces(module, lanes, width), from, to, depth, count, across, along);
      }
      const order = packOrder(lanes, strides.line, strides.depth);
      const first = i32.add(offset(from, depthStart, strides.depth), i32.mul(start, constant(strides.line)));
      const [across, along] = [constant(strides.line), constant(strides.depth)];
      return call(packKernel(module, lanes, width, order), first, to, depth, count, across, along);
    };
    /** Only whole sums go through the epilogue. */
    const panel = (columns: number, rows: Int, depth: Int): Code => {
      const whole = panelThen(epilogue, columns, rows, depth, accumulate);
      if (parts.sums === 0) return whole;
      const isLast = i32.geS(i32.add(depthStart, depth), constant(spec.k));
      return when(isLast, whole, panelThen(undefined, columns, rows, depth, accumulate));
    };
    return pieces(f, spec.n, plan.columns, (columnStart, columns) => {
      const bBlock = i32.add(offset(at.b, depthStart, b.depth), i32.mul(columnStart, constant(b.column)));
      return [
        packB ? pack(width, bPacked, columnStart, columns, at.b, { line: b.column, depth: b.depth }, at.bPlaces) : [],
        bPanel.set(packB ? i32.mul(depth, constant(width * bytes)) : constant(width * bytes)),
        pieces(f, spec.m, plan.rows, (rowStart, rows) => {
          const aFrom = i32.add(offset(at.a, depthStart, a.depth), i32.mul(rowStart, constant(a.row)));
          return [
            packA ? pack(blockRows, aPacked, rowStart, rows, at.a, { line: a.row, depth: a.depth }, at.aPlaces) : [],
            aAt.set(packA ? aPacked : aFrom),
            aBlock.set(packA ? i32.mul(depth, constant(blockRows * bytes)) : constant(blockRows * a.row)),
            blocks.set(i32.divU(rows, constant(blockRows))),
            bAt.set(packB ? bPacked : bBlock),
            outAt.set(i32.add(offset(out, rowStart, outRow), i32.mul(columnStart, constant(bytes)))),
            besideAt.map((local, i) => {
              const operand = operands[i] as Operand;
              const row = offset(at.beside?.[i] as Int, rowStart, bytesAlong(operand, "row"));
              return local.set(offset(row, columnStart, bytesAlong(operand, "column")));
            }),
            spec.n >= width
              ? f.for(constant(width - 1), columns, width, () => [
                  panel(width, rows, depth),
                  bAt.set(i32.add(bAt.get, bPanel.get)),
                  outAt.set(plus(outAt.get, width * bytes)),
                  besideAt.map((local, i) =>
                    local.set(plus(local.get, width * bytesAlong(operands[i] as Operand, "column"))),
                  ),
                ])
              : [],
            raggedColumns > 0 ? when(i32.and(columns, constant(width - 1)), panel(raggedColumns, rows, depth)) : [],
          ];
        }),
      ];
    });
  });
}
