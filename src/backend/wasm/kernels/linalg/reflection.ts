/** One Householder reflection: the steps of `ops/linalg/numerics/reflection.ts`. */
import { enlarged, tiny } from "../../../../ops/linalg/numerics/reflection.ts";
import { type FunctionReference, f64, f64x2, type ModuleBuilder, select, when } from "../../encode.ts";
import { int, plus } from "../memory.ts";
import { alongLine, bothLanes, divideLine, loadFirst, zeros } from "./line.ts";
import { abs, div, get, mul, neg, one, put, sqrt, sub, zero } from "./matrices.ts";

/** (x, count, out): x becomes v; β and α go to out. */
export const reflection = (module: ModuleBuilder): FunctionReference<undefined> =>
  module.once("linalg.reflection", () =>
    module.function(["i32", "i32", "i32"], undefined, (f, x, count, out) => {
      const [head, big, first, alpha] = [f.local("f64"), f.local("f64"), f.local("f64"), f.local("f64")];
      const unit = f.local("f64");
      const [lanes, term] = [f.local("v128"), f.local("v128")];
      const other = f64x2.extractLane(lanes.get, 1);
      return [
        alongLine(f, int(1), count.get, (at, valid) =>
          lanes.set(f64x2.pmax(lanes.get, f64x2.abs(loadFirst(plus(x.get, at), valid)))),
        ),
        big.set(f64x2.extractLane(lanes.get, 0)),
        big.set(select(f64.gt(other, big.get), other, big.get)),
        head.set(get(x.get, int(0))),
        put(x.get, int(0), one),
        when(
          f64.eq(big.get, zero),
          [put(out.get, int(0), zero), put(out.get, int(1), head.get)],
          [
            put(x.get, int(0), head.get),
            big.set(select(f64.gt(abs(head.get), big.get), abs(head.get), big.get)),
            unit.set(one),
            when(f64.lt(big.get, f64.const(tiny)), [
              unit.set(f64.const(1 / enlarged)),
              divideLine(f, x.get, unit.get, int(0), count.get),
              big.set(div(big.get, unit.get)),
            ]),
            lanes.set(zeros),
            alongLine(f, int(0), count.get, (at, valid) => [
              term.set(f64x2.div(loadFirst(plus(x.get, at), valid), f64x2.splat(big.get))),
              lanes.set(f64x2.add(lanes.get, f64x2.mul(term.get, term.get))),
            ]),
            alpha.set(mul(big.get, sqrt(bothLanes(lanes)))),
            alpha.set(select(f64.gt(head.get, zero), neg(alpha.get), alpha.get)),
            first.set(sub(get(x.get, int(0)), alpha.get)),
            divideLine(f, x.get, first.get, int(1), count.get),
            put(x.get, int(0), one),
            put(out.get, int(0), div(neg(first.get), alpha.get)),
            put(out.get, int(1), mul(alpha.get, unit.get)),
          ],
        ),
      ];
    }),
  );
