/** Operands laid out in panels, in the order in which register blocks read them. */
import {
  type Code,
  type Expr,
  type FunctionBuilder,
  type FunctionReference,
  i32,
  type Local,
  type ModuleBuilder,
  memory,
  v128,
  when,
  whileDo,
} from "../encode.ts";
import { constant, type Lanes, plus } from "./lanes.ts";

/** Which direction of the operand is contiguous in memory. */
export type PackOrder = "across" | "along" | "strided";

export const packOrder = (lanes: Lanes, acrossStride: number, depthStride: number): PackOrder =>
  acrossStride === lanes.bytes ? "across" : depthStride === lanes.bytes ? "along" : "strided";

const cacheLine = 64;

type Add = (a: Local<"i32">, b: Expr<"i32">) => Code;
const advance: Add = (a, b) => a.set(i32.add(a.get, b));

/**
 * (from, to, depth, count, acrossStride, depthStride), strides in bytes: copies `count` rows (of a) or columns (of b)
 * into panels of `width`, each a contiguous [depth, width]; the last panel is padded with zeros.
 */
export function packKernel(
  module: ModuleBuilder,
  lanes: Lanes,
  width: number,
  order: PackOrder,
): FunctionReference<undefined> {
  const name = `matmul.pack.${lanes.bytes}.${width}.${order}`;
  const parameters = ["i32", "i32", "i32", "i32", "i32", "i32"] as const;
  return module.once(name, () =>
    module.function(parameters, undefined, (f, from, to, depth, count, across, along) => {
      const panel = f.local("i32");
      const line = f.local("i32");
      const strided = stridedPanel(f, lanes, width);
      const full =
        order === "across"
          ? copiedPanels(f, lanes, width, 1, panel.get)
          : order === "along"
            ? transposedPanel(f, lanes, width)
            : strided;
      // Lines far apart are read a whole cache line at a time: they may not stay in the cache until the next panel.
      const together = order === "across" ? Math.floor(cacheLine / (width * lanes.bytes)) : 1;
      const source = { from: from.get, to: to.get, depth: depth.get, across: across.get, along: along.get };
      return [
        line.set(i32.mul(across.get, constant(width))),
        panel.set(i32.mul(depth.get, constant(width * lanes.bytes))),
        together > 1
          ? whileDo(i32.geS(count.get, constant(together * width)), [
              copiedPanels(f, lanes, width, together, panel.get)({ ...source, count: constant(width) }),
              advance(from, i32.mul(line.get, constant(together))),
              advance(to, i32.mul(panel.get, constant(together))),
              advance(count, constant(-together * width)),
            ])
          : [],
        whileDo(i32.geS(count.get, constant(width)), [
          full({ ...source, count: constant(width) }),
          advance(from, line.get),
          advance(to, panel.get),
          advance(count, constant(-width)),
        ]),
        when(i32.gtS(count.get, constant(0)), [
          memory.fill(to.get, constant(0), panel.get),
          strided({ ...source, count: count.get }),
        ]),
      ];
    }),
  );
}

interface Source {
  readonly from: Expr<"i32">;
  readonly to: Expr<"i32">;
  readonly depth: Expr<"i32">;
  readonly count: Expr<"i32">;
  readonly across: Expr<"i32">;
  readonly along: Expr<"i32">;
}
type Panel = (source: Source) => Code;

/** Copies `panels` panels at a time, which lie `panel` bytes apart in the result. A line is whole or half vectors. */
function copiedPanels(f: FunctionBuilder, lanes: Lanes, width: number, panels: number, panel: Expr<"i32">): Panel {
  const at = f.local("i32");
  const targets = Array.from({ length: panels }, () => f.local("i32"));
  const bytes = width * lanes.bytes;
  return ({ from, to, depth, along }) => [
    at.set(from),
    targets.map((target, i) => target.set(i === 0 ? to : i32.add((targets[i - 1] as Local<"i32">).get, panel))),
    f.for(constant(0), depth, 1, () => [
      targets.map((target, i) => {
        const copies: Code[] = [];
        for (let offset = 0; offset + 16 <= bytes; offset += 16)
          copies.push(v128.store(target.get, v128.load(at.get, i * bytes + offset), offset));
        if (bytes % 16 > 0) {
          const half = bytes - 8;
          copies.push(v128.store64Lane(target.get, v128.load64Zero(at.get, i * bytes + half), 0, half));
        }
        return [copies, advance(target, constant(bytes))];
      }),
      advance(at, along),
    ]),
  ];
}

