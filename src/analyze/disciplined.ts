/**
 * Convexity by composition (disciplined convex programming: Grant, Boyd and Ye 2006): what holds for every node of a
 * graph follows from what holds for its inputs. The curvature and the direction of an elementwise operation are not
 * listed: they are the signs of its derivatives over the range of its input, by intervals.
 */

import { allocate, isFloat } from "../base/dtype.ts";
import { type Bounds, type Interval, isKnown } from "../base/interval.ts";
import { broadcastStrides } from "../base/shape.ts";
import { Environment, type Graph, trace } from "../graph/graph.ts";
import type { Type } from "../graph/operation.ts";
import { apply, constant, filled, type Tensor, valueOf } from "../graph/tensor.ts";
import { jvp } from "../index.ts";
import { forEachOffset } from "../ops/record.ts";
import { elementOf, intervalsOf, isPoint } from "./interval.ts";
import { type Cell, middleOf } from "./region.ts";
import { isKink } from "./regularity.ts";

/** For each element bits of what is *not* proved; 0, all of it, is a constant ≥ 0. */
type Marks = Uint8Array;
const notConvex = 1;
const notConcave = 2;
/** log f is convex: sums and products of such are such (Boyd and Vandenberghe 2004, §3.5). */
const notLogConvex = 4;
/** √f is convex, f ≥ 0: sums of such are such, as the norm of convex functions ≥ 0 is convex. */
const notRootConvex = 8;
const nothing = 15;
const affine = notLogConvex | notRootConvex;
/** Of what is no number nothing is proved. */
const constantMark = (x: number): number => (Number.isNaN(x) ? nothing : x >= 0 ? 0 : affine);

export interface Composition {
  /** Whether the rules prove it. */
  readonly convex: boolean;
  readonly concave: boolean;
  /** The first node at which neither holds any more, though it does for each of its inputs. */
  readonly breaks: Tensor | undefined;
}

/** What composition alone proves of the output of a graph over a cell. */
export function composition(graph: Graph, cell: Cell): Composition {
  const { inputs: leaves, nodes, outputs } = withShiftsHeld(graph, cell);
  const bounds = intervalsOf({ inputs: leaves, nodes, outputs })([cell]);
  const marks = new Map<Tensor, Marks>();
  for (const leaf of leaves) marks.set(leaf, new Uint8Array(leaf.size).fill(affine));
  const marksOf = (t: Tensor): Marks => marks.get(t) ?? Uint8Array.from(valueOf(t), constantMark);
  let breaks: Tensor | undefined;
  for (const node of nodes) {
    const inputs = node.inputs.map((t) => ({ t, varies: marks.has(t), marks: marksOf(t), bounds: bounds(t) }));
    const found = (special[node.operation.name] ?? general)(node, inputs).map(implied);
    marks.set(node, found);
    if (breaks === undefined && !found.every(isCurved) && inputs.every((input) => input.marks.every(isCurved)))
      breaks = node;
  }
  const mark = marksOf(outputs[0] as Tensor)[0] as number;
  return { convex: (mark & notConvex) === 0, concave: (mark & notConcave) === 0, breaks };
}

/**
 * Shifts and units that cancel (`maxHeld`) may be any: the function is the same. They, and what depends on them alone,
 * become the constants that they are in the middle of the cell.
 */
function withShiftsHeld(graph: Graph, cell: Cell): Graph {
  const held = new Set<Tensor>();
  const inside = new Set<Tensor>([...graph.inputs, ...graph.nodes]);
  for (const node of graph.nodes)
    if (node.operation.name === "maxHeld" || node.inputs.every((t) => held.has(t) || !inside.has(t))) held.add(node);
  if (held.size === 0) return graph;
  const middle = middleOf(cell);
  const values = intervalsOf(graph)([{ low: middle, high: middle }]);
  return trace("certificate", graph.inputs, (leaves) => {
    const environment = new Environment(graph, leaves);
    for (const node of graph.nodes) {
      if (!held.has(node)) environment.replay(node);
      else {
        const data = allocate(node.dtype, node.size);
        data.set(values(node).low);
        environment.set(node, constant(data, node.shape, node.dtype));
      }
    }
    return graph.outputs.map((output) => environment.get(output));
  });
}

