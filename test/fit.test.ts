/** What fits say: errors, bands, verdicts, and errors of use. */
import cephes from "cephes";
import {
  arange,
  concatenate,
  exp,
  lstsq,
  matmul,
  mul,
  NablaError,
  random,
  square,
  stack,
  sub,
  type Tensor,
} from "nabla";
import { curveFit, type LossName, leastSquares } from "nabla/optimize";
import { beforeAll, describe, expect, test } from "vitest";
import { erfc } from "../src/base/special.ts";
import { studentQuantile, studentTail } from "../src/optimize/student-t.ts";

const code = (f: () => unknown): string => {
  try {
    f();
  } catch (error) {
    if (error instanceof NablaError) return error.message;
    throw error;
  }
  return "no error";
};

const line = ({ a, b }: { a: Tensor; b: Tensor }, x: Tensor): Tensor => x.mul(b).add(a);
const start = { a: 0, b: 0 };

/** Fisher's expansion (1925) about the normal distribution; cephes loses digits where there are many degrees. */
const nearlyNormal = (t: number, nu: number): number => {
  const density = Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI);
  const second = 3 * t ** 7 - 7 * t ** 5 - 5 * t ** 3 - 3 * t;
  return erfc(t / Math.SQRT2) / 2 + density * ((t ** 3 + t) / (4 * nu) + second / (96 * nu * nu));
};

describe("Student's t", () => {
  beforeAll(() => cephes.compiled);
  const degrees = [1, 2, 3, 5, 10, 29, 30, 31, 100, 1000, 100_000];
  test.each(degrees)("%i degrees of freedom", (nu) => {
    for (const t of [1e-3, 0.1, 0.5, 1, 1.7, 1.8, 2, 3, 10]) {
      const reference = nu < 10_000 ? cephes.stdtr(nu, -t) : nearlyNormal(t, nu);
      if (t < 4 || nu < 10_000)
        expect(Math.abs(studentTail(t, nu) / reference - 1), `tail of ${t}`).toBeLessThan(1e-11);
    }
    for (const level of [0.01, 0.5, 0.9, 0.95, 0.99, 0.999999]) {
      const t = studentQuantile(level, nu);
      expect(Math.abs((2 * studentTail(t, nu)) / (1 - level) - 1), `level ${level}`).toBeLessThan(1e-13);
    }
  });
  test("closed forms", () => {
    expect(studentQuantile(0.95, 1)).toBeCloseTo(Math.tan((Math.PI * 0.95) / 2), 11);
    expect(studentQuantile(0.9, 2)).toBeCloseTo(0.9 * Math.sqrt(2 / (1 - 0.81)), 12);
  });
});

