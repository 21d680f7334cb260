/**
 * Reverse mode, second half: a graph that is linear in some inputs, run backwards. Every linear node
 * hands the cotangent of its result to its linear inputs; contributions add up where a value was used twice.
 */
import { NablaError } from "../base/error.ts";
import { Environment, type Graph } from "../graph/graph.ts";
import { isPick, type Tensor } from "../graph/tensor.ts";
import { add } from "../ops/arithmetic.ts";
import { sumTo } from "../ops/movement.ts";
import { type Tangent, times } from "./linearize.ts";
import { type Piece, together } from "./pieces.ts";

/**
 * Cotangents of the inputs marked `linear` from those of the outputs.
 * `args` gives the values of the other inputs; nodes that do not depend on a linear input are replayed.
 */
export function transposeLinear(
  graph: Graph,
  linear: readonly boolean[],
  args: readonly Tensor[],
  cotangents: readonly Tangent[],
): readonly Tangent[] {
  const dependent = new Set<Tensor>(graph.inputs.filter((_, i) => linear[i]));
  const values = new Environment(graph, args);
  for (const node of graph.nodes) {
    if (node.inputs.some((input) => dependent.has(input))) dependent.add(node);
    else values.replay(node);
  }

  const collected = new Map<Tensor, Tensor>();
  const pieces = new Map<Tensor, Piece[]>();
  const collect = (node: Tensor, ct: Tangent): void => {
    if (ct === undefined || !dependent.has(node)) return;
    const before = collected.get(node);
    collected.set(node, before === undefined ? ct : add(before, ct));
  };
  const collectPiece = (node: Tensor, piece: Piece): void => {
    const list = pieces.get(node);
    if (list === undefined) pieces.set(node, [piece]);
    else list.push(piece);
  };
  /** The node's cotangent, complete: all that use it have been passed. */
  const take = (node: Tensor): Tangent => {
    const list = pieces.get(node);
    if (list !== undefined) collect(node, together(list, node));
    const ct = collected.get(node);
    pieces.delete(node);
    collected.delete(node);
    return ct;
  };
  graph.outputs.forEach((output, i) => {
    collect(output, cotangents[i]);
  });

  const several = new Map<Tensor, Tangent[]>();
  for (let k = graph.nodes.length - 1; k >= 0; k--) {
    const node = graph.nodes[k] as Tensor;
    if (!dependent.has(node)) continue;
    if (node.results !== undefined) {
      const cts = several.get(node);
      several.delete(node);
      if (cts === undefined) continue;
      const marks = node.inputs.map((input) => dependent.has(input));
      const rule = node.operation.transposeAll;
      if (rule === undefined) throw missing(node);
      const back = rule(
        cts,
        marks,
        node.inputs.map((input) => values.get(input)),
        node.attributes,
      );
      node.inputs.forEach((input, i) => {
        collect(input, back[i]);
      });
      continue;
    }
    const ct = take(node);
    if (ct === undefined) continue;
    if (isPick(node)) {
      const source = node.inputs[0] as Tensor;
      const cts = several.get(source) ?? new Array<Tangent>(source.results?.length ?? 0).fill(undefined);
      const index = node.attributes.index as number;
      const before = cts[index];
      cts[index] = before === undefined ? ct : add(before, ct);
      several.set(source, cts);
      continue;
    }
    const start = node.operation.block?.(node.attributes);
    if (start !== undefined) {
      collectPiece(node.inputs[0] as Tensor, { ct, start });
      continue;
    }
    const inputs = node.inputs.map((input) => values.get(input));
    node.inputs.forEach((input, i) => {
      if (dependent.has(input)) collect(input, transposeOne(node, i, ct, inputs));
    });
  }
  return graph.inputs.map((leaf, i) => (linear[i] ? take(leaf) : undefined));
}

function transposeOne(node: Tensor, index: number, ct: Tensor, inputs: readonly Tensor[]): Tangent {
  const { operation, attributes } = node;
  const shape = (node.inputs[index] as Tensor).shape;
  if (operation.transpose !== undefined) {
    const back = operation.transpose(ct, index, inputs, attributes, node);
    return back === undefined ? undefined : operation.kind === "elementwise" ? sumTo(back, shape) : back;
  }
  const partial = operation.partials?.[index];
  if (partial === undefined) {
    if (operation.partials !== undefined) return undefined;
    throw missing(node);
  }
  const back = times(partial(node, ...inputs), ct);
  return back === undefined ? undefined : sumTo(back, shape);
}

const missing = (node: Tensor): NablaError =>
  new NablaError(
    "E-NO-DERIVATIVE",
    `${node.operation.name} has no reverse-mode derivative`,
    'jvp or jacobian with mode: "forward"',
  );
