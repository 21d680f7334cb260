/** A graph run node by node on values, and what runs inside its loops and branches, step by step. */
import { cut } from "../base/lists.ts";
import { Environment, type Graph, replay } from "../graph/graph.ts";
import { constant, type Tensor } from "../graph/tensor.ts";
import { isGraph } from "../graph/text.ts";

export interface Evaluated {
  readonly graph: Graph;
  value(node: Tensor): Tensor;
}

const settled = (t: Tensor): Tensor => (t.level === 0 ? t : constant(t.data, t.shape, t.dtype));

export function evaluate(graph: Graph, args: readonly Tensor[]): Evaluated {
  const values = new Environment(graph, args.map(settled));
  for (const node of graph.nodes) {
    for (const input of node.inputs) {
      const t = values.get(input);
      if (input.results === undefined && t.level > 0) values.set(input, settled(t));
    }
    values.replay(node);
  }
  return { graph, value: (node) => settled(values.get(node)) };
}

export interface Inside {
  readonly graph: Graph;
  readonly args: readonly Tensor[];
  /** `step 3 of scan`. */
  readonly where: string;
}

/** The graphs inside a node with the arguments on which they run, in the order in which they run. */
export function* insideOf(node: Tensor, inputs: readonly Tensor[]): Generator<Inside> {
  const { attributes, operation } = node;
  if (isGraph(attributes.graph)) yield { graph: attributes.graph, args: inputs, where: operation.name };
  else if (Array.isArray(attributes.branches)) {
    const [yes, no] = attributes.branches as [Graph, Graph];
    const taken = inputs[0]?.item() !== 0;
    yield { graph: taken ? yes : no, args: inputs.slice(1), where: `the ${taken ? "true" : "false"} branch of cond` };
  } else if (isGraph(attributes.condition)) {
    const { condition, body, carries } = attributes as unknown as { condition: Graph; body: Graph; carries: number };
    let [carry, fixed] = cut(inputs, carries) as [readonly Tensor[], Tensor[]];
    for (let step = 0; replay(condition, [...carry, ...fixed])[0]?.item() !== 0; step++) {
      yield { graph: body, args: [...carry, ...fixed], where: `step ${step} of whileLoop` };
      carry = replay(body, [...carry, ...fixed]);
    }
  } else if (isGraph(attributes.body)) {
    const { body, carries, slices, length, reverse } = attributes as unknown as ScanShape;
    const [first, stacked, fixed] = cut(inputs, carries, slices) as [Tensor[], Tensor[], Tensor[]];
    let carry: readonly Tensor[] = first;
    for (let k = 0; k < length; k++) {
      const step = reverse ? length - 1 - k : k;
      const slice = stacked.map((t) => {
        const size = t.size / length;
        return constant(t.data.slice(step * size, (step + 1) * size), t.shape.slice(1), t.dtype);
      });
      const args = [...carry, ...slice, ...fixed];
      yield { graph: body, args, where: `step ${step} of scan` };
      carry = replay(body, args).slice(0, carries);
    }
  }
}

interface ScanShape {
  readonly body: Graph;
  readonly carries: number;
  readonly slices: number;
  readonly length: number;
  readonly reverse: boolean;
}

/** The multi-index of a place in row-major order. */
export function indexOf(place: number, shape: readonly number[]): number[] {
  const index = new Array<number>(shape.length).fill(0);
  let rest = place;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const n = shape[axis] as number;
    index[axis] = rest % n;
    rest = Math.floor(rest / n);
  }
  return index;
}

/** The element of t that broadcasting brings to this index. */
export function elementAt(t: Tensor, index: readonly number[]): number {
  let place = 0;
  t.shape.forEach((n, axis) => {
    place = place * n + (n === 1 ? 0 : (index[index.length - t.rank + axis] as number));
  });
  return t.data[place] as number;
}
