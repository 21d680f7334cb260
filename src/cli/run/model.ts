/** Models by name, or out of a file. */
import { resolve } from "node:path";
import { NablaError, relu } from "nabla";
import { dense, heNormal, type Layer, sequential } from "nabla/nn";
import { loadModule, placeOf } from "../module.ts";

const form = "mlp:64,64 (sizes of hidden layers), linear, or FILE.ts#export";

/** What a model is made from; a file by its whole path, so that it is found from any folder. */
export function architectureOf(text: string): string {
  if (text === "linear" || /^mlp:\d+(,\d+)*$/.test(text)) return text;
  if (!/\.[cm]?[jt]s(#\w+)?$/.test(text)) throw new NablaError("E-OPTION", `--model: there is no model ${text}`, form);
  const { file, name } = placeOf(text);
  return `${resolve(file)}#${name}`;
}

/**
 * A model from [batch, inputs] to [batch, outputs]: `linear` is one affine map, `mlp` has layers with ReLU before it
 * (He initialisation); of a file's export, a layer or a function (inputs, outputs) => layer.
 */
export async function modelOf(architecture: string, inputs: number, outputs: number): Promise<Layer> {
  if (architecture === "linear") return dense(outputs);
  if (architecture.startsWith("mlp:")) {
    const sizes = architecture.slice("mlp:".length).split(",").map(Number);
    const hidden = sizes.flatMap((size) => [dense(size, { initializer: heNormal }), relu]);
    return sequential(...hidden, dense(outputs)) as Layer;
  }
  const { file, name } = placeOf(architecture);
  const given = (await loadModule("--model", file))[name];
  const made = typeof given === "function" ? (given as (i: number, o: number) => unknown)(inputs, outputs) : given;
  if (isLayer(made)) return made;
  const what = given === undefined ? `exports no ${name}` : `exports ${name}, which is no layer and makes none`;
  throw new NablaError(
    "E-OPTION",
    `--model: ${file} ${what}`,
    "export const model = (inputs, outputs) => sequential(…)",
  );
}

const isLayer = (value: unknown): value is Layer =>
  typeof value === "object" &&
  value !== null &&
  typeof (value as Partial<Layer>).init === "function" &&
  typeof (value as Partial<Layer>).apply === "function";