const isCurved = (mark: number): boolean => (mark & notConvex) === 0 || (mark & notConcave) === 0;

/** A log-convex function has a convex root, one with a convex root is convex. */
const implied = (mark: number): number => {
  const rooted = mark & notLogConvex ? mark : mark & ~notRootConvex;
  return rooted & notRootConvex ? rooted : rooted & ~notConvex;
};

interface Input {
  readonly t: Tensor;
  readonly varies: boolean;
  readonly marks: Marks;
  readonly bounds: Bounds;
}

const unproved = (node: Tensor): Marks => new Uint8Array(node.size).fill(nothing);
const single = (inputs: readonly Input[]): Input | undefined => {
  const [first, ...others] = inputs.filter((input) => input.varies);
  return first !== undefined && others.every((input) => input.t === first.t) ? first : undefined;
};
/** What composition knows of these operations beyond their derivatives. */
const special: Readonly<Record<string, (node: Tensor, inputs: readonly Input[]) => Marks>> = {
  exp: (node, inputs) => without(node, inputs, notLogConvex, ([u]) => !(u & notConvex)),
  log: (node, inputs) => without(node, inputs, notConvex, ([u], [x]) => !(u & notLogConvex) && x[0] > 0),
  sqrt: (node, inputs) => without(node, inputs, notConvex, ([u]) => !(u & notRootConvex)),
  mul: (node, inputs) => {
    if (inputs[0]?.t === inputs[1]?.t)
      // √(u²) = |u|
      return without(node, inputs, notRootConvex, ([u], [x]) => {
        if (!(u & (notConvex | notConcave))) return true;
        return u & notConvex ? !(u & notConcave) && x[1] <= 0 : x[0] >= 0;
      });
    const product = without(node, inputs, notLogConvex, ([u, v]) => !((u | v) & notLogConvex));
    const rooted = without(
      node,
      inputs,
      notRootConvex,
      ([u, v]) => (u === 0 && !(v & notRootConvex)) || (v === 0 && !(u & notRootConvex)),
    );
    return product.map((m, i) => m & (rooted[i] as number));
  },
  div: (node, inputs) => {
    const divides = inputs[1]?.varies === false;
    const kept = [notLogConvex, notRootConvex].map((bit) =>
      without(node, inputs, bit, ([u], [, y]) => divides && y[0] > 0 && !(u & bit)),
    );
    return (kept[0] as Marks).map((m, i) => m & (kept[1]?.[i] as number));
  },
};

/** What holds of the operation in general, and one thing more where the inputs' marks and bounds allow it. */
function without(
  node: Tensor,
  inputs: readonly Input[],
  bit: number,
  allowed: (marks: readonly [number, number], bounds: readonly [Interval, Interval]) => boolean,
): Marks {
  const each = inputs.map((input) => ({
    marks: spread(node, input, input.marks),
    low: spread(node, input, input.bounds.low),
    high: spread(node, input, input.bounds.high),
  }));
  return general(node, inputs).map((m, i) => {
    const marks = each.map((input) => input.marks[i] as number);
    const bounds = each.map((input): Interval => [input.low[i] as number, input.high[i] as number]);
    const [first, second = first] = bounds as [Interval, Interval?];
    return allowed([marks[0] ?? nothing, marks[1] ?? nothing], [first, second]) ? m & ~bit : m;
  });
}

