/** A function whose derivative its author states. */
import { isFloat } from "../base/dtype.ts";
import { NablaError } from "../base/error.ts";
import { sameShape, showShape } from "../base/shape.ts";
import { checkSameStructure, type Structure, unflatten } from "../base/tree.ts";
import { close, type Graph, replay, trace } from "../graph/graph.ts";
import type { Operation, Type } from "../graph/operation.ts";
import { applyAll, constant, filled, type Tensor, type TensorLike } from "../graph/tensor.ts";
import { innerGraphs } from "../graph/text.ts";
import { callGiven, flattenArguments, flattenResults, type Inputs, rebuildArguments } from "../graph/trees.ts";
import { broadcastTo } from "../ops/movement.ts";
import { convert, operation } from "../ops/record.ts";
import { sum } from "../ops/reduce.ts";
import { batchedGraph, isDefined, typesOf } from "../transform/control/body.ts";
import { instantiate } from "../transform/linearize.ts";
import { vectorize } from "../transform/vectorize.ts";

/** A rule over flat lists: tangents forward, or cotangents backward. */
type FlatRule =
  | { readonly mode: "jvp"; jvp(primals: readonly Tensor[], tangents: readonly Tensor[]): readonly Tensor[] }
  | { readonly mode: "vjp"; vjp(primals: readonly Tensor[], cotangents: readonly Tensor[]): readonly Tensor[] };

interface CustomAttributes {
  readonly graph: Graph;
  readonly rule: FlatRule;
  /** The arguments; inputs after them are captured from outside and must not vary. */
  readonly arguments: number;
}

const customOperation: Operation = operation<CustomAttributes>({
  name: "custom",
  kind: "control",
  infer: (_inputs, { graph }) => typesOf(graph.outputs),
  evaluateAll: (values, inputs, { graph }) =>
    replay(
      graph,
      values.map((v, i) => constant(v, inputs[i]?.shape ?? [], inputs[i]?.dtype)),
    ).map((t) => t.data),
  jvpAll: (tangents, inputs, outputs, { graph, rule, arguments: count }) => {
    if (tangents.slice(count).some(isDefined)) {
      throw new NablaError(
        "E-NO-DERIVATIVE",
        "customDerivative: the function reads a variable from outside its arguments, of which the rule knows nothing",
        "passing it as an argument",
      );
    }
    const primals = inputs.slice(0, count);
    const directions = primals.map((x, i) => instantiate(tangents[i], x));
    if (rule.mode === "jvp")
      return rule.jvp(primals, directions).map((t, i) => (isFloat((outputs[i] as Tensor).dtype) ? t : undefined));
    return applyAll(customLinearOperation, [...primals, ...directions], { types: typesOf(graph.outputs), rule });
  },
  batchAll: (inputs, batched, size, { graph, rule, arguments: count }) => {
    const body = batchedGraph(graph, batched, size, "all");
    const attributes: CustomAttributes = {
      graph: body.graph,
      rule: batchedRule(rule, graph, batched.slice(0, count), size, count),
      arguments: count,
    };
    return {
      outputs: applyAll(customOperation, inputs, attributes as unknown as Record<string, unknown>),
      batched: body.batched,
    };
  },
});

/** Whether the author of some function in a graph states its derivative, which need not be that of the function. */
export const isStated = (graph: Graph): boolean =>
  graph.nodes.some(
    (node) => node.operation === customOperation || innerGraphs(node).some((inner) => isStated(inner.graph)),
  );

/** The tangent of a function of which only the pullback is known: linear, and only good for being transposed. */
const customLinearOperation: Operation = operation<{
  types: readonly Type[];
  rule: Extract<FlatRule, { mode: "vjp" }>;
}>({
  name: "customLinear",
  kind: "control",
  infer: (_inputs, { types }) => types,
  evaluateAll: () => {
    throw onlyReverse();
  },
  kernel: () => {
    throw onlyReverse();
  },
  transposeAll: (cotangents, linear, inputs, { types, rule }) => {
    const count = inputs.length / 2;
    const cts = types.map((type, i) => cotangents[i] ?? filled(0, type.shape, type.dtype));
    const back = rule.vjp(inputs.slice(0, count), cts);
    return linear.map((mark, i) => (mark && i >= count ? back[i - count] : undefined));
  },
});

const onlyReverse = (): NablaError =>
  new NablaError(
    "E-NO-DERIVATIVE",
    "customDerivative: forward mode (jvp, hessian, jacobian by columns) needs a jvp, this rule has only a vjp",
    "{ jvp: (primals, tangents) => [y, dy] }, or reverse mode",
  );

/** The same rule over a batch: traced for one example, then vectorised. */
function batchedRule(rule: FlatRule, graph: Graph, batched: readonly boolean[], size: number, count: number): FlatRule {
  const types = typesOf(graph.inputs.slice(0, count));
  if (rule.mode === "jvp") {
    return {
      mode: "jvp",
      jvp: (primals, tangents) => {
        const one = trace("vmap", [...types, ...types], (leaves) =>
          rule.jvp(leaves.slice(0, count), leaves.slice(count)),
        );
        const all = vectorize(one, [...primals, ...tangents], [...batched, ...batched], size);
        return all.outputs.map((t, i) => (all.batched[i] ? t : broadcastTo(t, [size, ...t.shape])));
      },
    };
  }
  return {
    mode: "vjp",
    vjp: (primals, cotangents) => {
      const one = trace("vmap", [...types, ...typesOf(graph.outputs)], (leaves) =>
        rule.vjp(leaves.slice(0, count), leaves.slice(count)),
      );
      const all = vectorize(one, [...primals, ...cotangents], [...batched, ...cotangents.map(() => true)], size);
      return all.outputs.map((t, i) => {
        const full = all.batched[i] ? t : broadcastTo(t, [size, ...t.shape]);
        // An argument that the whole batch shares collects from every example.
        return batched[i] ? full : sum(full, { axis: 0 });
      });
    },
  };
}

