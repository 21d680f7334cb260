/** The functions of formulas: their names, how many arguments, what they compute, how TeX writes them. Long: a table. */
import { toTensor } from "../graph/convert.ts";
import type { Tensor, TensorLike } from "../graph/tensor.ts";
import * as nabla from "../index.ts";

type Compute = (...args: TensorLike[]) => Tensor;

export interface FormulaFunction {
  /** Least and greatest number of arguments. */
  readonly arity: readonly [number, number];
  readonly compute: Compute;
  /** TeX's own command; otherwise the name in upright letters. */
  readonly tex?: string;
  readonly aliases: readonly string[];
}

type Names = Partial<Pick<FormulaFunction, "tex">> & { readonly as?: readonly string[] };

const entry = (arity: readonly [number, number], compute: Compute, { as = [], ...more }: Names): FormulaFunction => ({
  arity,
  compute,
  aliases: as,
  ...more,
});
const one = (f: (x: TensorLike) => Tensor, names: Names = {}): FormulaFunction =>
  entry([1, 1], (x) => f(x as TensorLike), names);
const two = (f: (x: TensorLike, y: TensorLike) => Tensor, names: Names = {}): FormulaFunction =>
  entry([2, 2], (x, y) => f(x as TensorLike, y as TensorLike), names);

/** One argument: over the elements of an array. Several: the extremum of them, element by element. */
const extremum = (
  over: (x: TensorLike) => Tensor,
  between: (x: TensorLike, y: TensorLike) => Tensor,
  tex: string,
): FormulaFunction =>
  entry(
    [1, Infinity],
    (first, ...others) =>
      others.length === 0
        ? over(first as TensorLike)
        : (others.reduce<TensorLike>((a, b) => between(a, b), first as TensorLike) as Tensor),
    { tex },
  );

/** Γ(x) = ±exp(log |Γ(x)|), negative where x < 0 and ⌊x⌋ is odd. */
function gamma(x: TensorLike): Tensor {
  const negative = nabla.logicalAnd(nabla.less(x, 0), nabla.equal(nabla.mod(nabla.floor(x), 2), 1));
  return nabla.mul(nabla.where(negative, -1, 1), nabla.exp(nabla.lgamma(x)));
}

const wholePower = 64;

/**
 * xʸ. A whole number as exponent is a product, by squaring (Knuth, The Art of Computer Programming 2, 4.6.3): exact
 * where the products are, defined for every x, also for integers.
 */
function power(x: TensorLike, y: TensorLike): Tensor {
  if (typeof y !== "number") return nabla.pow(x, y);
  if (y === 0.5) return nabla.sqrt(x);
  if (y === -0.5) return nabla.div(1, nabla.sqrt(x));
  if (!Number.isInteger(y) || Math.abs(y) > wholePower || y === 0) return nabla.pow(x, y);
  let [n, square] = [Math.abs(y), toTensor("expression", x)];
  let product: Tensor | undefined;
  for (;;) {
    if (n % 2 === 1) product = product === undefined ? square : nabla.mul(product, square);
    n = Math.floor(n / 2);
    if (n === 0) break;
    square = nabla.mul(square, square);
  }
  return y < 0 ? nabla.div(1, product as Tensor) : (product as Tensor);
}

/** c₁, v₁, c₂, v₂, …, otherwise: the first value whose condition holds. */
function piecewise(...args: TensorLike[]): Tensor {
  let value = args.at(-1) as TensorLike;
  for (let i = args.length - 3; i >= 0; i -= 2)
    value = nabla.where(args[i] as TensorLike, args[i + 1] as TensorLike, value);
  return value as Tensor;
}

const chain = (f: (x: TensorLike, y: TensorLike) => Tensor): FormulaFunction =>
  entry(
    [2, Infinity],
    (first, ...others) => others.reduce<TensorLike>((a, b) => f(a, b), first as TensorLike) as Tensor,
    {},
  );

