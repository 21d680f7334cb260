/** A derivative applied to a batch of directions at once: what Jacobians, dense and sparse, are made of. */
import { trace } from "../graph/graph.ts";
import { constant, type Tensor } from "../graph/tensor.ts";
import { broadcastTo } from "../ops/movement.ts";
import { convert } from "../ops/record.ts";
import { instantiate } from "../transform/linearize.ts";
import { vectorize } from "../transform/vectorize.ts";
import { type LinearMap, pull } from "./products.ts";

/** A rule that states a pullback alone has no batch of tangents, only one of cotangents. */
export const pushes = ({ graph }: LinearMap): boolean =>
  graph.nodes.every((node) => node.results === undefined || node.operation.batchAll !== undefined);

/** Tangents of the inputs, n of each along a first axis → the same of those outputs that vary. */
export const pushAll = ({ graph }: LinearMap, tangents: readonly Tensor[], n: number): Tensor[] =>
  allBatched(vectorizedOver(graph, tangents, n), n);

/** Cotangents of those outputs that vary, n of each along a first axis → the same of the inputs. */
export function pullAll(map: LinearMap, cotangents: readonly Tensor[], n: number): Tensor[] {
  const varying = map.outputs.filter((_, i) => map.varies[i]);
  const back = trace("jacobian", varying, (cts) => {
    let next = 0;
    const all = map.varies.map((v) => (v ? cts[next++] : undefined));
    return pull(map, all).map((t, j) => instantiate(t, map.graph.inputs[j] as Tensor));
  });
  return allBatched(vectorizedOver(back, cotangents, n), n);
}

const vectorizedOver = (graph: LinearMap["graph"], args: readonly Tensor[], n: number): ReturnType<typeof vectorize> =>
  vectorize(
    graph,
    args,
    args.map(() => true),
    n,
  );

const allBatched = ({ outputs, batched }: ReturnType<typeof vectorize>, n: number): Tensor[] =>
  outputs.map((t, i) => (batched[i] ? t : broadcastTo(t, [n, ...t.shape])));

/**
 * Directions in the space of all these tensors together, as one batch of each tensor: direction c is the sum of the
 * unit vectors of the elements whose colour is c.
 */
export function seedsFor(tensors: readonly Tensor[], colors: ArrayLike<number>, count: number): Tensor[] {
  let at = 0;
  return tensors.map((t) => {
    const data = new Float64Array(count * t.size);
    for (let i = 0; i < t.size; i++) data[(colors[at++] as number) * t.size + i] = 1;
    return convert(constant(data, [count, ...t.shape]), t.dtype);
  });
}

/** All unit vectors. */
export function basisFor(tensors: readonly Tensor[]): Tensor[] {
  const total = tensors.reduce((n, t) => n + t.size, 0);
  return seedsFor(
    tensors,
    Int32Array.from({ length: total }, (_, i) => i),
    total,
  );
}
