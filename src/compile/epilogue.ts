/**
 * A loop that makes something of each element of a product (a bias, an activation, the update of a parameter by its
 * gradient) is computed while the elements are in registers: the product need not be written and read again.
 */
import {
  type Buffer,
  type Epilogue,
  type Instruction,
  type LoopStep,
  type Read,
  type RoutineStep,
  type Step,
  writesOf,
} from "../backend/target.ts";
import { ModuleBuilder } from "../backend/wasm/encode.ts";
import { statementsOf } from "../backend/wasm/instructions.ts";
import { type Shape, sameShape, sizeOf, stridesOf } from "../base/shape.ts";
import type { Type } from "../graph/operation.ts";
import { withBodies } from "./bodies.ts";
import { buffersRead, owner, Touches } from "./touch.ts";

/** The code is repeated for every vector of a register block, twelve of them: more would be compiled slowly. */
const mostStatements = 24;

/** `kept`: buffers that must be written whoever reads them. */
export function epilogues(steps: readonly Step[], kept: ReadonlySet<Buffer>): Step[] {
  const uses = new Map<Buffer, number>();
  for (const buffer of buffersRead(steps)) uses.set(owner(buffer), (uses.get(owner(buffer)) ?? 0) + 1);
  /** Whether another step reads it. */
  const isNeeded = (made: Buffer, loop: LoopStep): boolean =>
    kept.has(made) || made.slice !== undefined || (uses.get(made) ?? 0) > loop.reads.filter(sees(made)).length;
  const block = (list: readonly Step[]): Step[] => {
    const result: (Step | undefined)[] = list.map((step) => withBodies(step, block));
    const touches = new Touches();
    result.forEach((step, i) => {
      touches.add(step as Step, i);
    });
    const { readers, writers } = touches;
    list.forEach((_, at) => {
      const product = result[at];
      if (product?.kind !== "routine" || !takesEpilogue(product)) return;
      const [made] = product.outputs as [Buffer];
      const next = readers.of(made).find((i) => i > at);
      const loop = result[next ?? at];
      if (next === undefined || loop?.kind !== "loop" || writers.of(made).length > 1) return;
      const joined = join(product, loop, isNeeded(made, loop));
      if (joined === undefined) return;
      const isFree = (reads: readonly Read[], writes: readonly Buffer[]): boolean =>
        !writes.some((b) => readers.between(b, at, next) || writers.between(b, at, next)) &&
        !reads.some((read) => writers.between(read.buffer, at, next));
      const place = isFree(product.inputs, []) ? next : isFree(loop.reads, writesOf(loop)) ? at : undefined;
      if (place === undefined) return;
      touches.remove(product, at);
      touches.remove(loop, next);
      result[at] = undefined;
      result[next] = undefined;
      result[place] = joined;
      touches.add(joined, place);
    });
    return result.filter((step) => step !== undefined);
  };
  return block(steps);
}

const sees =
  (made: Buffer) =>
  (read: Read): boolean =>
    owner(read.buffer) === owner(made);

/** A product of matrices; that of a matrix and a vector waits for memory anyway. */
function takesEpilogue({ request, inputTypes, outputTypes, epilogue }: RoutineStep): boolean {
  if (request.name !== "matmul" || epilogue !== undefined) return false;
  const { shape } = outputTypes[0] as Type;
  const [m, n] = shape.slice(-2) as [number, number];
  return m > 1 && n > 1 && sizeOf(shape.slice(0, -3)) === 1 && sizeOf((inputTypes[0] as Type).shape) > 0;
}

/** The product with the loop as its epilogue, if the loop passes the elements in the same order and is cheap. */
function join(product: RoutineStep, loop: LoopStep, isNeeded: boolean): RoutineStep | undefined {
  const [made] = product.outputs as [Buffer];
  const type = product.outputTypes[0] as Type;
  const { shape, dtype } = type;
  if (sizeOf(shape) !== sizeOf(loop.shape) || loop.reductions.length > 0) return undefined;
  const factors = new Set(product.inputs.map((read) => owner(read.buffer)));
  if (writesOf(loop).some((b) => factors.has(owner(b)))) return undefined;
  // Vectors are as wide as those of the product.
  if (dtype !== "float64" && loop.instructions.some((i) => i.dtype === "float64")) return undefined;
  const width = dtype === "float64" ? 2 : 4;
  if (statementsOf(new ModuleBuilder(), width, loop.instructions) > mostStatements) return undefined;

  const seen = loop.reads.map((read) => over(shape, read, loop.shape));
  const isProduct = loop.reads.map(sees(made));
  if (seen.some((read) => read === undefined)) return undefined;
  const reads = seen as Read[];
  if (reads.some((read, i) => isProduct[i] && !isInOrder(read, shape))) return undefined;
  const last = shape.length - 1;
  if (reads.some(({ view }) => view.strides[last] !== 0 && view.strides[last] !== 1)) return undefined;
  const others = reads.filter((_, i) => !isProduct[i]);
  const placeOf = (i: number): number => (isProduct[i] ? 0 : 1 + isProduct.slice(0, i).filter((p) => !p).length);
  const instructions = loop.instructions.map(
    (i): Instruction => (i.kind === "read" ? { ...i, read: placeOf(i.read) } : i),
  );
  const writes = [
    ...loop.writes,
    ...(isNeeded ? [{ buffer: made, value: instructions.findIndex((i) => i.kind === "read" && i.read === 0) }] : []),
  ];
  const epilogue: Epilogue = {
    type,
    own: product.inputs.length,
    instructions,
    values: writes.map((w) => w.value),
  };
  return {
    ...product,
    inputs: [...product.inputs, ...others],
    inputTypes: [...product.inputTypes, ...others.map(({ buffer }) => ({ shape, dtype: buffer.type.dtype }))],
    outputs: writes.map((w) => w.buffer),
    outputTypes: writes.map((w) => w.buffer.type),
    epilogue,
  };
}

const isInOrder = ({ view }: Read, shape: Shape): boolean =>
  view.offset === 0 && view.strides.every((s, i) => s === stridesOf(shape)[i] || shape[i] === 1);

/** A read over the axes of `from`, seen over those of `shape`: the same elements in the same order. */
function over(shape: Shape, read: Read, from: Shape): Read | undefined {
  if (isInOrder(read, from)) return { ...read, view: { offset: 0, strides: stridesOf(shape) } };
  const [wanted, given] = [shape, from].map((s) => s.map((n, i) => ({ n, i })).filter(({ n }) => n !== 1)) as [
    { n: number; i: number }[],
    { n: number; i: number }[],
  ];
  if (
    !sameShape(
      wanted.map((a) => a.n),
      given.map((a) => a.n),
    )
  )
    return undefined;
  const strides = shape.map(() => 0);
  wanted.forEach(({ i }, k) => {
    strides[i] = read.view.strides[(given[k] as { i: number }).i] as number;
  });
  return { ...read, view: { offset: read.view.offset, strides } };
}
