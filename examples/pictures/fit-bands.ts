/** A fit with the band of the curve and the band of further observations. */
import { exp, linspace, random, type Tensor } from "nabla";
import { curveFit } from "nabla/optimize";
import { toSVG } from "../../src/cli/plot/figure.ts";
import { fittedFigure } from "../../src/cli/plot/fitted.ts";

const times = linspace(0, 3, 16);
const counts = exp(times.mul(-1.3))
  .mul(100)
  .add(random.normal(random.key(3), [16]).mul(4));
const decay = ({ start, rate }: { start: Tensor; rate: Tensor }, t: Tensor) => exp(t.mul(rate).neg()).mul(start);
const decayed = curveFit(decay, times, counts, { start: 80, rate: 1 });
const along = linspace(-0.1, 4, 120);
const bands = [decayed.predictionBand(along), decayed.confidenceBand(along)];

// Drawn:
const names = ["95 % prediction", "95 % confidence"];

export const picture = toSVG(
  fittedFigure({
    formula: "start · exp(−rate · t)",
    verdict: decayed.message,
    x: { name: "t", values: Float64Array.from(times.data) },
    y: { name: "counts", values: Float64Array.from(counts.data) },
    curve: Array.from(along.data, (x, i) => ({ x, y: bands[0]?.value.data[i] as number })),
    bands: bands.map(({ lower, upper }, k) => ({ name: names[k] ?? "", lower: lower.data, upper: upper.data })),
  }),
);
