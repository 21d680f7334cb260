/**
 * Where the branches of `where(u > c, a, b)` meet: if a and b agree wherever u = c, what it chooses does not jump. There
 * u is set to c, and all else may be what it is anywhere in the cell: a − b is then 0 for certain, or nothing is said.
 */
import { isFloat } from "../base/dtype.ts";
import { sameShape } from "../base/shape.ts";
import type { Environment, Graph } from "../graph/graph.ts";
import { apply, isPick, type Tensor, uniformValue } from "../graph/tensor.ts";
import { sub } from "../ops/arithmetic.ts";

/** A comparison with a constant that nothing but `where` reads. */
export interface Seam {
  readonly condition: Tensor;
  /** u. */
  readonly compared: Tensor;
  /** c. */
  readonly border: number;
  readonly choices: readonly Tensor[];
}

const comparisons = new Set(["greater", "greaterEqual", "less", "lessEqual"]);

export function seamsOf(graph: Graph): readonly Seam[] {
  const varies = new Set<Tensor>([...graph.inputs, ...graph.nodes]);
  return graph.nodes.flatMap((condition): Seam[] => {
    if (!comparisons.has(condition.operation.name)) return [];
    const [left, right] = condition.inputs as [Tensor, Tensor];
    const [compared, other] = varies.has(left) ? [left, right] : [right, left];
    const border = varies.has(other) ? undefined : uniformValue(other);
    if (border === undefined || !Number.isFinite(border) || !isFloat(compared.dtype)) return [];
    const choices = graph.nodes.filter((node) => node.inputs.includes(condition));
    // Element by element, or one comparison for all of them.
    const alike = (node: Tensor): boolean => compared.size === 1 || sameShape(node.shape, compared.shape);
    const chosen = choices.every((node) => node.operation.name === "where" && isFloat(node.dtype) && alike(node));
    return chosen ? [{ condition, compared, border, choices }] : [];
  });
}

/** a − b of each choice, with `border` for u. */
export function gapsAt(graph: Graph, values: Environment, seam: Seam, border: Tensor): readonly Tensor[] {
  const { compared, choices } = seam;
  const there = new Map<Tensor, Tensor>([[compared, border]]);
  const valueOf = (t: Tensor): Tensor => there.get(t) ?? values.get(t);
  for (const node of graph.nodes) {
    if (node === compared || isPick(node) || node.results !== undefined) continue;
    if (!node.inputs.some((t) => there.has(t))) continue;
    // An element may depend on other elements of u, which need not be c.
    const own = node.operation.kind === "elementwise" && sameShape(node.shape, compared.shape);
    if (own || compared.size === 1) there.set(node, apply(node.operation, node.inputs.map(valueOf), node.attributes));
  }
  return choices.map((node) => sub(valueOf(node.inputs[1] as Tensor), valueOf(node.inputs[2] as Tensor)));
}
