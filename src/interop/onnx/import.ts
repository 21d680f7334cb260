/** ONNX files as functions of nabla: to be run, compiled, differentiated and trained further. */
import { type DType, isFloat } from "../../base/dtype.ts";
import { NablaError } from "../../base/error.ts";
import { checkOptions } from "../../base/options.ts";
import { toTensor } from "../../graph/convert.ts";
import type { Tensor, TensorLike } from "../../graph/tensor.ts";
import { cond, scan } from "../../index.ts";
import { flip, moveAxis } from "../../ops/movement.ts";
import { convert } from "../../ops/record.ts";
import { Attributes } from "./attributes.ts";
import { readers } from "./readers.ts";
import { decodeModel, type GraphProto, type NodeProto, type ValueInfo } from "./schema.ts";
import { dtypeOfElement, tensorOf } from "./tensors.ts";

/** An input or output: numbers for sizes that are fixed, names for those that are not. */
export interface OnnxValue {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly (number | string)[];
}

type Values = Readonly<Record<string, TensorLike>>;

/** A model from a file. */
export interface OnnxModel {
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** The floating-point tensors of the file, which may be trained. */
  readonly parameters: Readonly<Record<string, Tensor>>;
  readonly metadata: Readonly<Record<string, string>>;
  /** The outputs for inputs by name; with other parameters if they are given. */
  apply(inputs: Values, parameters?: Values): Readonly<Record<string, Tensor>>;
  toString(): string;
}

/** The operator sets whose operators mean what the table says. */
const operatorSets = [13, 21] as const;

const broken = (what: string): NablaError => new NablaError("E-VALUE", `onnx: ${what}`, "a whole ONNX file");

/** The set of ONNX itself goes by two names. */
const isStandard = (domain = ""): boolean => domain === "" || domain === "ai.onnx";

/** Values by name, here and in the graphs around. */
class Names {
  readonly #own = new Map<string, Tensor>();
  readonly #outer: Names | undefined;

  constructor(outer?: Names) {
    this.#outer = outer;
  }

  get(name: string): Tensor {
    const found = this.#own.get(name) ?? this.#outer?.get(name);
    if (found === undefined) throw broken(`${JSON.stringify(name)} is read before anything computes it`);
    return found;
  }

  set(name: string, value: Tensor): void {
    this.#own.set(name, value);
  }
}

/** Every file's graphs lie within each other at most this deep (interop/protobuf). */
function run(graph: GraphProto, names: Names): readonly Tensor[] {
  for (const node of graph.node) {
    const results = resultsOf(node, names);
    node.output.forEach((name, i) => {
      const value = results[i];
      if (name === "") return;
      if (value === undefined)
        throw new NablaError("E-LIMIT", `onnx: ${node.op_type} gives no ${name}`, "another model");
      names.set(name, value);
    });
  }
  return graph.output.map(({ name }) => names.get(name));
}

function resultsOf(node: NodeProto, names: Names): readonly Tensor[] {
  const attributes = new Attributes(node);
  const inputs = node.input.map((name) => (name === "" ? undefined : names.get(name)));
  if (node.op_type === "Scan") return scanned(attributes, inputs as readonly Tensor[], names);
  if (node.op_type === "If") {
    const [predicate] = inputs;
    const branch = (name: string) => (): Tensor[] => [...within(attributes.graph(name), [], names)];
    return cond((predicate as Tensor).reshape([]), branch("then_branch"), branch("else_branch"));
  }
  const reader = Object.hasOwn(readers, node.op_type) ? readers[node.op_type] : undefined;
  if (reader === undefined || !isStandard(node.domain))
    throw new NablaError(
      "E-LIMIT",
      `onnx: the operator ${node.domain ? `${node.domain}.` : ""}${node.op_type} is not read`,
      `a model of ${Object.keys(readers).join(", ")}, If, Scan`,
    );
  const made = reader(inputs, attributes);
  return Array.isArray(made) ? made : [made as Tensor];
}

/** A graph within the graph, whose own inputs are these. */
function within(graph: GraphProto, inputs: readonly Tensor[], outer: Names): readonly Tensor[] {
  const names = new Names(outer);
  for (const given of graph.initializer) names.set(given.name ?? "", tensorOf(given));
  graph.input.forEach(({ name }, i) => {
    names.set(name, inputs[i] as Tensor);
  });
  return run(graph, names);
}

