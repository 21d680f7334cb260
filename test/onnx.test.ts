/** ONNX: what is exported means the same to another runtime, and to ourselves when it is read again. */
import {
  arange,
  compile,
  conv1d,
  conv2d,
  det,
  logSoftmax,
  matmul,
  maxPool2d,
  NablaError,
  random,
  relu,
  scan,
  softmax,
  type Tensor,
  tanh,
  tensor,
  valueAndGrad,
  zeros,
} from "nabla";
import { fromONNX, modelToONNX, toONNX } from "nabla/interop";
import { dense, sequential } from "nabla/nn";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { type AttributeProto, attributeTypes, decodeModel, encodeModel } from "../src/interop/onnx/schema.ts";
import { cases, distance, draw, numbers, seed } from "./laws/cases.ts";

console.log(`onnx: seed ${seed} (NABLA_SEED)`);

type Function = (...inputs: Tensor[]) => Tensor;

/** The same by onnxruntime; undefined where it has no kernel for these dtypes. */
async function elsewhere(file: Uint8Array, inputs: readonly Tensor[]): Promise<ArrayLike<number> | undefined> {
  const session = await InferenceSession.create(file, { logSeverityLevel: 4 }).catch((error: Error) => {
    if (/NOT_IMPLEMENTED|Could not find an implementation/.test(error.message)) return undefined;
    throw error;
  });
  if (session === undefined) return undefined;
  const feeds = Object.fromEntries(
    inputs.map((t, i) => [`x${i}`, new OrtTensor(t.dtype as "float32", t.data.slice() as Float32Array, [...t.shape])]),
  );
  const { output } = await session.run(feeds);
  return Array.from(output?.data as Iterable<number>, Number);
}

const typesOf = (inputs: readonly Tensor[]) =>
  Object.fromEntries(inputs.map(({ shape, dtype }, i) => [`x${i}`, { shape, dtype }]));
const named = (inputs: readonly Tensor[]) => Object.fromEntries(inputs.map((t, i) => [`x${i}`, t]));

/** Not exported, and why. */
const left: Readonly<Record<string, string>> = {
  lgamma: "no operator",
  polygamma: "no operator",
  atan2: "no operator",
  fold: "the transpose of windows, in gradients only",
  scatterAdd: "gradients of take",
  update: "no operator for rows",
  shiftLeft: "unsigned only",
  shiftRight: "unsigned only",
  cholesky: "linear algebra",
  cofactor: "linear algebra",
  cofactorChange: "linear algebra",
  det: "linear algebra",
  eigh: "linear algebra",
  logdet: "linear algebra",
  lu: "linear algebra",
  luSolve: "linear algebra",
  pinv: "linear algebra",
  qr: "linear algebra",
  svd: "linear algebra",
  triangularSolve: "linear algebra",
  exactLog: "random numbers",
  normalQuantile: "random numbers",
  randomBits: "random numbers",
  while: "loops of unknown length",
};

describe("every case of the operations, in float32", () => {
  const missing = new Set<string>();
  const noKernel: string[] = [];
  test.each(cases.map((c) => [c.name, c] as const))("%s", async (name, c) => {
    const inputs = draw(c, 1, "float32");
    const f: Function = (...xs) => c.apply(...xs).cast("float32");
    let file: Uint8Array;
    try {
      file = toONNX(f, typesOf(inputs));
    } catch (error) {
      expect(error).toBeInstanceOf(NablaError);
      expect((error as NablaError).code).toBe("E-LIMIT");
      missing.add(/onnx: (\w+)/.exec((error as Error).message)?.[1] as string);
      return;
    }
    const expected = f(...inputs);
    const again = fromONNX(file).apply(named(inputs)).output as Tensor;
    expect(again.shape).toEqual(expected.shape);
    expect(distance(numbers(again), numbers(expected))).toBeLessThan(2e-5);
    const other = await elsewhere(file, inputs);
    if (other === undefined) noKernel.push(name);
    else expect(distance(Array.from(other), numbers(expected))).toBeLessThan(2e-5);
  });
  test("what is left out is stated", () => {
    const unstated = [...missing].filter((name) => !(name in left) && !["a", "elements", "windows"].includes(name));
    expect(unstated).toEqual([]);
    console.log(`onnx: without a kernel in onnxruntime: ${noKernel.join("; ")}`);
  });
});