function general(node: Tensor, inputs: readonly Input[]): Marks {
  const { operation } = node;
  if (operation.interval === undefined || node.results !== undefined || !isFloat(node.dtype)) return unproved(node);
  if (inputs.some((input) => input.varies && !isFloat(input.t.dtype))) return unproved(node);
  if (operation.curvature !== undefined) return jointly(node, inputs);
  // A factor that is no number, or ∞ · 0.
  if (inputs.some(({ varies, bounds }) => !varies && !bounds.low.every(Number.isFinite))) return unproved(node);
  if (operation.linear !== undefined) return linearly(node, inputs);
  if (operation.kind !== "elementwise" || operation.partials === undefined) return unproved(node);
  const one = single(inputs);
  return weighted(node, inputs) ?? (one === undefined ? unproved(node) : composed(node, inputs, one));
}

const float64 = ({ shape }: Type): Type => ({ shape, dtype: "float64" });

/** The operation on other elements than its own, in float64. */
const evaluated = (node: Tensor, values: readonly Float64Array[]): Float64Array =>
  Float64Array.from(node.operation.evaluate(values, node.inputs.map(float64), node.attributes, float64(node)));

const has = (marks: Marks, bit: number): Float64Array => Float64Array.from(marks, (m) => (m & bit ? 1 : 0));

/** Convex in all inputs together and increasing: convex of convex ones; likewise concave. */
function jointly(node: Tensor, inputs: readonly Input[]): Marks {
  const bit = node.operation.curvature === "convex" ? notConvex : notConcave;
  if (node.operation.kind === "elementwise") {
    const all = inputs.map((input) => spread(node, input, input.marks));
    return new Uint8Array(node.size).map((_, i) =>
      all.some((list) => (list[i] as number) & bit) ? nothing : nothing & ~bit,
    );
  }
  const flags = inputs.map((input) => has(input.marks, bit));
  // Wherever an input has the mark: the greatest of them, or the least of those without.
  const most = evaluated(node, flags);
  const least = evaluated(
    node,
    flags.map((list) => list.map((v) => 1 - v)),
  );
  return Uint8Array.from(most, (v, i) => (v > 0.5 || (least[i] as number) < 0.5 ? nothing : nothing & ~bit));
}

/** Σ cᵢ·xᵢ with constants cᵢ: the signs decide. */
function linearly(node: Tensor, inputs: readonly Input[]): Marks {
  const { linear } = node.operation;
  const places = linear?.inputs ?? inputs.map((_, i) => i);
  if (inputs.some((input, i) => !places.includes(i) && !isPoint(input.bounds))) return unproved(node);
  const together = linear?.how === "jointly";
  if (!together && inputs.filter((input) => input.varies).length > 1) return unproved(node);
  /** The result for these elements in place of what varies, and the parts of that sign of the constants. */
  const total = (part: (input: Input) => Float64Array, sign: 1 | -1): Float64Array =>
    evaluated(
      node,
      inputs.map((input, i) => {
        const { low, high } = input.bounds;
        if (!places.includes(i)) return low;
        if (input.varies || together) return part(input);
        return low.map((v, k) => Math.max(0, sign * (sign > 0 ? (high[k] as number) : v)));
      }),
    );
  const mixed = !together && inputs.some((input, i) => places.includes(i) && !input.varies);
  const found = new Uint8Array(node.size);
  for (const bit of [notConvex, notConcave, notLogConvex, notRootConvex]) {
    const opposite = bit === notConvex ? notConcave : bit === notConcave ? notConvex : undefined;
    const plus = total((input) => has(input.marks, bit), 1);
    // A negative multiple of what varies is neither log-convex nor has it a root.
    const minus = mixed
      ? total((input) => (opposite ? has(input.marks, opposite) : new Float64Array(input.marks.length).fill(1)), -1)
      : undefined;
    for (let i = 0; i < found.length; i++)
      if ((plus[i] as number) > 0 || (minus?.[i] ?? 0) > 0) found[i] = (found[i] as number) | bit;
  }
  return found;
}

