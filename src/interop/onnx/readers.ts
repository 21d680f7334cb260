/**
 * What each operator of ONNX means in nabla's operations (operator sets 13 to 21, inference). Long because there is one
 * line an operator: a table.
 */
import { NablaError } from "../../base/error.ts";
import { broadcastShapes, checkAxis, sizeOf } from "../../base/shape.ts";
import { isConstant, type Tensor } from "../../graph/tensor.ts";
import * as nabla from "../../index.ts";
import type { Attributes } from "./attributes.ts";
import { int8, uint8 } from "./schema.ts";
import { dtypeOfElement } from "./tensors.ts";

/** The results of a node, given its inputs; those left out are undefined. */
export type Reader = (inputs: readonly (Tensor | undefined)[], attributes: Attributes) => Tensor | readonly Tensor[];

/** Elements that a file of a few bytes may ask for. */
const mostMade = 2 ** 28;

const given = (t: Tensor | undefined, { type }: Attributes, name: string): Tensor => {
  if (t !== undefined) return t;
  throw new NablaError("E-VALUE", `onnx: ${type} lacks its input ${name}`, "a whole ONNX file");
};

/** The integers of an input that must be known when the model is read. */
function integers(t: Tensor | undefined, a: Attributes, name: string): number[] {
  const known = given(t, a, name);
  if (isConstant(known)) return Array.from(known.data);
  throw new NablaError(
    "E-LIMIT",
    `onnx: ${a.type} takes ${name} from what is computed of the inputs`,
    "a model whose shapes depend on the inputs' shapes alone",
  );
}

const optional = (t: Tensor | undefined, a: Attributes, name: string): number[] | undefined =>
  t === undefined ? undefined : integers(t, a, name);

function checkMade(shape: readonly number[], { type }: Attributes): readonly number[] {
  if (shape.every((n) => n >= 0) && sizeOf(shape) <= mostMade) return shape;
  throw new NablaError("E-LIMIT", `onnx: ${type} asks for the shape [${shape.join(", ")}]`, "smaller tensors");
}

type Padding = readonly [before: number, after: number];
const none: Padding = [0, 0];

const checkPadded = (shape: readonly number[], padding: readonly Padding[], a: Attributes): unknown =>
  checkMade(
    shape.map((n, i) => n + (padding[i] ?? none)[0] + (padding[i] ?? none)[1]),
    a,
  );

const unary =
  (f: (x: Tensor) => Tensor): Reader =>
  ([x], a) =>
    f(given(x, a, "X"));
const binary =
  (f: (x: Tensor, y: Tensor) => Tensor): Reader =>
  ([x, y], a) =>
    f(given(x, a, "A"), given(y, a, "B"));
const variadic =
  (f: (x: Tensor, y: Tensor) => Tensor): Reader =>
  (inputs, a) =>
    (inputs.length === 0 ? [undefined] : inputs).map((t) => given(t, a, "input")).reduce(f);

/** Axes from an attribute (older operator sets) or the second input. */
const axesOf = (input: Tensor | undefined, a: Attributes): readonly number[] | undefined =>
  a.ints("axes") ?? optional(input, a, "axes");

const reduction =
  (f: (x: Tensor, options: { axis?: readonly number[]; keepDims: boolean }) => Tensor): Reader =>
  ([x, axesInput], a) => {
    const data = given(x, a, "data");
    const axes = axesOf(axesInput, a);
    const keepDims = a.int("keepdims", 1) === 1;
    if ((axes === undefined || axes.length === 0) && a.int("noop_with_empty_axes", 0) === 1) return data;
    return f(data, { keepDims, ...(axes !== undefined && axes.length > 0 && { axis: axes }) });
  };

/** The same where an element by itself is not its own reduction: what no axes mean then has changed between versions. */
const composedReduction =
  (f: (x: Tensor, options: { axis?: readonly number[]; keepDims: boolean }) => Tensor): Reader =>
  (inputs, a) => {
    a.only("noop_with_empty_axes", 0);
    return reduction(f)(inputs, a);
  };

const place =
  (f: (x: Tensor, options: { axis: number; keepDims: boolean }) => Tensor): Reader =>
  ([x], a) => {
    a.only("select_last_index", 0);
    return f(given(x, a, "data"), { axis: a.int("axis", 0), keepDims: a.int("keepdims", 1) === 1 });
  };