describe("a straight line, where all is known in closed form", () => {
  const x = [1, 2, 3, 4, 5, 6, 7];
  const y = [2.1, 3.9, 6.2, 7.8, 10.1, 12.2, 13.8];
  const w = [1, 2, 1, 4, 1, 2, 1];
  const moments = (weights: readonly number[]) => {
    const total = (f: (i: number) => number): number => x.reduce((sum, _, i) => sum + (weights[i] as number) * f(i), 0);
    const [xm, ym] = [total((i) => x[i] as number) / total(() => 1), total((i) => y[i] as number) / total(() => 1)];
    const sxx = total((i) => ((x[i] as number) - xm) ** 2);
    const b = total((i) => ((x[i] as number) - xm) * ((y[i] as number) - ym)) / sxx;
    const a = ym - b * xm;
    const rss = total((i) => ((y[i] as number) - a - b * (x[i] as number)) ** 2);
    const tss = total((i) => ((y[i] as number) - ym) ** 2);
    return { a, b, rss, tss, sxx, xm, sum: total(() => 1), s: Math.sqrt(rss / 5) };
  };
  test.each([
    ["alike", {}, x.map(() => 1)],
    ["weights", { weights: w }, w],
    ["sigma", { sigma: w.map((v) => 1 / Math.sqrt(v)) }, w],
  ] as const)("%s", (_, options, weights) => {
    const fit = curveFit(line, x, y, start, options);
    const { a, b, rss, tss, sxx, xm, sum, s } = moments(weights);
    expect(fit.parameters.a.item()).toBeCloseTo(a, 12);
    expect(fit.parameters.b.item()).toBeCloseTo(b, 12);
    expect(fit.residualSumOfSquares).toBeCloseTo(rss, 12);
    expect(fit.residualDeviation).toBeCloseTo(s, 12);
    expect(fit.degreesOfFreedom).toBe(5);
    expect(fit.rSquared).toBeCloseTo(1 - rss / tss, 12);
    expect(fit.standardErrors.b.item()).toBeCloseTo(s / Math.sqrt(sxx), 12);
    expect(fit.standardErrors.a.item()).toBeCloseTo(s * Math.sqrt(1 / sum + xm ** 2 / sxx), 12);
    expect(fit.correlation.at(0, 1).item()).toBeCloseTo(-xm / Math.sqrt(sxx / sum + xm ** 2), 12);
    const logs = weights.reduce((total, v) => total + Math.log(v), 0);
    const deviance = 7 * (Math.log((2 * Math.PI * rss) / 7) + 1) - logs;
    expect(fit.aic).toBeCloseTo(deviance + 6, 10);
    expect(fit.bic).toBeCloseTo(deviance + 3 * Math.log(7), 10);
    const t = studentQuantile(0.9, 5);
    const at = [-3, 4, 20];
    const confidence = fit.confidenceBand(at, 0.9);
    const prediction = fit.predictionBand(at, 0.9);
    at.forEach((v, i) => {
      const error = s * Math.sqrt(1 / sum + (v - xm) ** 2 / sxx);
      expect(confidence.value.at(i).item()).toBeCloseTo(a + b * v, 11);
      expect(confidence.upper.at(i).item()).toBeCloseTo(a + b * v + t * error, 11);
      expect(prediction.lower.at(i).item()).toBeCloseTo(a + b * v - t * Math.hypot(error, s), 11);
    });
    const { lower, upper } = fit.confidenceIntervals(0.9);
    expect(upper.b.item() - lower.b.item()).toBeCloseTo((2 * t * s) / Math.sqrt(sxx), 12);
  });
  test("sigma in absolute terms", () => {
    const fit = curveFit(line, x, y, start, { sigma: 0.2, absoluteSigma: true });
    expect(fit.standardErrors.b.item()).toBeCloseTo(0.2 / Math.sqrt(28), 12);
    const { lower, upper } = fit.confidenceIntervals();
    expect((upper.b.item() - lower.b.item()) / fit.standardErrors.b.item() / 2).toBeCloseTo(1.959963984540054, 10);
  });
  test("it says so", () => {
    expect(String(curveFit(line, x, y, start)).split("\n")).toEqual([
      expect.stringMatching(
        /^converged: a minimum, half the sum 0\.0914286: \S+ of the residuals can still be changed/,
      ),
      expect.stringMatching(/^ {2}a = 0\.071428571 ± 0\.162$/),
      expect.stringMatching(/^ {2}b = 1\.9857143 ± 0\.0361$/),
      expect.stringMatching(/^residual deviation 0\.191237, 5 degrees of freedom, R² 0\.998347, AIC/),
    ]);
  });
});

test("four hundred intervals of 90 % hold the truth nine times in ten", () => {
  const x = arange(8);
  let inside = 0;
  const [truth, rounds] = [2, 400];
  const noise = random.normal(random.key(5), [rounds, 8]);
  for (let k = 0; k < rounds; k++) {
    const fit = curveFit(line, x, x.mul(truth).add(1).add(noise.at(k)), { a: 1, b: 1 });
    const { lower, upper } = fit.confidenceIntervals(0.9);
    if (lower.b.item() <= truth && truth <= upper.b.item()) inside++;
  }
  expect(inside / rounds).toBeGreaterThan(0.86);
  expect(inside / rounds).toBeLessThan(0.94);
});

