/**
 * A graph laid out by stress (Kamada and Kawai 1989): points whose distances are as near as may be to the lengths of
 * the shortest paths, Σ ((‖xᵢ − xⱼ‖ − dᵢⱼ)/dᵢⱼ)², 100 unknowns for 50 nodes. Then the mouse drags one node, and each
 * frame starts from the layout of the one before.
 *
 * The mouse's place is read from outside the cost. Its first two values are compiled for; from then on it is an input
 * of the programs, and a frame only computes.
 *
 * Run: npx tsx examples/layout.ts
 */
import { pathToFileURL } from "node:url";
import { random, sqrt, square, sub, sum, type Tensor, take, tensor } from "nabla";
import { minimize } from "nabla/optimize";

type Edge = readonly [number, number];

export interface Frame {
  readonly milliseconds: number;
  readonly status: string;
  readonly iterations: number;
  /** Where the node that is dragged came to lie, and where the mouse was. */
  readonly dragged: readonly number[];
  readonly mouse: readonly number[];
}

export interface Layout {
  readonly edges: readonly Edge[];
  readonly stress: number;
  readonly frames: readonly Frame[];
  readonly svg: string;
}

/** A tree of random branches, and some edges more. */
function randomGraph(nodes: number, more: number, seed: number): Edge[] {
  const draws = random.uniform(random.key(seed), [nodes + 2 * more]).toArray() as number[];
  const below = (draw: number, n: number): number => Math.floor((draws[draw] as number) * n);
  const tree = Array.from({ length: nodes - 1 }, (_, i): Edge => [i + 1, below(i, i + 1)]);
  const others = Array.from(
    { length: more },
    (_, k): Edge => [below(nodes + 2 * k, nodes), below(nodes + 2 * k + 1, nodes)],
  );
  return [...tree, ...others.filter(([a, b]) => a !== b)];
}

/** All pairs of nodes with the lengths of their shortest paths, breadth first. */
function distances(nodes: number, edges: readonly Edge[]): [first: number, second: number, distance: number][] {
  const beside = Array.from({ length: nodes }, (_, i) => edges.filter((e) => e.includes(i)).map(([a, b]) => a + b - i));
  return beside.flatMap((_, source) => {
    const away = new Map([[source, 0]]);
    for (const [node, d] of away)
      for (const next of beside[node] as number[]) if (!away.has(next)) away.set(next, d + 1);
    return [...away].filter(([node]) => node > source).map(([node, d]): [number, number, number] => [source, node, d]);
  });
}

function draw(points: readonly (readonly number[])[], edges: readonly Edge[], dragged: number): string {
  const at = (i: number): string[] => (points[i] as number[]).map((v) => v.toFixed(2));
  const lines = edges.map(([a, b]) => {
    const [[x1, y1], [x2, y2]] = [at(a), at(b)];
    return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
  });
  const circles = points.map((_, i) => {
    const [x, y] = at(i);
    return `<circle cx="${x}" cy="${y}" r="0.15"${i === dragged ? ' fill="crimson"' : ""}/>`;
  });
  const [xs, ys] = [0, 1].map((axis) => points.map((p) => p[axis] as number)) as [number[], number[]];
  const [left, top] = [Math.min(...xs) - 0.5, Math.min(...ys) - 0.5];
  const [width, height] = [Math.max(...xs) + 0.5 - left, Math.max(...ys) + 0.5 - top];
  const box = [left, top, width, height].map((v) => v.toFixed(2)).join(" ");
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${box}" width="600">`,
    `<g stroke="gray" stroke-width="0.05">${lines.join("")}</g>`,
    `<g fill="steelblue">${circles.join("")}</g>`,
    "</svg>",
  ].join("\n");
}

export function layout({ nodes = 50, more = 40, frames: count = 60, dragged = 7, seed = 1 } = {}): Layout {
  const edges = randomGraph(nodes, more, seed);
  const pairs = distances(nodes, edges);
  const column = (k: 0 | 1 | 2): number[] => pairs.map((pair) => pair[k]);
  const [first, second] = [tensor(column(0), { dtype: "int32" }), tensor(column(1), { dtype: "int32" })];
  const length = tensor(column(2));

  const stress = (x: Tensor): Tensor => {
    const apart = sqrt(sum(square(take(x, first).sub(take(x, second))), { axis: 1 }));
    return sum(square(apart.sub(length).div(length)));
  };
  const found = minimize(stress, random.normal(random.key(seed + 1), [nodes, 2]).mul(3));

  let x = found.x;
  const start = (x.toArray() as number[][])[dragged] as number[];
  let mouse = start;
  const held = (y: Tensor): Tensor => stress(y).add(sum(square(sub(take(y, dragged), mouse))).mul(100));
  const frames = Array.from({ length: count }, (_, k): Frame => {
    mouse = start.map((v, axis) => v + (axis === 0 ? 0.1 * (k + 1) : Math.sin((k + 1) / 8)));
    const began = performance.now();
    const next = minimize(held, x);
    const milliseconds = performance.now() - began;
    x = next.x;
    const there = (x.toArray() as number[][])[dragged] as number[];
    return { milliseconds, status: next.status, iterations: next.iterations, dragged: there, mouse };
  });
  return { edges, stress: found.value, frames, svg: draw(x.toArray() as number[][], edges, dragged) };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const { stress, frames, svg } = layout();
  console.log(`stress ${stress.toFixed(4)}; then ${frames.length} frames of dragging, milliseconds each:`);
  console.log(frames.map(({ milliseconds }) => milliseconds.toFixed(1)).join(" "));
  const later = frames
    .slice(2)
    .map(({ milliseconds }) => milliseconds)
    .sort((a, b) => a - b);
  console.log(
    `from the third on: best ${later[0]?.toFixed(1)}, median ${later[Math.floor(later.length / 2)]?.toFixed(1)}`,
  );
  const { mkdirSync, writeFileSync } = await import("node:fs");
  mkdirSync("runs", { recursive: true });
  writeFileSync("runs/layout.svg", svg);
  console.log("written: runs/layout.svg");
}
