/**
 * Rewrites that keep every bit of every result, as a table: a rule sees a node whose inputs are rewritten already
 * and names what may stand for it. x + 0 is not among them (−0 + 0 = 0), nor 0 · x (NaN, ∞), nor (x + c) − c.
 */
import { isFloat } from "../base/dtype.ts";
import { type Shape, sameShape } from "../base/shape.ts";
import { Environment, type Graph, trace } from "../graph/graph.ts";
import { isPick, type Tensor, uniformValue } from "../graph/tensor.ts";
import { broadcastTo, reshape, transpose } from "../ops/movement.ts";

interface Rule {
  readonly operation: string;
  readonly why: string;
  rewrite(node: Tensor): Tensor | undefined;
}

const input = (node: Tensor, i: number): Tensor => node.inputs[i] as Tensor;

/** The operand alone, if the other one has no effect and the shape stays. */
const keeps = (node: Tensor, operand: number, other: number, neutral: number): Tensor | undefined => {
  const x = input(node, operand);
  return Object.is(uniformValue(input(node, other)), neutral) && sameShape(x.shape, node.shape) ? x : undefined;
};

const inner = (node: Tensor, name: string): Tensor | undefined => {
  const x = input(node, 0);
  return x.operation.name === name ? input(x, 0) : undefined;
};

export const rules: readonly Rule[] = [
  { operation: "mul", why: "x · 1 = x", rewrite: (n) => keeps(n, 0, 1, 1) ?? keeps(n, 1, 0, 1) },
  { operation: "div", why: "x / 1 = x", rewrite: (n) => keeps(n, 0, 1, 1) },
  { operation: "sub", why: "x − 0 = x, also for −0", rewrite: (n) => keeps(n, 0, 1, 0) },
  { operation: "add", why: "x + (−0) = x", rewrite: (n) => keeps(n, 0, 1, -0) ?? keeps(n, 1, 0, -0) },
  { operation: "neg", why: "−(−x) = x", rewrite: (n) => inner(n, "neg") },
  { operation: "logicalNot", why: "not not x = x", rewrite: (n) => inner(n, "logicalNot") },
  {
    operation: "reshape",
    why: "only the last shape counts",
    rewrite: (n) => {
      const x = inner(n, "reshape") ?? input(n, 0);
      return sameShape(x.shape, n.shape) ? x : x === input(n, 0) ? undefined : reshape(x, n.shape);
    },
  },
  {
    operation: "transpose",
    why: "two permutations are one",
    rewrite: (n) => {
      const x = inner(n, "transpose");
      const first = input(n, 0).attributes.axes as Shape;
      return (
        x &&
        transpose(
          x,
          (n.attributes.axes as Shape).map((a) => first[a] as number),
        )
      );
    },
  },
  {
    operation: "broadcast",
    why: "two stretches are one",
    rewrite: (n) => {
      const x = inner(n, "broadcast");
      return x && broadcastTo(x, n.shape);
    },
  },
  {
    operation: "cast",
    why: "a float32 that was widened is itself again",
    rewrite: (n) => {
      const x = inner(n, "cast");
      return x !== undefined && x.dtype === n.dtype && isFloat(x.dtype) && input(n, 0).dtype === "float64"
        ? x
        : undefined;
    },
  },
];

const byOperation = new Map<string, Rule[]>();
for (const rule of rules) byOperation.set(rule.operation, [...(byOperation.get(rule.operation) ?? []), rule]);

export function simplify(graph: Graph): Graph {
  return trace("compile", graph.inputs, (leaves) => {
    const values = new Environment(graph, leaves);
    for (const node of graph.nodes) {
      values.replay(node);
      if (isPick(node) || node.results !== undefined) continue;
      let t = values.get(node);
      for (let changed = true; changed; ) {
        changed = false;
        for (const rule of byOperation.get(t.operation.name) ?? []) {
          const better = rule.rewrite(t);
          if (better === undefined || better === t) continue;
          t = better;
          changed = true;
          break;
        }
      }
      values.set(node, t);
    }
    return graph.outputs.map((output) => values.get(output));
  });
}
