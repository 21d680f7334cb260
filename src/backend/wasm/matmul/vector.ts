/** Products of a matrix and a vector: they wait for memory, which is read once and in order. */
import {
  branchIf,
  type Code,
  call,
  type Expr,
  type FunctionBuilder,
  type FunctionReference,
  i32,
  type Local,
  loop,
  type ModuleBuilder,
  memory,
  select,
  whileDo,
} from "../encode.ts";
import { constant, type Lanes, plus, zero } from "./lanes.ts";
import type { VectorProduct } from "./plan.ts";

type Address = Local<"i32">;
type Kernel = FunctionReference<undefined>;

const add = (a: Address, bytes: Expr<"i32">): Code => a.set(i32.add(a.get, bytes));

/** One matrix times one vector; `matrix`, `x` and `out` are not changed. */
export function vectorProduct(
  module: ModuleBuilder,
  f: FunctionBuilder,
  plan: VectorProduct,
  at: {
    readonly matrix: Expr<"i32">;
    readonly x: Expr<"i32">;
    readonly out: Expr<"i32">;
    readonly scratch: Expr<"i32">;
  },
): Code {
  const { lanes, count, depth } = plan;
  const { bytes } = lanes;
  const line = plan.matrix.line * bytes;
  const c = constant;
  if (plan.order === "dot") {
    const full = Math.floor(count / 4);
    const x = plan.packX ? at.scratch : at.x;
    const dot = (lines: number, first: number, groups: number): Code =>
      call(
        dotKernel(module, lanes, lines),
        plus(at.matrix, first * line),
        x,
        plus(at.out, first * bytes),
        c(depth),
        c(groups),
        c(line),
      );
    return [
      plan.packX ? gather(f, lanes, at.x, at.scratch, depth, plan.x.depth * bytes) : [],
      full > 0 ? dot(4, 0, full) : [],
      count % 4 > 0 ? dot(1, 4 * full, count % 4) : [],
    ];
  }
  if (plan.order === "sum") {
    const along = plan.matrix.depth * bytes;
    const full = Math.floor(depth / summedLines);
    const sum = (lines: number, start: Expr<"i32">): Code =>
      call(
        sumKernel(module, lanes, lines, along),
        i32.add(at.matrix, i32.mul(start, c(along))),
        i32.add(at.x, i32.mul(start, c(plan.x.depth * bytes))),
        at.out,
        c(count),
        c(plan.x.depth * bytes),
      );
    return [
      memory.fill(at.out, c(0), c(count * bytes)),
      f.for(c(0), c(full * summedLines), summedLines, (start) => sum(summedLines, start)),
      depth % summedLines > 0 ? sum(depth % summedLines, c(full * summedLines)) : [],
    ];
  }
  return call(
    stridedKernel(module, lanes),
    at.matrix,
    at.x,
    at.out,
    c(depth),
    c(count),
    c(line),
    c(plan.matrix.depth * bytes),
    c(plan.x.depth * bytes),
  );
}

function gather(
  f: FunctionBuilder,
  lanes: Lanes,
  from: Expr<"i32">,
  to: Expr<"i32">,
  count: number,
  stride: number,
): Code {
  const source = f.local("i32");
  const target = f.local("i32");
  return [
    source.set(from),
    target.set(to),
    f.for(constant(0), constant(count), 1, () => [
      lanes.copyElement(target.get, source.get),
      add(source, constant(stride)),
      add(target, constant(lanes.bytes)),
    ]),
  ];
}

/** Terms that are summed by themselves before they join the others: the error grows with the root of the depth. */
const chunk = 8192;

/**
 * (matrix, x, out, depth, groups, line): `groups` times `lines` dot products. Every product is summed in the same
 * order whatever the grouping: in chunks, there even vectors, odd vectors, then both; at the end their lanes.
 */
