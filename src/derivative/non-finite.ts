/** The operation that made the first NaN or infinity. */
import { userFrame } from "../base/error.ts";
import { type Graph, trace } from "../graph/graph.ts";
import type { Operation } from "../graph/operation.ts";
import { isConstant, isPick, observing, type Tensor, withSources } from "../graph/tensor.ts";
import { callGiven, flattenArguments, flattenResults, type Inputs, rebuildArguments } from "../graph/trees.ts";
import { elementAt, evaluate, indexOf, insideOf } from "./steps.ts";

/** What firstNonFinite found; prints as a sentence. */
export class NonFinite {
  readonly operation: string;
  /** The value: NaN, Infinity or −Infinity. */
  readonly value: number;
  readonly index: readonly number[];
  /** The operation's inputs at that element; for others than elementwise operations empty. */
  readonly inputs: readonly number[];
  readonly source: string | undefined;
  /** The loop and its step, or the branch, if the operation stands in one. */
  readonly where: string | undefined;

  constructor(fields: Omit<NonFinite, "toString">) {
    this.operation = fields.operation;
    this.value = fields.value;
    this.index = fields.index;
    this.inputs = fields.inputs;
    this.source = fields.source;
    this.where = fields.where;
  }

  toString(): string {
    const args = this.inputs.length > 0 ? `(${this.inputs.join(", ")})` : "";
    const place = this.index.length > 0 ? ` at element [${this.index.join(", ")}]` : "";
    return `${this.operation}${args} gave ${this.value}${place}${this.where ? ` in ${this.where}` : ""}${this.source ? `\n  at ${this.source}` : ""}`;
  }
}

/**
 * The first operation of f, in the order in which they run, that gave NaN or an infinity out of finite inputs; an
 * argument that is not finite itself counts as the operation `input`, a tensor from outside as `constant`. undefined if
 * all values are finite. For the backward pass ask for `firstNonFinite(grad(f), x)`.
 *
 * @example
 * String(firstNonFinite((x) => log(x.sub(1)).sum(), [2, 1])) // "log(0) gave -Infinity at element [1] …"
 */
export function firstNonFinite<A extends readonly unknown[]>(
  f: (...args: A) => unknown,
  ...args: Inputs<A>
): NonFinite | undefined;
export function firstNonFinite(f: (...args: never[]) => unknown, ...args: unknown[]): NonFinite | undefined {
  const inputs = args.map((arg, i) => flattenArguments("firstNonFinite", arg, `argument ${i}`));
  const tensors = inputs.flatMap((input) => input.tensors);
  let early: Found | undefined;
  const graph = observing(
    () =>
      withSources(() =>
        trace(
          "firstNonFinite",
          tensors,
          (leaves) =>
            flattenResults("firstNonFinite", callGiven("firstNonFinite", f, rebuildArguments(inputs, leaves))).tensors,
          tensors,
        ),
      ),
    (operation, from, results) => {
      early ??= check(operation, from, results, userFrame, results[0]?.id ?? 0, undefined);
    },
  );
  for (const t of tensors) {
    const bad = badPlace(t);
    if (bad >= 0) return finding("input", t, bad, [], undefined, undefined);
  }
  const late = search(graph, tensors, undefined);
  const first = early !== undefined && (late === undefined || early.id < late.id) ? early : late;
  return first?.finding ?? fromOutside(graph, tensors);
}

/** A finding, and the id of the node that it is about: they grow in the order in which operations were applied. */
interface Found {
  readonly id: number;
  readonly finding: NonFinite;
}

const badPlace = (t: Tensor): number => t.data.findIndex((v) => !Number.isFinite(v));

function finding(
  operation: string,
  output: Tensor,
  place: number,
  inputs: readonly number[],
  source: string | undefined,
  where: string | undefined,
): NonFinite {
  const index = indexOf(place, output.shape);
  return new NonFinite({ operation, value: output.data[place] as number, index, inputs, source, where });
}

/** What an operation made that is not finite, out of inputs that are. */
function check(
  operation: Operation,
  inputs: readonly Tensor[],
  results: readonly Tensor[],
  source: () => string | undefined,
  id: number,
  where: string | undefined,
): Found | undefined {
  for (const result of results) {
    const bad = badPlace(result);
    if (bad < 0) continue;
    if (inputs.some((x) => badPlace(x) >= 0)) return undefined;
    const at = indexOf(bad, result.shape);
    const values = operation.kind === "elementwise" ? inputs.map((x) => elementAt(x, at)) : [];
    return { id, finding: finding(operation.name, result, bad, values, source(), where) };
  }
  return undefined;
}

function search(graph: Graph, args: readonly Tensor[], where: string | undefined): Found | undefined {
  const { value } = evaluate(graph, args);
  for (const node of graph.nodes) {
    if (node.results !== undefined) {
      for (const inside of insideOf(node, node.inputs.map(value))) {
        const found = search(
          inside.graph,
          inside.args,
          where === undefined ? inside.where : `${inside.where}, ${where}`,
        );
        if (found !== undefined) return { ...found, id: node.id };
      }
      continue;
    }
    const made = isPick(node) ? (node.inputs[0] as Tensor) : node;
    const found = check(made.operation, made.inputs.map(value), [value(node)], () => made.source, node.id, where);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** If the result is not finite although no operation began it: the constant from outside that did. */
function fromOutside(graph: Graph, args: readonly Tensor[]): NonFinite | undefined {
  const { value } = evaluate(graph, args);
  if (graph.outputs.every((output) => badPlace(value(output)) < 0)) return undefined;
  for (const node of graph.nodes) {
    const guilty = node.inputs.find((input) => isConstant(input) && badPlace(input) >= 0);
    if (guilty !== undefined) return finding("constant", guilty, badPlace(guilty), [], node.source, undefined);
  }
  return undefined;
}
