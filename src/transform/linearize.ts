/**
 * Forward mode: beside every value its tangent. The tangent's graph is linear in the tangents put in,
 * so the same rewrite is the first half of reverse mode (Radul et al. 2023, "You only linearize once").
 */
import { isFloat } from "../base/dtype.ts";
import { NablaError } from "../base/error.ts";
import { sameShape } from "../base/shape.ts";
import { Environment, type Graph } from "../graph/graph.ts";
import { apply, filled, isPick, type Tensor } from "../graph/tensor.ts";
import { add, mul, neg, scale } from "../ops/arithmetic.ts";
import { broadcastTo } from "../ops/movement.ts";

/** undefined stands for a tangent that is zero everywhere. */
export type Tangent = Tensor | undefined;

export interface Linearized {
  readonly outputs: readonly Tensor[];
  readonly tangents: readonly Tangent[];
}

export function linearize(graph: Graph, primals: readonly Tensor[], tangents: readonly Tangent[]): Linearized {
  const values = new Environment(graph, primals);
  const one = new Map<Tensor, Tensor>();
  const several = new Map<Tensor, readonly Tangent[]>();
  graph.inputs.forEach((leaf, i) => {
    const t = tangents[i];
    if (t !== undefined) one.set(leaf, t);
  });
  for (const node of graph.nodes) {
    values.replay(node);
    if (isPick(node)) {
      const t = several.get(node.inputs[0] as Tensor)?.[node.attributes.index as number];
      if (t !== undefined) one.set(node, t);
      continue;
    }
    const incoming = node.inputs.map((input) => one.get(input));
    if (incoming.every((t) => t === undefined)) continue;
    const inputs = node.inputs.map((input) => values.get(input));
    if (node.results !== undefined) {
      several.set(node, node.operation.jvpAll?.(incoming, inputs, values.results(node), node.attributes) ?? []);
      continue;
    }
    if (!isFloat(node.dtype)) continue;
    const t = tangentOf(node, inputs, values.get(node), incoming);
    if (t !== undefined) one.set(node, t);
  }
  return {
    outputs: graph.outputs.map((output) => values.get(output)),
    tangents: graph.outputs.map((output) => one.get(output)),
  };
}

function tangentOf(node: Tensor, inputs: readonly Tensor[], output: Tensor, tangents: readonly Tangent[]): Tangent {
  const { operation, attributes } = node;
  if (operation.jvp !== undefined) return operation.jvp(tangents, inputs, output, attributes);
  if (operation.partials !== undefined) {
    // dy = Σ ∂y/∂xᵢ dxᵢ
    let total: Tangent;
    operation.partials.forEach((partial, i) => {
      const t = tangents[i];
      if (t === undefined || partial === undefined) return;
      const term = times(partial(output, ...inputs), t);
      if (term !== undefined) total = total === undefined ? term : add(total, term);
    });
    return total === undefined ? undefined : withShape(total, output);
  }
  const { linear } = operation;
  if (linear === undefined) return undefined;
  const places = linear.inputs ?? inputs.map((_, i) => i);
  if (linear.how === "jointly") {
    const replaced = inputs.map((x, i) => (places.includes(i) ? (tangents[i] ?? zeroLike(x, operation.kind)) : x));
    return withShape(apply(operation, replaced, attributes), output);
  }
  let total: Tangent;
  for (const i of places) {
    const t = tangents[i];
    if (t === undefined) continue;
    const term = apply(operation, inputs.with(i, t), attributes);
    total = total === undefined ? term : add(total, term);
  }
  return total;
}

const withShape = (t: Tensor, like: Tensor): Tensor =>
  sameShape(t.shape, like.shape) ? t : broadcastTo(t, like.shape);

/** Elementwise operations broadcast a scalar zero by themselves. */
const zeroLike = (x: Tensor, kind: string): Tensor => filled(0, kind === "elementwise" ? [] : x.shape, x.dtype);

/** partial · t, where a partial that is a number needs no product with NaN in mind. */
export function times(partial: Tensor | number, t: Tensor): Tangent {
  if (typeof partial !== "number") return scale(partial, t);
  if (partial === 0) return undefined;
  if (partial === 1) return t;
  return partial === -1 ? neg(t) : mul(t, partial);
}

/** The tangent as a tensor, zeros if there is none. */
export const instantiate = (t: Tangent, like: Tensor): Tensor => t ?? filled(0, like.shape, like.dtype);

export function checkTangent(what: string, t: Tensor, like: Tensor): Tensor {
  if (!sameShape(t.shape, like.shape)) {
    throw new NablaError(
      "E-SHAPE",
      `${what}: a tangent of shape [${t.shape}] for a value of shape [${like.shape}]`,
      "a tangent of the value's shape",
    );
  }
  return t;
}
