/** What an operation declares, and how each family's declaration becomes a full record. */
import { allocate, type Data, type DType, isFloat, isInteger } from "../base/dtype.ts";
import { NablaError } from "../base/error.ts";
import type { Bounds } from "../base/interval.ts";
import { broadcastShapes, broadcastStrides, cutLast, type Shape, sameShape, sizeOf } from "../base/shape.ts";
import { meet, toTensor } from "../graph/convert.ts";
import type {
  Attributes,
  KernelRequest,
  Lane,
  Lanes,
  Laws,
  Operation,
  PartialRule,
  SupportContext,
  SupportList,
  Supports,
  Type,
  UndefinedRule,
  View,
} from "../graph/operation.ts";
import { apply, filled, make, Tensor, type TensorLike } from "../graph/tensor.ts";
import { atBounds, boundsOf, type ElementRule, elementwiseIntervals, type Increases, settle } from "./enclosure.ts";

/** Which dtypes an operation computes in: others are cast to the first that fits. */
export type Domain = "float" | "number" | "integer" | "bool" | "any";

export interface ElementwiseDeclaration {
  readonly name: string;
  readonly doc: string;
  /** Default `float`. */
  readonly domain?: Domain;
  /** dtype of the result, if not that of the inputs. */
  readonly result?: DType;
  /** The reference meaning in float64; integers wrap when stored. */
  evaluate(...x: number[]): number;
  /** Where plain float64 arithmetic is not exact enough for integers. */
  evaluateInteger?(...x: number[]): number;
  /** A simpler operation that means the same for these inputs, which have the dtype already. Two inputs only. */
  instead?(x: Tensor, y: Tensor): Tensor | undefined;
  /** `lower` gives the very bits of `evaluate`. */
  readonly exact?: boolean;
  /** None: the derivative is zero. */
  readonly partials?: readonly (PartialRule | undefined)[];
  readonly undefinedAt?: readonly UndefinedRule[];
  /** The bounds of its values from bounds of the inputs. */
  readonly interval?: ElementRule;
  readonly curvature?: Operation["curvature"];
  lower(lanes: Lanes, ...inputs: Lane[]): Lane;
  /** Intervals from which the laws draw each input; default [-2, 2]. */
  readonly ranges?: readonly (readonly [number, number])[];
  /** Inputs at which every backend must agree with the reference. */
  readonly edges?: readonly (readonly number[])[];
}

export type UnaryFunction = ((x: TensorLike) => Tensor) & { readonly operation: Operation };
export type BinaryFunction = ((x: TensorLike, y: TensorLike) => Tensor) & { readonly operation: Operation };

export function unary(declaration: ElementwiseDeclaration): UnaryFunction {
  const operation = elementwise(declaration, 1);
  const domain = declaration.domain ?? "float";
  const f = (x: TensorLike): Tensor => {
    const t = toTensor(declaration.name, x);
    return apply(operation, [convert(t, computeIn(declaration.name, domain, t.dtype))]);
  };
  return Object.assign(f, { operation });
}

export function binary(declaration: ElementwiseDeclaration): BinaryFunction {
  const operation = elementwise(declaration, 2);
  const domain = declaration.domain ?? "float";
  const f = (x: TensorLike, y: TensorLike): Tensor => {
    const [a, b, dtype] = domain === "integer" ? meetBits(declaration.name, x, y) : meetTwo(declaration.name, x, y);
    const common = computeIn(declaration.name, domain, dtype);
    const [first, second] = [convert(a, common), convert(b, common)];
    return declaration.instead?.(first, second) ?? apply(operation, [first, second]);
  };
  return Object.assign(f, { operation });
}

/** `meet`, quickly for what is most usual: tensors of one dtype, or floats and a number. */
function meetTwo(what: string, x: TensorLike, y: TensorLike): readonly [Tensor, Tensor, DType] {
  if (x instanceof Tensor && y instanceof Tensor && x.dtype === y.dtype) return [x, y, x.dtype];
  if (x instanceof Tensor && typeof y === "number" && isFloat(x.dtype)) return [x, filled(y, [], x.dtype), x.dtype];
  if (typeof x === "number" && y instanceof Tensor && isFloat(y.dtype)) return [filled(x, [], y.dtype), y, y.dtype];
  const { tensors, dtype } = meet(what, [x, y]);
  return [tensors[0] as Tensor, tensors[1] as Tensor, dtype];
}