describe("verdicts", () => {
  test("a combination that is not determined, by name", () => {
    const fit = curveFit(
      ({ a, b, k }: { a: Tensor; b: Tensor; k: Tensor }, x: Tensor) => exp(x.mul(k)).mul(a.mul(b)),
      [0, 1, 2, 3],
      [2, 3, 4.4, 6.8],
      { a: 1, b: 1, k: 0 },
    );
    expect(fit.status).toBe("converged");
    expect(fit.message).toContain("not determined: 0.7071 a − 0.7071 b");
    expect(fit.undetermined).toEqual(["0.7071 a − 0.7071 b"]);
    expect(fit.standardErrors.a.item()).toBe(Number.POSITIVE_INFINITY);
    expect(fit.standardErrors.k.item()).toBeLessThan(0.1);
    expect(fit.degreesOfFreedom).toBe(2);
    // The curve itself is determined.
    expect(fit.confidenceBand([1]).standardError.item()).toBeLessThan(0.2);
  });
  test("a parameter that nothing depends on", () => {
    const fit = curveFit(({ a }: { a: Tensor; idle: Tensor }, x: Tensor) => x.mul(a), [1, 2, 3], [2, 4, 7], {
      a: 1,
      idle: 5,
    });
    expect(fit.undetermined).toEqual(["idle"]);
    expect(fit.parameters.idle.item()).toBe(5);
  });
  test("fewer residuals than parameters", () => {
    const fit = leastSquares((x: Tensor) => x.sum().sub(1), [0, 0]);
    expect(fit.status).toBe("converged");
    expect(fit.x.toArray()).toEqual([expect.closeTo(0.5, 12), expect.closeTo(0.5, 12)]);
    expect(fit.undetermined).toEqual(["0.7071 x[0] − 0.7071 x[1]"]);
  });
  test("started at a maximum of the sum", () => {
    const fit = leastSquares((x: Tensor) => square(x).sub(1), 0);
    expect(fit.status).toBe("converged");
    expect(Math.abs(fit.x.item())).toBeCloseTo(1, 14);
  });
  test("residuals that vanish, with a singular Jacobian: Powell", () => {
    const fit = leastSquares(
      (x: Tensor) => {
        const [a, b, c, d] = [0, 1, 2, 3].map((i) => x.at(i)) as [Tensor, Tensor, Tensor, Tensor];
        return stack([
          a.add(b.mul(10)),
          c.sub(d).mul(Math.sqrt(5)),
          square(b.sub(c.mul(2))),
          square(a.sub(d)).mul(Math.sqrt(10)),
        ]);
      },
      [3, -1, 0, 1],
    );
    expect(fit.status, `${fit}`).toBe("converged");
    expect(fit.value).toBeLessThan(1e-30);
  });
  test("no minimum: e^−x and one more", () => {
    const fit = leastSquares((x: Tensor) => exp(x.neg()), 0);
    expect(fit.status, `${fit}`).toBe("unbounded");
    expect(fit.message).toContain("the sum falls as x grows without limit");
  });
  test("no value at the start", () => {
    const fit = leastSquares((x: Tensor) => concatenate([x, x.log()]), [1, -1]);
    expect(fit.status).toBe("undefined");
    expect(fit.message).toBe("residual 3 is NaN at the start x[0] = 1, x[1] = -1");
  });
  test("out of the domain on the way", () => {
    const fit = leastSquares((x: Tensor) => x.log().sub(-3), 4);
    expect(fit.status, `${fit}`).toBe("converged");
    expect(fit.x.item()).toBeCloseTo(Math.exp(-3), 12);
  });
  test("iterations that run out, and a callback that stops", () => {
    const r = (x: Tensor): Tensor =>
      stack([
        x
          .at(1)
          .sub(square(x.at(0)))
          .mul(10),
        sub(1, x.at(0)),
      ]);
    const few = leastSquares(r, [-1.2, 1], { maxIterations: 2, method: "levenberg-marquardt" });
    expect(few.status).toBe("iteration-limit");
    const seen: number[] = [];
    const stopped = leastSquares(r, [-1.2, 1], { callback: ({ value }) => seen.push(value) === 3 });
    expect(stopped.status).toBe("stopped");
    expect(seen).toEqual([...seen].sort((a, b) => b - a));
    expect(seen.length).toBe(3);
  });
  test("as many parameters as observations", () => {
    const fit = curveFit(line, [1, 2], [3, 5], start);
    expect(fit.message).toContain("nothing is left to tell errors from");
    expect(fit.standardErrors.a.item()).toBeNaN();
    expect(fit.parameters.b.item()).toBeCloseTo(2, 13);
  });
  test("a parameter at its bound", () => {
    const fit = curveFit(line, [1, 2, 3], [3, 5, 7.5], start, { bounds: { upper: { a: 10, b: 2 } } });
    expect(fit.status, `${fit}`).toBe("converged");
    expect(fit.message).toContain("at a bound: b = 2");
    expect(fit.parameters.b.item()).toBe(2);
    expect(fit.parameters.a.item()).toBeCloseTo(15.5 / 3 - 4, 13);
    expect(fit.standardErrors.b.item()).toBeNaN();
    expect(fit.degreesOfFreedom).toBe(2);
  });
});

