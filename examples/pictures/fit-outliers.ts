/** A line through data with outliers, by loss. */
import { linspace, random, type Tensor } from "nabla";
import { curveFit, type LossName } from "nabla/optimize";
import { type Line, toSVG } from "../../src/cli/plot/figure.ts";
import { axis } from "./marks.ts";

const places = linspace(0, 10, 21);
const errors = random.normal(random.key(5), [21]).mul(0.4);
// Three of the 21 were read wrongly.
const mistakes = Array.from({ length: 21 }, (_, i) => ([14, 17, 19].includes(i) ? -9 : 0));
const readings = places.mul(0.8).add(2).add(errors).add(mistakes);
const straight = ({ a, b }: { a: Tensor; b: Tensor }, x: Tensor) => x.mul(b).add(a);
const losses: LossName[] = ["squares", "huber", "tukey"];
const lines = losses.map((loss) => curveFit(straight, places, readings, { a: 2, b: 1 }, { loss, scale: 1 }));

// Drawn:
const colours = ["red", "green", "blue"] as const;
const ends = [-0.3, 10.3];
const points: Line = Array.from(places.data, (v, i) => [v, readings.data[i] as number]);

export const picture = toSVG({
  title: "y = a + bx through 18 good readings and 3 bad ones",
  description: "Least squares bend the line towards three outliers far below; Huber's loss less, Tukey's not at all.",
  x: axis("x", -0.3, 10.3),
  y: axis("y", -3, 11),
  marks: [
    { kind: "points", points, colour: "orange", name: "readings", radius: 3.5 },
    ...lines.map(({ parameters: { a, b } }, k) => ({
      kind: "line" as const,
      lines: [ends.map((v) => [v, a.item() + b.item() * v] as const)],
      colour: colours[k] ?? ("ink" as const),
      name: losses[k] ?? "",
    })),
  ],
});