function dotKernel(module: ModuleBuilder, lanes: Lanes, lines: number): Kernel {
  const parameters = ["i32", "i32", "i32", "i32", "i32", "i32"] as const;
  return module.once(`matmul.dot.${lanes.name}.${lines}`, () =>
    module.function(parameters, undefined, (f, matrix, x, out, depth, groups, line) => {
      const at = Array.from({ length: lines }, () => f.local("i32"));
      const even = at.map(() => f.local("v128"));
      const odd = at.map(() => f.local("v128"));
      const total = at.map(() => f.local("v128"));
      const rest = f.local("i32");
      const xVector = f.local("v128");
      const xAt = f.local("i32");
      const left = f.local("i32");
      const step = (sums: readonly Local<"v128">[], count: number, offset: number): Code => [
        xVector.set(lanes.loadFirst(xAt.get, count, offset)),
        sums.map((sum, i) =>
          sum.set(lanes.multiplyAdd(sum.get, lanes.loadFirst((at[i] as Address).get, count, offset), xVector.get)),
        ),
      ];
      const advance = (count: number): Code => [
        [xAt, ...at].map((address) => address.set(plus(address.get, count * lanes.bytes))),
        left.set(i32.sub(left.get, constant(count))),
      ];
      return loop([
        at.map((address, i) => [address.set(matrix.get), add(matrix, line.get), (total[i] as Local<"v128">).set(zero)]),
        xAt.set(x.get),
        rest.set(depth.get),
        whileDo(rest.get, [
          [...even, ...odd].map((sum) => sum.set(zero)),
          left.set(select(i32.ltS(rest.get, constant(chunk)), rest.get, constant(chunk))),
          rest.set(i32.sub(rest.get, left.get)),
          whileDo(i32.geS(left.get, constant(2 * lanes.count)), [
            step(even, lanes.count, 0),
            step(odd, lanes.count, 16),
            advance(2 * lanes.count),
          ]),
          whileDo(i32.geS(left.get, constant(lanes.count)), [step(even, lanes.count, 0), advance(lanes.count)]),
          whileDo(left.get, [step(odd, 1, 0), advance(1)]),
          total.map((sum, i) =>
            sum.set(lanes.add(sum.get, lanes.add((even[i] as Local<"v128">).get, (odd[i] as Local<"v128">).get))),
          ),
        ]),
        total.map((sum, i) => {
          const [statements, all] = lanes.sum(sum);
          return [statements, lanes.storeFirst(out.get, all, 1, i * lanes.bytes)];
        }),
        add(out, constant(lines * lanes.bytes)),
        branchIf(groups.tee(i32.sub(groups.get, constant(1))), 0),
      ]);
    }),
  );
}

const summedLines = 8;

/** (matrix, x, out, count, xStride): out += Σ over `lines` lines, `along` bytes apart, of line·x, in order. */
function sumKernel(module: ModuleBuilder, lanes: Lanes, lines: number, along: number): Kernel {
  const parameters = ["i32", "i32", "i32", "i32", "i32"] as const;
  return module.once(`matmul.sum.${lanes.name}.${lines}.${along}`, () =>
    module.function(parameters, undefined, (f, matrix, x, out, count, xStride) => {
      const weights = Array.from({ length: lines }, () => f.local("v128"));
      const step = (valid: number, offset: number): Code =>
        lanes.storeFirst(
          out.get,
          weights.reduce(
            (sum, weight, i) =>
              lanes.multiplyAdd(sum, weight.get, lanes.loadFirst(matrix.get, valid, i * along + offset)),
            lanes.loadFirst(out.get, valid, offset),
          ),
          valid,
          offset,
        );
      const advance = (elements: number): Code => [
        matrix.set(plus(matrix.get, elements * lanes.bytes)),
        out.set(plus(out.get, elements * lanes.bytes)),
        count.set(i32.sub(count.get, constant(elements))),
      ];
      return [
        weights.map((weight) => [weight.set(lanes.splat(x.get)), add(x, xStride.get)]),
        whileDo(i32.geS(count.get, constant(2 * lanes.count)), [
          step(lanes.count, 0),
          step(lanes.count, 16),
          advance(2 * lanes.count),
        ]),
        whileDo(count.get, [step(1, 0), advance(1)]),
      ];
    }),
  );
}

/** (matrix, x, out, depth, count, line, along, xStride): one element at a time, for any strides. */
function stridedKernel(module: ModuleBuilder, lanes: Lanes): Kernel {
  const parameters = ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"] as const;
  return module.once(`matmul.strided.${lanes.name}`, () =>
    module.function(parameters, undefined, (f, matrix, x, out, depth, count, line, along, xStride) => {
      const at = f.local("i32");
      const xAt = f.local("i32");
      const sum = f.local("v128");
      const [left, right] = [lanes.loadFirst(at.get, 1), lanes.loadFirst(xAt.get, 1)];
      return f.for(constant(0), count.get, 1, () => [
        at.set(matrix.get),
        xAt.set(x.get),
        sum.set(zero),
        f.for(constant(0), depth.get, 1, () => [
          sum.set(lanes.multiplyAdd(sum.get, left, right)),
          add(at, along.get),
          add(xAt, xStride.get),
        ]),
        lanes.storeFirst(out.get, sum.get, 1),
        add(matrix, line.get),
        add(out, constant(lanes.bytes)),
      ]);
    }),
  );
}