/** Zeros before and after each axis; ONNX lists all befores, then all afters. */
const pairs = (pads: readonly number[]): [number, number][] =>
  pads.slice(0, pads.length / 2).map((before, i) => [before, pads[pads.length / 2 + i] as number]);

/** How windows lie, as nabla's convolutions and pools say it. */
function windowOptions(a: Attributes, { shape }: Tensor, count: number) {
  const automatic = a.text("auto_pad", "NOTSET");
  if (automatic !== "NOTSET" && automatic !== "VALID" && automatic !== "SAME_UPPER") a.only("auto_pad", "NOTSET");
  const ones = new Array<number>(count).fill(1);
  const stride = a.ints("strides") ?? ones;
  if (automatic === "SAME_UPPER") return { stride, padding: "same" as const };
  const padding = pairs(a.ints("pads") ?? new Array<number>(2 * count).fill(0));
  checkPadded(shape, [...shape.slice(0, -count).map(() => none), ...padding], a);
  return { stride, padding };
}

const convolution: Reader = ([x, w, b], a) => {
  const [image, kernel] = [given(x, a, "X"), given(w, a, "W")];
  const count = kernel.rank - 2;
  if (count !== 1 && count !== 2)
    throw new NablaError("E-LIMIT", `onnx: Conv over ${count} axes is not read`, "a model with one or two");
  const dilation = a.ints("dilations") ?? new Array<number>(count).fill(1);
  const options = { ...windowOptions(a, image, count), dilation, groups: a.int("group", 1) };
  const y = count === 1 ? nabla.conv1d(image, kernel, options) : nabla.conv2d(image, kernel, options);
  return b === undefined ? y : y.add(b.reshape([1, -1, ...new Array<number>(count).fill(1)]));
};

const pool =
  (f: (x: Tensor, size: readonly number[], options: ReturnType<typeof windowOptions>) => Tensor): Reader =>
  ([x], a) => {
    a.only("ceil_mode", 0);
    const image = given(x, a, "X");
    const size = a.ints("kernel_shape") ?? [];
    if ((size.length !== 1 && size.length !== 2) || size.length !== image.rank - 2)
      throw new NablaError(
        "E-LIMIT",
        `onnx: ${a.type} over ${size.length} axes is not read`,
        "a model with one or two",
      );
    if (a.ints("dilations")?.some((d) => d !== 1) === true)
      throw new NablaError("E-LIMIT", `onnx: ${a.type} with dilations is not read`, "a model without");
    return f(image, size, windowOptions(a, image, size.length));
  };

const averagePool: Reader = (inputs, a) => {
  const average = pool((x, size, options) =>
    size.length === 1 ? nabla.averagePool1d(x, size, options) : nabla.averagePool2d(x, size, options),
  );
  const y = average(inputs, a) as Tensor;
  if (a.int("count_include_pad", 0) === 1) return y;
  return y.div(average([nabla.onesLike(given(inputs[0], a, "X"))], a) as Tensor); // padding does not count
};

/** Behind the channels as many axes of size 1 as x has. */
const perChannel = (t: Tensor, { rank }: Tensor): Tensor =>
  t.reshape([1, -1, ...new Array<number>(Math.max(0, rank - 2)).fill(1)]);

const normalised = (x: Tensor, axis: readonly number[], epsilon: number): Tensor => {
  const centred = x.sub(nabla.mean(x, { axis, keepDims: true }));
  return centred.div(nabla.mean(nabla.square(centred), { axis, keepDims: true }).add(epsilon).sqrt());
};

const from = (start: number, end: number): number[] => Array.from({ length: end - start }, (_, i) => start + i);

const sliced: Reader = ([x, starts, ends, axes, steps], a) => {
  const data = given(x, a, "data");
  const first = integers(starts, a, "starts");
  const last = integers(ends, a, "ends");
  const along = optional(axes, a, "axes") ?? first.map((_, i) => i);
  const by = optional(steps, a, "steps") ?? first.map(() => 1);
  return along.reduce((t, given, i) => {
    const axis = checkAxis("onnx: Slice", given, t.rank);
    const n = t.shape[axis] as number;
    const [step, stop] = [by[i] as number, last[i] as number];
    // Before the first element is where a backward slice ends.
    const end = step < 0 && stop < -n ? null : stop;
    const ranges = t.shape.map((): nabla.Range => null);
    return nabla.slice(t, ranges.with(axis, [first[i] as number, end, step]));
  }, data);
};