/** `meet` where a plain integer stands for 32 bits: 0xff000000 beside int32 is the mask, not a number too great. */
function meetBits(what: string, x: TensorLike, y: TensorLike): readonly [Tensor, Tensor, DType] {
  const bits = (v: TensorLike, other: TensorLike): TensorLike => {
    const unsigned = other instanceof Tensor && other.dtype === "uint32";
    return typeof v === "number" && typeof other !== "number" && Number.isInteger(v)
      ? filled(v, [], unsigned ? "uint32" : "int32")
      : v;
  };
  return meetTwo(what, bits(x, y), bits(y, x));
}

/** The dtype in which an operation of this domain computes on inputs of that dtype. */
export function computeIn(what: string, domain: Domain, dtype: DType): DType {
  switch (domain) {
    case "any":
      return dtype;
    case "float":
      return isFloat(dtype) ? dtype : "float64";
    case "number":
      return dtype === "bool" ? "int32" : dtype;
    case "integer":
      if (isInteger(dtype)) return dtype;
      if (dtype === "bool") return "int32";
      throw new NablaError("E-DTYPE", `${what}: needs integers, got ${dtype}`, 'cast(x, "int32")');
    case "bool":
      return "bool";
  }
}

/** Elementwise record: shapes broadcast, all inputs of one dtype. */
export function elementwise(declaration: ElementwiseDeclaration, arity: number): Operation {
  const { name, evaluate, evaluateInteger, partials, undefinedAt, interval, ranges, edges, result } = declaration;
  const domain = declaration.domain ?? "float";
  const differentiable = result === undefined && (domain === "float" || domain === "number");
  const onConverted = (inputs: readonly Tensor[]): Tensor =>
    apply(
      record,
      inputs.map((t) => convert(t, computeIn(name, domain, t.dtype))),
    );
  const record: Operation = {
    name,
    kind: "elementwise",
    infer: (inputs) => ({
      shape: arity === 1 ? (inputs[0] as Type).shape : broadcastShapes(name, inputs.map(shapeOf)),
      dtype: result ?? (inputs[0] as Type).dtype,
    }),
    evaluate: (values, inputs, _attributes, type) => {
      const integer = evaluateInteger !== undefined && isInteger((inputs[0] as Type).dtype);
      return mapElements(integer ? evaluateInteger : evaluate, values, inputs, type);
    },
    ...(declaration.exact ? { work: mapWork } : {}),
    ...(partials ? { partials } : {}),
    ...(undefinedAt ? { undefinedAt } : {}),
    ...(interval ? { interval: elementwiseIntervals(interval) } : {}),
    ...(declaration.curvature ? { curvature: declaration.curvature } : {}),
    lower: (lanes, inputs) => declaration.lower(lanes, ...inputs),
    get laws(): Laws {
      return {
        ...elementwiseLaws(onConverted, arity, ranges, edges, differentiable),
        ...(domain === "bool" ? { dtype: "bool" } : domain === "integer" ? { dtype: "int32" } : {}),
        ...(domain === "number" ? { integer: true } : {}),
      };
    },
  };
  return record;
}

const shapeOf = (t: Type): Shape => t.shape;

function elementwiseLaws(
  f: (inputs: readonly Tensor[]) => Tensor,
  arity: number,
  ranges: ElementwiseDeclaration["ranges"],
  edges: ElementwiseDeclaration["edges"],
  differentiable: boolean,
): Laws {
  const shapes: Shape[][] =
    arity === 1
      ? [[[2, 3]], [[]], [[17]]]
      : arity === 2
        ? [
            [
              [2, 3],
              [2, 3],
            ],
            [[3], [2, 1]],
            [[], [5]],
          ]
        : [];
  return {
    cases: shapes.map((s) => ({
      label: s.map((x) => `[${x}]`).join(" "),
      shapes: s,
      apply: (...inputs) => f(inputs),
      ...(ranges ? { ranges } : {}),
      differentiable,
    })),
    ...(edges ? { edges } : {}),
  };
}

