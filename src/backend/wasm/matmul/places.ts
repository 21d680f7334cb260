/**
 * Operands whose rows, columns or terms are several axes, the windows of a convolution say: element (i, d) lies at
 * across[i] + along[d], two tables of byte offsets. Such an operand is packed as any other, so that no copy of the whole
 * is ever made (Chetlur et al. 2014, "cuDNN", §3: the lowered matrix exists tile by tile only).
 */
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
import { transposeBlock } from "../kernels/transposed.ts";
import { constant, type Lanes, plus } from "./lanes.ts";

type Int = Expr<"i32">;
type Address = Local<"i32">;
const entry = 4;

/** Where the two tables of an operand begin. */
export interface Places {
  readonly across: Int;
  readonly along: Int;
}

/** Sizes and strides in bytes, outermost first. */
export interface PlaceAxis {
  readonly n: number;
  readonly stride: number;
}

export const tableBytes = (count: number): number => Math.ceil((count * entry) / 16) * 16;

/** Offsets of all indices of the axes, in order, from `table` on. */
export function fillTable(f: FunctionBuilder, table: Int, axes: readonly PlaceAxis[]): Code {
  const at = f.local("i32");
  const nest = ([axis, ...rest]: readonly PlaceAxis[], offset: Int): Code =>
    axis === undefined
      ? [i32.store(at.get, offset), at.set(plus(at.get, entry))]
      : f.for(constant(0), constant(axis.n), 1, (i) => nest(rest, i32.add(offset, i32.mul(i, constant(axis.stride)))));
  return [at.set(table), nest(axes, constant(0))];
}

/** (from, to, depth, count, across, along): as `packKernel`, through tables. */
export function packByPlaces(module: ModuleBuilder, lanes: Lanes, width: number): FunctionReference<undefined> {
  const parameters = ["i32", "i32", "i32", "i32", "i32", "i32"] as const;
  return module.once(`matmul.places.${lanes.bytes}.${width}`, () =>
    module.function(parameters, undefined, (f, from, to, depth, count, across, along) => {
      const panel = new Panel(f, lanes, width, { from, to, depth, across, along });
      const size = i32.mul(depth.get, constant(width * lanes.bytes));
      return [
        whileDo(i32.geS(count.get, constant(width)), [
          panel.full(),
          to.set(i32.add(to.get, size)),
          across.set(plus(across.get, width * entry)),
          count.set(plus(count.get, -width)),
        ]),
        when(i32.gtS(count.get, constant(0)), [
          memory.fill(to.get, constant(0), size),
          panel.lines(constant(0), count.get),
        ]),
      ];
    }),
  );
}

type At = Readonly<Record<"from" | "to" | "depth" | "across" | "along", Address>>;

/** One panel, [depth, width], of the lines that the table `across` names. */
class Panel {
  readonly #f: FunctionBuilder;
  readonly #lanes: Lanes;
  readonly #width: number;
  readonly #at: At;
  /** Where the lines of a vector begin, a place in the panel, and in the table of the depth. */
  readonly #line: readonly Address[];
  readonly #target: Address;
  readonly #next: Address;
  readonly #left: Address;

