/** Writing the body of one vector function: named intermediate values and the common idioms. */
import {
  type Code,
  call,
  type FunctionBuilder,
  f32x4,
  f64x2,
  i32,
  type Local,
  type ModuleBuilder,
  sequence,
  v128,
  when,
} from "../encode.ts";
import type { Lanes, Vector } from "./lanes.ts";

export type VectorFunction = (module: ModuleBuilder, f: FunctionBuilder, ...args: Vector[]) => Vector;

/** A function of named lanes: its arguments may be read any number of times. */
export type Kernel = (k: Scope, ...args: [Vector, Vector]) => Vector;

export class Scope {
  readonly #statements: Code[] = [];
  readonly module: ModuleBuilder;
  readonly f: FunctionBuilder;
  readonly lanes: Lanes;
  readonly ops: Lanes["float"];

  constructor(module: ModuleBuilder, f: FunctionBuilder, lanes: Lanes) {
    this.module = module;
    this.f = f;
    this.lanes = lanes;
    this.ops = lanes.float;
  }

  /** A fresh local, assigned again by `run`. */
  variable(value: Vector): Local<"v128"> {
    const [steps, local] = this.f.letSteps(value);
    this.#statements.push(...steps);
    return local;
  }

  /** The value, computed here, to be read any number of times. */
  let(value: Vector): Vector {
    return this.variable(value).get;
  }

  run(code: Code): void {
    this.#statements.push(code);
  }

  /** The statements that `body` writes run only where some lane of `mask` is set. */
  whenAny(mask: Vector, body: () => void): void {
    this.run(when(v128.anyTrue(mask), this.collect(body)));
  }

  /** What `body` writes, as code. */
  collect(body: () => void): Code {
    const start = this.#statements.length;
    body();
    return this.#statements.splice(start);
  }

  /** Rounds of `body` while some lane of `mask` is set; it must leave the lanes that are not active alone. */
  whileAny(mask: () => Vector, body: (active: Vector) => void): void {
    const active = this.f.local("v128");
    const code = this.collect(() => {
      body(active.get);
    });
    const test = i32.eqz(v128.anyTrue(active.tee(mask())));
    this.run([0x02, 0x40, 0x03, 0x40, test.code, 0x0d, 1, code, 0x0c, 0, 0x0b, 0x0b]);
  }

  constant(value: number): Vector {
    return this.lanes.constant(value);
  }

  bits(value: bigint): Vector {
    return this.lanes.bits(value);
  }

  /** The constant for this width. */
  either<T>(single: T, double: T): T {
    return this.lanes.precision === 23 ? single : double;
  }

  /** mask ? a : b. */
  pick(mask: Vector, a: Vector, b: Vector): Vector {
    return v128.bitselect(a, b, mask);
  }

  /** mask ? value : 0. */
  only(mask: Vector, value: Vector): Vector {
    return v128.and(value, mask);
  }

  get signBit(): Vector {
    return this.constant(-0);
  }

  sign(x: Vector): Vector {
    return v128.and(x, this.signBit);
  }

  /** c₀ + c₁x + c₂x² + …: Horner's rule, long ones as even and odd halves side by side (Estrin). */
  polynomial(x: Vector, coefficients: readonly number[]): Vector {
    const { add, mul } = this.ops;
    if (coefficients.length <= splitFrom) {
      return coefficients.map((c) => this.constant(c)).reduceRight((value, c) => add(mul(value, x), c));
    }
    const square = this.let(mul(x, x));
    const half = (start: 0 | 1) =>
      this.polynomial(
        square,
        coefficients.filter((_, i) => i % 2 === start),
      );
    return add(half(0), mul(half(1), x));
  }

  /** The result of another vector function, to be read any number of times. */
  apply(g: VectorFunction, ...args: Vector[]): Vector {
    return this.let(g(this.module, this.f, ...args));
  }

  finish(value: Vector): Vector {
    return sequence(this.#statements.splice(0), value);
  }
}

/** Longer polynomials wait on their own latency. */
const splitFrom = 8;

export const inline =
  (lanes: Lanes, kernel: Kernel): VectorFunction =>
  (module, f, ...args) => {
    const k = new Scope(module, f, lanes);
    const named = args.map((value) => k.let(value)) as [Vector, Vector];
    return k.finish(kernel(k, ...named));
  };

/** One function in the module; `inline` code only calls it. */
export const outOfLine =
  (name: string, lanes: Lanes, kernel: Kernel): VectorFunction =>
  (module, _f, ...args) => {
    const target = module.once(`math.${name}.${lanes.name}.${args.length}`, () =>
      module.function(
        args.map(() => "v128" as const),
        "v128",
        (f, ...parameters) => {
          const k = new Scope(module, f, lanes);
          return k.finish(kernel(k, ...(parameters.map((p) => p.get) as [Vector, Vector])));
        },
      ),
    );
    return call(target, ...args);
  };

const lowHalves = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23];
const highHalf = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15];

/** The low lanes and the high lanes of four float32, as two pairs of float64. */
export const promote = (x: Vector): [Vector, Vector] => [
  f64x2.promoteLowF32x4(x),
  f64x2.promoteLowF32x4(v128.shuffle(x, x, highHalf)),
];

export const demote = (low: Vector, high: Vector): Vector =>
  v128.shuffle(f32x4.demoteF64x2Zero(low), f32x4.demoteF64x2Zero(high), lowHalves);

/** Four float32 by way of a float64 function: one rounding more, half an ulp. */
export const widened =
  (name: string, double: VectorFunction): VectorFunction =>
  (module, _f, ...args) => {
    const target = module.once(`math.${name}.f32x4.${args.length}`, () =>
      module.function(
        args.map(() => "v128" as const),
        "v128",
        (f, ...parameters) => {
          const halves = parameters.map((p) => promote(p.get));
          return demote(
            double(module, f, ...halves.map(([low]) => low)),
            double(module, f, ...halves.map(([, high]) => high)),
          );
        },
      ),
    );
    return call(target, ...args);
  };
