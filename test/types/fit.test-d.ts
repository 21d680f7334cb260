/** What a fit knows of its parameters' types. Checked by tsc. */
import { exp, type Tensor } from "nabla";
import { curveFit, leastSquares } from "nabla/optimize";
import { expectTypeOf, test } from "vitest";

test("the parameters have the tree of the start", () => {
  const fit = curveFit(({ a, k }, x) => exp(x.mul(k)).mul(a), [0, 1, 2], [1, 2, 4], { a: 1, k: 0.5 });
  expectTypeOf(fit.parameters.a).toEqualTypeOf<Tensor>();
  expectTypeOf(fit.standardErrors.k).toEqualTypeOf<Tensor>();
  fit.confidenceBand([0, 0.5]);
  curveFit(
    ({ w }, { u, v }) => u.mul(w).add(v),
    { u: [1, 2], v: [0, 1] },
    [1, 2],
    { w: [1] },
    { bounds: { lower: { w: 0 } } },
  );
  curveFit(({ a }: { a: Tensor }, x: Tensor) => x.mul(a), [1], [1], { a: 1 });
  const place = leastSquares((at) => at.sub([1, 2]), [0, 0], { bounds: { upper: [3, 3] } });
  expectTypeOf(place.x).toEqualTypeOf<Tensor>();
  // @ts-expect-error there is no b
  fit.parameters.b;
  // @ts-expect-error no such loss
  leastSquares((at) => at, 1, { loss: "l1" });
});