  constructor(f: FunctionBuilder, lanes: Lanes, width: number, at: At) {
    this.#f = f;
    this.#lanes = lanes;
    this.#width = width;
    this.#at = at;
    this.#line = Array.from({ length: width }, () => f.local("i32"));
    [this.#target, this.#next, this.#left] = [f.local("i32"), f.local("i32"), f.local("i32")];
  }

  full(): Code {
    const { count } = this.#lanes;
    const { from, across } = this.#at;
    const starts = this.#line.map((line, i) => line.set(i32.add(from.get, i32.load(across.get, i * entry))));
    const vectors = Math.floor(this.#width / count);
    const groups = Array.from({ length: vectors }, (_, v) => this.#line.slice(v * count, (v + 1) * count));
    return [
      starts,
      when(
        this.#neighbours(this.#line.slice(0, vectors * count)),
        this.#copied(this.#line[0] as Address, 0, vectors),
        groups.map((group, v) =>
          when(this.#neighbours(group), this.#copied(group[0] as Address, v, 1), this.#gathered(group, v)),
        ),
      ),
      this.lines(constant(vectors * count), constant(this.#width)),
    ];
  }

  /** Lines first … end − 1, element by element. */
  lines(first: Int, end: Int): Code {
    const { from, to, across } = this.#at;
    const start = this.#f.local("i32");
    return this.#f.for(first, end, 1, (i) => [
      start.set(i32.add(from.get, i32.load(i32.add(across.get, i32.mul(i, constant(entry)))))),
      this.#eachDepth(i32.add(to.get, i32.mul(i, constant(this.#lanes.bytes))), 1, () =>
        this.#lanes.copyElement(this.#target.get, i32.add(start.get, i32.load(this.#next.get))),
      ),
    ]);
  }

  /** Whether the lines follow each other in memory. */
  #neighbours([first, ...others]: readonly Address[]): Int {
    const { bytes } = this.#lanes;
    return others.reduce<Int>(
      (all, line, i) => i32.and(all, i32.eq(line.get, plus((first as Address).get, (i + 1) * bytes))),
      constant(1),
    );
  }

  /** body for `step` terms at a time, as often as they are left. */
  #while(step: number, body: Code): Code {
    return whileDo(i32.geS(this.#left.get, constant(step)), [
      body,
      this.#next.set(plus(this.#next.get, step * entry)),
      this.#target.set(plus(this.#target.get, step * this.#width * this.#lanes.bytes)),
      this.#left.set(plus(this.#left.get, -step)),
    ]);
  }

  /** body(s) for every term: `unroll` of them a round, at `#next` and `#target` and s terms further. */
  #eachDepth(target: Int, unroll: number, body: (s: number) => Code): Code {
    return [
      this.#target.set(target),
      this.#next.set(this.#at.along.get),
      this.#left.set(this.#at.depth.get),
      unroll > 1
        ? this.#while(
            unroll,
            Array.from({ length: unroll }, (_, s) => body(s)),
          )
        : [],
      this.#while(1, body(0)),
    ];
  }

  #vectorAt(v: number): Int {
    return plus(this.#at.to.get, 16 * v);
  }

  /** Vectors v … of a line after line, copied as they are. */
  #copied(line: Address, v: number, vectors: number): Code {
    const source = this.#f.local("i32");
    return this.#eachDepth(this.#vectorAt(v), 4, (s) => [
      source.set(i32.add(line.get, i32.load(this.#next.get, s * entry))),
      Array.from({ length: vectors }, (_, k) =>
        v128.store(this.#target.get, v128.load(source.get, 16 * k), s * this.#width * this.#lanes.bytes + 16 * k),
      ),
    ]);
  }

  /** A vector of lines apart: squares are transposed where the terms are neighbours, else elements are gathered. */
  #gathered(group: readonly Address[], v: number): Code {
    const { count, bytes } = this.#lanes;
    const row = this.#width * bytes;
    const terms = group.map((_, s) => i32.load(this.#next.get, s * entry));
    const first = this.#f.local("i32");
    const together = terms
      .slice(1)
      .reduce<Int>((all, term, s) => i32.and(all, i32.eq(term, plus(first.get, (s + 1) * bytes))), constant(1));
    const rows = group.map((line) => this.#f.let(v128.load(i32.add(line.get, first.get))));
    const { statements, columns } = transposeBlock(
      this.#f,
      rows.map(([, local]) => local),
    );
    const square = [
      rows.map(([load]) => load),
      statements,
      columns.map((column, s) => v128.store(this.#target.get, column, s * row)),
    ];
    const single = (s: number): Code => [
      first.set(i32.load(this.#next.get, s * entry)),
      v128.store(this.#target.get, this.#gather(group.map((line) => i32.add(line.get, first.get))), s * row),
    ];
    return [
      this.#target.set(this.#vectorAt(v)),
      this.#next.set(this.#at.along.get),
      this.#left.set(this.#at.depth.get),
      this.#while(count, [
        first.set(terms[0] as Int),
        when(
          together,
          square,
          group.map((_, s) => single(s)),
        ),
      ]),
      this.#while(1, single(0)),
    ];
  }

  #gather([first, ...others]: readonly Int[]): Expr<"v128"> {
    const wide = this.#lanes.bytes === 8;
    return others.reduce(
      (vector, address, i) =>
        wide ? v128.load64Lane(address, vector, i + 1) : v128.load32Lane(address, vector, i + 1),
      wide ? v128.load64Zero(first as Int) : v128.load32Zero(first as Int),
    );
  }
}