const padded: Reader = ([x, pads, value, axes], a) => {
  a.only("mode", "constant");
  const data = given(x, a, "data");
  const widths = pairs(integers(pads, a, "pads"));
  const along = optional(axes, a, "axes") ?? widths.map((_, i) => i);
  const all = data.shape.map((): [number, number] => [0, 0]);
  along.forEach((axis, i) => {
    all[checkAxis("onnx: Pad", axis, data.rank)] = widths[i] ?? [0, 0];
  });
  const fill = value === undefined || value.size === 0 ? 0 : (integers(value, a, "constant_value")[0] as number);
  checkPadded(data.shape, all, a);
  return nabla.pad(data, all, fill);
};

const reshaped: Reader = ([x, shape], a) => {
  const data = given(x, a, "data");
  const target = integers(shape, a, "shape");
  const zeros = a.int("allowzero", 0) === 1;
  return data.reshape(target.map((n, i) => (n === 0 && !zeros ? (data.shape[i] ?? 0) : n)));
};

const split: Reader = ([x, sizes], a) => {
  const data = given(x, a, "input");
  const axis = checkAxis("onnx: Split", a.int("axis", 0), data.rank);
  const n = data.shape[axis] as number;
  // Up to operator set 17 into equal parts, from 18 on the last may be smaller; always as many as there are outputs.
  const count = a.outputs;
  a.only("num_outputs", count);
  const each = Math.ceil(n / count);
  const parts = optional(sizes, a, "split") ?? from(0, count).map((i) => Math.max(0, Math.min(each, n - i * each)));
  const even = sizes !== undefined || a.has("num_outputs") || n % count === 0;
  if (!even || parts.length !== count || parts.some((p) => p < 0) || parts.reduce((p, q) => p + q, 0) !== n)
    throw new NablaError(
      "E-VALUE",
      `onnx: Split of ${n} into ${count} parts [${parts.join(", ")}]`,
      "a whole ONNX file",
    );
  let end = 0;
  const ends = parts.map((size) => {
    end += size;
    return end;
  });
  return nabla.split(data, ends.slice(0, -1), axis);
};

const topK: Reader = ([x, k], a) => {
  const axis = a.int("axis", -1);
  const last = nabla.moveAxis(given(x, a, "X"), axis, -1);
  const count = integers(k, a, "K")[0] as number;
  const largest = a.int("largest", 1) === 1;
  const order = nabla.argsort(largest ? last.neg() : last);
  const places = nabla.slice(order, [...last.shape.slice(0, -1).map(() => null), [0, count]]);
  return [nabla.takeAlongAxis(last, places), places].map((t) => nabla.moveAxis(t, -1, axis));
};

const gemm: Reader = ([x, y, c], a) => {
  const left = a.int("transA", 0) === 1 ? given(x, a, "A").transpose() : given(x, a, "A");
  const right = a.int("transB", 0) === 1 ? given(y, a, "B").transpose() : given(y, a, "B");
  const alpha = a.float("alpha", 1);
  const product = alpha === 1 ? left.matmul(right) : left.matmul(right).mul(alpha);
  const beta = a.float("beta", 1);
  return c === undefined ? product : product.add(beta === 1 ? c : c.mul(beta));
};

const constantNode: Reader = (_, a) => {
  const value = a.tensor("value");
  if (value !== undefined) return value;
  if (a.has("value_float")) return nabla.tensor(Float32Array.of(a.float("value_float", 0)), { shape: [] });
  if (a.has("value_int")) return nabla.tensor(Int32Array.of(a.int("value_int", 0)), { shape: [] });
  const [floats, ints] = [a.floats("value_floats"), a.ints("value_ints")];
  if (floats !== undefined) return nabla.tensor(Float32Array.from(floats));
  if (ints !== undefined) return nabla.tensor(Int32Array.from(ints));
  throw new NablaError("E-LIMIT", "onnx: a Constant that is no tensor of numbers is not read", "another model");
};

