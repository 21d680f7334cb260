/** A model at a glance: layers, shapes, parameters, work, memory. */
import type { DType } from "../base/dtype.ts";
import { checkOptions } from "../base/options.ts";
import { type Shape, showShape } from "../base/shape.ts";
import { type CompiledFunction, compile } from "../compile/compile.ts";
import { gradTree } from "../derivative/grad.ts";
import { trace } from "../graph/graph.ts";
import { filled, type Tensor } from "../graph/tensor.ts";
import { flattenArguments, mapTree, type Tree } from "../graph/trees.ts";
import { random } from "../ops/random.ts";
import { mean } from "../ops/reduce.ts";
import { checkCount, checkLayer, type FloatType, type Layer, outputShape, type Variables } from "./layer.ts";
import type { Loss } from "./losses/index.ts";
import { multiplyAdds } from "./multiply-adds.ts";

/** For what examples the programs are counted. */
export interface SummaryOptions {
  /** How many examples the programs take whose memory is counted; default 32. */
  readonly batchSize?: number;
  /** Of parameters and x; default float32. */
  readonly dtype?: FloatType;
  /** With a loss, also the memory of a training step. */
  readonly loss?: Loss;
  /** One example's target; by default one float for each output. For classes { shape: [], dtype: "int32" }. */
  readonly target?: { readonly shape: Shape; readonly dtype: DType };
}

/** One layer, as one example sees it. */
export interface LayerSummary {
  readonly name: string;
  /** Within how many others it lies. */
  readonly depth: number;
  readonly output: Shape;
  /** Numbers that are learned. */
  readonly parameters: number;
  /** In its products, in inference. */
  readonly multiplyAdds: number;
}

const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ",");
const mebibytes = (bytes: number): string =>
  bytes < 2 ** 20 ? `${(bytes / 2 ** 10).toFixed(1)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;

/** What `summary` found; prints itself as a table. */
export class Summary {
  /** Each followed by those within it, which its numbers include. */
  readonly layers: readonly LayerSummary[];
  readonly parameters: number;
  /** Of one example, forward. */
  readonly multiplyAdds: number;
  readonly batchSize: number;
  /** The bytes of the compiled program of a batch, parameters included: forward, and a training step if there is a loss. */
  readonly memory: { readonly forward: number; readonly training?: number };

  constructor(layers: readonly LayerSummary[], batchSize: number, memory: Summary["memory"]) {
    this.layers = layers;
    const outermost = layers.filter(({ depth }) => depth === 0);
    this.parameters = outermost.reduce((n, layer) => n + layer.parameters, 0);
    this.multiplyAdds = outermost.reduce((n, layer) => n + layer.multiplyAdds, 0);
    this.batchSize = batchSize;
    this.memory = memory;
  }

  toString(): string {
    const rows = [
      ["layer", "output", "parameters", "multiply–adds"],
      ...this.layers.map((l) => [
        "  ".repeat(l.depth) + l.name,
        showShape(l.output),
        grouped(l.parameters),
        grouped(l.multiplyAdds),
      ]),
      ["in all", "", grouped(this.parameters), grouped(this.multiplyAdds)],
    ];
    const widths = [0, 1, 2, 3].map((i) => Math.max(...rows.map((row) => (row[i] as string).length)));
    const line = (row: readonly string[]): string =>
      row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number))).join("  ");
    const { forward, training } = this.memory;
    const step = training === undefined ? "" : `, a training step ${mebibytes(training)}`;
    return [...rows.map(line), `memory for ${this.batchSize} examples: forward ${mebibytes(forward)}${step}`].join(
      "\n",
    );
  }
}

/** A layer, and below it those that it is made of; of chains only these: a chain is as long as it is. */
function rowsOf(layer: Layer, own: Variables, input: Shape, dtype: FloatType, depth = 0): readonly LayerSummary[] {
  const inside = layer.inside?.(own, input);
  const isChain = inside !== undefined && "layers" in layer;
  let shape = input;
  const below = (inside?.layers ?? []).flatMap(([inner, variables]) => {
    const rows = rowsOf(inner, variables, shape, dtype, isChain ? depth : depth + 1);
    if (inside?.arranged === "in a row") shape = outputShape(inner, variables, shape, dtype);
    return rows;
  });
  if (isChain) return below;
  const graph = trace("summary", [{ shape: [1, ...input], dtype }], ([x]) => [layer.apply(own, x as Tensor)[0]]);
  const row = {
    name: layer.name,
    depth,
    output: (graph.outputs[0] as Tensor).shape.slice(1),
    parameters: sizeOfTree(own.parameters),
    multiplyAdds: multiplyAdds(graph),
  };
  return [row, ...below];
}

const sizeOfTree = (tree: Tree): number =>
  flattenArguments("summary", tree).tensors.reduce((n, { size }) => n + size, 0);

const bytesOf = (f: (...args: never[]) => unknown, state: boolean, ...args: readonly unknown[]): number =>
  (compile(f, { state, threads: 1 }) as CompiledFunction<never[], unknown>).inspect(...(args as never[])).plan.bytes;

/**
 * What a model consists of, for examples of a shape, layers within others below them: each layer's output, numbers that are learned, multiplications
 * (counted in the graph of one example), and the memory of its compiled programs. A training step is one of plain
 * gradient descent; other rules add their state.
 *
 * @example
 * const model = sequential(dense(8), tanh, dense(1));
 * summary(model, [3]).parameters // 41
 * summary(model, [3]).multiplyAdds // 32
 */
export function summary(model: Layer, input: Shape, options: SummaryOptions = {}): Summary {
  checkLayer("summary", model);
  checkOptions("summary", options, "summary(model, [3], { batchSize: 8 })");
  const { batchSize = 32, dtype = "float32", loss, target } = options;
  checkCount("summary", "examples", batchSize);
  const variables = model.init(random.key(0), input, dtype);
  const layers = rowsOf(model, variables, input, dtype);
  const x = filled(0, [batchSize, ...input], dtype);
  const forward = bytesOf((v: Variables, batch: Tensor) => model.apply(v, batch)[0], false, variables, x);
  if (loss === undefined) return new Summary(layers, batchSize, { forward });
  const goal = target ?? { shape: outputShape(model, variables, input, dtype), dtype };
  const y = filled(0, [batchSize, ...goal.shape], goal.dtype);
  const key = random.key(1);
  const step = ({ parameters, state }: Variables, batch: Tensor, truth: Tensor, drawn: Tensor) => {
    const cost = (p: Tree): [Tensor, Tree] => {
      const [outputs, next] = model.apply({ parameters: p, state }, batch, { training: true, key: drawn });
      return [mean(loss(outputs, truth)), next];
    };
    const { value, aux, gradients } = gradTree("summary", cost, [parameters], [0], true);
    return [{ parameters: mapTree((p, g) => p.sub(g), parameters, gradients[0]), state: aux }, value];
  };
  return new Summary(layers, batchSize, { forward, training: bytesOf(step, true, variables, x, y, key) });
}
