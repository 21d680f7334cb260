/** An ONNX graph while it is written: nodes in order, constants, names. */
import type { Data, DType } from "../../base/dtype.ts";
import { NablaError } from "../../base/error.ts";
import { type Shape, sizeOf } from "../../base/shape.ts";
import { isConstant, type Tensor } from "../../graph/tensor.ts";
import { type Dimension, isFixed, type Traced } from "./dimension.ts";
import {
  type AttributeProto,
  attributeTypes,
  elementTypes,
  type GraphProto,
  int64,
  type NodeProto,
  type TensorProto,
} from "./schema.ts";

/** What a node may be told: integers, or a graph. Fractions are inputs. */
export type AttributeValue = number | readonly number[] | GraphProto;

const bytesOf = (data: ArrayBufferView): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();

const isGraph = (value: AttributeValue): value is GraphProto => typeof value === "object" && "node" in value;

function attribute(name: string, value: AttributeValue): AttributeProto {
  if (typeof value === "number") return { name, type: attributeTypes.i, i: value };
  if (isGraph(value)) return { name, type: attributeTypes.g, g: value };
  return { name, type: attributeTypes.ints, ints: value };
}

export class Scope {
  readonly nodes: NodeProto[] = [];
  readonly initializers: TensorProto[] = [];
  readonly #names = new Map<Tensor, readonly string[]>();
  readonly #outer: Scope | undefined;
  /** Where the size of the batch stands: the input whose first axis it is. */
  readonly #batchInput: string | undefined;
  /** Names that the user gave. */
  readonly #taken: ReadonlySet<string>;
  #batch: string | undefined;
  #count = 0;

  constructor(outer?: Scope, batchInput?: string, taken: readonly string[] = []) {
    this.#outer = outer;
    this.#batchInput = batchInput;
    this.#taken = new Set(taken);
  }

  /** A name that no value has yet; the graphs within a graph share its names. */
  fresh(stem: string): string {
    if (this.#outer !== undefined) return this.#outer.fresh(stem);
    const name = `${stem}_${this.#count++}`;
    return this.#taken.has(name) ? this.fresh(stem) : name;
  }

  node(type: string, input: readonly string[], attributes: Readonly<Record<string, AttributeValue>> = {}): string {
    return this.several(type, input, 1, attributes)[0] as string;
  }

  several(
    type: string,
    input: readonly string[],
    count: number,
    attributes: Readonly<Record<string, AttributeValue>> = {},
  ): readonly string[] {
    const output = Array.from({ length: count }, () => this.fresh(type.toLowerCase()));
    const given = Object.entries(attributes).map(([name, value]) => attribute(name, value));
    this.nodes.push({ op_type: type, name: output[0] as string, input, output, attribute: given });
    return output;
  }

  /** A tensor of 64-bit integers, which is how ONNX takes shapes and axes. */
  integers(values: readonly number[], dims: Shape = [values.length]): string {
    const name = this.fresh("integers");
    const raw_data = bytesOf(BigInt64Array.from(values, (v) => BigInt(Math.trunc(v))));
    this.initializers.push({ name, dims, data_type: int64, raw_data });
    return name;
  }

  data(data: Data, shape: Shape, dtype: DType): string {
    const name = this.fresh("constant");
    this.initializers.push({ name, dims: shape, data_type: elementTypes[dtype], raw_data: bytesOf(data) });
    return name;
  }

  /** One number, in the dtype of a node. */
  number(value: number, { first: { dtype } }: Traced): string {
    const arrays = { float64: Float64Array, float32: Float32Array, int32: Int32Array, uint32: Uint32Array };
    return this.data(dtype === "bool" ? Uint8Array.of(value) : arrays[dtype].of(value), [], dtype);
  }

  /** Sizes as a tensor of integers, computed from the batch where they grow with it. */
  sizes(dimensions: readonly Dimension[]): string {
    if (dimensions.every(isFixed)) return this.integers(dimensions.map(({ offset }) => offset));
    const pieces = dimensions.map((d) => {
      if (isFixed(d)) return this.integers([d.offset]);
      const scaled = d.slope === 1 ? this.batch() : this.node("Mul", [this.batch(), this.integers([d.slope])]);
      return d.offset === 0 ? scaled : this.node("Add", [scaled, this.integers([d.offset])]);
    });
    return pieces.length === 1 ? (pieces[0] as string) : this.node("Concat", pieces, { axis: 0 });
  }

  /** The size of the batch, [1]. */
  batch(): string {
    if (this.#batch !== undefined) return this.#batch;
    if (this.#batchInput === undefined) this.#batch = this.#outer?.batch() as string;
    else
      this.#batch = this.node("Slice", [
        this.node("Shape", [this.#batchInput]),
        this.integers([0]),
        this.integers([1]),
      ]);
    return this.#batch;
  }

  reshape(name: string, dimensions: readonly Dimension[]): string {
    const growing = dimensions.filter((d) => !isFixed(d)).length;
    const plain = growing === 1 && dimensions.every((d) => !isFixed(d) || d.offset > 0);
    const target = plain ? this.integers(dimensions.map((d) => (isFixed(d) ? d.offset : -1))) : this.sizes(dimensions);
    return this.node("Reshape", [name, target], { allowzero: plain ? 0 : 1 });
  }

  set({ first }: Traced, names: readonly string[]): void {
    this.#names.set(first, names);
  }

  /** The names of a node's results, here or in a graph around this one. */
  names(traced: Traced): readonly string[] {
    for (let scope: Scope | undefined = this; scope !== undefined; scope = scope.#outer) {
      const found = scope.#names.get(traced.first);
      if (found !== undefined) return found;
    }
    if (!isConstant(traced.first))
      throw new NablaError(
        "E-LEAKED",
        "onnx: the function reads a variable of an outer grad, vmap or scan",
        "passing it as an argument",
      );
    const names = [this.constant(traced)];
    this.set(traced, names);
    return names;
  }

  name(traced: Traced): string {
    return this.names(traced)[0] as string;
  }

  /** A constant; one whose size grows with the batch holds one number everywhere. */
  constant(traced: Traced): string {
    const { shape, dtype, data } = traced.first;
    const [value] = data;
    if (traced.shape.every(isFixed) && traced.all.every((t) => sameBits(t.data, data))) {
      // A large array of one number is that number.
      const uniform = sizeOf(shape) > 64 && data.every((v) => Object.is(v, value));
      if (!uniform) return this.data(data, shape, dtype);
    } else if (traced.all.some((t) => t.data.some((v) => !Object.is(v, value))))
      throw new NablaError(
        "E-LIMIT",
        "onnx: a constant has other elements for other batches",
        "{ batch: false } for examples of one fixed size",
      );
    return this.node("Expand", [this.data(data.slice(0, 1), [], dtype), this.sizes(traced.shape)]);
  }
}

const sameBits = (a: Data, b: Data): boolean =>
  a === b || (a.length === b.length && a.every((v, i) => Object.is(v, b[i] as number)));