/** The reference loop: row-major over the result, inputs read through broadcasting strides. */
export function mapElements(
  f: (...x: number[]) => number,
  values: readonly Data[],
  inputs: readonly Type[],
  result: Type,
): Data {
  const size = sizeOf(result.shape);
  const out = allocate(result.dtype, size);
  let same = true;
  for (let k = 0; k < inputs.length; k++)
    same &&= (values[k] as Data).length === 1 || sameShape((inputs[k] as Type).shape, result.shape);
  if (same) {
    const [a, b, c] = values as [Data, Data?, Data?];
    mapRow(f, values, [0, 0, 0], [step(a), step(b), step(c)], out, 0, size);
    return out;
  }
  // Row by row along the innermost axis.
  const [outer, [n = 1]] = cutLast(result.shape, 1);
  const strides = inputs.map((t) => cutLast(broadcastStrides(t.shape, result.shape), 1));
  const steps = strides.map(([, [last = 0]]) => last);
  forEachOffset(
    outer,
    strides.map(([others]) => others),
    (offsets, i) => mapRow(f, values, offsets, steps, out, i * n, n),
  );
  return out;
}

/** About how many nanoseconds it takes. */
export const mapWork = (_inputs: readonly Type[], _attributes: Attributes, { shape }: Type): number =>
  10 * sizeOf(shape);

/** One element stands for all. */
const step = (data: Data | undefined): number => (data === undefined || data.length === 1 ? 0 : 1);

/** n results from `at` on; the inputs, at most three, from their offsets on in their steps. */
function mapRow(
  f: (...x: number[]) => number,
  values: readonly Data[],
  offsets: readonly number[],
  steps: readonly number[],
  out: Data,
  at: number,
  n: number,
): void {
  const [a, b, c] = values as [Data, Data, Data];
  const [i, j, k] = offsets as [number, number, number];
  const [p, q, r] = steps as [number, number, number];
  if (values.length === 1) for (let m = 0; m < n; m++) out[at + m] = f(a[i + m * p] as number);
  else if (values.length === 2)
    for (let m = 0; m < n; m++) out[at + m] = f(a[i + m * p] as number, b[j + m * q] as number);
  else
    for (let m = 0; m < n; m++) out[at + m] = f(a[i + m * p] as number, b[j + m * q] as number, c[k + m * r] as number);
}

/** Visits every index of a shape in row-major order with the offset of each strided operand. */
export function forEachOffset(
  shape: Shape,
  strides: readonly (readonly number[])[],
  visit: (offsets: readonly number[], position: number) => void,
): void {
  const size = sizeOf(shape);
  const index = new Array<number>(shape.length).fill(0);
  const offsets = new Array<number>(strides.length).fill(0);
  for (let position = 0; position < size; position++) {
    visit(offsets, position);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const n = shape[axis] as number;
      index[axis] = (index[axis] as number) + 1;
      for (let k = 0; k < strides.length; k++) offsets[k] = (offsets[k] as number) + (strides[k]?.[axis] as number);
      if ((index[axis] as number) < n) break;
      for (let k = 0; k < strides.length; k++) {
        offsets[k] = (offsets[k] as number) - n * (strides[k]?.[axis] as number);
      }
      index[axis] = 0;
    }
  }
}

// — cast, which every family needs to bring its inputs to one dtype —

export const castOperation: Operation = {
  name: "cast",
  kind: "elementwise",
  infer: (inputs, { dtype }) => ({ shape: (inputs[0] as Type).shape, dtype: dtype as DType }),
  evaluate: (values, inputs, _attributes, { dtype }) => castData(values[0] as Data, (inputs[0] as Type).dtype, dtype),
  work: mapWork,
  linear: { how: "separately" },
  transpose: (ct, _index, inputs) =>
    isFloat((inputs[0] as Tensor).dtype) ? convert(ct, (inputs[0] as Tensor).dtype) : undefined,
  interval: ([x], [from], _attributes, { dtype }) => castBounds(x as Bounds, (from as Type).dtype, dtype),
  lower: (lanes, [x], { dtype }) => lanes.cast(x as Lane, dtype as DType),
  laws: {
    cases: (["float64", "float32"] as const).map((dtype) => ({
      label: `to ${dtype}`,
      shapes: [[2, 3]],
      apply: (x) => convert(x as Tensor, dtype),
    })),
  },
};

/** Floats to integers truncate and saturate (NaN → 0); anything to bool is ≠ 0. */
function castData(data: Data, from: DType, to: DType): Data {
  const out = allocate(to, data.length);
  if (to === "bool") for (let i = 0; i < data.length; i++) out[i] = data[i] !== 0 ? 1 : 0;
  else if (isInteger(to) && isFloat(from)) {
    const [low, high] = to === "int32" ? [-(2 ** 31), 2 ** 31 - 1] : [0, 2 ** 32 - 1];
    for (let i = 0; i < data.length; i++) out[i] = Math.min(high, Math.max(low, Math.trunc(data[i] as number)));
  } else out.set(data);
  return out;
}

