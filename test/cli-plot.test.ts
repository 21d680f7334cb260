/** Figures: ticks, lines of equal value, and the structure of the SVG (not its pixels). */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contour, type Grid } from "../src/cli/plot/contour.ts";
import { type Figure, toSVG } from "../src/cli/plot/figure.ts";
import { linearScale, logarithmicScale } from "../src/cli/plot/ticks.ts";
import { outline } from "./outline.ts";

describe("ticks", () => {
  test.each<[number[], string[]]>([
    [
      [0, 10],
      ["0", "2", "4", "6", "8", "10"],
    ],
    [
      [-1.2, 1],
      ["−1.0", "−0.5", "0.0", "0.5", "1.0"],
    ],
    [
      [0.1, 0.35],
      ["0.10", "0.15", "0.20", "0.25", "0.30", "0.35"],
    ],
    [
      [0, 2.5e-7],
      ["0", "5e-8", "1.0e-7", "1.5e-7", "2.0e-7", "2.5e-7"],
    ],
    [
      [1e9, 3e9],
      ["1.0e9", "1.5e9", "2.0e9", "2.5e9", "3.0e9"],
    ],
  ])("of %j", (values, labels) => {
    expect(linearScale(values).ticks.map(({ label }) => label.replaceAll("e−", "e-"))).toEqual(labels);
  });

  test("any values lie inside, with three to ten ticks between them whose labels tell them apart", () => {
    const number = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e12, max: 1e12 });
    fc.assert(
      fc.property(fc.array(number, { minLength: 1 }), (values) => {
        const scale = linearScale(values);
        for (const v of values) expect(scale.at(v) >= 0 && scale.at(v) <= 1).toBe(true);
        expect(scale.ticks.length).toBeGreaterThanOrEqual(3);
        expect(scale.ticks.length).toBeLessThanOrEqual(10);
        expect(new Set(scale.ticks.map(({ label }) => label)).size).toBe(scale.ticks.length);
      }),
    );
  });

  test("powers of ten; what is not positive has no part in them", () => {
    const scale = logarithmicScale([3e-9, 20, 0, -1, Number.NaN]);
    expect(scale.ticks.map(({ label }) => label)).toEqual(["1e-9", "1e-7", "1e-5", "0.001", "0.1", "10"]);
    expect(scale.at(1e-9)).toBe(0);
    expect(scale.at(100)).toBe(1);
  });

  test("no finite value at all", () => {
    expect(linearScale([Number.NaN]).ticks.length).toBeGreaterThan(2);
    expect(logarithmicScale([]).ticks.length).toBeGreaterThan(1);
  });
});

describe("contours", () => {
  const axis = (n: number): number[] => Array.from({ length: n }, (_, i) => -1 + (2 * i) / (n - 1));
  const gridOf = (f: (x: number, y: number) => number, n = 41): Grid => {
    const [x, y] = [axis(n), axis(n)];
    return { x, y, values: y.flatMap((b) => x.map((a) => f(a, b))) };
  };

  test("a circle is one closed line, on the circle to the order of the grid's square", () => {
    const lines = contour(
      gridOf((x, y) => x * x + y * y),
      0.5,
    );
    expect(lines.length).toBe(1);
    const [line = []] = lines;
    expect(line[0]).toEqual(line.at(-1));
    for (const [x, y] of line) expect(Math.abs(x * x + y * y - 0.5)).toBeLessThan(0.05 ** 2);
  });

  test("a plane is one open line from border to border", () => {
    const [line = [], ...more] = contour(
      gridOf((x, y) => x + 2 * y),
      0.3,
    );
    expect(more).toEqual([]);
    for (const [x, y] of line) expect(x + 2 * y).toBeCloseTo(0.3, 12);
    expect([line[0], line.at(-1)].map((end) => end?.map((v) => Math.abs(v)).includes(1))).toEqual([true, true]);
  });

  test("a saddle's lines do not cross", () => {
    expect(
      contour(
        gridOf((x, y) => x * y, 40),
        0.001,
      ).length,
    ).toBe(2); // the saddle in the middle of a cell
    expect(
      contour(
        gridOf((x, y) => x * y, 40),
        -0.001,
      ).length,
    ).toBe(2);
  });

  test("cells without a value are passed over", () => {
    const lines = contour(
      gridOf((x, y) => (x < 0 ? Number.NaN : x * x + y * y)),
      0.5,
    );
    expect(lines.length).toBe(1);
    for (const [x] of lines.flat()) expect(x).toBeGreaterThanOrEqual(0);
  });
});

test("a figure has a title, a description, axes, ticks, a legend and its marks", () => {
  const figure: Figure = {
    title: 'a < b & "c"',
    description: "three points and a line",
    x: { label: "time", scale: linearScale([0, 10]) },
    y: { label: "value <m>", scale: linearScale([0, 1]) },
    marks: [
      {
        kind: "band",
        lower: [
          [0, 0],
          [10, 0.5],
        ],
        upper: [
          [0, 0.5],
          [10, 1],
        ],
        colour: "blue",
        name: "95 %",
      },
      {
        kind: "line",
        lines: [
          [
            [0, 0],
            [4, Number.NaN],
            [5, 1],
            [10, 1],
          ],
        ],
        colour: "blue",
        name: "curve",
      },
      {
        kind: "points",
        points: [
          [0, 0],
          [5, 0.5],
          [10, Number.POSITIVE_INFINITY],
        ],
        colour: "orange",
        name: "data",
      },
    ],
  };
  const svg = toSVG(figure);
  expect(outline(svg)).toMatchInlineSnapshot(`
    "svg
      title a &lt; b &amp; &quot;c&quot;
      desc three points and a line
      clipPath
        rect
      text a &lt; b &amp; &quot;c&quot;
      g.legend
        rect
        text 95 %
        path
        text curve
        circle
        text data
      path.grid
      path.axes
      g.x.ticks
        text 0
        text 2
        text 4
        text 6
        text 8
        text 10
      g.y.ticks
        text 0.0
        text 0.2
        text 0.4
        text 0.6
        text 0.8
        text 1.0
      text.x.label time
      text.y.label value &lt;m&gt;
      g
        path.band
        path.line
        g.points
          circle × 2"
  `);
  expect(toSVG(figure)).toBe(svg);
});
