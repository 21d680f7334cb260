/** A choice between two graphs by a value that is only known when the program runs. */
import { NablaError } from "../../base/error.ts";
import { choose, place } from "../../base/lists.ts";
import { sameShape, showShape } from "../../base/shape.ts";
import { checkSameStructure, flatten, unflatten } from "../../base/tree.ts";
import { toTensor } from "../../graph/convert.ts";
import { close, type Graph, replay, trace } from "../../graph/graph.ts";
import type { Operation } from "../../graph/operation.ts";
import { applyAll, constant, type Tensor, type TensorLike } from "../../graph/tensor.ts";
import { callGiven, type Traced } from "../../graph/trees.ts";
import { where } from "../../ops/arithmetic.ts";
import { reshape } from "../../ops/movement.ts";
import { convert, operation } from "../../ops/record.ts";
import { activeOutputs, batchedGraph, isDefined, tangentGraph, transposedGraph, typesOf, united } from "./body.ts";

type Branches = readonly [Graph, Graph];
const both = (branches: Branches, f: (graph: Graph) => Graph): Branches => [f(branches[0]), f(branches[1])];

/** Inputs: the predicate, then the operands of both branches. */
export const condOperation: Operation = operation<{ branches: Branches }>({
  name: "cond",
  kind: "control",
  infer: (_inputs, { branches }) => typesOf(branches[0].outputs),
  evaluateAll: (values, inputs, { branches }) => {
    const graph = values[0]?.[0] !== 0 ? branches[0] : branches[1];
    const args = values.slice(1).map((v, i) => constant(v, inputs[i + 1]?.shape ?? [], inputs[i + 1]?.dtype));
    return replay(graph, args).map((t) => t.data);
  },
  jvpAll: ([, ...tangents], inputs, _outputs, { branches }) => {
    const active = tangents.map(isDefined);
    const [yes, no] = branches.map((graph) => activeOutputs(graph, active)) as [boolean[], boolean[]];
    const wanted = yes.map((w, i) => w || (no[i] as boolean));
    const given = tangents.filter((t): t is Tensor => t !== undefined);
    const rewritten = both(branches, (graph) => tangentGraph(graph, active, wanted, false));
    return place(wanted, applyAll(condOperation, [...inputs, ...given], { branches: rewritten }));
  },
  transposeAll: (cotangents, [, ...linear], [predicate, ...operands], { branches }) => {
    const cts = cotangents.filter((t): t is Tensor => t !== undefined);
    const rewritten = both(branches, (graph) => transposedGraph(graph, linear, cotangents.map(isDefined)));
    const back = applyAll(condOperation, [predicate as Tensor, ...choose(operands, linear, false), ...cts], {
      branches: rewritten,
    });
    return [undefined, ...place(linear, back)];
  },
  batchAll: ([predicate, ...operands], [predicateBatched, ...batched], size, { branches }) => {
    const rewritten = both(branches, (graph) => batchedGraph(graph, batched, size, "all").graph);
    const flags = branches[0].outputs.map(() => true);
    const p = predicate as Tensor;
    if (!predicateBatched)
      return { outputs: applyAll(condOperation, [p, ...operands], { branches: rewritten }), batched: flags };
    // Each example chooses for itself, so both branches run.
    const [yes, no] = rewritten.map((graph) => replay(graph, operands)) as [readonly Tensor[], readonly Tensor[]];
    return {
      outputs: yes.map((t, i) =>
        where(reshape(p, [size, ...new Array<number>(t.rank - 1).fill(1)]), t, no[i] as Tensor),
      ),
      batched: flags,
    };
  },
  supportsAll: ([, ...operands], { follow, known, union }, { branches }) => {
    const [yes, no] = branches.map((graph) => follow(graph, operands, known.slice(1)).outputs);
    return (yes ?? []).map((sets, i) => united(sets, no?.[i], union));
  },
});

type Operands<A extends readonly unknown[]> = { -readonly [K in keyof A]: Traced<A[K]> };

/**
 * `predicate ? ifTrue(...operands) : ifFalse(...operands)`, decided when the program runs.
 * Both branches return trees of the same structure, shapes and dtypes; of what they compute from their operands only
 * the branch taken runs (both under `vmap` over the predicate). What a branch computes from tensors of outside alone,
 * `() => exp(x)`, does not depend on the choice: it is computed before it, whichever branch is taken. Give x as an operand.
 *
 * @example
 * grad((x) => cond(greater(x, 0), (v) => v.mul(v), (v) => v.neg(), x))(3).item() // 6
 */
export function cond<R, const A extends readonly unknown[]>(
  predicate: TensorLike,
  ifTrue: (...operands: NoInfer<Operands<A>>) => R,
  ifFalse: (...operands: NoInfer<Operands<A>>) => NoInfer<R>,
  ...operands: A
): R;
export function cond<A extends readonly unknown[], R>(
  predicate: TensorLike,
  ifTrue: (...operands: A) => R,
  ifFalse: (...operands: A) => R,
  ...operands: A
): R {
  const p = toTensor("cond", predicate);
  if (p.size !== 1)
    throw new NablaError(
      "E-NOT-SCALAR",
      `cond: the predicate has shape ${showShape(p.shape)}, not one element`,
      "where for a choice element by element, or any/all",
    );
  const { leaves, structure } = flatten(operands);
  const args = leaves.map((leaf) => toTensor("cond", leaf as TensorLike));
  const structures: ReturnType<typeof flatten>["structure"][] = [];
  const open = [ifTrue, ifFalse].map((f) =>
    trace("cond", typesOf(args), (inputs) => {
      const result = flatten(callGiven("cond", f, unflatten(structure, inputs) as A));
      structures.push(result.structure);
      return result.leaves.map((leaf) => toTensor("cond", leaf as TensorLike));
    }),
  );
  const [yes, no] = structures as [(typeof structures)[0], (typeof structures)[0]];
  checkSameStructure("cond: the results of the two branches", yes, no);
  const { graphs, captured } = close("cond", open);
  const branches = graphs as unknown as Branches;
  branches[0].outputs.forEach((t, i) => {
    const other = branches[1].outputs[i] as Tensor;
    if (!sameShape(t.shape, other.shape) || t.dtype !== other.dtype) {
      throw new NablaError(
        "E-SHAPE",
        `cond: result ${i} is ${t.dtype}${showShape(t.shape)} if true and ${other.dtype}${showShape(other.shape)} if false`,
        "cast or broadcastTo in one of the branches",
      );
    }
  });
  const flat = convert(reshape(p, []), "bool");
  return unflatten(yes, applyAll(condOperation, [flat, ...args, ...captured], { branches })) as R;
}