/** An input's elements for every element of the result, to which it broadcasts. */
function spread<L extends Uint8Array | Float64Array>(node: Tensor, input: Input, list: L): L {
  if (list.length === node.size) return list;
  const strides = broadcastStrides(input.t.shape, node.shape);
  const result = list instanceof Uint8Array ? new Uint8Array(node.size) : new Float64Array(node.size);
  forEachOffset(node.shape, [strides], ([from], i) => {
    result[i] = list[from as number] as number;
  });
  return result as L;
}

/** Partials that are numbers: a weighted sum. */
function weighted(node: Tensor, inputs: readonly Input[]): Marks | undefined {
  const weights: (Tensor | number | undefined)[] = [];
  trace("certificate", node.inputs, (leaves) => {
    const output = apply(node.operation, leaves, node.attributes);
    weights.push(...leaves.map((_, i) => node.operation.partials?.[i]?.(output, ...leaves)));
    return [output];
  });
  if (!weights.every((w) => typeof w === "number")) return undefined;
  const found = new Uint8Array(node.size);
  inputs.forEach((input, k) => {
    const sign = weights[k] as number;
    spread(node, input, input.marks).forEach((m, i) => {
      const turned = (m & notConvex ? notConcave : 0) | (m & notConcave ? notConvex : 0) | affine;
      found[i] = (found[i] as number) | (sign > 0 ? m : sign < 0 ? turned : 0);
    });
  });
  return found;
}

/** φ(u) for one u: by the signs of φ′ and φ″ over the range of u, and by its kinks. */
function composed(node: Tensor, inputs: readonly Input[], one: Input): Marks {
  const { operation, attributes } = node;
  const rules = (operation.undefinedAt ?? []).filter((rule) => rule.by === undefined || inputs[rule.by]?.varies);
  const graph = trace(
    "certificate",
    inputs.map(({ t }) => t),
    (leaves) => {
      const u = leaves[inputs.indexOf(one)] as Tensor;
      const all = (v: Tensor): Tensor[] => inputs.map((input, i) => (input.varies ? v : (leaves[i] as Tensor)));
      const ones = filled(1, u.shape, u.dtype);
      const slope = (v: Tensor): Tensor => jvp((w: Tensor) => apply(operation, all(w), attributes), [v], [ones])[1];
      return [slope(u), jvp(slope, [u], [ones])[1], ...rules.map((rule) => rule.at(...all(u)))];
    },
  );
  const run = intervalsOf(graph)(inputs.map(({ bounds }) => bounds));
  const [first, second, ...masks] = graph.outputs.map(run) as [Bounds, Bounds, ...Bounds[]];
  /** Elements of the result, or one that stands for all. */
  const at = (b: Bounds, i: number): Interval => elementOf(b, b.low.length === 1 ? 0 : i);
  const parameters = inputs.map((input) => (input.varies ? undefined : spread(node, input, input.bounds.low)));
  const inner = spread(node, one, one.marks);
  return inner.map((u, i) => {
    const [rate, bend] = [at(first, i), at(second, i)];
    if (!isKnown(rate) || !isKnown(bend)) return nothing;
    let [up, down] = [bend[0] >= 0, bend[1] <= 0];
    for (const [k, rule] of rules.entries()) {
      if (masks[k]?.high.every((v) => v === 0)) continue;
      const sides = isKink(rule) ? rule.sides?.(...parameters.map((list) => list?.[i] ?? 0)) : undefined;
      const [left, right] = sides ?? [];
      if (left === undefined || right === undefined) return nothing;
      up &&= left <= right;
      down &&= left >= right;
    }
    const [convex, concave] = [!(u & notConvex), !(u & notConcave)];
    const [rises, falls] = [rate[0] >= 0, rate[1] <= 0];
    const keeps = (convex && concave) || (convex && rises) || (concave && falls);
    const turns = (convex && concave) || (concave && rises) || (convex && falls);
    return (up && keeps ? 0 : notConvex) | (down && turns ? 0 : notConcave) | affine;
  });
}
