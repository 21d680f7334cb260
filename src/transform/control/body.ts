/** Graphs of bodies and branches rewritten as a whole: what every control operation's rules are made of. */
import { isFloat } from "../../base/dtype.ts";
import { choose, place } from "../../base/lists.ts";
import { type Graph, trace } from "../../graph/graph.ts";
import type { SupportContext, Supports, Type } from "../../graph/operation.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { broadcastTo } from "../../ops/movement.ts";
import { instantiate, linearize, type Tangent } from "../linearize.ts";
import { transposeLinear } from "../transpose.ts";
import { vectorize } from "../vectorize.ts";

export const typesOf = (tensors: readonly Type[]): Type[] => tensors.map(({ shape, dtype }) => ({ shape, dtype }));
export const batchedType = ({ shape, dtype }: Type, size: number): Type => ({ shape: [size, ...shape], dtype });

/** inputs, then tangents of the active inputs → (outputs if wanted, then) tangents of the wanted outputs. */
export function tangentGraph(
  graph: Graph,
  active: readonly boolean[],
  wanted: readonly boolean[],
  withOutputs: boolean,
): Graph {
  const n = graph.inputs.length;
  return trace("jvp", [...typesOf(graph.inputs), ...typesOf(choose(graph.inputs, active))], (leaves) => {
    const { outputs, tangents } = linearize(graph, leaves.slice(0, n), place(active, leaves.slice(n)));
    const wantedTangents = outputs.flatMap((output, i) => (wanted[i] ? [instantiate(tangents[i], output)] : []));
    return withOutputs ? [...outputs, ...wantedTangents] : wantedTangents;
  });
}

/** Which outputs have a tangent when these inputs have one. */
export function activeOutputs(graph: Graph, active: readonly boolean[]): boolean[] {
  const reached = new Set<Tensor>(graph.inputs.filter((leaf, i) => active[i] && isFloat(leaf.dtype)));
  for (const node of graph.nodes) {
    if (node.inputs.some((input) => reached.has(input)) && (node.results !== undefined || isFloat(node.dtype)))
      reached.add(node);
  }
  return graph.outputs.map((output) => reached.has(output) && isFloat(output.dtype));
}

/** nonlinear inputs, then the given cotangents → cotangents of the linear inputs, zeros where none arrives. */
export function transposedGraph(graph: Graph, linear: readonly boolean[], given: readonly boolean[]): Graph {
  const held = choose(graph.inputs, linear, false);
  const unmarked = linear.map((l) => !l);
  return trace("vjp", [...typesOf(held), ...typesOf(choose(graph.outputs, given))], (leaves) => {
    const args = place(unmarked, leaves.slice(0, held.length)).map((t, i) => t ?? (graph.inputs[i] as Tensor));
    const back = transposeLinear(graph, linear, args, place(given, leaves.slice(held.length)));
    return graph.inputs.flatMap((leaf, i) => (linear[i] ? [instantiate(back[i], leaf)] : []));
  });
}

/** The graph over a batch; outputs for which `forced` is set are batched even if they are the same for all. */
export function batchedGraph(
  graph: Graph,
  batched: readonly boolean[],
  size: number,
  forced: readonly boolean[] | "all",
): { readonly graph: Graph; readonly batched: readonly boolean[] } {
  let flags: readonly boolean[] = [];
  const types = graph.inputs.map((leaf, i) =>
    batched[i] ? batchedType(leaf, size) : { shape: leaf.shape, dtype: leaf.dtype },
  );
  const result = trace("vmap", types, (leaves) => {
    const { outputs, batched: natural } = vectorize(graph, leaves, batched, size);
    flags = natural.map((b, i) => b || forced === "all" || (forced[i] ?? false));
    return outputs.map((t, i) => (flags[i] && !natural[i] ? broadcastTo(t, [size, ...t.shape]) : t));
  });
  return { graph: result, batched: flags };
}

/** Grows `active` until f maps it into itself: which carries depend on something that varies. */
export function fixpoint(start: readonly boolean[], f: (active: readonly boolean[]) => readonly boolean[]): boolean[] {
  let active = [...start];
  for (;;) {
    const next = f(active).map((b, i) => b || (active[i] as boolean));
    if (next.every((b, i) => b === active[i])) return next;
    active = next;
  }
}

/** Carries that become linear along the way although they start from a constant zero. */
export function linearCarries(body: Graph, marks: readonly boolean[], carries: number): boolean[] {
  const rest = marks.slice(carries);
  const carry = fixpoint(marks.slice(0, carries), (c) => activeOutputs(body, [...c, ...rest]).slice(0, carries));
  return [...carry, ...rest];
}

/** Element by element the union of both. */
export const united = (
  a: Supports | undefined,
  b: Supports | undefined,
  union: SupportContext["union"],
): Supports | undefined => (a && b ? a.map((set, i) => union(set, b[i] as number)) : (a ?? b));

export const isDefined = (t: Tangent): boolean => t !== undefined;
