/** Sizes that grow with the batch: found by tracing a function at several batch sizes. */
import { NablaError } from "../../base/error.ts";
import type { Tensor } from "../../graph/tensor.ts";

/** slope · batch + offset. */
export interface Dimension {
  readonly slope: number;
  readonly offset: number;
}

export const fixed = (offset: number): Dimension => ({ slope: 0, offset });
export const isFixed = ({ slope }: Dimension): boolean => slope === 0;

/** The batch sizes at which a function is traced. One is none of them: it would broadcast. */
export const batchSizes: readonly number[] = [2, 3, 7];

const varies = (what: string): NablaError =>
  new NablaError("E-LIMIT", `onnx: ${what} with the batch`, "{ batch: false } for examples of one fixed size");

/** The dimension that has these values at the batch sizes (one value: it is fixed). */
export function through(values: readonly number[]): Dimension {
  const [first = 0, second = first] = values;
  const [a = 0, b = 1] = batchSizes;
  const slope = (second - first) / (b - a);
  const offset = first - slope * a;
  if (values.some((v, i) => v !== slope * (batchSizes[i] as number) + offset))
    throw varies("a size changes otherwise than in line");
  return { slope, offset };
}

/** One node as it was traced at each batch size. */
export class Traced {
  readonly all: readonly Tensor[];

  constructor(all: readonly Tensor[]) {
    this.all = all;
    if (all.some((t) => t.operation.name !== this.first.operation.name || t.rank !== this.first.rank))
      throw varies("the graph changes");
  }

  get first(): Tensor {
    return this.all[0] as Tensor;
  }

  /** Inputs, each as it was traced at each batch size. */
  get inputs(): readonly Traced[] {
    return this.first.inputs.map((_, i) => new Traced(this.all.map((t) => t.inputs[i] as Tensor)));
  }

  get shape(): readonly Dimension[] {
    return this.dimensions((t) => t.shape);
  }

  /** A list of numbers that each trace has. */
  dimensions(of: (t: Tensor) => readonly number[]): Dimension[] {
    const lists = this.all.map(of);
    return (lists[0] as readonly number[]).map((_, i) => through(lists.map((list) => list[i] as number)));
  }
}

/** A product of sizes, of which at most one may grow. */
export function product(dimensions: readonly Dimension[]): Dimension {
  return dimensions.reduce((a, b) => {
    if (!isFixed(a) && !isFixed(b)) throw varies("a size changes with the square");
    return {
      slope: a.slope * b.offset + a.offset * b.slope,
      offset: a.offset * b.offset,
    };
  }, fixed(1));
}
