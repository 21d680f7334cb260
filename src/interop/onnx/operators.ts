/**
 * How each operation of nabla is written in ONNX (operator set 18). What is not in a table is not exported.
 */
import { NablaError } from "../../base/error.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { convolution } from "./convolution.ts";
import { type Dimension, isFixed, product, type Traced } from "./dimension.ts";
import { maxPool } from "./pooling.ts";
import { elementTypes, int64 } from "./schema.ts";
import type { Scope } from "./scope.ts";

/** The name of the result, given those of the inputs. */
export type Rule = (scope: Scope, node: Traced, inputs: readonly string[]) => string;

/** The same operation under another name. */
const renamed: Readonly<Record<string, string>> = {
  abs: "Abs",
  acos: "Acos",
  acosh: "Acosh",
  add: "Add",
  asin: "Asin",
  asinh: "Asinh",
  atan: "Atan",
  atanh: "Atanh",
  bitwiseAnd: "BitwiseAnd",
  bitwiseOr: "BitwiseOr",
  bitwiseXor: "BitwiseXor",
  ceil: "Ceil",
  cos: "Cos",
  cosh: "Cosh",
  div: "Div",
  equal: "Equal",
  erf: "Erf",
  exp: "Exp",
  floor: "Floor",
  greater: "Greater",
  greaterEqual: "GreaterOrEqual",
  held: "Identity",
  isNaN: "IsNaN",
  less: "Less",
  lessEqual: "LessOrEqual",
  log: "Log",
  logicalAnd: "And",
  logicalNot: "Not",
  logicalOr: "Or",
  logicalXor: "Xor",
  matmul: "MatMul",
  maximum: "Max",
  minimum: "Min",
  mul: "Mul",
  neg: "Neg",
  pow: "Pow",
  relu: "Relu",
  round: "Round",
  sigmoid: "Sigmoid",
  sign: "Sign",
  sin: "Sin",
  sinh: "Sinh",
  softplus: "Softplus",
  sqrt: "Sqrt",
  sub: "Sub",
  tan: "Tan",
  tanh: "Tanh",
  where: "Where",
};

type Step = (type: string, ...inputs: readonly string[]) => string;

/** An elementwise operation as a few of ONNX's. */
const composed =
  (f: (step: Step, number: (value: number) => string, x: string, y: string) => string): Rule =>
  (scope, node, [x, y]) =>
    f(
      (type, ...inputs) => scope.node(type, inputs),
      (value) => scope.number(value, node),
      x as string,
      y as string,
    );

const attributesOf = <A>({ first }: Traced): A => first.attributes as unknown as A;
const axesOf = (node: Traced): readonly number[] => attributesOf<{ axes: readonly number[] }>(node).axes;

const reduced =
  (type: string): Rule =>
  (scope, node, [x]) =>
    scope.node(type, [x as string, scope.integers(axesOf(node))], { keepdims: 0 });

const extremePlace =
  (type: string): Rule =>
  (scope, node, [x]) => {
    const { axis } = attributesOf<{ axis: number }>(node);
    const place = scope.node(type, [x as string], { axis, keepdims: 0 });
    return scope.node("Cast", [place], { to: elementTypes.int32 });
  };

/** [batch…, rows…, inner…] · [batch…, inner…, columns…]: a product of matrices between two reshapes. */
const contraction: Rule = (scope, node, [a, b]) => {
  const whole = convolution(scope, node);
  if (whole !== undefined) return whole;
  const { batch, inner } = attributesOf<{ batch: number; inner: number }>(node);
  const [left, right] = node.inputs.map((t) => t.shape) as [readonly Dimension[], readonly Dimension[]];
  const rows = product(left.slice(batch, left.length - inner));
  const terms = product(left.slice(left.length - inner));
  const columns = product(right.slice(batch + inner));
  const matrices = scope.node("MatMul", [
    scope.reshape(a as string, [...left.slice(0, batch), rows, terms]),
    scope.reshape(b as string, [...right.slice(0, batch), terms, columns]),
  ]);
  return scope.reshape(matrices, node.shape);
};

/** Windows are gathered axis by axis; their elements go behind all axes. */
const windowed: Rule = (scope, node, [x]) => {
  const { axes, sizes, steps, dilations } =
    attributesOf<Readonly<Record<"axes" | "sizes" | "steps" | "dilations", readonly number[]>>>(node);
  const rank = node.first.rank - axes.length;
  let [y, at] = [x as string, rank];
  axes.forEach((axis, i) => {
    const [places, taps] = [node.first.shape[axis] as number, sizes[i] as number];
    if (!isFixed(node.shape[axis] as Dimension))
      throw new NablaError("E-LIMIT", "onnx: windows over the batch are not exported", "windows over other axes");
    const places2d = Array.from({ length: places * taps }, (_, k) => {
      const [place, tap] = [Math.floor(k / taps), k % taps];
      return place * (steps[i] as number) + tap * (dilations[i] as number);
    });
    y = scope.node("Gather", [y, scope.integers(places2d, [places, taps])], { axis });
    const order = Array.from({ length: at + 1 }, (_, k) => k);
    order.splice(axis + 1, 1);
    y = scope.node("Transpose", [y], { perm: [...order, axis + 1] });
    at += 1;
  });
  return y;
};

