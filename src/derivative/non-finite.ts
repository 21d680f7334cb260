/** The operation that made the first NaN or infinity. */
import { trace } from "../graph/graph.ts";
import { type Tensor, withSources } from "../graph/tensor.ts";
import { flattenArguments, flattenResults, type Inputs, rebuildArguments } from "../graph/trees.ts";
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
 * argument that is not finite itself counts as the operation `input`. undefined if all values are finite. For the
 * backward pass ask for `firstNonFinite(grad(f), x)`.
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
  const graph = withSources(() =>
    trace(
      "firstNonFinite",
      tensors,
      (leaves) => flattenResults("firstNonFinite", f(...(rebuildArguments(inputs, leaves) as never[]))).tensors,
      tensors,
    ),
  );
  for (const t of tensors) {
    const bad = badPlace(t);
    if (bad >= 0) return finding("input", t, bad, [], undefined, undefined, "elementwise");
  }
  return search(graph, tensors, undefined);
}

const badPlace = (t: Tensor): number => t.data.findIndex((v) => !Number.isFinite(v));

function finding(
  operation: string,
  output: Tensor,
  place: number,
  inputs: readonly Tensor[],
  source: string | undefined,
  where: string | undefined,
  kind: string,
): NonFinite {
  const index = indexOf(place, output.shape);
  const values = kind === "elementwise" ? inputs.map((x) => elementAt(x, index)) : [];
  return new NonFinite({ operation, value: output.data[place] as number, index, inputs: values, source, where });
}

function search(
  graph: Parameters<typeof evaluate>[0],
  args: readonly Tensor[],
  where: string | undefined,
): NonFinite | undefined {
  const { value } = evaluate(graph, args);
  for (const node of graph.nodes) {
    if (node.results !== undefined) {
      for (const inside of insideOf(node, node.inputs.map(value))) {
        const found = search(
          inside.graph,
          inside.args,
          where === undefined ? inside.where : `${inside.where}, ${where}`,
        );
        if (found !== undefined) return found;
      }
      continue;
    }
    const output = value(node);
    const bad = badPlace(output);
    const inputs = node.inputs.filter((input) => input.results === undefined).map(value);
    if (bad >= 0 && inputs.every((x) => badPlace(x) < 0)) {
      return finding(node.operation.name, output, bad, inputs, node.source, where, node.operation.kind);
    }
  }
  return undefined;
}
