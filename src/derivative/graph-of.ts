/** The graph of a function, to read and to look at: before and after differentiation and each pass. */
import { isFloat } from "../base/dtype.ts";
import { NablaError } from "../base/error.ts";
import { leafPaths } from "../base/tree.ts";
import { checkGraph } from "../graph/check.ts";
import { type Annotations, toDot } from "../graph/draw.ts";
import { Environment, type Graph, trace } from "../graph/graph.ts";
import { toSVG } from "../graph/svg.ts";
import { filled, type Tensor } from "../graph/tensor.ts";
import { showGraph } from "../graph/text.ts";
import {
  callGiven,
  type FlatArguments,
  flattenArguments,
  flattenResults,
  type Inputs,
  rebuildArguments,
} from "../graph/trees.ts";
import { add } from "../ops/arithmetic.ts";
import { instantiate } from "../transform/linearize.ts";
import { share } from "../transform/share.ts";
import { simplify } from "../transform/simplify.ts";
import { gradTree } from "./grad.ts";
import { linearMap, pull } from "./products.ts";

/** What a picture shows beside operations and shapes. */
export interface DrawOptions {
  /** Writes the value of every node at the examples. */
  readonly values?: boolean;
  /** Writes ∂output/∂node for every node; the function must return one scalar. */
  readonly adjoints?: boolean;
}

/** A traced graph with the names of its inputs and the examples at which it was traced. */
export class GraphView implements Graph {
  readonly inputs: readonly Tensor[];
  readonly nodes: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** Names of the inputs, and of the outputs. */
  readonly names: readonly string[];
  readonly outputNames: readonly string[];
  readonly #examples: readonly Tensor[];
  readonly #gradient: ((wrt: readonly number[]) => GraphView) | undefined;

  constructor(
    graph: Graph,
    names: readonly string[],
    outputNames: readonly string[],
    examples: readonly Tensor[],
    gradient?: (wrt: readonly number[]) => GraphView,
  ) {
    this.inputs = graph.inputs;
    this.nodes = graph.nodes;
    this.outputs = graph.outputs;
    this.names = names;
    this.outputNames = outputNames;
    this.#examples = examples;
    this.#gradient = gradient;
  }

  /** One node a line: `%2: float64[3] = mul %0, %1`. */
  toString(): string {
    return showGraph(this, this.names);
  }

