/** Plane rotations: the steps of `ops/linalg/numerics/rotation.ts`. */
import {
  type Code,
  call,
  type FunctionBuilder,
  type FunctionReference,
  f64,
  i32,
  type Local,
  type ModuleBuilder,
  select,
  sequence,
} from "../../encode.ts";
import { abs, add, div, mul, one, type Real, sqrt, zero } from "./matrices.ts";

/** (x, y) → √(x² + y²) */
export const hypotenuse = (module: ModuleBuilder): FunctionReference<"f64"> =>
  module.once("hypotenuse", () =>
    module.function(["f64", "f64"], "f64", (f, x, y) => {
      const [big, small, q] = [f.local("f64"), f.local("f64"), f.local("f64")];
      const ordered: Code[] = [
        big.set(select(f64.gt(abs(x.get), abs(y.get)), abs(x.get), abs(y.get))),
        small.set(select(f64.gt(abs(x.get), abs(y.get)), abs(y.get), abs(x.get))),
        q.set(div(small.get, big.get)),
      ];
      const length = mul(big.get, sqrt(add(one, mul(q.get, q.get))));
      return sequence(ordered, select(f64.eq(big.get, zero), zero, length));
    }),
  );

export interface Rotation {
  readonly c: Local<"f64">;
  readonly s: Local<"f64">;
  readonly r: Local<"f64">;
}
export const rotationLocals = (f: FunctionBuilder): Rotation => ({
  c: f.local("f64"),
  s: f.local("f64"),
  r: f.local("f64"),
});

/** c² + s² = 1, c·x + s·y = r, c·y − s·x = 0; x and y are read again after r is set. */
export const setRotation = (module: ModuleBuilder, { c, s, r }: Rotation, x: Real, y: Real): Code => {
  const none = f64.eq(r.get, zero);
  const divisor: Real = select(none, one, r.get);
  return [
    r.set(call(hypotenuse(module), x, y)),
    c.set(select(none, one, div(x, divisor))),
    s.set(select(i32.eqz(none), div(y, divisor), zero)),
  ];
};
