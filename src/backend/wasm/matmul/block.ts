/** A register block of a product: as many sums as there are registers, over the whole depth. */
import {
  block,
  branch,
  branchIf,
  type Code,
  type FunctionReference,
  i32,
  type Local,
  loop,
  type ModuleBuilder,
  when,
} from "../encode.ts";
import { bytesAlong, type Epilogue, finish, keyOfEpilogue, type Operand, operandsOf } from "./epilogue.ts";
import { constant, type Lanes, plus, zero } from "./lanes.ts";

export const blockColumns = (lanes: Lanes): number => 2 * lanes.count;

/** Where the elements of a block are, in bytes; offsets are baked into the instructions, so none is negative. */
export interface BlockLayout {
  readonly rows: number;
  readonly columns: number;
  readonly a: { readonly row: number; readonly depth: number };
  /** A padded operand may be read by whole vectors. */
  readonly b: { readonly depth: number; readonly padded: boolean };
  readonly epilogue?: Epilogue | undefined;
}

export type BlockKernel = FunctionReference<undefined>;
type I32 = Local<"i32">;
type Parameters8 = [I32, I32, I32, I32, I32, I32, I32, I32];

/**
 * (a, b, out, depth, blocks, aBlock, outRow, accumulate): `blocks` register blocks below each other, `aBlock` bytes
 * apart in a: out[i, j] = Σ_depth a[i, ·]·b[·, j], the terms in order, added to what is there if `accumulate`.
 * With an epilogue its operands follow, and the sums go through it instead of out.
 */
export function blockKernel(module: ModuleBuilder, lanes: Lanes, layout: BlockLayout): BlockKernel {
  const { epilogue, ...rest } = layout;
  const after = epilogue === undefined ? "" : keyOfEpilogue(epilogue);
  return module.once(`matmul.block.${lanes.name}.${JSON.stringify(rest)}${after}`, () => build(module, lanes, layout));
}

function build(module: ModuleBuilder, lanes: Lanes, layout: BlockLayout): BlockKernel {
  const { rows, columns, a: aLayout, b: bLayout, epilogue } = layout;
  const operands = epilogue === undefined ? [] : operandsOf(epilogue);
  // Ragged blocks run rarely: their code is kept short.
  const unroll = rows === lanes.blockRows && columns === blockColumns(lanes) ? 8 : 4;
  const parameters = new Array<"i32">(8 + operands.length).fill("i32");
  return module.function(parameters, undefined, (f, ...all) => {
    const [a, b, out, depth, blocks, aBlock, outRow, accumulate] = all as Parameters8;
    const beside = all.slice(8) as Local<"i32">[];
    /** The column vectors: where each begins, how many lanes of it count, and the register for b. */
    const vectors = Array.from({ length: Math.ceil(columns / lanes.count) }, (_, j) => ({
      offset: j * 16,
      valid: Math.min(lanes.count, columns - j * lanes.count),
      value: f.local("v128"),
    }));
    const rowSums = Array.from({ length: rows }, () => vectors.map((vector) => ({ ...vector, sum: f.local("v128") })));
    const aSplat = f.local("v128");
    const aAt = f.local("i32");
    const aEnd = f.local("i32");
    const bAt = f.local("i32");

    const step = (s: number): Code => [
      vectors.map(({ value, valid, offset }) =>
        value.set(lanes.loadFirst(bAt.get, bLayout.padded ? lanes.count : valid, s * bLayout.depth + offset)),
      ),
      rowSums.map((row, i) => [
        aSplat.set(lanes.splat(aAt.get, i * aLayout.row)),
        row.map(({ sum, value }) => sum.set(lanes.multiplyAdd(sum.get, aSplat.get, value.get))),
      ]),
      aAt.set(i32.add(aAt.get, constant(aLayout.depth))),
    ];

    // An exit after every step keeps the compiler from hoisting the loads of later steps, which would need more
    // registers than there are; it also makes any depth right without a second loop. The address in a moves with every
    // step because the offset of a splatting load costs an instruction, unless it is the same in all steps.
    const steps = Array.from({ length: unroll }, (_, s) => [step(s), branchIf(i32.eq(aAt.get, aEnd.get), 1)]);

    const outAt = aAt;
    const eachSum = (body: (sum: Local<"v128">, valid: number, offset: number) => Code): Code =>
      rowSums.map((row, i) => [
        outAt.set(i === 0 ? out.get : i32.add(outAt.get, outRow.get)),
        row.map(({ sum, valid, offset }) => body(sum, valid, offset)),
      ]);

    return loop([
      rowSums.flat().map(({ sum }) => sum.set(zero)),
      aAt.set(a.get),
      bAt.set(b.get),
      aEnd.set(i32.add(a.get, i32.mul(depth.get, constant(aLayout.depth)))),
      block(loop([steps, bAt.set(plus(bAt.get, unroll * bLayout.depth)), branch(0)])),
      when(
        accumulate.get,
        eachSum((sum, valid, offset) => sum.set(lanes.add(lanes.loadFirst(outAt.get, valid, offset), sum.get))),
      ),
      epilogue === undefined
        ? eachSum((sum, valid, offset) => lanes.storeFirst(outAt.get, sum.get, valid, offset))
        : rowSums.map((sums, row) =>
            sums.map(({ sum, valid }, j) =>
              finish(module, f, lanes, epilogue, beside, { sum, row, column: j * lanes.count, valid }),
            ),
          ),
      beside.map((at, k) => at.set(plus(at.get, rows * bytesAlong(operands[k] as Operand, "row")))),
      a.set(i32.add(a.get, aBlock.get)),
      out.set(i32.add(out.get, i32.mul(outRow.get, constant(rows)))),
      branchIf(blocks.tee(i32.sub(blocks.get, constant(1))), 0),
    ]);
  });
}