function stridedPanel(f: FunctionBuilder, lanes: Lanes, width: number): Panel {
  const start = f.local("i32");
  const first = f.local("i32");
  const at = f.local("i32");
  const target = f.local("i32");
  return ({ from, to, depth, count, across, along }) => [
    start.set(from),
    first.set(to),
    f.for(constant(0), count, 1, () => [
      at.set(start.get),
      target.set(first.get),
      f.for(constant(0), depth, 1, () => [
        lanes.copyElement(target.get, at.get),
        advance(at, along),
        advance(target, constant(width * lanes.bytes)),
      ]),
      advance(start, across),
      advance(first, constant(lanes.bytes)),
    ]),
  ];
}

/** Lanes of 32 bits [a, b, c, d] picked from the eight of two vectors. */
const pick = (...lanes: number[]): number[] => lanes.flatMap((l) => [4 * l, 4 * l + 1, 4 * l + 2, 4 * l + 3]);

/** Reads whole vectors along the depth and transposes them in squares of one vector's length, or half such. */
function transposedPanel(f: FunctionBuilder, lanes: Lanes, width: number): Panel {
  const side = lanes.count;
  const lines = Array.from({ length: side }, () => f.local("i32"));
  const loaded = Array.from({ length: side }, () => f.local("v128"));
  const mixed = Array.from({ length: side }, () => f.local("v128"));
  const start = f.local("i32");
  const target = f.local("i32");
  const left = f.local("i32");
  const row = width * lanes.bytes;
  const low = pick(0, 1, 4, 5);
  const high = pick(2, 3, 6, 7);

  const square = (count: number): Code => {
    const read = loaded.slice(0, count).map((v, i) => v.set(v128.load((lines[i] as Local<"i32">).get)));
    const [a, b, c, d] = loaded as [Local<"v128">, Local<"v128">, Local<"v128">, Local<"v128">];
    const [p, q, r, s] = mixed as [Local<"v128">, Local<"v128">, Local<"v128">, Local<"v128">];
    const put = (i: number, x: Local<"v128">, y: Local<"v128">, bytes: readonly number[]): Code =>
      v128.store(target.get, v128.shuffle(x.get, y.get, bytes), i * row);
    if (side === 2) return [read, put(0, a, b, low), put(1, a, b, high)];
    if (count === 2) {
      const halves = [
        p.set(v128.shuffle(a.get, b.get, pick(0, 4, 1, 5))),
        q.set(v128.shuffle(a.get, b.get, pick(2, 6, 3, 7))),
      ];
      const store = (i: number, pair: Local<"v128">): Code =>
        v128.store64Lane(target.get, pair.get, i % 2 === 0 ? 0 : 1, i * row);
      return [read, halves, store(0, p), store(1, p), store(2, q), store(3, q)];
    }
    return [
      read,
      p.set(v128.shuffle(a.get, b.get, pick(0, 4, 1, 5))),
      q.set(v128.shuffle(c.get, d.get, pick(0, 4, 1, 5))),
      r.set(v128.shuffle(a.get, b.get, pick(2, 6, 3, 7))),
      s.set(v128.shuffle(c.get, d.get, pick(2, 6, 3, 7))),
      put(0, p, q, low),
      put(1, p, q, high),
      put(2, r, s, low),
      put(3, r, s, high),
    ];
  };

  return ({ from, to, depth, across }) => {
    const group = f.local("i32");
    /** The next `count` lines. */
    const strip = (count: number): Code => {
      const own = lines.slice(0, count);
      return [
        own.map((line, i) => line.set(i === 0 ? start.get : i32.add((own[i - 1] as Local<"i32">).get, across))),
        start.set(i32.add((own.at(-1) as Local<"i32">).get, across)),
        target.set(group.get),
        left.set(depth),
        whileDo(i32.geS(left.get, constant(side)), [
          square(count),
          own.map((line) => line.set(plus(line.get, 16))),
          advance(target, constant(side * row)),
          advance(left, constant(-side)),
        ]),
        whileDo(left.get, [
          own.map((line, i) => [
            lanes.copyElement(plus(target.get, i * lanes.bytes), line.get),
            line.set(plus(line.get, lanes.bytes)),
          ]),
          advance(target, constant(row)),
          advance(left, constant(-1)),
        ]),
        advance(group, constant(count * lanes.bytes)),
      ];
    };
    return [
      start.set(from),
      group.set(to),
      f.for(constant(0), constant(width - (width % side)), side, () => strip(side)),
      width % side > 0 ? strip(width % side) : [],
    ];
  };
}