/** By the name that formulas print. The operators stand here under the names of nabla's operations. */
const table: Readonly<Record<string, FormulaFunction>> = {
  add: chain(nabla.add),
  mul: chain(nabla.mul),
  sub: two(nabla.sub),
  div: two(nabla.div),
  neg: one(nabla.neg),
  pow: two(power, { as: ["power"] }),
  equal: two(nabla.equal),
  notEqual: two(nabla.notEqual),
  less: two(nabla.less),
  lessEqual: two(nabla.lessEqual),
  greater: two(nabla.greater),
  greaterEqual: two(nabla.greaterEqual),
  logicalAnd: two(nabla.logicalAnd),
  logicalOr: two(nabla.logicalOr),
  logicalNot: one(nabla.logicalNot),

  sqrt: one(nabla.sqrt),
  cbrt: one(nabla.cbrt),
  square: one(nabla.square),
  rsqrt: one(nabla.rsqrt),
  abs: one(nabla.abs),
  sign: one(nabla.sign, { as: ["sgn"], tex: "\\operatorname{sgn}" }),
  floor: one(nabla.floor),
  ceil: one(nabla.ceil),
  round: one(nabla.round),
  trunc: one(nabla.trunc, { as: ["fix"] }),
  mod: two(nabla.mod),
  rem: two(nabla.rem),
  hypot: two(nabla.hypot),

  exp: one(nabla.exp),
  exp2: one(nabla.exp2),
  expm1: one(nabla.expm1),
  log: one(nabla.log, { as: ["ln"], tex: "\\ln" }),
  log1p: one(nabla.log1p),
  log2: one(nabla.log2, { as: ["lb"], tex: "\\log_{2}" }),
  log10: one(nabla.log10, { as: ["lg"], tex: "\\log_{10}" }),
  logaddexp: two(nabla.logaddexp),

  sin: one(nabla.sin, { tex: "\\sin" }),
  cos: one(nabla.cos, { tex: "\\cos" }),
  tan: one(nabla.tan, { as: ["tg"], tex: "\\tan" }),
  cot: one((x) => nabla.div(nabla.cos(x), nabla.sin(x)), { as: ["ctg"], tex: "\\cot" }),
  sec: one((x) => nabla.div(1, nabla.cos(x)), { tex: "\\sec" }),
  csc: one((x) => nabla.div(1, nabla.sin(x)), { as: ["cosec"], tex: "\\csc" }),
  asin: one(nabla.asin, { as: ["arcsin"], tex: "\\arcsin" }),
  acos: one(nabla.acos, { as: ["arccos"], tex: "\\arccos" }),
  atan: one(nabla.atan, { as: ["arctan", "arctg"], tex: "\\arctan" }),
  atan2: two(nabla.atan2, { as: ["arctan2"] }),
  sinh: one(nabla.sinh, { as: ["sh"], tex: "\\sinh" }),
  cosh: one(nabla.cosh, { as: ["ch"], tex: "\\cosh" }),
  tanh: one(nabla.tanh, { as: ["th"], tex: "\\tanh" }),
  asinh: one(nabla.asinh, { as: ["arcsinh", "arsinh"] }),
  acosh: one(nabla.acosh, { as: ["arccosh", "arcosh"] }),
  atanh: one(nabla.atanh, { as: ["arctanh", "artanh"] }),

  erf: one(nabla.erf),
  erfc: one(nabla.erfc),
  gamma: one(gamma, { as: ["Gamma"], tex: "\\Gamma" }),
  lgamma: one(nabla.lgamma, { as: ["gammaln", "loggamma"] }),
  digamma: one(nabla.digamma, { as: ["psi"], tex: "\\psi" }),
  polygamma: two(nabla.polygamma),

  sigmoid: one(nabla.sigmoid, { as: ["logistic", "expit"], tex: "\\sigma" }),
  softplus: one(nabla.softplus),
  logSigmoid: one(nabla.logSigmoid),
  relu: one(nabla.relu),
  leakyRelu: entry([1, 2], (x, slope) => nabla.leakyRelu(x as TensorLike, slope), {}),
  elu: entry([1, 2], (x, alpha) => nabla.elu(x as TensorLike, alpha), {}),
  gelu: one(nabla.gelu),
  silu: one(nabla.silu, { as: ["swish"] }),
  softsign: one(nabla.softsign),

  where: entry([3, 3], (c, x, y) => nabla.where(c as TensorLike, x as TensorLike, y as TensorLike), { as: ["if"] }),
  piecewise: entry([3, Infinity], piecewise, {}),
  clip: entry([3, 3], (x, low, high) => nabla.clip(x as TensorLike, low as TensorLike, high as TensorLike), {
    as: ["clamp"],
  }),
  max: extremum(nabla.max, nabla.maximum, "\\max"),
  min: extremum(nabla.min, nabla.minimum, "\\min"),

  sum: one((x) => nabla.sum(x)),
  mean: one((x) => nabla.mean(x), { as: ["average"] }),
  prod: one((x) => nabla.prod(x)),
};

const byName = new Map<string, readonly [string, FormulaFunction]>();
for (const [name, f] of Object.entries(table)) for (const n of [name, ...f.aliases]) byName.set(n, [name, f]);

/** The function's own name and its entry, by that name or another one. */
export const functionOf = (name: string): readonly [name: string, entry: FormulaFunction] | undefined =>
  byName.get(name);

/** Every name of every function. */
export const functionNames = (): Iterable<string> => byName.keys();

/** Those that go over the elements of an array when they have one argument. */
export const reductions: ReadonlySet<string> = new Set(["sum", "mean", "prod", "max", "min"]);
