/** What a node of an ONNX file is told, read by name and kind. */
import { NablaError } from "../../base/error.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { AttributeProto, GraphProto, NodeProto } from "./schema.ts";
import { tensorOf } from "./tensors.ts";

export class Attributes {
  readonly type: string;
  /** How many results the node has. */
  readonly outputs: number;
  readonly #byName: ReadonlyMap<string, AttributeProto>;

  constructor({ op_type, attribute, output }: NodeProto) {
    this.type = op_type;
    this.outputs = output.length;
    this.#byName = new Map(attribute.map((a) => [a.name, a]));
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  int(name: string, otherwise: number): number {
    return this.#byName.get(name)?.i ?? otherwise;
  }

  float(name: string, otherwise: number): number {
    return this.#byName.get(name)?.f ?? otherwise;
  }

  ints(name: string): readonly number[] | undefined {
    return this.#byName.has(name) ? (this.#byName.get(name)?.ints ?? []) : undefined;
  }

  floats(name: string): readonly number[] | undefined {
    return this.#byName.has(name) ? (this.#byName.get(name)?.floats ?? []) : undefined;
  }

  text(name: string, otherwise: string): string {
    const bytes = this.#byName.get(name)?.s;
    return bytes === undefined ? otherwise : new TextDecoder().decode(bytes);
  }

  tensor(name: string): Tensor | undefined {
    const given = this.#byName.get(name)?.t;
    return given === undefined ? undefined : tensorOf(given);
  }

  graph(name: string): GraphProto {
    const given = this.#byName.get(name)?.g;
    if (given !== undefined) return given;
    throw new NablaError("E-VALUE", `onnx: ${this.type} has no graph ${name}`, "a whole ONNX file");
  }

  /** E-LIMIT if an option has another value than the one that is supported. */
  only(name: string, value: number | string): void {
    const given = typeof value === "number" ? this.int(name, value) : this.text(name, value);
    if (given !== value)
      throw new NablaError(
        "E-LIMIT",
        `onnx: ${this.type} with ${name} = ${given} is not read`,
        `a model with ${name} = ${value}`,
      );
  }
}
