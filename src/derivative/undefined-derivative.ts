/** Where a derivative does not exist: which operation, which element, why, and what grad used instead. */
import { isFloat } from "../base/dtype.ts";
import { NablaError } from "../base/error.ts";
import { trace } from "../graph/graph.ts";
import type { UndefinedRule } from "../graph/operation.ts";
import { hasValue, type Tensor, withSources } from "../graph/tensor.ts";
import { callGiven, flattenArguments, flattenResults, type Inputs, rebuildArguments } from "../graph/trees.ts";
import { broadcastTo } from "../ops/movement.ts";
import { dependents, influenceOf } from "./influence.ts";
import { elementAt, evaluate, indexOf, insideOf } from "./steps.ts";

/** A point at which an operation has no derivative. */
export interface UndefinedDerivative {
  readonly operation: string;
  /** The operation's inputs at that element. */
  readonly inputs: readonly number[];
  /** The element of the operation's result, or of its input for a reduction. */
  readonly index: readonly number[];
  readonly why: string;
  /** What `grad` uses there. */
  readonly convention: string;
  /** The derivative from the left and from the right by the first input, where they exist. */
  readonly sides?: readonly [number | undefined, number | undefined];
  /** `model.ts:41 in predict`. */
  readonly source: string | undefined;
  /** The loop and its step, or the branch, if the operation stands in one. */
  readonly where?: string;
}

/** The findings, which print as a few readable lines. */
export class UndefinedDerivatives extends Array<UndefinedDerivative> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  override toString(): string {
    if (this.length === 0) return "every derivative exists";
    const shown = this.slice(0, mostShown).map(sentence);
    return [...shown, ...(this.length > mostShown ? [`… and ${this.length - mostShown} more`] : [])].join("\n");
  }
}

const mostShown = 10;

function sentence({ operation, inputs, index, why, convention, sides, source, where }: UndefinedDerivative): string {
  const place = index.length > 0 ? ` at element [${index.join(", ")}]` : "";
  const [left, right] = sides ?? [];
  const sided = sides ? `, from the left ${left ?? "none"}, from the right ${right ?? "none"}` : "";
  const of = inputs.length > 0 ? `(${inputs.map((v) => Number(v.toPrecision(6))).join(", ")})` : "";
  return `${operation}${of}${place}${where ? ` in ${where}` : ""}: ${why}; grad uses ${convention}${sided}${source ? `\n  at ${source}` : ""}`;
}

/**
 * Every operation of f whose derivative does not exist at these arguments, as far as it has influence on the result.
 * An empty list means that the gradient is a gradient.
 *
 * @example
 * undefinedDerivatives((x) => abs(x).sum(), [0, 1])[0].why // "|x| has a kink at 0"
 */
export function undefinedDerivatives<A extends readonly unknown[]>(
  f: (...args: A) => unknown,
  ...args: Inputs<A>
): UndefinedDerivatives;
export function undefinedDerivatives(f: (...args: never[]) => unknown, ...args: unknown[]): UndefinedDerivatives {
  return find("undefinedDerivatives", f, args, () => true);
}

/** Looks for points without a derivative by the arguments of which `wanted` holds. */
function find(
  what: string,
  f: (...args: never[]) => unknown,
  args: readonly unknown[],
  wanted: (argument: number) => boolean,
): UndefinedDerivatives {
  const inputs = args.map((arg, i) => flattenArguments(what, arg, `argument ${i}`));
  const tensors = inputs.flatMap((input) => input.tensors);
  if (!tensors.every(hasValue)) {
    throw new NablaError(
      "E-NO-VALUE",
      `${what}: whether a derivative exists depends on values, and there are none while compile, vmap or scan traces`,
      "the check outside of them, grad without { strict: true } inside",
    );
  }
  const active = inputs.flatMap((input, i) => input.tensors.map((t) => wanted(i) && isFloat(t.dtype)));
  const look = (sourced: boolean): UndefinedDerivatives => {
    const graph = withSources(
      () =>
        trace(
          what,
          tensors,
          (leaves) => flattenResults(what, callGiven(what, f, rebuildArguments(inputs, leaves))).tensors,
          tensors,
        ),
      sourced,
    );
    const found = new UndefinedDerivatives();
    search(graph, tensors, active, undefined, found);
    return found;
  };
  // Lines are looked up where they are to be told: that takes longer than all else.
  const found = look(false);
  return found.length > 0 ? look(true) : found;
}