test("many parameters: as the linear solver has it", () => {
  const a = random.normal(random.key(2), [400, 60]);
  const b = random.normal(random.key(3), [400]);
  const fit = leastSquares((x: Tensor) => matmul(a, x).sub(b), new Float64Array(60));
  expect(fit.status, `${fit}`).toBe("converged");
  expect(fit.x.sub(lstsq(a, b)).abs().max().item()).toBeLessThan(1e-14);
});

test("values may be asked for: the function then runs uncompiled", () => {
  const r = (x: Tensor): Tensor => (x.item() > 1 ? square(x).sub(4) : x.mul(3).sub(6));
  expect(leastSquares(r, 0).x.item()).toBeCloseTo(2, 14);
});

test.each(["soft-l1", "huber", "cauchy", "tukey"] as LossName[])("%s is not led astray", (loss) => {
  const x = arange(20);
  const noise = random.normal(random.key(1), [20]).mul(0.1);
  const spoilt = [3, 11, 12].reduce(
    (y, i) => y.add(arange(20).equal(i).cast("float64").mul(40)),
    x.mul(2).add(1).add(noise),
  );
  const plain = curveFit(line, x, spoilt, { a: 0, b: 1 });
  const fit = curveFit(line, x, spoilt, { a: 0, b: 1 }, { loss, scale: loss === "tukey" ? 30 : 0.2 });
  expect(fit.status, `${fit}`).toBe("converged");
  expect(Math.abs(plain.parameters.a.item() - 1)).toBeGreaterThan(2);
  expect(Math.abs(fit.parameters.b.item() - 2)).toBeLessThan(0.05);
});

test("trees of parameters and of columns", () => {
  type P = { weights: Tensor; offset: Tensor };
  const columns = { u: [0, 1, 2, 3, 4], v: [1, 0, 2, 0, 3] };
  const fit = curveFit(
    ({ weights, offset }: P, { u, v }: { u: Tensor; v: Tensor }) =>
      u
        .mul(weights.at(0))
        .add(v.mul(weights.at(1)))
        .add(offset),
    columns,
    [4, 3, 10, 7, 15],
    { weights: [0, 0], offset: 0 },
  );
  expect(fit.names).toEqual(["weights[0]", "weights[1]", "offset"]);
  expect(fit.parameters.weights.shape).toEqual([2]);
  expect(fit.standardErrors.weights.shape).toEqual([2]);
  expect(fit.predict({ u: [1], v: [1] }).shape).toEqual([1]);
});