const key = random.key(seed);
const normal = (stream: number, shape: readonly number[]): Tensor =>
  random.normal(random.foldIn(key, stream), shape, { dtype: "float32" });

const [kernel, second, third] = [normal(1, [4, 2, 3, 3]), normal(2, [6, 2, 3, 3]), normal(3, [2, 6, 3, 3])];
const [inputWeights, stateWeights] = [normal(4, [3, 4]), normal(5, [4, 4])];
const network = sequential(dense(8), tanh, dense(3));
const variables = network.init(key, [4]);

const models: readonly [name: string, f: Function, shape: readonly number[], operators: readonly string[]][] = [
  ["a network of two layers", (x) => network.apply(variables, x)[0], [4], ["MatMul", "Add", "Tanh"]],
  [
    "convolutions, grouped, strided, on few and many places",
    (x) => {
      const first = relu(conv2d(x, kernel, { padding: "same" }));
      const grouped = conv2d(maxPool2d(first, 2), second, { groups: 2 });
      return softmax(conv2d(grouped, third, { stride: 2 }).reshape([x.shape[0] as number, -1]));
    },
    [2, 14, 14],
    ["Conv", "MaxPool"],
  ],
  ["a convolution over time", (x) => conv1d(x, normal(6, [3, 2, 4]), { dilation: 2 }), [2, 30], ["Conv"]],
  [
    "a recurrent network",
    (x) => {
      const [, states] = scan(
        (state: Tensor, now: Tensor): [Tensor, Tensor] => {
          const next = tanh(matmul(now, inputWeights).add(matmul(state, stateWeights)));
          return [next, next];
        },
        zeros([x.shape[0] as number, 4], { dtype: "float32" }),
        x.transpose([1, 0, 2]),
      );
      return states.transpose([1, 0, 2]);
    },
    [6, 3],
    ["Scan"],
  ],
  ["scores, normalised", (x) => logSoftmax(x), [5], ["ReduceMax", "ReduceSum"]],
];

describe("models, for any number of examples", () => {
  test.each(models)("%s", async (_, f, shape, operators) => {
    const file = toONNX(f, { x0: { shape: [1, ...shape] } }, { batch: true });
    const types = decodeModel(file).graph?.node.map(({ op_type }) => op_type);
    expect(types).toEqual(expect.arrayContaining([...operators]));
    for (const batch of [1, 5]) {
      const x = normal(10 + batch, [batch, ...shape]);
      const expected = f(x);
      const other = await elsewhere(file, [x]);
      expect(distance(Array.from(other ?? []), numbers(expected))).toBeLessThan(1e-5);
      const again = fromONNX(file).apply({ x0: x }).output as Tensor;
      expect(again.shape).toEqual(expected.shape);
      expect(distance(numbers(again), numbers(expected))).toBeLessThan(1e-5);
    }
  });

  test("what is read can be compiled and trained", () => {
    const model = fromONNX(modelToONNX(network, variables, [4], { metadata: { made: "here" } }));
    expect(model.metadata).toEqual({ made: "here" });
    expect(String(model)).toMatch(/input {3}x: float32\[batch, 4\]\noutput {2}output: float32\[batch, 3\]\n/);
    const x = normal(20, [5, 4]);
    const cost = (parameters: Record<string, Tensor>): Tensor =>
      (model.apply({ x }, parameters).output as Tensor).square().sum();
    const [value, slopes] = compile(valueAndGrad(cost))(model.parameters);
    expect(value.item()).toBeCloseTo(network.apply(variables, x)[0].square().sum().item(), 4);
    expect(Object.values(slopes).some((g) => g.abs().max().item() > 0)).toBe(true);
  });
});