/** Casts increase, but for those to bool; to float32 both the number and the rounded one lie inside. */
function castBounds({ low, high }: Bounds, from: DType, to: DType): Bounds {
  if (to === from || to === "float64") return { low, high };
  const out = boundsOf(low.length);
  for (let i = 0; i < low.length; i++) {
    const [a, b] = [low[i] as number, high[i] as number];
    const holdsZero = a <= 0 && b >= 0;
    [out.low[i], out.high[i]] =
      to === "float32"
        ? [Math.min(a, Math.fround(a)), Math.max(b, Math.fround(b))]
        : to === "bool"
          ? [holdsZero ? 0 : 1, a === 0 && b === 0 ? 0 : 1]
          : isFloat(from)
            ? [castOne(a, to), castOne(b, to)]
            : [a, b];
  }
  return settle(out, to);
}
const castOne = (x: number, to: DType): number => castData(Float64Array.of(x), "float64", to)[0] as number;

export function convert(t: Tensor, dtype: DType): Tensor {
  return t.dtype === dtype ? t : make(castOperation, [t], { dtype }, { shape: t.shape, dtype });
}

/** The record of a routine or movement. */
export function operation<A extends object>({
  increases,
  ...record
}: Omit<
  Operation,
  | "infer"
  | "evaluate"
  | "transpose"
  | "block"
  | "jvp"
  | "batch"
  | "view"
  | "kernel"
  | "work"
  | "interval"
  | "jvpAll"
  | "batchAll"
  | "transposeAll"
  | "evaluateAll"
  | "lower"
  | "supports"
  | "supportsAll"
> &
  TypedRules<A> & { readonly increases?: Increases<A> }): Operation {
  const { evaluate } = record;
  const interval = increases && evaluate ? { interval: atBounds(evaluate, increases) } : {};
  return { ...record, ...interval } as unknown as Operation;
}

/** The rules of `Operation` with the attributes' own type. */
interface TypedRules<A> {
  infer(inputs: readonly Type[], attributes: A): Type | readonly Type[];
  evaluate?(values: readonly Data[], inputs: readonly Type[], attributes: A, result: Type): Data;
  evaluateAll?(values: readonly Data[], inputs: readonly Type[], attributes: A): readonly Data[];
  transpose?(ct: Tensor, index: number, inputs: readonly Tensor[], attributes: A, output: Tensor): Tensor | undefined;
  transposeAll?(
    cotangents: readonly (Tensor | undefined)[],
    linear: readonly boolean[],
    inputs: readonly Tensor[],
    attributes: A,
  ): readonly (Tensor | undefined)[];
  jvp?(
    tangents: readonly (Tensor | undefined)[],
    inputs: readonly Tensor[],
    output: Tensor,
    attributes: A,
  ): Tensor | undefined;
  jvpAll?(
    tangents: readonly (Tensor | undefined)[],
    inputs: readonly Tensor[],
    outputs: readonly Tensor[],
    attributes: A,
  ): readonly (Tensor | undefined)[];
  batch?(inputs: readonly Tensor[], batched: readonly boolean[], size: number, attributes: A): Tensor;
  batchAll?(
    inputs: readonly Tensor[],
    batched: readonly boolean[],
    size: number,
    attributes: A,
  ): { readonly outputs: readonly Tensor[]; readonly batched: readonly boolean[] };
  lower?(lanes: Lanes, inputs: readonly Lane[], attributes: A, result: Type): Lane;
  view?(input: Type, view: View, attributes: A, result: Type): View | undefined;
  block?(attributes: A): readonly number[] | undefined;
  kernel?(inputs: readonly Type[], attributes: A, result: Type): KernelRequest;
  work?(inputs: readonly Type[], attributes: A, result: Type): number;
  interval?(inputs: readonly Bounds[], types: readonly Type[], attributes: A, result: Type): Bounds;
  supports?(inputs: SupportList, context: SupportContext, attributes: A): Supports | undefined;
  supportsAll?(inputs: SupportList, context: SupportContext, attributes: A): SupportList;
}

export type { Attributes, Tensor, TensorLike, Type };
