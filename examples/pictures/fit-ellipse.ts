/** The region in which two correlated parameters lie. */
import { cholesky, cos, exp, linspace, matmul, random, sin, stack, type Tensor } from "nabla";
import { curveFit } from "nabla/optimize";
import { contour } from "../../src/cli/plot/contour.ts";
import { type Line, toSVG } from "../../src/cli/plot/figure.ts";
import { axis } from "./marks.ts";

const doses = linspace(0.2, 2, 10);
const answers = exp(doses.mul(-0.8))
  .neg()
  .add(1)
  .mul(10)
  .add(random.normal(random.key(2), [10]).mul(0.15));
const growth = ({ a, k }: { a: Tensor; k: Tensor }, x: Tensor) => exp(x.mul(k).neg()).neg().add(1).mul(a);
const grown = curveFit(growth, doses, answers, { a: 8, k: 1 });

// Both together, with 95 %: (p − p̂)ᵀ C⁻¹ (p − p̂) ≤ 2 F, and F has a closed form where there are two parameters.
const free = grown.degreesOfFreedom;
const radius = Math.sqrt(free * (0.05 ** (-2 / free) - 1));
const angle = linspace(0, 2 * Math.PI, 121);
const ellipse = matmul(cholesky(grown.covariance), stack([cos(angle), sin(angle)]).mul(radius));

// Drawn: beside it where the sum of squares truly reaches what it may.
const { a, k } = { a: grown.parameters.a.item(), k: grown.parameters.k.item() };
const outline: Line = Array.from(angle.data, (_, i) => [
  a + (ellipse.data[i] as number),
  k + (ellipse.data[angle.size + i] as number),
]);
const reach = (side: 0 | 1, share: number): number => {
  const values = outline.map((p) => p[side]);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low + share * (high - low);
};
const x = axis("a", reach(0, -0.15), reach(0, 1.35));
const y = axis("k", reach(1, -0.15), reach(1, 1.2));
const nodes = [x, y].map(({ scale }) =>
  Array.from({ length: 161 }, (_, i) => scale.low + ((scale.high - scale.low) * i) / 160),
);
const [across = [], up = []] = nodes;
const squares = (p: number, q: number) =>
  Array.from(doses.data).reduce(
    (sum, d, i) => sum + ((answers.data[i] as number) - p * (1 - Math.exp(-q * d))) ** 2,
    0,
  );
const values = up.flatMap((q) => across.map((p) => squares(p, q)));
const level = grown.residualSumOfSquares * (1 + radius ** 2 / free);
const { lower, upper } = grown.confidenceIntervals();
const corner = (p: "lower" | "upper", q: "lower" | "upper") =>
  [{ lower, upper }[p].a.item(), { lower, upper }[q].k.item()] as const;

export const picture = toSVG({
  title: `a·(1 − exp(−kx)): the correlation of a and k is ${grown.correlation.at(0, 1).item().toFixed(2).replace("-", "−")}`,
  description:
    "A long narrow ellipse in which both parameters lie, and beside it the region that the sum of squares itself allows, which is bent; the rectangle of the single intervals covers much that neither holds.",
  x,
  y,
  marks: [
    {
      kind: "line",
      lines: [
        [
          corner("lower", "lower"),
          corner("upper", "lower"),
          corner("upper", "upper"),
          corner("lower", "upper"),
          corner("lower", "lower"),
        ],
      ],
      colour: "ink",
      name: "95 % for each by itself",
    },
    { kind: "line", lines: [outline], colour: "blue", name: "95 % ellipse for both" },
    {
      kind: "line",
      lines: contour({ x: across, y: up, values }, level),
      colour: "orange",
      name: "by the sum of squares itself",
    },
    { kind: "points", points: [[a, k]], colour: "red", name: "best", radius: 4.5 },
  ],
});
