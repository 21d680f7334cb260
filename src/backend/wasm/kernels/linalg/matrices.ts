/** What the kernels on matrices share: float64 cores, called for each matrix of a batch, and scalar loops. */
import { sizeOf } from "../../../../base/shape.ts";
import type { Type } from "../../../../graph/operation.ts";
import {
  type Code,
  call,
  type Expr,
  type FunctionBuilder,
  type FunctionReference,
  f32,
  f64,
  i32,
  type Local,
  type ModuleBuilder,
  memory,
  select,
  sequence,
  when,
  whileDo,
} from "../../encode.ts";
import type { Kernel } from "../../kernel.ts";
import { asDouble, at, copyBytes, type Int, int, plus, times } from "../memory.ts";

export type Real = Expr<"f64">;
export const zero: Real = f64.const(0);
export const one: Real = f64.const(1);
export const { add, sub, mul, div, sqrt, abs, neg } = f64;

/** Element i of an array of float64. */
export const get = (base: Int, i: Int): Real => f64.load(at(base, i, "float64"));
export const put = (base: Int, i: Int, value: Real): Code => f64.store(at(base, i, "float64"), value);
/** Place of (i, j) among rows of n. */
export const cell = (i: Int, n: number, j: Int): Int => plus(times(i, n), j);
/** The address of row i. */
export const row = (base: Int, i: Int, n: number): Int => plus(base, times(i, 8 * n));

export const reals = (f: FunctionBuilder, count: number): Local<"f64">[] =>
  Array.from({ length: count }, () => f.local("f64"));
export const ints = (f: FunctionBuilder, count: number): Local<"i32">[] =>
  Array.from({ length: count }, () => f.local("i32"));

export const lesser = (a: Int, b: Int): Int => select(i32.ltS(a, b), a, b);

/**
 * Elements from row to row of a working copy with rows of n: lines a large power of two apart would share few places
 * in a cache.
 */
export const spread = (n: number): number => ((8 * n) % 512 === 0 ? n + 8 : n);

/** Copies `rows` rows of n elements; the distances of rows, in elements, may differ. */
export const copyRows = (
  f: FunctionBuilder,
  to: Int,
  toRow: number,
  from: Int,
  fromRow: number,
  rows: number,
  n: number,
): Code =>
  toRow === n && fromRow === n
    ? copyBytes(to, from, 8 * rows * n)
    : f.for(int(0), int(rows), 1, (i) => memory.copy(row(to, i, toRow), row(from, i, fromRow), int(8 * n)));

/** `for (i = from - 1; i >= to; i--)`. */
export function down(f: FunctionBuilder, from: Int, to: Int, body: (i: Int) => Code): Code {
  const i = f.local("i32");
  return f.for(int(0), i32.sub(from, to), 1, (k) => [i.set(i32.sub(i32.sub(from, int(1)), k)), body(i.get)]);
}

export const fill = (f: FunctionBuilder, base: Int, count: Int, value: Real): Code =>
  f.for(int(0), count, 1, (i) => put(base, i, value));

/**
 * Selection sort of `values`; order[i] becomes the place from which value i came. `before`(a, b): a stands before b.
 */
export function sortValues(
  f: FunctionBuilder,
  values: Int,
  order: Int,
  n: number,
  before: (a: Real, b: Real) => Int,
): Code {
  const [best, held, value] = [f.local("i32"), f.local("i32"), f.local("f64")];
  const place = (i: Int): Int => at(order, i, "int32");
  return [
    f.for(int(0), int(n), 1, (i) => i32.store(place(i), i)),
    f.for(int(0), int(n), 1, (i) => [
      best.set(i),
      f.for(plus(i, int(1)), int(n), 1, (j) =>
        best.set(select(before(get(values, j), get(values, best.get)), j, best.get)),
      ),
      value.set(get(values, i)),
      put(values, i, get(values, best.get)),
      put(values, best.get, value.get),
      held.set(i32.load(place(i))),
      i32.store(place(i), i32.load(place(best.get))),
      i32.store(place(best.get), held.get),
    ]),
  ];
}

