/** ONNX files whose graphs are not what they should be: names, order, constants, attributes, shapes. */
import { conv2d, maxPool2d, NablaError, random, relu, scan, softmax, type Tensor, tanh, zeros } from "nabla";
import { fromONNX, toONNX } from "nabla/interop";
import { expect, test } from "vitest";
import { readers } from "../src/interop/onnx/readers.ts";
import {
  type AttributeProto,
  decodeModel,
  encodeModel,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type TensorProto,
  type ValueInfo,
} from "../src/interop/onnx/schema.ts";
import { cases, draw, seed } from "./laws/cases.ts";
import { mulberry32 } from "./wasm-kernels/draw.ts";

console.log(`onnx-fuzz: seed ${seed} (NABLA_SEED)`);

/** Whole models, and each operation that can be written as one by itself. */
function wholes(): ModelProto[] {
  const files: Uint8Array[] = [];
  for (const one of cases) {
    const inputs = draw(one, 1, "float32");
    const types = Object.fromEntries(inputs.map(({ shape, dtype }, i) => [`x${i}`, { shape, dtype }]));
    try {
      files.push(toONNX((...xs) => one.apply(...xs), types));
    } catch (error) {
      if (!(error instanceof NablaError)) throw error;
    }
  }
  const kernel = random.normal(random.key(1), [4, 2, 3, 3], { dtype: "float32" });
  const image = (x: Tensor): Tensor =>
    softmax(maxPool2d(relu(conv2d(x, kernel, { padding: "same" })), 2).reshape([x.shape[0] as number, -1]));
  const recurrent = (x: Tensor): Tensor =>
    scan(
      (state: Tensor, now: Tensor): [Tensor, Tensor] => {
        const next = tanh(now.add(state));
        return [next, next];
      },
      zeros([x.shape[0] as number, 3], { dtype: "float32" }),
      x.transpose([1, 0, 2]),
    )[1];
  files.push(toONNX(image, { x: { shape: [1, 2, 8, 8] } }, { batch: true }));
  files.push(toONNX(recurrent, { x: { shape: [1, 5, 3] } }, { batch: true }));
  return files.map(decodeModel);
}
const models = wholes();

type Draw = () => number;
type Change<T> = (draw: Draw, entry: T, graph: GraphProto) => T;

const below = (draw: Draw, n: number): number => Math.floor(draw() * n);
const one = <T>(draw: Draw, list: readonly T[]): T => list[below(draw, list.length)] as T;

const numbers = [0, 1, 2, 3, -1, -2, -5, 64, 1000, 2 ** 31 - 1, -(2 ** 31), 2 ** 40, -(2 ** 62)];
const attributeNames =
  "axis axes perm pads strides dilations group kernel_shape keepdims to value body then_branch num_scan_inputs equation batch_dims num_outputs alpha scan_input_axes scan_output_axes scan_input_directions noop_with_empty_axes start end".split(
    " ",
  );
const texts = ["", "ij,jk->ik", "ii->i", "...i->i", "NOTSET", "SAME_UPPER", "tanh", "i->ijk", "\u2207"];
const types = [...Object.keys(readers), "If", "Scan", "Loop", "constructor", "toString", ""];

/** Names that mean something somewhere in the graph, and such that mean nothing. */
const nameIn: Change<string> = (draw, _, { node, initializer, input, output }) =>
  one(draw, [
    ...node.flatMap((n) => n.output),
    ...initializer.map((t) => t.name ?? ""),
    ...[...input, ...output].map(({ name }) => name),
    ...["", "nothing", "__proto__", "constructor"],
  ]);
const integers = (draw: Draw): number[] => Array.from({ length: below(draw, 6) }, () => one(draw, numbers));
const absurd: Change<AttributeProto> = (draw, { name }, graph) => {
  const kinds: readonly (() => AttributeProto)[] = [
    () => ({ name, type: 2, i: one(draw, numbers) }),
    () => ({ name, type: 7, ints: integers(draw) }),
    () => ({ name, type: 1, f: one(draw, [...numbers, Number.NaN, Number.POSITIVE_INFINITY]) }),
    () => ({ name, type: 6, floats: integers(draw) }),
    () => ({ name, type: 3, s: new TextEncoder().encode(one(draw, texts)) }),
    () => ({ name, type: 4, t: tensorProto(draw, one(draw, [{ dims: [2], data_type: 1 }, ...graph.initializer])) }),
    () => ({ name, type: 5, g: { ...graph, node: graph.node.slice(0, below(draw, 3)) } }),
  ];
  return one(draw, kinds)();
};
const tensorProto = (draw: Draw, given: TensorProto): TensorProto => {
  const kinds: readonly (() => TensorProto)[] = [
    () => ({ ...given, dims: integers(draw) }),
    () => ({ ...given, dims: [] }),
    () => ({ ...given, data_type: below(draw, 18) }),
    () => ({ ...given, raw_data: (given.raw_data ?? new Uint8Array(8)).subarray(below(draw, 9)) }),
    () => ({ ...given, dims: [0], raw_data: new Uint8Array(0) }),
    () => {
      const values = integers(draw);
      return { name: given.name ?? "t", dims: [values.length], data_type: 7, int64_data: values };
    },
    () => ({ name: given.name ?? "t", dims: [], data_type: 7, int64_data: [one(draw, numbers)] }),
    () => ({ ...given, data_location: 1 }),
  ];
  return one(draw, kinds)();
};
const valueInfo = (draw: Draw, given: ValueInfo, graph: GraphProto): ValueInfo => {
  const dim = integers(draw).map((dim_value) => ({ dim_value }));
  const elem_type = given.type?.tensor_type?.elem_type ?? 1;
  const kinds: readonly (() => ValueInfo)[] = [
    () => ({ ...given, name: nameIn(draw, "", graph) }),
    () => ({ name: given.name }),
    () => ({ name: given.name, type: { tensor_type: { elem_type, shape: { dim } } } }),
    () => ({
      name: given.name,
      type: { tensor_type: { elem_type: below(draw, 18), shape: { dim: [{ dim_value: 2 }] } } },
    }),
  ];
  return one(draw, kinds)();
};