/** A rule for both modes: reverse mode transposes it. */
export interface JvpRule<A extends readonly unknown[], R> {
  /** The value and its tangent, from arguments and their tangents. */
  jvp(primals: A, tangents: A): readonly [R, R];
}

/** A rule for reverse mode alone. */
export interface VjpRule<A extends readonly unknown[], R> {
  /** The value and its pullback: the result's cotangent → one cotangent for each argument. */
  vjp(...args: A): readonly [R, (cotangent: R) => readonly unknown[]];
}

/**
 * f with a derivative of your own: forward (`jvp`) or backward (`vjp`). The rule is made of nabla's operations and is
 * differentiated in turn for higher orders. A jvp serves both modes; a vjp serves reverse mode only.
 *
 * @example
 * // log(1 + eˣ), whose textbook derivative 1 − 1/(1 + eˣ) stays finite where the formula overflows
 * const smoothRelu = customDerivative((x) => log(add(1, exp(x))), {
 *   vjp: (x) => [log(add(1, exp(x))), (ct) => [ct.mul(sub(1, div(1, add(1, exp(x)))))]],
 * });
 * grad(smoothRelu)(1000).item() // 1
 */
export function customDerivative<R = Tensor>(
  f: (...args: Tensor[]) => R,
  rule: JvpRule<Tensor[], R> | VjpRule<Tensor[], R>,
): (...args: TensorLike[]) => R;
export function customDerivative<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  rule: JvpRule<A, R> | VjpRule<A, R>,
): (...args: Inputs<A>) => R;
export function customDerivative(f: (...args: never[]) => unknown, rule: object): (...args: unknown[]) => unknown {
  const given = (rule ?? {}) as Partial<JvpRule<readonly unknown[], unknown> & VjpRule<readonly unknown[], unknown>>;
  if ((given.jvp === undefined) === (given.vjp === undefined)) {
    throw new NablaError(
      "E-OPTION",
      "customDerivative: the rule must have either jvp or vjp",
      "{ vjp: (x) => [y, (ct) => [ct.mul(slope)]] }",
    );
  }
  return (...args) => {
    const inputs = args.map((arg, i) => flattenArguments("customDerivative", arg, `argument ${i}`));
    const tensors = inputs.flatMap((input) => input.tensors);
    let structure: Structure = { kind: "leaf" };
    const open = trace(
      "customDerivative",
      tensors,
      (leaves) => {
        const result = flattenResults(
          "customDerivative",
          callGiven("customDerivative", f, rebuildArguments(inputs, leaves)),
        );
        structure = result.structure;
        return result.tensors;
      },
      tensors,
    );
    const { graphs, captured } = close("customDerivative", [open]);
    const graph = graphs[0] as Graph;

    /** What a rule returns, as a flat list of the types it must have. */
    const checked = (what: string, tree: unknown, expected: Structure | undefined, like: readonly Type[]): Tensor[] => {
      const result = flattenResults(`customDerivative: ${what}`, tree);
      if (expected !== undefined) checkSameStructure(`customDerivative: ${what}`, expected, result.structure);
      if (result.tensors.length !== like.length) {
        throw new NablaError(
          "E-TREE",
          `customDerivative: ${what}: ${result.tensors.length} tensors, expected ${like.length}`,
          "one tensor for each",
        );
      }
      return result.tensors.map((t, i) => {
        const { shape, dtype } = like[i] as Type;
        if (!sameShape(t.shape, shape))
          throw new NablaError(
            "E-SHAPE",
            `customDerivative: ${what} ${i} has shape ${showShape(t.shape)}, expected ${showShape(shape)}`,
            "broadcastTo or sum to that shape",
          );
        return isFloat(dtype) ? convert(t, dtype) : t;
      });
    };
    const pair = (what: string, value: unknown): readonly [unknown, unknown] => {
      if (Array.isArray(value) && value.length === 2) return value as [unknown, unknown];
      throw new NablaError(
        "E-TREE",
        `customDerivative: ${what} must return a pair`,
        what === "jvp" ? "[y, dy]" : "[y, (ct) => [cotangents]]",
      );
    };

    const outputTypes = typesOf(open.outputs);
    const flat: FlatRule = given.jvp
      ? {
          mode: "jvp",
          jvp: (primals, tangents) => {
            const trees = [rebuildArguments(inputs, primals), rebuildArguments(inputs, tangents)] as const;
            const returned = callGiven("customDerivative: jvp", given.jvp as () => unknown, trees);
            return checked("the tangent", pair("jvp", returned)[1], structure, outputTypes);
          },
        }
      : {
          mode: "vjp",
          vjp: (primals, cotangents) => {
            const rule = given.vjp as () => unknown;
            const [, pullback] = pair(
              "vjp",
              callGiven("customDerivative: vjp", rule, rebuildArguments(inputs, primals)),
            );
            const back = callGiven("customDerivative: the pullback", pullback as () => unknown, [
              unflatten(structure, cotangents),
            ]);
            return checked("the cotangent", back, undefined, tensors);
          },
        };
    const attributes: CustomAttributes = { graph, rule: flat, arguments: tensors.length };
    return unflatten(
      structure,
      applyAll(customOperation, [...tensors, ...captured], attributes as unknown as Record<string, unknown>),
    );
  };
}