const gelu: Reader = ([x], a) => {
  const t = given(x, a, "X");
  const inner =
    a.text("approximate", "none") === "tanh"
      ? nabla.tanh(t.add(nabla.pow(t, 3).mul(0.044715)).mul(Math.sqrt(2 / Math.PI)))
      : nabla.erf(t.mul(Math.SQRT1_2));
  return t.mul(0.5).mul(inner.add(1));
};

const sumOfSquares = composedReduction((x, options) => nabla.sum(nabla.square(x), options));
const clipped: Reader = ([x, low, high], a) => {
  const least = low === undefined ? given(x, a, "input") : nabla.maximum(given(x, a, "input"), low);
  return high === undefined ? least : nabla.minimum(least, high);
};

export const readers: Readonly<Record<string, Reader>> = {
  Abs: unary(nabla.abs),
  Acos: unary(nabla.acos),
  Acosh: unary(nabla.acosh),
  Add: binary(nabla.add),
  And: binary(nabla.logicalAnd),
  ArgMax: place(nabla.argmax),
  ArgMin: place(nabla.argmin),
  Asin: unary(nabla.asin),
  Asinh: unary(nabla.asinh),
  Atan: unary(nabla.atan),
  Atanh: unary(nabla.atanh),
  AveragePool: averagePool,
  BatchNormalization: ([x, scale, bias, mean, variance], a) => {
    a.only("training_mode", 0);
    const t = given(x, a, "X");
    const [s, b, m, v] = [scale, bias, mean, variance].map((p, i) =>
      perChannel(given(p, a, ["scale", "B", "mean", "var"][i] as string), t),
    ) as [Tensor, Tensor, Tensor, Tensor];
    return t
      .sub(m)
      .div(v.add(a.float("epsilon", 1e-5)).sqrt())
      .mul(s)
      .add(b);
  },
  BitwiseAnd: binary(nabla.bitwiseAnd),
  BitwiseOr: binary(nabla.bitwiseOr),
  BitwiseXor: binary(nabla.bitwiseXor),
  Cast: ([x], a) => {
    const to = a.int("to", 0);
    const y = nabla.cast(given(x, a, "input"), dtypeOfElement(to, "Cast"));
    // Eight bits live in an int32 here, and wrap as they do there.
    if (to === uint8) return nabla.bitwiseAnd(y, 255);
    return to === int8 ? nabla.bitwiseXor(nabla.bitwiseAnd(y, 255), 128).sub(128) : y;
  },
  CastLike: ([x, like], a) => nabla.cast(given(x, a, "input"), given(like, a, "target_type").dtype),
  Ceil: unary(nabla.ceil),
  Celu: ([x], a) => nabla.elu(given(x, a, "X").div(a.float("alpha", 1))).mul(a.float("alpha", 1)),
  Clip: clipped,
  Concat: (inputs, a) =>
    nabla.concatenate(
      inputs.map((t) => given(t, a, "input")),
      a.int("axis", 0),
    ),
  Constant: constantNode,
  ConstantOfShape: ([shape], a) => {
    const made = checkMade(integers(shape, a, "input"), a);
    const value = a.tensor("value") ?? nabla.tensor(new Float32Array(1));
    return nabla.full(made, value.item(), { dtype: value.dtype });
  },
  Conv: convolution,
  Cos: unary(nabla.cos),
  Cosh: unary(nabla.cosh),
  CumSum: ([x, axis], a) => {
    a.only("exclusive", 0);
    const [along = 0] = integers(axis, a, "axis");
    return nabla.cumsum(given(x, a, "x"), { axis: along, reverse: a.int("reverse", 0) === 1 });
  },
  // Of integers ONNX's quotient is one too, truncated.
  Div: binary((x, y) =>
    x.dtype === "int32" || x.dtype === "uint32" ? nabla.cast(nabla.div(x, y), x.dtype) : nabla.div(x, y),
  ),
  Dropout: ([x, , training], a) => {
    if (optional(training, a, "training_mode")?.[0] === 1)
      throw new NablaError("E-LIMIT", "onnx: Dropout in training is not read", "a model exported for inference");
    return given(x, a, "data");
  },
  Einsum: (inputs, a) => nabla.einsum(a.text("equation", ""), ...inputs.map((t) => given(t, a, "input"))),
  Elu: ([x], a) => nabla.elu(given(x, a, "X"), a.float("alpha", 1)),
  Equal: binary(nabla.equal),
  Erf: unary(nabla.erf),
  Exp: unary(nabla.exp),
  Expand: ([x, shape], a) => {
    const data = given(x, a, "input");
    const target = checkMade(integers(shape, a, "shape"), a);
    return nabla.broadcastTo(data, checkMade(broadcastShapes("Expand", [data.shape, target]), a));
  },
  Flatten: ([x], a) => {
    const data = given(x, a, "input");
    const axis = a.int("axis", 1);
    const front = sizeOf(data.shape.slice(0, axis < 0 ? axis + data.rank : axis));
    return data.reshape([front, front === 0 ? 0 : data.size / front]);
  },
  Floor: unary(nabla.floor),
  Gather: ([x, index], a) => nabla.take(given(x, a, "data"), given(index, a, "indices"), { axis: a.int("axis", 0) }),
  GatherElements: ([x, index], a) =>
    nabla.takeAlongAxis(given(x, a, "data"), given(index, a, "indices"), a.int("axis", 0)),
  GatherND: ([x, index], a) => {
    const [data, places] = [given(x, a, "data"), given(index, a, "indices")];
    const batch = a.int("batch_dims", 0);
    if (places.shape.at(-1) !== 1)
      throw new NablaError("E-LIMIT", "onnx: GatherND by several places at once is not read", "places of length 1");
    const rows = nabla.squeeze(places, -1);
    let f = (t: Tensor, i: Tensor): Tensor => nabla.take(t, i);
    for (let k = 0; k < batch; k++) f = nabla.vmap(f);
    return f(data, rows);
  },
  Gelu: gelu,
  Gemm: gemm,
  GlobalAveragePool: ([x], a) => {
    const t = given(x, a, "X");
    return nabla.mean(t, { axis: from(2, t.rank), keepDims: true });
  },
  GlobalMaxPool: ([x], a) => {
    const t = given(x, a, "X");
    return nabla.max(t, { axis: from(2, t.rank), keepDims: true });
  },
  Greater: binary(nabla.greater),
  GreaterOrEqual: binary(nabla.greaterEqual),
  HardSigmoid: ([x], a) => nabla.clip(given(x, a, "X").mul(a.float("alpha", 0.2)).add(a.float("beta", 0.5)), 0, 1),
  HardSwish: unary((x) => x.mul(nabla.clip(x.div(6).add(0.5), 0, 1))),
  Identity: unary((x) => x),
  InstanceNormalization: ([x, scale, bias], a) => {
    const t = given(x, a, "input");
    const y = normalised(t, from(2, t.rank), a.float("epsilon", 1e-5));
    return y.mul(perChannel(given(scale, a, "scale"), t)).add(perChannel(given(bias, a, "B"), t));
  },
  IsInf: ([x], a) => {
    const t = given(x, a, "X");
    const [below, above] = [a.int("detect_negative", 1) === 1, a.int("detect_positive", 1) === 1];
    return nabla.logicalOr(
      nabla.logicalAnd(below, nabla.equal(t, Number.NEGATIVE_INFINITY)),
      nabla.logicalAnd(above, nabla.equal(t, Number.POSITIVE_INFINITY)),
    );
  },
  IsNaN: unary(nabla.isNaN),
  LayerNormalization: ([x, scale, bias], a) => {
    const t = given(x, a, "X");
    const axis = a.int("axis", -1);
    const y = normalised(t, from(axis < 0 ? axis + t.rank : axis, t.rank), a.float("epsilon", 1e-5));
    return bias === undefined ? y.mul(given(scale, a, "Scale")) : y.mul(given(scale, a, "Scale")).add(bias);
  },
  LeakyRelu: ([x], a) => nabla.leakyRelu(given(x, a, "X"), a.float("alpha", 0.01)),
  Less: binary(nabla.less),
  LessOrEqual: binary(nabla.lessEqual),
  Log: unary(nabla.log),
  LogSoftmax: ([x], a) => nabla.logSoftmax(given(x, a, "input"), { axis: a.int("axis", -1) }),
  MatMul: binary(nabla.matmul),
  Max: variadic(nabla.maximum),
  MaxPool: pool((x, size, options) =>
    size.length === 1 ? nabla.maxPool1d(x, size, options) : nabla.maxPool2d(x, size, options),
  ),
  Mean: (inputs, a) => (variadic(nabla.add)(inputs, a) as Tensor).div(inputs.length),
  Min: variadic(nabla.minimum),
  Mod: ([x, y], a) => (a.int("fmod", 0) === 1 ? nabla.rem : nabla.mod)(given(x, a, "A"), given(y, a, "B")),
  Mul: binary(nabla.mul),
  Neg: unary(nabla.neg),
  Not: unary(nabla.logicalNot),
  Or: binary(nabla.logicalOr),
  PRelu: ([x, slope], a) => nabla.leakyRelu(given(x, a, "X"), given(slope, a, "slope")),
  Pad: padded,
  Pow: ([x, y], a) => {
    const base = given(x, a, "X");
    return nabla.cast(nabla.pow(base, given(y, a, "Y")), base.dtype);
  },
  Range: ([start, limit, delta], a) => {
    const [s, l, d] = [start, limit, delta].map((t) => integers(t, a, "a bound")[0]) as [number, number, number];
    checkMade([Math.max(0, Math.ceil((l - s) / d))], a);
    return nabla.arange(s, l, d, { dtype: (start as Tensor).dtype });
  },
  Reciprocal: unary(nabla.reciprocal),
  ReduceL1: composedReduction((x, options) => nabla.sum(nabla.abs(x), options)),
  ReduceL2: (inputs, a) => nabla.sqrt(sumOfSquares(inputs, a) as Tensor),
  ReduceLogSum: composedReduction((x, options) => nabla.log(nabla.sum(x, options))),
  ReduceLogSumExp: reduction(nabla.logsumexp),
  ReduceMax: reduction(nabla.max),
  ReduceMean: reduction(nabla.mean),
  ReduceMin: reduction(nabla.min),
  ReduceProd: reduction(nabla.prod),
  ReduceSum: reduction(nabla.sum),
  ReduceSumSquare: sumOfSquares,
  Relu: unary(nabla.relu),
  Reshape: reshaped,
  Round: unary(nabla.round),
  Selu: ([x], a) => {
    const [alpha, gamma] = [a.float("alpha", 1.6732632423543772), a.float("gamma", 1.0507009873554805)];
    return nabla.elu(given(x, a, "X"), alpha).mul(gamma);
  },
  Shape: ([x], a) => {
    const t = given(x, a, "data");
    return nabla.tensor(Int32Array.from(t.shape.slice(a.int("start", 0), a.has("end") ? a.int("end", 0) : undefined)));
  },
  Sigmoid: unary(nabla.sigmoid),
  Sign: unary(nabla.sign),
  Sin: unary(nabla.sin),
  Sinh: unary(nabla.sinh),
  Size: unary((x) => nabla.tensor(Int32Array.of(x.size), { shape: [] })),
  Slice: sliced,
  Softmax: ([x], a) => nabla.softmax(given(x, a, "input"), { axis: a.int("axis", -1) }),
  Softplus: unary(nabla.softplus),
  Softsign: unary(nabla.softsign),
  Split: split,
  Sqrt: unary(nabla.sqrt),
  Squeeze: ([x, axes], a) => nabla.squeeze(given(x, a, "data"), axesOf(axes, a)),
  Sub: binary(nabla.sub),
  Sum: variadic(nabla.add),
  Tan: unary(nabla.tan),
  Tanh: unary(nabla.tanh),
  Tile: ([x, repeats], a) => {
    const [t, times] = [given(x, a, "input"), integers(repeats, a, "repeats")];
    checkMade(
      t.shape.map((n, i) => n * (times[i] ?? 1)),
      a,
    );
    return nabla.tile(t, times);
  },
  TopK: topK,
  Transpose: ([x], a) => nabla.transpose(given(x, a, "data"), a.ints("perm")),
  Trilu: ([x, k], a) => {
    const diagonal = optional(k, a, "k")?.[0] ?? 0;
    return a.int("upper", 1) === 1
      ? nabla.triu(given(x, a, "input"), diagonal)
      : nabla.tril(given(x, a, "input"), diagonal);
  },
  Unsqueeze: ([x, axes], a) => nabla.expandDims(given(x, a, "data"), axesOf(axes, a) ?? []),
  Where: ([condition, x, y], a) => nabla.where(given(condition, a, "condition"), given(x, a, "X"), given(y, a, "Y")),
  Xor: binary(nabla.logicalXor),
};
