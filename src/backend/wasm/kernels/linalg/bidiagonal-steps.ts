/** QR steps on a bidiagonal matrix: those of `ops/linalg/numerics/bidiagonal-steps.ts`; the rotations are recorded. */
import { maxSteps } from "../../../../ops/linalg/numerics/bidiagonal-steps.ts";
import {
  block,
  branch,
  branchIf,
  type Code,
  call,
  type FunctionReference,
  f64,
  i32,
  type ModuleBuilder,
  select,
  sequence,
  when,
  whileDo,
} from "../../encode.ts";
import { type Int, int, plus } from "../memory.ts";
import { abs, add, div, get, mul, one, put, type Real, reals, sub, zero } from "./matrices.ts";
import { hypotenuse, rotationLocals, setRotation } from "./rotation.ts";
import { sweepsOver } from "./sweeps.ts";

/** (f, g, h) → the smaller singular value of [[f, g], [0, h]] */
const smaller = (module: ModuleBuilder): FunctionReference<"f64"> => {
  const hypot = hypotenuse(module);
  return module.once("smallerSingularValue", () =>
    module.function(["f64", "f64", "f64"], "f64", (_f, f, g, h) => {
      const [sum, difference] = [call(hypot, add(f.get, h.get), g.get), call(hypot, sub(f.get, h.get), g.get)];
      return div(abs(mul(f.get, h.get)), mul(f64.const(0.5), add(sum, difference)));
    }),
  );
};

/** (d, e, u, v, uRecord, vRecord) → 1 if it converged. u and v are in panels. */
export const diagonalizeBidiagonal = (module: ModuleBuilder, n: number): FunctionReference<"i32"> => {
  const least = smaller(module);
  return module.once(`diagonalizeBidiagonal:${n}`, () =>
    module.function(["i32", "i32", "i32", "i32", "i32", "i32"], "i32", (f, d, e, u, v, uRecord, vRecord) => {
      const left = sweepsOver(module, f, n, true, u, uRecord);
      const right = sweepsOver(module, f, n, true, v, vRecord);
      const [across, along] = [rotationLocals(f), rotationLocals(f)];
      const [x, y, own, below, small, shift] = reals(f, 6) as [Real64, Real64, Real64, Real64, Real64, Real64];
      const [first, last, steps, failed] = [f.local("i32"), f.local("i32"), f.local("i32"), f.local("i32")];
      const singular = f.local("i32");
      const [dAt, eAt] = [(i: Int): Real => get(d.get, i), (i: Int): Real => get(e.get, i)];
      const before = (i: Int): Int => i32.sub(i, int(1));
      const follow: Code = [right.rotation(across.c.get, across.s.get), left.rotation(along.c.get, along.s.get)];

      // across.c and along hold the last rotations; y is d[i + 1]·s.
      const plain: Code = [
        across.c.set(one),
        along.c.set(one),
        along.s.set(zero),
        f.for(first.get, last.get, 1, (i) => [
          x.set(mul(dAt(i), across.c.get)),
          setRotation(module, across, x.get, eAt(i)),
          when(i32.gtS(i, first.get), put(e.get, before(i), mul(along.s.get, across.r.get))),
          x.set(mul(along.c.get, across.r.get)),
          y.set(mul(dAt(plus(i, int(1))), across.s.get)),
          setRotation(module, along, x.get, y.get),
          put(d.get, i, along.r.get),
          follow,
        ]),
        x.set(mul(dAt(last.get), across.c.get)),
        put(d.get, last.get, mul(x.get, along.c.get)),
        put(e.get, before(last.get), mul(x.get, along.s.get)),
      ];

      // The bulge: x and y are what the next rotation from the right turns into (r, 0).
      const shifted: Code = [
        x.set(dAt(first.get)),
        y.set(div(shift.get, x.get)),
        x.set(mul(sub(abs(x.get), shift.get), add(select(f64.lt(x.get, zero), f64.const(-1), one), y.get))),
        y.set(eAt(first.get)),
        f.for(first.get, last.get, 1, (i) => [
          setRotation(module, across, x.get, y.get),
          when(i32.gtS(i, first.get), put(e.get, before(i), across.r.get)),
          own.set(sub(mul(across.c.get, eAt(i)), mul(across.s.get, dAt(i)))),
          below.set(mul(across.c.get, dAt(plus(i, int(1))))),
          x.set(add(mul(across.c.get, dAt(i)), mul(across.s.get, eAt(i)))),
          y.set(mul(across.s.get, dAt(plus(i, int(1))))),
          setRotation(module, along, x.get, y.get),
          put(d.get, i, along.r.get),
          x.set(add(mul(along.c.get, own.get), mul(along.s.get, below.get))),
          put(d.get, plus(i, int(1)), sub(mul(along.c.get, below.get), mul(along.s.get, own.get))),
          y.set(mul(along.s.get, eAt(plus(i, int(1))))),
          when(i32.ltS(i, before(last.get)), put(e.get, plus(i, int(1)), mul(along.c.get, eAt(plus(i, int(1)))))),
          follow,
        ]),
        put(e.get, before(last.get), x.get),
      ];

      const step: Code = [
        first.set(before(last.get)),
        whileDo(i32.gtS(first.get, int(0)), [
          // out of the loop and the condition around it
          branchIf(f64.le(abs(eAt(before(first.get))), small.get), 1),
          first.set(before(first.get)),
        ]),
        singular.set(int(0)),
        f.for(first.get, plus(last.get, int(1)), 1, (i) =>
          when(f64.le(abs(dAt(i)), small.get), [put(d.get, i, zero), singular.set(int(1))]),
        ),
        shift.set(call(least, dAt(before(last.get)), eAt(before(last.get)), dAt(last.get))),
        x.set(div(shift.get, dAt(first.get))),
        when(i32.or(singular.get, f64.lt(mul(x.get, x.get), f64.const(2 ** -52))), shift.set(zero)),
        left.begin(first.get, i32.sub(last.get, first.get)),
        right.begin(first.get, i32.sub(last.get, first.get)),
        when(f64.eq(shift.get, zero), plain, shifted),
      ];
      return sequence(
        [
          left.reset,
          right.reset,
          f.for(int(0), int(n), 1, (i) => small.set(f64.max(small.get, add(abs(dAt(i)), abs(eAt(i)))))),
          small.set(mul(f64.const(2 ** -52), small.get)),
          last.set(int(n - 1)),
          block(
            whileDo(i32.gtS(last.get, int(0)), [
              when(f64.le(abs(eAt(before(last.get))), small.get), last.set(before(last.get)), [
                // out of this branch, the loop, the condition around it, and the block
                when(i32.eq(steps.get, int(maxSteps * n)), [failed.set(int(1)), branch(4)]),
                steps.set(plus(steps.get, int(1))),
                step,
              ]),
            ]),
          ),
          left.apply,
          right.apply,
        ],
        i32.eqz(failed.get),
      );
    }),
  );
};
type Real64 = ReturnType<typeof reals>[number];