/** A file of one node, its constant inputs beside x0. */
function nodeFile(
  version: number,
  type: string,
  ints: Readonly<Record<string, number | readonly number[]>>,
  { constants = [], outputs = 1, domain = "", to = 1 }: NodeOptions = {},
): Uint8Array {
  const names = Array.from({ length: outputs }, (_, i) => (i === outputs - 1 ? "output" : `other${i}`));
  const attribute = Object.entries(ints).map(
    ([name, value]): AttributeProto =>
      typeof value === "number"
        ? { name, type: attributeTypes.i, i: value }
        : { name, type: attributeTypes.ints, ints: value },
  );
  return encodeModel({
    ir_version: 8,
    producer_name: "test",
    graph: {
      node: [{ input: ["x0", ...constants.map((_, i) => `c${i}`)], output: names, op_type: type, domain, attribute }],
      name: "test",
      initializer: constants.map((list, i) => ({ name: `c${i}`, dims: [list.length], data_type: 7, int64_data: list })),
      input: [{ name: "x0", type: { tensor_type: { elem_type: 1, shape: { dim: [{ dim_value: 5 }] } } } }],
      output: [{ name: "output", type: { tensor_type: { elem_type: to } } }],
    },
    opset_import: [{ domain, version }],
  } as unknown as Parameters<typeof encodeModel>[0]);
}

interface NodeOptions {
  readonly constants?: readonly (readonly number[])[];
  readonly outputs?: number;
  readonly domain?: string;
  readonly to?: number;
}

describe("what changed its meaning or form between operator sets", () => {
  const x = tensor([300.5, -2, 3, -130, 5], { dtype: "float32" });
  const infinite = tensor([1, -Infinity, Infinity, NaN, 0], { dtype: "float32" });
  test.each<[name: string, file: Uint8Array, x: Tensor]>([
    ["axes as an attribute", nodeFile(13, "ReduceMean", { axes: [0] }), x],
    ["axes as an input", nodeFile(18, "ReduceMean", {}, { constants: [[0]] }), x],
    ["no axes, nothing reduced", nodeFile(18, "ReduceMax", { noop_with_empty_axes: 1, keepdims: 0 }), x],
    ["five equal parts by their number", nodeFile(13, "Split", {}, { outputs: 5 }), x],
    ["parts by an input", nodeFile(13, "Split", {}, { constants: [[2, 3]], outputs: 2 }), x],
    ["parts of which the last is smaller", nodeFile(18, "Split", { num_outputs: 3 }, { outputs: 3 }), x],
    ["padding of chosen axes", nodeFile(18, "Pad", {}, { constants: [[1, 2]] }), x],
    ["one sign of infinity", nodeFile(13, "IsInf", { detect_negative: 0 }, { to: 9 }), infinite],
    ["the other", nodeFile(20, "IsInf", { detect_positive: 0 }, { to: 9 }), infinite],
    ["softmax along the last axis", nodeFile(13, "Softmax", {}), x],
    ["numbers as truth", nodeFile(19, "Cast", { to: 9 }, { to: 9 }), x],
    ["the set under its other name", nodeFile(13, "Neg", {}, { domain: "ai.onnx" }), x],
  ])("%s", async (_, file, input) => {
    const again = fromONNX(file).apply({ x0: input }).output as Tensor;
    expect(Array.from(again.data, Number)).toEqual(await elsewhere(file, [input]));
  });

  test("eight bits wrap", () => {
    const cast = (to: number) => [
      ...(fromONNX(nodeFile(13, "Cast", { to }, { to })).apply({ x0: x }).output?.data ?? []),
    ];
    expect(cast(2)).toEqual([...Uint8Array.from(x.data)]);
    expect(cast(3)).toEqual([...Int8Array.from(x.data)]);
  });

  test.each<[name: string, file: Uint8Array, message: RegExp]>([
    ["unequal parts", nodeFile(13, "Split", {}, { outputs: 2 }), /E-VALUE onnx: Split of 5 into 2 parts \[3, 2\]/],
    ["a billion parts", nodeFile(18, "Split", { num_outputs: 2 ** 30 }), /E-LIMIT onnx: Split with num_outputs/],
    ["lengths of nothing", nodeFile(18, "ReduceL2", { noop_with_empty_axes: 1 }), /E-LIMIT .*noop_with_empty_axes/],
    ["dropout at work", nodeFile(13, "Dropout", {}, { constants: [[1], [1]] }), /E-LIMIT onnx: Dropout in training/],
    [
      "padding of gigabytes",
      nodeFile(18, "Pad", {}, { constants: [[2 ** 30, 2 ** 30]] }),
      /E-LIMIT onnx: Pad asks for the shape/,
    ],
    ["a slice along no axis", nodeFile(13, "Slice", {}, { constants: [[0], [1], [3]] }), /E-\w+ onnx: Slice/],
    ["padding along no axis", nodeFile(18, "Pad", {}, { constants: [[1, 2], [], [1]] }), /E-\w+ onnx: Pad/],
    ["another domain", nodeFile(13, "Neg", {}, { domain: "com.other" }), /E-LIMIT onnx: the operator set 1 /],
    ["text for a file", "onnx" as unknown as Uint8Array, /E-VALUE onnx: the file is no Uint8Array/],
  ])("%s: refused", (_, file, message) => {
    expect(() => fromONNX(file).apply({ x0: x })).toThrow(message);
  });
});

