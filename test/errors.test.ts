/** Bad input: the code, what the message names, and the user's own line. */
import {
  add,
  all,
  any,
  arange,
  argmax,
  argmin,
  argsort,
  at,
  averagePool2d,
  bitwiseAnd,
  broadcastTo,
  cast,
  checkpoint,
  compile,
  concatenate,
  cond,
  conv1d,
  conv2d,
  cumprod,
  cumsum,
  customDerivative,
  diagonal,
  type ErrorCode,
  einsum,
  exp,
  expandDims,
  eye,
  full,
  grad,
  hessian,
  hvp,
  jacobian,
  jvp,
  less,
  linspace,
  logSoftmax,
  logsumexp,
  lstsq,
  matmul,
  max,
  maxPool1d,
  maxPool2d,
  mean,
  min,
  moveAxis,
  NablaError,
  norm,
  oneHot,
  ones,
  pad,
  pinv,
  prod,
  random,
  repeat,
  reshape,
  roll,
  scan,
  scatterAdd,
  slice,
  softmax,
  sort,
  split,
  squeeze,
  stack,
  std,
  sum,
  type Tensor,
  take,
  takeAlongAxis,
  tensor,
  tensordot,
  tile,
  topK,
  transpose,
  triangularSolve,
  undefinedDerivatives,
  updateAt,
  valueAndGrad,
  variance,
  vjp,
  vmap,
  whileLoop,
  windows,
  zeros,
} from "nabla";
import { describe, expect, test } from "vitest";