/** States go from step to step, slices of the other inputs come in. */
function scanned(a: Attributes, inputs: readonly Tensor[], names: Names): readonly Tensor[] {
  const body = a.graph("body");
  const slices = a.int("num_scan_inputs", 0);
  const carries = inputs.length - slices;
  const directions = a.ints("scan_input_directions") ?? [];
  const axes = a.ints("scan_input_axes") ?? [];
  const xs = inputs.slice(carries).map((t, i) => {
    const first = moveAxis(t, axes[i] ?? 0, 0);
    return directions[i] === 1 ? flip(first, 0) : first;
  });
  const [end, results] = scan(
    (carry: readonly Tensor[], x: readonly Tensor[]): [Tensor[], Tensor[]] => {
      const out = within(body, [...carry, ...x], names);
      return [out.slice(0, carries).map((t, i) => convert(t, (carry[i] as Tensor).dtype)), out.slice(carries)];
    },
    inputs.slice(0, carries),
    xs,
  ) as unknown as [Tensor[], Tensor[]];
  const outwards = a.ints("scan_output_directions") ?? [];
  const places = a.ints("scan_output_axes") ?? [];
  return [...end, ...results.map((t, i) => moveAxis(outwards[i] === 1 ? flip(t, 0) : t, 0, places[i] ?? 0))];
}

const valueOf = ({ name, type }: ValueInfo): OnnxValue => ({
  name,
  dtype: dtypeOfElement(type?.tensor_type?.elem_type, JSON.stringify(name)),
  shape: (type?.tensor_type?.shape?.dim ?? []).map(({ dim_value, dim_param }) => dim_value ?? dim_param ?? "?"),
});

/**
 * The model in an ONNX file, for inference and, by `parameters`, for training.
 *
 * @param bytes the file (operator sets 13 to 21)
 * @throws E-VALUE where the file is damaged, E-LIMIT where it uses what is not read, naming it
 * @example
 * const model = fromONNX(toONNX((x) => x.mul(2), { x: { shape: [3] } }));
 * model.apply({ x: new Float32Array([1, 2, 3]) }).output.toArray() // [2, 4, 6]
 */
export function fromONNX(bytes: Uint8Array): OnnxModel {
  if (!(bytes instanceof Uint8Array)) throw broken("the file is no Uint8Array");
  const { graph, opset_import, metadata_props = [] } = decodeModel(bytes);
  if (graph === undefined) throw broken("the file holds no graph");
  const version = opset_import.find(({ domain }) => isStandard(domain))?.version ?? 1;
  const [least, most] = operatorSets;
  if (version < least || version > most)
    throw new NablaError(
      "E-LIMIT",
      `onnx: the operator set ${version} is not read`,
      `operator set ${least} to ${most}`,
    );
  const tensors = new Map(graph.initializer.map((given) => [given.name ?? "", tensorOf(given)]));
  // Older files list their tensors among the inputs too.
  const inputs = graph.input.filter(({ name }) => !tensors.has(name)).map(valueOf);
  const outputs = graph.output.map(valueOf);
  const parameters = Object.fromEntries([...tensors].filter(([, t]) => isFloat(t.dtype)));
  return {
    inputs,
    outputs,
    parameters,
    metadata: Object.fromEntries(metadata_props.map(({ key, value }) => [key ?? "", value ?? ""])),
    apply(given, trained = parameters) {
      checkOptions("apply", given, "apply({ x })");
      checkOptions("apply", trained, "apply({ x }, model.parameters)");
      const names = new Names();
      for (const [name, t] of tensors) names.set(name, t);
      for (const [name, t] of Object.entries(trained)) names.set(name, toTensor(`apply: parameters.${name}`, t));
      for (const input of inputs) names.set(input.name, inputOf(input, given));
      const results = run(graph, names);
      return Object.fromEntries(outputs.map(({ name }, i) => [name, results[i] as Tensor]));
    },
    toString: () =>
      [
        ...inputs.map((v) => `input   ${describe(v)}`),
        ...outputs.map((v) => `output  ${describe(v)}`),
        `${graph.node.length} nodes: ${[...new Set(graph.node.map(({ op_type }) => op_type))].join(", ")}`,
        `${Object.values(parameters).reduce((n, t) => n + t.size, 0)} parameters, operator set ${version}`,
      ].join("\n"),
  };
}

const describe = ({ name, dtype, shape }: OnnxValue): string => `${name}: ${dtype}[${shape.join(", ")}]`;

function inputOf({ name, dtype, shape }: OnnxValue, given: Values): Tensor {
  const value = given[name];
  if (value === undefined)
    throw new NablaError("E-VALUE", `apply: the input ${name} is missing`, `{ ${name}: … } of ${dtype}`);
  const t = convert(toTensor(`apply: ${name}`, value), dtype);
  if (t.rank !== shape.length || shape.some((n, i) => typeof n === "number" && n !== t.shape[i]))
    throw new NablaError(
      "E-SHAPE",
      `apply: ${name} is [${t.shape.join(", ")}], the model takes [${shape.join(", ")}]`,
      "an input of that shape",
    );
  return t;
}