const rules: Readonly<Record<string, Rule>> = {
  cast: (scope, node, [x]) => scope.node("Cast", [x as string], { to: elementTypes[node.first.dtype] }),
  isFinite: composed((step, _n, x) => step("Not", step("Or", step("IsNaN", x), step("IsInf", x)))),
  notEqual: composed((step, _n, x, y) => step("Not", step("Equal", x, y))),
  trunc: composed((step, n, x) => step("Where", step("Less", x, n(0)), step("Ceil", x), step("Floor", x))),
  mod: composed((step, _n, x, y) => step("Sub", x, step("Mul", step("Floor", step("Div", x, y)), y))),
  rem: (scope, _node, inputs) => scope.node("Mod", inputs, { fmod: 1 }),
  scale: composed((step, n, x, y) =>
    step("Where", step("Or", step("Equal", x, n(0)), step("Equal", y, n(0))), n(0), step("Mul", x, y)),
  ),
  cbrt: composed((step, n, x) => step("Mul", step("Sign", x), step("Pow", step("Abs", x), n(1 / 3)))),
  erfc: composed((step, n, x) => step("Sub", n(1), step("Erf", x))),
  expm1: composed((step, n, x) => step("Sub", step("Exp", x), n(1))),
  log1p: composed((step, n, x) => step("Log", step("Add", x, n(1)))),
  log2: composed((step, n, x) => step("Mul", step("Log", x), n(Math.LOG2E))),
  log10: composed((step, n, x) => step("Mul", step("Log", x), n(Math.LOG10E))),
  logaddexp: composed((step, n, x, y) =>
    step(
      "Add",
      step("Max", x, y),
      step("Log", step("Add", n(1), step("Exp", step("Neg", step("Abs", step("Sub", x, y)))))),
    ),
  ),
  elu: composed((step, n, x, slope) =>
    step("Where", step("Greater", x, n(0)), x, step("Mul", slope, step("Sub", step("Exp", x), n(1)))),
  ),
  leakyRelu: composed((step, n, x, slope) => step("Where", step("Greater", x, n(0)), x, step("Mul", x, slope))),

  broadcast: (scope, node, [x]) => scope.node("Expand", [x as string, scope.sizes(node.shape)]),
  reshape: (scope, node, [x]) => scope.reshape(x as string, node.shape),
  transpose: (scope, node, [x]) => scope.node("Transpose", [x as string], { perm: axesOf(node) }),
  concatenate: (scope, node, inputs) => scope.node("Concat", inputs, attributesOf<{ axis: number }>(node)),
  flip: (scope, node, [x]) => {
    const axes = axesOf(node);
    const ends = axes.map(() => -(2 ** 31));
    return scope.node("Slice", [
      x as string,
      scope.integers(axes.map(() => -1)),
      scope.integers(ends),
      scope.integers(axes),
      scope.integers(axes.map(() => -1)),
    ]);
  },
  slice: (scope, node, [x]) => {
    type Slice = { start: number[]; size: number[]; step: number[] };
    const of = (t: Tensor): Slice => t.attributes as unknown as Slice;
    const starts = node.dimensions((t) => of(t).start);
    // The end is where the last element lies, and one further.
    const ends = node.dimensions((t) =>
      of(t).start.map(
        (s, i) =>
          s + Math.max(0, (of(t).size[i] as number) - 1) * (of(t).step[i] as number) + (of(t).size[i] === 0 ? 0 : 1),
      ),
    );
    const axes = scope.integers(starts.map((_, i) => i));
    return scope.node("Slice", [
      x as string,
      scope.sizes(starts),
      scope.sizes(ends),
      axes,
      scope.integers(of(node.first).step),
    ]);
  },
  spread: (scope, node, [x]) => {
    const { low, high, gap } = attributesOf<Record<"low" | "high" | "gap", readonly number[]>>(node);
    if (gap.some((g) => g !== 0))
      throw new NablaError("E-LIMIT", "onnx: elements spread by gaps are not exported", "an operation without gaps");
    return scope.node("Pad", [x as string, scope.integers([...low, ...high]), scope.number(0, node)]);
  },
  windows: windowed,

  sum: reduced("ReduceSum"),
  max: (scope, node, inputs) => maxPool(scope, node) ?? reduced("ReduceMax")(scope, node, inputs),
  maxHeld: reduced("ReduceMax"),
  min: reduced("ReduceMin"),
  argmax: extremePlace("ArgMax"),
  argmin: extremePlace("ArgMin"),
  cumsum: (scope, node, [x]) => {
    const { axis, reverse } = attributesOf<{ axis: number; reverse: boolean }>(node);
    return scope.node("CumSum", [x as string, scope.integers([axis], [])], { reverse: reverse ? 1 : 0 });
  },
  take: (scope, node, [x, index]) => {
    const { batch } = attributesOf<{ batch: number }>(node);
    const places = scope.node("Cast", [index as string], { to: int64 });
    if (batch === 0) return scope.node("Gather", [x as string, places], { axis: 0 });
    const last = scope.node("Unsqueeze", [places, scope.integers([-1])]);
    return scope.node("GatherND", [x as string, last], { batch_dims: batch });
  },
  argsort: (scope, node, [x]) => {
    const size = node.first.shape.at(-1) as number;
    const [, places] = scope.several("TopK", [x as string, scope.integers([size])], 2, { largest: 0, axis: -1 });
    return scope.node("Cast", [places as string], { to: elementTypes.int32 });
  },
  contract: contraction,
};

export const operators: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(
    Object.entries(renamed).map(([name, type]): [string, Rule] => [
      name,
      (scope, _node, inputs) => scope.node(type, inputs),
    ]),
  ),
  ...rules,
};
