/**
 * Where in a box a function may not be differentiable: the rules that the operations state for points
 * (`undefinedAt`), asked over intervals.
 */

import { isFloat } from "../base/dtype.ts";
import { type Bounds, isKnown } from "../base/interval.ts";
import { Environment, type Graph, trace } from "../graph/graph.ts";
import type { UndefinedRule } from "../graph/operation.ts";
import { filled, isPick, type Tensor } from "../graph/tensor.ts";
import { elementOf, exactly, firstUnknown, intervalsOf, isPoint } from "./interval.ts";
import type { Cell } from "./region.ts";
import { gapsAt, seamsOf } from "./seam.ts";

/** What may happen somewhere in a cell, and which operation does it. */
export interface Trouble {
  readonly operation: string;
  readonly why: string;
  /** `model.ts:41 in predict`. */
  readonly source: string | undefined;
}

export interface Regular {
  /** A point without a value, without a finite slope, or with a jump. */
  readonly trouble: Trouble | undefined;
  /** A kink: continuous, with slopes from both sides. */
  readonly kink: Trouble | undefined;
}

/** One-sided slopes that exist: a kink, not a jump or a vertical tangent. */
export const isKink = (rule: UndefinedRule): boolean =>
  rule.sides?.(0, 0).every((slope) => slope !== undefined && Number.isFinite(slope)) ?? false;

const isZero = ({ low, high }: Bounds): boolean => low.every((v, i) => v === 0 && high[i] === 0);

interface Check {
  readonly node: Tensor;
  readonly why: string;
  readonly kink: boolean;
  /** True where it happens. */
  readonly mask: Tensor;
}

/** Asks the rules of all operations of a graph over cells. */
export function regularityOf(graph: Graph): (cell: Cell) => Regular {
  const varies = new Set<Tensor>([...graph.inputs, ...graph.nodes]);
  const seams = seamsOf(graph);
  const gaps = new Map<Tensor, readonly Tensor[]>();
  const checks: Check[] = [];
  const steps: (readonly [node: Tensor, stand: Tensor])[] = [];
  let output: Tensor | undefined;
  const asked = trace("certificate", [...graph.inputs, ...seams.map(({ compared }) => compared)], (leaves) => {
    const values = new Environment(graph, leaves);
    for (const node of graph.nodes) {
      values.replay(node);
      if (isPick(node) || node.results !== undefined) continue;
      const stand = values.get(node);
      // What is no float but varies does so in jumps.
      if (!isFloat(node.dtype)) steps.push([node, stand]);
      for (const rule of node.operation.undefinedAt ?? []) {
        if (rule.by !== undefined && !varies.has(node.inputs[rule.by] as Tensor)) continue;
        const inputs = node.inputs.map((input) => values.get(input));
        const whole = filled(1, node.shape);
        const mask = rule.within?.(inputs, stand, node.attributes, whole) ?? rule.at(...inputs);
        checks.push({ node, why: rule.why, kink: isKink(rule), mask });
      }
    }
    output = values.get(graph.outputs[0] as Tensor);
    seams.forEach((seam, k) => {
      gaps.set(seam.condition, gapsAt(graph, values, seam, leaves[graph.inputs.length + k] as Tensor));
    });
    return [
      output,
      ...[...gaps.values()].flat(),
      ...steps.map(([, stand]) => stand),
      ...checks.map(({ mask }) => mask),
    ];
  });
  const run = intervalsOf(asked);
  const borders = seams.map(({ compared, border }) => exactly(new Float64Array(compared.size).fill(border)));
  const said = (node: Tensor, why: string): Trouble => ({ operation: node.operation.name, why, source: node.source });
  return (cell) => {
    const bounds = run([cell, ...borders]);
    let kink: Trouble | undefined;
    for (const check of checks) {
      if (bounds(check.mask).high.every((v) => v === 0)) continue;
      if (!check.kink) return { trouble: said(check.node, check.why), kink };
      kink ??= said(check.node, check.why);
    }
    for (const [node, stand] of steps) {
      if (isPoint(bounds(stand))) continue;
      if (!gaps.get(node)?.every((gap) => isZero(bounds(gap))))
        return { trouble: said(node, "what it says changes in jumps"), kink };
      kink ??= said(node, "there another branch of where begins");
    }
    const value = bounds(output as Tensor);
    const open = value.low.findIndex((_, i) => !isKnown(elementOf(value, i)));
    if (open >= 0) return { trouble: said(graph.outputs[0] as Tensor, "its value may be undefined"), kink };
    return { trouble: undefined, kink };
  };
}

/** What keeps a derivative from being bounded, although no rule objects. */
export function unbounded(graph: Graph, bounds: (node: Tensor) => Bounds): Trouble {
  const node = firstUnknown(graph, bounds) ?? (graph.outputs[0] as Tensor);
  return { operation: node.operation.name, why: "a derivative has no bound", source: node.source };
}

/** `|x| has a kink at 0 (abs, at model.ts:41)`. */
export const showTrouble = ({ operation, why, source }: Trouble): string =>
  `${why} (${operation}${source === undefined ? "" : `, at ${source}`})`;