function search(
  graph: Parameters<typeof evaluate>[0],
  args: readonly Tensor[],
  active: readonly boolean[],
  where: string | undefined,
  found: UndefinedDerivative[],
): void {
  const evaluated = evaluate(graph, args);
  // Asked for where something is found: mostly nothing is.
  let influence: ReturnType<typeof influenceOf> | undefined;
  const weightOf = (node: Tensor): Tensor | undefined => {
    influence ??= influenceOf(evaluated);
    return influence.get(node);
  };
  const varies = dependents(graph, active);
  for (const node of graph.nodes) {
    if (!varies.has(node)) continue;
    const inputs = node.inputs.map((input) => (input.results === undefined ? evaluated.value(input) : input));
    if (node.results !== undefined && weightOf(node) !== undefined) {
      const marks = node.inputs.map((input) => varies.has(input));
      for (const inside of insideOf(node, inputs)) {
        // What a body carries on may vary from the second step on.
        const own = marks.slice(marks.length - inside.args.length);
        const within = inside.graph.inputs.map((leaf, i) => isFloat(leaf.dtype) && (own[i] as boolean));
        search(inside.graph, inside.args, carriedOn(node, inside.graph, within), join(where, inside.where), found);
      }
    }
    for (const rule of node.operation.undefinedAt ?? []) {
      if (rule.by !== undefined && !varies.has(node.inputs[rule.by] as Tensor)) continue;
      if (rule.within === undefined && rule.at(...inputs).data.every((hit) => hit === 0)) continue;
      const weight = weightOf(node);
      if (weight === undefined) break;
      report(node, inputs, node.results === undefined ? evaluated.value(node) : node, weight, rule, where, found);
    }
  }
}

const join = (outer: string | undefined, inner: string): string => (outer === undefined ? inner : `${inner}, ${outer}`);

/** In a loop every float carry may have come to depend on what varies. */
function carriedOn(node: Tensor, graph: { readonly inputs: readonly Tensor[] }, marks: readonly boolean[]): boolean[] {
  const carries = (node.attributes.carries as number | undefined) ?? 0;
  return marks.map((mark, i) => mark || (i < carries && isFloat((graph.inputs[i] as Tensor).dtype)));
}

function report(
  node: Tensor,
  inputs: readonly Tensor[],
  output: Tensor,
  weight: Tensor,
  rule: UndefinedRule,
  where: string | undefined,
  found: UndefinedDerivative[],
): void {
  const elementwise = node.operation.kind === "elementwise";
  const mask = rule.within?.(inputs, output, node.attributes, weight) ?? rule.at(...inputs);
  const full = elementwise ? broadcastTo(mask, node.shape) : mask;
  full.data.forEach((hit, place) => {
    if (hit === 0 || (elementwise && weight.data[place] === 0)) return;
    const index = indexOf(place, full.shape);
    const values = elementwise
      ? inputs.map((x) => elementAt(x, index))
      : inputs.slice(0, 1).flatMap((x) => (x.size === full.size ? [x.data[place] as number] : []));
    const sides = rule.sides?.(...values);
    found.push({
      operation: node.operation.name,
      inputs: values,
      index,
      why: rule.why,
      convention: rule.convention,
      ...(sides ? { sides } : {}),
      source: node.source,
      ...(where ? { where } : {}),
    });
  });
}

/** The same as an error: for `grad(f, { strict: true })`. */
export function checkStrict(
  what: string,
  f: (...args: never[]) => unknown,
  args: readonly unknown[],
  wrt: readonly number[],
): void {
  const found = find(what, f, args, (i) => wrt.includes(i));
  const [first] = found;
  if (first === undefined) return;
  const more = found.length > 1 ? ` (and ${found.length - 1} more: undefinedDerivatives lists them)` : "";
  throw new NablaError(
    "E-UNDEFINED-DERIVATIVE",
    `${what}: ${sentence({ ...first, source: undefined })}${more}`,
    "another point, or grad without { strict: true }",
    first.source,
  );
}