/** A list of which an entry is changed, left out, doubled, or changes places with another one. */
function listed<T>(draw: Draw, list: readonly T[], change: (entry: T) => T): readonly T[] {
  const [i, j] = [below(draw, list.length), below(draw, list.length)];
  if (list.length === 0) return list;
  const entry = list[i] as T;
  const ways: readonly (() => readonly T[])[] = [
    ...[1, 2, 3, 4].map(() => () => list.with(i, change(entry))),
    () => list.toSpliced(i, 1),
    () => list.toSpliced(j, 0, entry),
    () => list.with(i, list[j] as T).with(j, entry),
  ];
  return one(draw, ways)();
}

const nodeProto: Change<NodeProto> = (draw, node, graph) => {
  const name = (): string => nameIn(draw, "", graph);
  const added = { name: one(draw, attributeNames) };
  const inner = node.attribute.findIndex(({ g }) => g !== undefined);
  const kinds: readonly (() => NodeProto)[] = [
    () => ({ ...node, input: listed(draw, node.input, name) }),
    () => ({ ...node, input: [...node.input, name()] }),
    () => ({ ...node, output: listed(draw, node.output, name) }),
    () => ({ ...node, output: [...node.output, name()] }),
    ...[1, 2, 3].map(() => () => ({ ...node, op_type: one(draw, types) })),
    () => ({ ...node, op_type: one(draw, types), attribute: [absurd(draw, added, graph), absurd(draw, added, graph)] }),
    () => ({ ...node, attribute: listed(draw, node.attribute, (a) => absurd(draw, a, graph)) }),
    () => ({ ...node, attribute: [...node.attribute, absurd(draw, added, graph)] }),
    () => ({ ...node, domain: one(draw, ["", "ai.onnx", "com.other"]) }),
  ];
  const attribute = node.attribute[inner];
  if (attribute?.g === undefined || draw() < 0.3) return one(draw, kinds)();
  return { ...node, attribute: node.attribute.with(inner, { ...attribute, g: graphProto(draw, attribute.g) }) };
};
function graphProto(draw: Draw, graph: GraphProto): GraphProto {
  const kinds: readonly (() => GraphProto)[] = [
    ...[1, 2, 3, 4].map(() => () => ({ ...graph, node: listed(draw, graph.node, (n) => nodeProto(draw, n, graph)) })),
    ...[1, 2].map(() => () => ({
      ...graph,
      initializer: listed(draw, graph.initializer, (t) => tensorProto(draw, t)),
    })),
    () => ({ ...graph, input: listed(draw, graph.input, (v) => valueInfo(draw, v, graph)) }),
    () => ({ ...graph, output: listed(draw, graph.output, (v) => valueInfo(draw, v, graph)) }),
  ];
  return one(draw, kinds)();
}

/** Reads the file and runs it on inputs as it says it takes, small ones. */
function used(bytes: Uint8Array): void {
  const model = fromONNX(bytes);
  const inputs = model.inputs.map(({ name, shape, dtype }): [string, Tensor] => [
    name,
    zeros(
      shape.map((n) => (typeof n === "number" ? Math.min(n, 8) : 2)),
      { dtype },
    ),
  ]);
  model.apply(Object.fromEntries(inputs));
  String(model);
}

const count = process.env.NABLA_FULL ? 10_000 : 600;
test(`${count} of them are refused or run, never more`, () => {
  const first = Number(process.env.NABLA_CASE ?? 0);
  const wrong: string[] = [];
  let run = 0;
  for (let k = first; k < first + count; k++) {
    const draw = mulberry32(seed + k);
    let model = one(draw, models);
    for (let changes = 1 + below(draw, 3); changes > 0; changes--)
      model = { ...model, graph: graphProto(draw, model.graph as GraphProto) };
    const since = performance.now();
    try {
      used(encodeModel(model));
      run += 1;
    } catch (error) {
      if (!(error instanceof NablaError) || error.code === "E-INTERNAL")
        wrong.push(`NABLA_CASE=${k}: ${(error as Error).stack}`);
    }
    expect(performance.now() - since, `case ${k}`).toBeLessThan(10_000);
  }
  expect(wrong.length, wrong.slice(0, 10).join("\n")).toBe(0);
  expect(run).toBeGreaterThan(count / 10);
  expect(run).toBeLessThan(0.9 * count);
}, 900_000);