  /** For Graphviz. */
  toDot(options: DrawOptions = {}): string {
    return toDot(this, this.#annotations(options));
  }

  /** A picture that needs nothing else. */
  toSVG(options: DrawOptions = {}): string {
    return toSVG(this, this.#annotations(options));
  }

  /** The graph of the value and its gradient by argument `wrt`: differentiation is graph to graph. */
  gradient(options: { readonly wrt?: number | readonly number[] } = {}): GraphView {
    if (this.#gradient === undefined)
      throw new NablaError(
        "E-LIMIT",
        "graphOf: this view is of a gradient or a pass already",
        "graphOf(grad(f), …) for a second derivative",
      );
    const { wrt = 0 } = options;
    return this.#gradient(typeof wrt === "number" ? [wrt] : wrt);
  }

  /** What compile makes of it, pass by pass. */
  passes(): { readonly name: string; readonly graph: GraphView }[] {
    const view = (graph: Graph): GraphView =>
      new GraphView(checkGraph(graph), this.names, this.outputNames, this.#examples);
    const simplified = view(simplify(this));
    return [
      { name: "trace", graph: view(this) },
      { name: "simplify", graph: simplified },
      { name: "share", graph: view(share(simplified)) },
    ];
  }

  #annotations({ values, adjoints }: DrawOptions): Annotations {
    const value = values ? nodeValues(this, this.#examples) : undefined;
    const adjoint = adjoints ? nodeAdjoints(this, this.#examples) : undefined;
    return {
      names: this.names,
      outputs: this.outputNames,
      lines: (node) => {
        const [v, a] = [value?.get(node), adjoint?.get(node)];
        return [...(v ? [`= ${short(v)}`] : []), ...(a ? [`∂ ${short(a)}`] : [])];
      },
    };
  }
}

function short(t: Tensor): string {
  const shown = Array.from(t.data.subarray(0, 3), (v) => (t.dtype === "bool" ? String(v !== 0) : shortNumber(v)));
  return `${shown.join(", ")}${t.size > 3 ? ", …" : ""}`;
}

/** Four digits, and a power of ten where zeros would hide them. */
function shortNumber(v: number): string {
  const size = Math.abs(v);
  return size !== 0 && Number.isFinite(v) && (size < 1e-3 || size >= 1e6)
    ? v.toExponential(2)
    : String(Number(v.toPrecision(4)));
}

function nodeValues(graph: Graph, args: readonly Tensor[]): Map<Tensor, Tensor> {
  const environment = new Environment(graph, args);
  for (const node of graph.nodes) environment.replay(node);
  const nodes = [...graph.inputs, ...graph.nodes].filter((node) => node.results === undefined);
  return new Map(nodes.map((node) => [node, environment.get(node)]));
}

/** ∂output/∂node: the derivative by a perturbation added to every node, at zero. */
function nodeAdjoints(graph: Graph, args: readonly Tensor[]): Map<Tensor, Tensor> {
  const [output, ...others] = graph.outputs;
  if (output === undefined || others.length > 0 || output.size !== 1 || !isFloat(output.dtype)) {
    throw new NablaError(
      "E-NOT-SCALAR",
      "graphOf: adjoints need a function that returns one float scalar",
      "graphOf without adjoints",
    );
  }
  const nodes = [...graph.inputs, ...graph.nodes].filter((node) => node.results === undefined && isFloat(node.dtype));
  const zeros = nodes.map((node) => filled(0, node.shape, node.dtype));
  const map = linearMap(
    "graphOf",
    (perturbations) => {
      const place = new Map(nodes.map((node, i) => [node, perturbations[i] as Tensor]));
      const environment = new Environment(graph, args);
      const perturb = (node: Tensor): void => {
        const p = place.get(node);
        if (p !== undefined) environment.set(node, add(environment.get(node), p));
      };
      graph.inputs.forEach(perturb);
      for (const node of graph.nodes) {
        environment.replay(node);
        perturb(node);
      }
      return [environment.get(output)];
    },
    zeros,
  );
  const back = pull(map, [filled(1, output.shape, output.dtype)]);
  return new Map(nodes.map((node, i) => [node, instantiate(back[i], node)]));
}

/**
 * The graph that f records at these arguments. Print it, or draw it: `toString()`, `toDot()`, `toSVG()`; with
 * `{ values: true, adjoints: true }` the drawing shows forward and back-propagation.
 *
 * @example
 * String(graphOf((x) => x.mul(x).sum(), [1, 2]))
 * // %0: float64[2] = input x0
 * // %1: float64[2] = mul %0, %0
 * // %2: float64[] = sum {axes: [0]} %1
 * // return %2
 */
export function graphOf<A extends readonly unknown[]>(f: (...args: A) => unknown, ...examples: Inputs<A>): GraphView;
export function graphOf(f: (...args: never[]) => unknown, ...examples: unknown[]): GraphView {
  const inputs = examples.map((example, i) => flattenArguments("graphOf", example, `x${i}`));
  const paths = inputs.flatMap((input: FlatArguments) => input.paths);
  const tensors = inputs.flatMap((input: FlatArguments) => input.tensors);
  const view = (
    g: (...args: never[]) => unknown,
    outputNames?: readonly string[],
    gradient?: (wrt: readonly number[]) => GraphView,
  ): GraphView => {
    let names = outputNames;
    const graph = trace(
      "graphOf",
      tensors,
      (leaves) => {
        const results = flattenResults("graphOf", callGiven("graphOf", g, rebuildArguments(inputs, leaves)));
        names ??= leafPaths(results.structure, "output");
        return results.tensors;
      },
      tensors,
    );
    return new GraphView(checkGraph(graph), paths, names ?? [], tensors, gradient);
  };
  return view(f, undefined, (wrt) => {
    const slopes = wrt.flatMap((i) => inputs[i]?.paths ?? []).map((path) => `∂/∂${path}`);
    const both = (...args: never[]): unknown => {
      const { value, gradients } = gradTree("graphOf", f, args, wrt);
      return [value, ...gradients];
    };
    return view(both, ["value", ...slopes]);
  });
}