function errorOf(f: () => unknown): NablaError {
  try {
    f();
  } catch (error) {
    if (error instanceof NablaError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** What is wrong, the code, pieces of the message (its repair among them), the call. */
type Row = readonly [title: string, code: ErrorCode, pieces: readonly string[], call: () => unknown];
const bad = (value: unknown): never => value as never;
/** A call that the types would not let through. */
const call = (f: unknown, ...args: unknown[]): unknown => (f as (...args: unknown[]) => unknown)(...args);
const int = (...v: number[]): Tensor => tensor(Int32Array.from(v));

function table(title: string, rows: readonly Row[]): void {
  describe(title, () => {
    test.each(rows)("%s", (_, code, pieces, call) => {
      const error = errorOf(call);
      expect(error.code, error.message).toBe(code);
      for (const piece of pieces) expect(error.message).toContain(piece);
      expect(error.source, error.stack).toContain("errors.test.ts:");
      expect(error.message).toContain(`  at ${error.source}`);
      expect(error.message.startsWith(`${code} `)).toBe(true);
      expect(error.message).toContain("\n  try ");
    });
  });
}

table("data", [
  ["a ragged array", "E-RAGGED", ["tensor", "[1]", "1 elements", "expected 2"], () => tensor([[1, 2], [3]])],
  ["an array in place of a number", "E-RAGGED", ["[1]", "an array of 1"], () => tensor(bad([1, [2]]))],
  ["a number in place of an array", "E-RAGGED", ["[1]", "expected an array of 1"], () => tensor(bad([[1], 2]))],
  ["a string", "E-VALUE", ["add", "string"], () => add(1, bad("2"))],
  ["a string in an array", "E-VALUE", ["[1]", "string"], () => exp(bad([1, "2"]))],
  ["undefined", "E-VALUE", ["exp", "undefined"], () => exp(bad(undefined))],
  ["null", "E-VALUE", ["null"], () => sum(bad(null))],
  ["an object", "E-VALUE", ["object"], () => sum(bad({ a: 1 }))],
  ["a function", "E-VALUE", ["a function"], () => sum(bad(() => 1))],
  ["a dtype that is none", "E-DTYPE", ["float16", "one of float64"], () => tensor(1, { dtype: bad("float16") })],
  ["a shape that does not fit", "E-SHAPE", ["3 elements", "[2, 2]"], () => tensor([1, 2, 3], { shape: [2, 2] })],
  ["a negative size", "E-SHAPE", ["full", "[-1]"], () => zeros([-1])],
  ["a size that is no integer", "E-SHAPE", ["1.5"], () => ones(1.5)],
  ["a range without an end", "E-OPTION", ["arange", "Infinity"], () => arange(Infinity)],
  ["a range that is no list", "E-OPTION", ["slice", "axis 0"], () => slice([1, 2], [{} as never])],
  ["a range that does not move", "E-OPTION", ["by 0"], () => arange(0, 1, 0)],
  ["a bigint", "E-VALUE", ["bigint 3"], () => tensor(bad(3n))],
  ["more than memory holds", "E-LIMIT", ["1000000000000 elements", "GiB"], () => zeros([1e6, 1e6])],
  ["a filling that is no number", "E-VALUE", ["full", "undefined"], () => full([2], bad(undefined))],
  ["options that are none", "E-OPTION", ["float32", "dtype"], () => zeros([2], bad("float32"))],
  ["JavaScript's minus", "E-VALUE", ["float64[]", "neg(x)"], () => -bad(tensor(1))],
  ["JavaScript's functions", "E-VALUE", ["less(x, y)"], () => Math.max(bad(tensor(1)), 0)],
  ["item of several", "E-SHAPE", ["item", "[2]", "toArray"], () => tensor([1, 2]).item()],
]);

table("shapes", [
  ["add", "E-SHAPE", ["add", "[2]", "[3]", "sizes 2 and 3", "try reshaping"], () => add([1, 2], [1, 2, 3])],
  ["matmul", "E-SHAPE", ["matmul", "[3, 4]", "[5, 2]", "4 ≠ 5"], () => matmul(zeros([3, 4]), zeros([5, 2]))],
  [
    "matmul, with a repair",
    "E-SHAPE",
    ["try matmul(a, matrixTranspose(b))"],
    () => matmul(zeros([3, 4]), zeros([5, 4])),
  ],
  ["matmul of a scalar", "E-SHAPE", ["scalar", "try mul"], () => matmul(2, [1])],
  ["matmul of batches", "E-SHAPE", ["matmul", "[2]", "[3]"], () => matmul(zeros([2, 1, 1]), zeros([3, 1, 1]))],
  ["reshape", "E-SHAPE", ["reshape", "[2, 3]", "6"], () => reshape(zeros([2, 3]), [4, 2])],
  ["reshape by −1", "E-SHAPE", ["reshape"], () => reshape(zeros([5]), [2, -1])],
  ["broadcastTo", "E-SHAPE", ["broadcastTo", "[2]", "[3]"], () => broadcastTo([1, 2], [3])],
  ["broadcastTo something smaller", "E-SHAPE", ["[2, 2]"], () => broadcastTo(zeros([2, 2]), [2])],
  [
    "concatenate",
    "E-SHAPE",
    ["concatenate", "[2, 2]", "[1, 1]", "axis 0"],
    () => concatenate([zeros([1, 1]), zeros([2, 2])]),
  ],
  ["concatenate scalars", "E-SHAPE", ["scalars", "try stack"], () => concatenate([1, 2])],
  ["concatenate nothing", "E-VALUE", ["empty"], () => concatenate([])],
  [
    "stack of different shapes",
    "E-SHAPE",
    ["[1, 2]", "[1, 3]"],
    () =>
      stack([
        [1, 2],
        [1, 2, 3],
      ]),
  ],
  ["transpose", "E-SHAPE", ["transpose", "permutation"], () => transpose(zeros([2, 3]), [0, 0])],
  ["squeeze", "E-SHAPE", ["squeeze", "size 2"], () => squeeze(zeros([1, 2]), 1)],
  ["an axis outside", "E-SHAPE", ["sum", "axis 2", "from -2 to 1"], () => sum(zeros([2, 2]), { axis: 2 })],
  ["an axis that is no integer", "E-SHAPE", ["axis 0.5"], () => sum(zeros([2, 2]), { axis: 0.5 })],
  ["an axis twice", "E-SHAPE", ["axis 1", "twice"], () => sum(zeros([2, 2]), { axis: [1, -1] })],
  ["an axis of a scalar", "E-SHAPE", ["cumsum", "0 axes"], () => cumsum(1)],
  ["expandDims", "E-SHAPE", ["expandDims", "axis 3"], () => expandDims([1], 3)],
  ["moveAxis", "E-SHAPE", ["moveAxis", "axis 1"], () => moveAxis([1], 0, 1)],
  ["softmax", "E-SHAPE", ["axis 1"], () => softmax([1], { axis: 1 })],
  ["split unevenly", "E-SHAPE", ["split", "size 5", "2 equal parts"], () => split(zeros([5]), 2)],
  [
    "pad",
    "E-SHAPE",
    ["pad", "2 widths", "[2]"],
    () =>
      pad(
        [1, 2],
        [
          [1, 1],
          [1, 1],
        ],
      ),
  ],
  ["too many ranges", "E-SHAPE", ["slice", "2 ranges"], () => slice([1], [null, null])],
  ["diagonal of a vector", "E-SHAPE", ["diagonal", "[2]"], () => diagonal([1, 2])],
  ["the greatest of nothing", "E-SHAPE", ["max", "[0, 2]"], () => max(zeros([0, 2]), { axis: 0 })],
  ["the place of the greatest of nothing", "E-SHAPE", ["argmax"], () => argmax([])],
  ["a window that is too wide", "E-SHAPE", ["windows", "5 elements"], () => windows(zeros([4]), 0, 3, { dilation: 2 })],
  ["tensordot", "E-SHAPE", ["tensordot", "[2, 3]"], () => tensordot(zeros([2, 3]), zeros([2, 3]), 1)],
  [
    "einsum, sizes",
    "E-SHAPE",
    ["einsum", '"j"', "3", "4", "operand 1"],
    () => einsum("ij,jk", zeros([2, 3]), zeros([4, 2])),
  ],
  ["einsum, axes", "E-SHAPE", ["operand 0", "2 axes", '"ijk" names 3'], () => einsum("ijk->i", zeros([2, 3]))],
  ["einsum, ellipsis", "E-SHAPE", ["operand 0"], () => einsum("...ijk", zeros([2, 3]))],
  ["einsum, operands", "E-OPTION", ["2 operands, 1"], () => einsum("i,j", [1])],
  ["einsum, formula", "E-OPTION", ["formula", "i->j->k"], () => einsum("i->j->k", [1])],
  ["einsum, result", "E-OPTION", ['"z"'], () => einsum("i->z", [1])],
  ["einsum, a label twice in the result", "E-OPTION", ['"i"', "twice"], () => einsum("ij->ii", zeros([2, 2]))],
  [
    "conv2d, axes",
    "E-SHAPE",
    ["conv2d", "batch, channels", "[4, 4]"],
    () => conv2d(zeros([4, 4]), zeros([1, 1, 2, 2])),
  ],
  [
    "conv2d, channels",
    "E-SHAPE",
    ["3 channels", "[1, 2, 2, 2]"],
    () => conv2d(zeros([1, 3, 4, 4]), zeros([1, 2, 2, 2])),
  ],
  ["conv1d, kernel too long", "E-SHAPE", ["padding the input"], () => conv1d(zeros([1, 1, 2]), zeros([1, 1, 3]))],
  ["takeAlongAxis", "E-SHAPE", ["takeAlongAxis", "[1]"], () => takeAlongAxis(zeros([2, 2]), [0])],
  ["scatterAdd into a scalar", "E-SHAPE", ["scatterAdd", "scalar"], () => scatterAdd(1, [0], [1])],
  ["scatterAdd of updates that do not fit", "E-SHAPE", ["[2]", "[3]"], () => scatterAdd(zeros([4]), [0, 1], [1, 2, 3])],
  ["updateAt", "E-SHAPE", ["updateAt"], () => updateAt(1, 0, 1)],
]);

table("dtypes", [
  ["int32 with uint32", "E-DTYPE", ["int32 and uint32", "cast"], () => add(int(1), tensor(Uint32Array.of(1)))],
  ["bits of floats", "E-DTYPE", ["bitwiseAnd", "float64", "cast"], () => bitwiseAnd(1, 2)],
  ["a cast to nothing", "E-DTYPE", ["cast", "int64"], () => cast(1, bad("int64"))],
  ["a bool index", "E-DTYPE", ["take", "bool"], () => take([1, 2], [true, false])],
  ["grad by an integer", "E-DTYPE", ["grad", "argument 0", "int32", "cast"], () => grad((x) => x.mul(2))(int(3))],
  [
    "grad by an integer in a tree",
    "E-DTYPE",
    ["argument 0.a[1]"],
    () => grad((p: { a: Tensor[] }) => sum(p.a[0] as Tensor))({ a: [tensor(1), int(1)] }),
  ],
  ["grad of an integer result", "E-DTYPE", ["grad", "int32"], () => grad((x) => cast(x, "int32"))(1)],
  ["jacobian by an integer", "E-DTYPE", ["jacobian", "int32"], () => jacobian((x) => x)(int(3))],
]);

table("indices", [
  ["take, outside", "E-INDEX", ["take", "index 3", "size 3", "from -3 to 2"], () => take([1, 2, 3], [3])],
  ["take, outside below", "E-INDEX", ["index -4"], () => take([1, 2, 3], -4)],
  ["take, beyond int32", "E-INDEX", ["index 2147483647"], () => take([1, 2, 3], tensor(Uint32Array.of(2 ** 32 - 1)))],
  ["take, NaN", "E-INDEX", ["take", "element 1", "NaN"], () => take([1, 2, 3], [0, Number.NaN])],
  ["take, a fraction", "E-INDEX", ["0.5", "not an integer"], () => take([1, 2, 3], 0.5)],
  ["at, outside", "E-INDEX", ["at", "index 2", "size 2"], () => at(zeros([3, 2]), [0], [2])],
  ["at, too many", "E-INDEX", ["2 indices", "[2]"], () => at([1, 2], 0, 0)],
  ["at, outside, batched", "E-INDEX", ["outside"], () => vmap((i: Tensor) => at(zeros([3, 2]), 0, i))(int(0, 2))],
  ["takeAlongAxis", "E-INDEX", ["index 5"], () => takeAlongAxis([1, 2], [5])],
  ["scatterAdd", "E-INDEX", ["scatterAdd", "index 9"], () => scatterAdd(zeros([2]), [9], [1])],
  ["updateAt", "E-INDEX", ["update", "index 2"], () => updateAt([1, 2], 2, 0)],
  ["oneHot", "E-INDEX", ["oneHot", "class 3", "0 to 2"], () => oneHot([3], 3)],
  ["oneHot of NaN", "E-INDEX", ["oneHot", "NaN"], () => oneHot([Number.NaN], 3)],
  ["slice by a fraction", "E-INDEX", ["slice", "0.5", "axis 0"], () => slice([1, 2], [[0.5]])],
  ["slice by NaN", "E-INDEX", ["NaN"], () => slice([1, 2], [[0, Number.NaN]])],
  ["slice by step 0", "E-INDEX", ["step", "0"], () => slice([1, 2], [[0, 1, 0]])],
  [
    "a floating index in a traced function",
    "E-DTYPE",
    ["take", "float64", "cast(index"],
    () => vmap((i: Tensor) => take([1, 2], i))([0, 1]),
  ],
]);

table("options", [
  ["padding", "E-OPTION", ["padding", "widths"], () => conv1d(zeros([1, 1, 4]), zeros([1, 1, 2]), { padding: -1 })],
  ["stride", "E-OPTION", ["stride", "0"], () => conv2d(zeros([1, 1, 4, 4]), zeros([1, 1, 2, 2]), { stride: 0 })],
  ["groups", "E-SHAPE", ["groups"], () => conv1d(zeros([1, 3, 4]), zeros([2, 1, 2]), { groups: 2 })],
  ["pool size", "E-OPTION", ["maxPool2d", "0"], () => maxPool2d(zeros([4, 4]), 0)],
  ["pad", "E-OPTION", ["pad", "-1", "slice"], () => pad([1], [[-1, 0]])],
  ["topK", "E-OPTION", ["topK", "3", "2"], () => topK([1, 2], 3)],
  ["an axis without its name", "E-OPTION", ["sum", "0", "{ axis: 0 }"], () => sum([1], bad(0))],
  ["an axis that is none", "E-OPTION", ["max", "null"], () => max([1], { axis: bad(null) })],
  ["a list of axes without its name", "E-OPTION", ["sum", "0,1", "{ axis"], () => sum([[1]], bad([0, 1]))],
  ["no options", "E-OPTION", ["mean", "null"], () => mean([1], bad(null))],
  ["padding", "E-OPTION", ["conv1d", "sme"], () => conv1d(ones([1, 1, 3]), ones([1, 1, 2]), { padding: bad("sme") })],
  ["norm", "E-OPTION", ["norm", "order", "0"], () => norm([1], { order: 0 })],
  ["tile", "E-SHAPE", ["tile", "-1"], () => tile([1], -1)],
  ["repeat", "E-SHAPE", ["repeat", "-1"], () => repeat([1], -1)],
  ["eye", "E-SHAPE", ["eye", "-1"], () => eye(-1)],
  ["tensordot by a negative number", "E-OPTION", ["tensordot", "-1"], () => tensordot([1], [1], -1)],
  ["oneHot of a fraction of classes", "E-OPTION", ["oneHot", "1.5"], () => oneHot([0], 1.5)],
  ["roll by a fraction", "E-OPTION", ["roll", "0.5"], () => roll([1, 2], 0.5)],
  ["a filling dtype", "E-DTYPE", ["full"], () => full([1], 1, { dtype: bad("real") })],
  ["cacheSize", "E-OPTION", ["cacheSize", "0"], () => compile((x: Tensor) => x, { cacheSize: 0 })],
  ["a seed that is no whole number", "E-OPTION", ["random.key", "0.5"], () => random.key(0.5)],
]);

/** What stands where options are expected must not be passed over: the default would be used in silence. */
const optioned: readonly [name: string, f: (options: never) => unknown][] = [
  ["sum", (o) => sum([[1]], o)],
  ["max", (o) => max([[1]], o)],
  ["min", (o) => min([[1]], o)],
  ["mean", (o) => mean([[1]], o)],
  ["prod", (o) => prod([[1]], o)],
  ["variance", (o) => variance([[1]], o)],
  ["std", (o) => std([[1]], o)],
  ["norm", (o) => norm([[1]], o)],
  ["any", (o) => any([[1]], o)],
  ["all", (o) => all([[1]], o)],
  ["argmax", (o) => argmax([[1]], o)],
  ["argmin", (o) => argmin([[1]], o)],
  ["softmax", (o) => softmax([[1]], o)],
  ["logSoftmax", (o) => logSoftmax([[1]], o)],
  ["logsumexp", (o) => logsumexp([[1]], o)],
  ["cumsum", (o) => cumsum([[1]], o)],
  ["cumprod", (o) => cumprod([[1]], o)],
  ["sort", (o) => sort([[1]], o)],
  ["argsort", (o) => argsort([[1]], o)],
  ["take", (o) => take([[1]], 0, o)],
  ["oneHot", (o) => oneHot([0], 1, o)],
  ["windows", (o) => windows([1, 2], 0, 2, o)],
  ["conv1d", (o) => conv1d(ones([1, 1, 3]), ones([1, 1, 2]), o)],
  ["maxPool1d", (o) => maxPool1d([1, 2], 2, o)],
  ["averagePool2d", (o) => averagePool2d([[1]], 1, o)],
  ["tensor", (o) => tensor([1], o)],
  ["full", (o) => full([1], 1, o)],
  ["eye", (o) => eye(1, 1, o)],
  ["arange", (o) => arange(0, 1, 1, o)],
  ["linspace", (o) => linspace(0, 1, 2, o)],
  ["pinv", (o) => pinv([[1]], o)],
  ["lstsq", (o) => lstsq([[1]], [1], o)],
  ["triangularSolve", (o) => triangularSolve([[1]], [1], o)],
  ["random.uniform", (o) => random.uniform(random.key(0), [1], o)],
  ["random.normal", (o) => random.normal(random.key(0), [1], o)],
  ["random.categorical", (o) => random.categorical(random.key(0), [1], o)],
  ["grad", (o) => grad((x) => x, o)],
  ["valueAndGrad", (o) => valueAndGrad((x: Tensor) => x, o)],
  ["jacobian", (o) => jacobian((x) => x, o)],
  ["hessian", (o) => hessian((x) => x, o)],
  ["vmap", (o) => vmap((x) => x, o)],
  ["scan", (o) => scan((c: Tensor, x: Tensor) => [c, x] as const, 0, [1], o)],
];
test.each(optioned)("%s: what is no object of options", (name, f) => {
  for (const none of [0, -1, "axis", null, [0], true]) {
    const error = errorOf(() => f(bad(none)));
    expect(error.code).toBe("E-OPTION");
    expect(error.message).toContain(`${name}: the options are ${String(none)}`);
  }
});

table("derivatives", [
  ["grad of a vector", "E-NOT-SCALAR", ["grad", "[2]", "sum"], () => grad((x) => x)([1, 2])],
  ["valueAndGrad of a vector", "E-NOT-SCALAR", ["valueAndGrad", "[2]"], () => valueAndGrad((x) => x)([1, 2])],
  ["hessian of a vector", "E-NOT-SCALAR", ["hessian", "[2]"], () => hessian((x) => x)([1, 2])],
  ["grad of a tree", "E-NOT-SCALAR", ["2 tensors"], () => grad(bad((x: Tensor) => [x, x]))(bad(1))],
  ["grad of nothing", "E-VALUE", ["grad", "the result", "undefined"], () => grad(bad(() => undefined))(bad(1))],
  ["grad of a promise", "E-TREE", ["promise"], () => grad(bad(async (x: Tensor) => x))(bad(1))],
  [
    "grad without arguments",
    "E-TREE",
    ["grad", "without arguments"],
    () => grad((x: Tensor) => x)(...([] as unknown as [number])),
  ],
  ["grad of a string argument", "E-VALUE", ["string"], () => grad((x: Tensor) => add(x, 1))(bad("a"))],
  [
    "grad of a map",
    "E-VALUE",
    ["argument 0", "Map"],
    () => grad(bad((m: Map<string, Tensor>) => m.get("a")))(bad(new Map())),
  ],
  [
    "the same argument twice",
    "E-OPTION",
    ["wrt", "[0,0]"],
    () => grad((x, y) => x.mul(y as Tensor), { wrt: [0, 0] })(1, 2),
  ],
  ["wrt that is no place", "E-OPTION", ["wrt", "x"], () => grad((x) => x, { wrt: bad("x") })(1)],
  ["jacobian: wrt negative", "E-OPTION", ["jacobian", "wrt", "-1"], () => jacobian((x) => x, { wrt: -1 })(1)],
  [
    "strict where there are no values",
    "E-NO-VALUE",
    ["grad", "strict"],
    () => compile(grad((x) => x, { strict: true }))(1),
  ],
  ["wrt outside", "E-OPTION", ["wrt", "argument 1", "1 is given"], () => grad((x) => x, { wrt: 1 })(1)],
  ["wrt negative", "E-OPTION", ["wrt", "-1"], () => grad((x) => x, { wrt: -1 })(1)],
  [
    "jacobian mode",
    "E-OPTION",
    ["sideways", '"forward" or "reverse"'],
    () => jacobian((x) => x, { mode: bad("sideways") }),
  ],
  ["jvp lists", "E-TREE", ["jvp", "jvp(f, [x], [v])"], () => jvp((x) => x, [1], [])],
  ["jvp not lists", "E-TREE", ["jvp"], () => jvp((x) => x, bad(1), bad(1))],
  ["jvp shapes", "E-SHAPE", ["jvp", "argument 0", "[2]", "[3]"], () => jvp((x) => x, [[1, 2]], [[1, 2, 3]])],
  ["vjp cotangent of another shape", "E-SHAPE", ["vjp", "[2]", "[3]"], () => vjp((x) => x, [1, 2])[1]([1, 2, 3])],
  [
    "a tangent of another tree",
    "E-TREE",
    ["jvp", "the tangent of argument 0", "{a: ·}", "{b: ·}"],
    () => jvp((x: { a: Tensor }) => x.a, [{ a: 1 }], bad([{ b: 1 }])),
  ],
  ["a direction that is missing", "E-TREE", ["hvp", "tangent"], () => hvp((x) => x.mul(x))(1, bad(undefined))],
  ["a direction of another shape", "E-SHAPE", ["hvp", "[2]", "[1]"], () => hvp((x) => x.sum())([1, 2], [1])],
  [
    "vjp cotangent of another tree",
    "E-TREE",
    ["vjp", "cotangent", "{a: ·, b: ·}", "{a: ·}"],
    () => vjp((x: Tensor) => ({ a: x, b: x }), 1)[1](bad({ a: 1 })),
  ],
]);

const product = (x: Tensor, y: Tensor): Tensor => y.mul(x);
const ofTree = ({ a }: { a: Tensor }): Tensor => a.mul(2).sum();
table("functions and their arguments", [
  [
    "an argument is missing: grad",
    "E-TREE",
    ["grad", "takes 2 arguments, but 1 is given"],
    () => grad(product)(bad(3)),
  ],
  ["an argument is missing: compile", "E-TREE", ["compile", "takes 2 arguments"], () => call(compile(product), 3)],
  ["an argument is missing: vmap", "E-TREE", ["vmap", "takes 2 arguments"], () => call(vmap(product), [3])],
  ["an argument is missing: jacobian", "E-TREE", ["jacobian"], () => call(jacobian(product), 3)],
  ["another tree: grad", "E-TREE", ["grad", "tree [·]", "try"], () => grad(ofTree)(bad([1, 2]))],
  ["another tree: compile", "E-TREE", ["compile", "{b: ·}"], () => compile(ofTree)(bad({ b: 1 }))],
  ["another tree: undefinedDerivatives", "E-TREE", ["{b: ·}"], () => undefinedDerivatives(ofTree, bad({ b: 1 }))],
  ["another tree: scan", "E-TREE", ["scan"], () => scan((c: { a: Tensor }) => [c, c.a.mul(1)] as const, bad(1), [1])],
  ["an empty list", "E-TREE", ["tensor([])"], () => grad((x: Tensor) => x.sum())([])],
  ...[grad, compile, vmap, jacobian, hessian, checkpoint].map(
    (verb): Row => [
      `no function: ${verb.name}`,
      "E-VALUE",
      ["expected a function", "string"],
      () => call(call(verb, "f"), [1]),
    ],
  ),
  ["no function: whileLoop", "E-VALUE", ["whileLoop", "number 1"], () => whileLoop(bad(1), bad(2), 3)],
  ["no function: cond", "E-VALUE", ["cond", "expected a function"], () => cond(true, bad(1), bad(2))],
  ["no rule", "E-OPTION", ["customDerivative", "jvp or vjp"], () => customDerivative((x) => x, bad(undefined))],
  [
    "a pullback that is no function",
    "E-VALUE",
    ["the pullback", "number 3"],
    () => grad(customDerivative((x) => x, { vjp: (x) => [x as Tensor, bad(3)] }))(1),
  ],
]);

let leaked: Tensor | undefined;
const leak = (x: Tensor): Tensor => {
  leaked = x;
  return x;
};
table("values that are not there", [
  ["item under vmap", "E-NO-VALUE", ["vmap", "where"], () => vmap((x) => (x.item() > 0 ? x : x.neg()))([1, 2])],
  ["toArray under vmap", "E-NO-VALUE", ["vmap"], () => vmap((x) => x.mul(x.mul(2).toArray() as number))([1, 2])],
  [
    "data under scan",
    "E-NO-VALUE",
    ["scan", "whileLoop"],
    () => scan((c: Tensor, x: Tensor) => [c.add(x.data[0] as number), c] as const, 0, [1]),
  ],
  [
    "item in whileLoop",
    "E-NO-VALUE",
    ["whileLoop", "cond"],
    () =>
      whileLoop(
        (x: Tensor) => x.item() < 1,
        (x: Tensor) => x,
        0,
      ),
  ],
  [
    "item in cond",
    "E-NO-VALUE",
    ["cond"],
    () =>
      cond(
        true,
        (x: Tensor) => (x.item() ? x : x.neg()),
        (x: Tensor) => x,
        tensor(1),
      ),
  ],
  ["item under compile", "E-NO-VALUE", ["compile"], () => compile((x: Tensor) => (x.item() > 0 ? x : x.neg()))(1)],
  ["item in grad under vmap", "E-NO-VALUE", ["vmap"], () => vmap(grad((x) => (x.item() > 0 ? x : x.neg())))([1, 2])],
  [
    "a tensor that left grad",
    "E-LEAKED",
    ["add", "returning it"],
    () => {
      grad(leak)(1);
      return add(leaked as Tensor, 1);
    },
  ],
  [
    "a tensor that left vmap",
    "E-LEAKED",
    ["mul", "finished tracing"],
    () => {
      vmap(leak)([1, 2]);
      return (leaked as Tensor).mul(2);
    },
  ],
  [
    "a tensor that went from one trace to another",
    "E-LEAKED",
    ["finished tracing"],
    () => {
      vmap(leak)([1, 2]);
      return vmap((x) => x.mul(leaked as Tensor))([1, 2]);
    },
  ],
]);

table("batches, loops, choices", [
  ["vmap, different sizes", "E-SHAPE", ["vmap", "2, 3"], () => vmap((x, y) => add(x, y))([1, 2], [1, 2, 3])],
  ["vmap of scalars", "E-SHAPE", ["vmap", "argument 0", "0 axes"], () => vmap((x) => x)(1)],
  ["vmap over nothing", "E-OPTION", ["vmap", "inAxes"], () => vmap((x) => x, { inAxes: null })([1])],
  [
    "vmap, an axis outside",
    "E-SHAPE",
    ["argument 1", "axis 1"],
    () => vmap((x, y) => add(x, y), { inAxes: [0, 1] })([1], [1]),
  ],
  [
    "vmap, too few axes",
    "E-TREE",
    ["inAxes", "argument 1"],
    () => vmap((x, y) => add(x, y), { inAxes: [0] })([1], [1]),
  ],
  [
    "vmap, no axis for a leaf",
    "E-TREE",
    ["b"],
    () => vmap((p: { a: Tensor; b: Tensor }) => add(p.a, p.b), { inAxes: [{ a: 0 }] })({ a: [1], b: [1] }),
  ],
  ["vmap, outAxes null", "E-OPTION", ["outAxes"], () => vmap((x) => x, { outAxes: null })([1])],
  [
    "scan without a length",
    "E-OPTION",
    ["scan", "{ length: n }"],
    () => scan((c: Tensor) => [c, c] as const, 0, undefined),
  ],
  [
    "scan over slices of different numbers",
    "E-SHAPE",
    ["scan", "[3]", "2 slices"],
    () =>
      scan(
        bad((c: Tensor) => [c, c]),
        0,
        [tensor([1, 2]), tensor([1, 2, 3])],
      ),
  ],
  [
    "scan without a pair",
    "E-TREE",
    ["[carry, y]"],
    () =>
      scan(
        bad((c: Tensor) => c),
        0,
        [1],
      ),
  ],
  [
    "scan, another tree",
    "E-TREE",
    ["carry", "{a: ·}", "[{a: ·}, {a: ·}]"],
    () =>
      scan(
        bad((c: Tensor) => [{ a: [c, c] }, c]),
        { a: 0 },
        [1],
      ),
  ],
  [
    "scan, another shape",
    "E-SHAPE",
    ["scan", "[]", "[2]"],
    () => scan((c: Tensor) => [c.add([1, 2]), c] as const, 0, [1]),
  ],
  [
    "scan, another dtype",
    "E-DTYPE",
    ["scan", "int32", "float64"],
    () => scan((c: Tensor) => [c.mul(0.5), c] as const, int(1).reshape([]), [1]),
  ],
  [
    "whileLoop, a condition that is no scalar",
    "E-NOT-SCALAR",
    ["whileLoop", "[2]", "any or all"],
    () =>
      whileLoop(
        (x: Tensor) => less(x, 3),
        (x: Tensor) => x,
        [1, 2],
      ),
  ],
  [
    "whileLoop, another shape",
    "E-SHAPE",
    ["whileLoop"],
    () =>
      whileLoop(
        (x: Tensor) => less(sum(x), 3),
        (x: Tensor) => stack([x, x]),
        1,
      ),
  ],
  [
    "whileLoop, another tree",
    "E-TREE",
    ["whileLoop", "state"],
    () =>
      whileLoop(
        () => false,
        bad((x: Tensor) => ({ x })),
        1,
      ),
  ],
  [
    "cond, a predicate that is no scalar",
    "E-NOT-SCALAR",
    ["cond", "[2]", "where"],
    () =>
      cond(
        [true, false],
        (x: Tensor) => x,
        (x: Tensor) => x,
        tensor(1),
      ),
  ],
  [
    "cond, different shapes",
    "E-SHAPE",
    ["cond", "[2]", "[]"],
    () =>
      cond(
        true,
        (x: Tensor) => stack([x, x]),
        (x: Tensor) => x,
        tensor(1),
      ),
  ],
  [
    "cond, different dtypes",
    "E-SHAPE",
    ["cond", "int32", "float64"],
    () =>
      cond(
        true,
        (x: Tensor) => cast(x, "int32"),
        (x: Tensor) => x,
        tensor(1),
      ),
  ],
  [
    "cond, different trees",
    "E-TREE",
    ["cond", "branches"],
    () =>
      cond(
        true,
        bad((x: Tensor) => [x]),
        bad((x: Tensor) => x),
        tensor(1),
      ),
  ],
]);

test("the message reads as the design shows it", () => {
  function predict(): Tensor {
    return matmul(zeros([3, 4]), zeros([5, 4]));
  }
  const { message, name, source } = errorOf(predict);
  expect(name).toBe("NablaError");
  expect(source).toMatch(/^errors\.test\.ts:\d+ in predict$/);
  expect(message.split("\n")).toEqual([
    "E-SHAPE matmul: inner sizes differ: a is [3, 4], b is [5, 4] (4 ≠ 5)",
    `  at ${source}`,
    "  try matmul(a, matrixTranspose(b)) if b holds one row per output",
  ]);
});

test("after an error inside a trace everything works as before", () => {
  expect(() => grad((x) => grad((y) => y.mul(x).reshape([7]))(1))(1)).toThrow(NablaError);
  expect(() => vmap(() => matmul([1], [1, 2]))([1])).toThrow(NablaError);
  const outside = tensor(2);
  expect(outside.mul(3).item()).toBe(6);
  expect(grad((x) => x.mul(outside))(1).item()).toBe(2);
});