describe("errors", () => {
  const simple = toONNX((x) => x.mul(2), { x: { shape: [3] } });
  test.each<[name: string, run: () => unknown, message: RegExp]>([
    ["no operator", () => toONNX((x) => det(x), { x: { shape: [2, 2] } }), /E-LIMIT onnx: \w+ is not exported/],
    [
      "constants that the batch changes",
      () =>
        toONNX((x) => x.add(arange(x.shape[0] as number).reshape([-1, 1])), { x: { shape: [1, 2] } }, { batch: true }),
      /E-LIMIT onnx: a constant has other elements for other batches/,
    ],
    [
      "a graph that the batch changes",
      () => toONNX((x) => (x.shape[0] === 3 ? x.exp() : x), { x: { shape: [1, 2] } }, { batch: true }),
      /E-LIMIT onnx: the graph changes with the batch/,
    ],
    ["no inputs", () => toONNX((x) => x, undefined as never), /E-OPTION toONNX: the options are undefined/],
    ["no file", () => fromONNX(new Uint8Array(0)), /E-VALUE onnx: the file holds no graph/],
    ["half a file", () => fromONNX(simple.subarray(0, simple.length >> 1)), /E-VALUE/],
    ["a missing input", () => fromONNX(simple).apply({}), /E-VALUE apply: the input x is missing/],
    ["another shape", () => fromONNX(simple).apply({ x: [1, 2] }), /E-SHAPE apply: x is \[2\], the model takes \[3\]/],
  ])("%s", (_, run, message) => {
    let said = "";
    try {
      run();
    } catch (error) {
      expect(error).toBeInstanceOf(NablaError);
      said = (error as Error).message;
    }
    expect(said).toMatch(message);
  });
});

describe("damaged files", () => {
  const files = models.map(([, f, shape]) => toONNX(f, { x0: { shape: [1, ...shape] } }, { batch: true }));
  const count = process.env.NABLA_FULL ? 20_000 : 500;
  test(`${count} of them are refused or read, never more`, () => {
    const places = random.integers(key, [count, 3], 0, 2 ** 30).data;
    for (let i = 0; i < count; i++) {
      const [which, where, what] = places.subarray(3 * i, 3 * i + 3) as unknown as [number, number, number];
      const file = (files[which % files.length] as Uint8Array).slice();
      const cut = what % 3 === 0 ? file.subarray(0, where % file.length) : file;
      if (what % 3 !== 0) cut[where % cut.length] = (what >> 2) & 255;
      try {
        const model = fromONNX(cut);
        const inputs = model.inputs.map(({ name, shape, dtype }): [string, Tensor] => [
          name,
          zeros(
            shape.map((n) => (typeof n === "number" ? Math.min(n, 30) : 2)),
            { dtype },
          ),
        ]);
        model.apply(Object.fromEntries(inputs));
      } catch (error) {
        if (!(error instanceof NablaError)) throw error;
      }
    }
  }, 1_200_000);
});