/** total = Σ x·0: not 0 if an element is not finite. */
export const finiteness = (f: FunctionBuilder, total: Local<"f64">, base: Int, count: number): Code => [
  total.set(zero),
  f.for(int(0), int(count), 1, (i) => total.set(add(total.get, mul(get(base, i), zero)))),
];

/** (base, count) → a power of two by which to multiply, so that the greatest element lies between ½ and 1. */
export const scaleOf = (module: ModuleBuilder): FunctionReference<"f64"> =>
  module.once("scaleOf", () =>
    module.function(["i32", "i32"], "f64", (f, base, count) => {
      const [big, scale] = [f.local("f64"), f.local("f64")];
      const times = (factor: number): Code => scale.set(mul(scale.get, f64.const(factor)));
      const scaled = mul(big.get, scale.get);
      const statements: Code[] = [
        f.for(int(0), count.get, 1, (i) => big.set(f64.max(big.get, abs(get(base.get, i))))),
        scale.set(one),
        when(f64.gt(big.get, zero), [
          whileDo(f64.gt(scaled, one), times(0.5)),
          whileDo(i32.and(f64.lt(scaled, f64.const(0.5)), f64.lt(scale.get, f64.const(2 ** 1000))), times(2)),
        ]),
      ];
      return sequence(statements, scale.get);
    }),
  );

/** The kernel of empty matrices. */
export const nothing = (module: ModuleBuilder, parameters: number): Kernel => ({
  run: module.function(
    Array.from({ length: parameters }, () => "i32" as const),
    undefined,
    () => [],
  ),
  scratch: 0,
});

/** An argument of the kernel: how many elements belong to one matrix. */
interface Operand {
  readonly argument: number;
  readonly size: number;
  readonly type: Type;
}

/**
 * Runs `core`(inputs, results, work) for every matrix of the batch. The core sees float64 (and int32): float32 is
 * widened into scratch memory before and rounded after. Inputs before `first` are not read.
 */
export function forEachMatrix(
  module: ModuleBuilder,
  name: string,
  batch: number,
  inputTypes: readonly Type[],
  resultTypes: readonly Type[],
  workBytes: number,
  core: () => FunctionReference<undefined>,
  first = 0,
): Kernel {
  const count = inputTypes.length + resultTypes.length;
  const all = [...inputTypes, ...resultTypes].map((type, argument): Operand => {
    return { argument, size: batch === 0 ? 0 : sizeOf(type.shape) / batch, type };
  });
  let next = 0;
  const place = ({ type, size }: Operand): number | undefined => {
    if (type.dtype !== "float32") return undefined;
    next += 8 * size;
    return next - 8 * size;
  };
  const staged = all.map((o) => ({ ...o, staged: place(o) }));
  const inputs = staged.slice(first, inputTypes.length);
  const results = staged.slice(inputTypes.length);
  const work = Math.ceil(next / 16) * 16;
  const key = `${name}:${[batch, first]}:${all.map((o) => `${o.type.dtype}${o.size}`)}`;
  const run = module.once(key, () => {
    const matrix = core();
    const parameters = Array.from({ length: count + 1 }, () => "i32" as const);
    return module.function(parameters, undefined, (f, ...args) => {
      const scratch = (args.at(-1) as Local<"i32">).get;
      return f.for(int(0), int(batch), 1, (b) => {
        const own = ({ argument, size, type }: Operand): Int =>
          plus((args[argument] as Local<"i32">).get, times(b, size * (type.dtype === "float64" ? 8 : 4)));
        const seen = (o: Operand & { staged: number | undefined }): Int =>
          o.staged === undefined ? own(o) : plus(scratch, int(o.staged));
        return [
          inputs.map((o) =>
            o.staged === undefined
              ? []
              : f.for(int(0), int(o.size), 1, (i) => put(seen(o), i, asDouble("float32", at(own(o), i, "float32")))),
          ),
          call(matrix, ...inputs.map(seen), ...results.map(seen), plus(scratch, int(work))),
          results.map((o) =>
            o.staged === undefined
              ? []
              : f.for(int(0), int(o.size), 1, (i) =>
                  f32.store(at(own(o), i, "float32"), f32.demoteF64(get(seen(o), i))),
                ),
          ),
        ];
      });
    });
  });
  return { run, scratch: work + workBytes };
}