test("what is wrong is said before any work", () => {
  const bad = (...args: unknown[]): string =>
    code(() => (curveFit as (...args: unknown[]) => unknown)(line, ...args)).split("\n")[0] as string;
  expect(bad([1, 2, 3], [1, Number.NaN, 3], start)).toBe("E-VALUE curveFit: row 1 of y is NaN");
  expect(bad([1, 2, Number.POSITIVE_INFINITY], [1, 2, 3], start)).toBe("E-VALUE curveFit: row 2 of x is Infinity");
  expect(
    bad(
      {
        t: [
          [1, 2],
          [3, Number.NaN],
        ],
      },
      [1, 2],
      start,
    ),
  ).toBe("E-VALUE curveFit: row 1 of x.t is NaN");
  expect(bad([1], [1], start)).toBe("E-VALUE curveFit: 1 observation cannot determine 2 parameters");
  expect(bad([], [], start)).toContain("E-VALUE curveFit: y is empty");
  expect(bad([1, 2, 3], [1, 2], start)).toBe("E-SHAPE curveFit: y has 2 rows, x is [3]");
  expect(bad([1, 2], [1, 2], start, { bounds: { lower: 1 } })).toBe(
    "E-VALUE curveFit: the start a = 0 lies outside of its bounds 1 and Infinity",
  );
  expect(bad([1, 2], [1, 2], start, { bounds: { lower: { a: 1 } } })).toContain(
    "E-SHAPE curveFit: bounds.lower has 1 numbers for parameters of 1 + 1",
  );
  expect(bad([1, 2], [1, 2], start, { bounds: { lower: 2, upper: 1 } })).toContain("the bounds of a are 2 … 1");
  expect(bad([1, 2], [1, 2], start, { sigma: [1, 0] })).toBe("E-VALUE curveFit: sigma[1] is 0");
  expect(bad([1, 2], [1, 2], start, { sigma: 1, weights: 1 })).toContain("both sigma and weights");
  expect(bad([1, 2], [1, 2], start, { absoluteSigma: true })).toContain("absoluteSigma without sigma");
  expect(bad([1, 2], [1, 2], start, { loss: "l1" })).toContain('there is no loss "l1"');
  expect(bad([1, 2], [1, 2], start, { method: "bfgs" })).toContain('there is no method "bfgs"');
  expect(bad([1, 2], [1, 2], start, { steps: 3 })).toContain("there is no option steps");
  expect(bad([1, 2], [1, 2], start, { scale: 0 })).toContain("scale is 0");
  expect(bad([1, 2], [1, 2], start, { method: "gauss-newton", bounds: { lower: -1 } })).toContain("knows no bounds");
  expect(code(() => curveFit((p) => p, [1, 2], [1, 2], 1))).toContain("the model returns [], y is [2]");
  expect(code(() => curveFit(line, [1, 2, 3], [1, 2, 4], start).confidenceBand([1], 95))).toContain("the level is 95");
});

test("large residuals: Brown and Dennis's function takes tens of steps", () => {
  // Moré, Garbow and Hillstrom 1981, problem 16
  const t = arange(1, 21).div(5);
  const values = Array.from(t.data, Number);
  const [e, s, c] = [values.map(Math.exp), values.map(Math.sin), values.map(Math.cos)];
  const fit = leastSquares(
    (x: Tensor) =>
      square(
        x
          .at(0)
          .add(t.mul(x.at(1)))
          .sub(e),
      ).add(
        square(
          x
            .at(2)
            .add(mul(s, x.at(3)))
            .sub(c),
        ),
      ),
    [25, 5, -5, -1],
  );
  expect(fit.status, String(fit)).toBe("converged");
  expect(fit.residualSumOfSquares).toBeCloseTo(85822.20162635, 6);
  expect(fit.iterations).toBeLessThan(100);
});
