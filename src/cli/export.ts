/** `nabla export`: a trained model for other runtimes. */
import type { Command } from "commander";
import { softmax, type Tensor } from "nabla";
import { operatorSet, toONNX } from "nabla/interop";
import type { Answer } from "./answer.ts";
import { writeBytes } from "./files.ts";
import { loadTrained } from "./run/model-file.ts";

export function declare(command: Command, answer: (given: Answer) => void): void {
  command
    .argument("<run>", "the folder of a run, or its model.safetensors")
    .requiredOption("--onnx <file>", "the ONNX file to write")
    .addHelpText(
      "after",
      '\nExample:\n  nabla export runs/penguins --onnx penguins.onnx\n\nThe input "x" is float32 [rows, features], encoded as the metadata "encoder" says.',
    )
    .action(async (run: string, options: { readonly onnx: string }) => answer(await exported(run, options.onnx)));
}

/** The output is what one wants to know: probabilities, or values in the units of the target. */
async function exported(run: string, file: string): Promise<Answer> {
  const { encoder, model, variables } = await loadTrained(run);
  const { target } = encoder.toJSON();
  const predict = (x: Tensor): Readonly<Record<string, Tensor>> => {
    const [outputs] = model.apply(variables, x);
    if (target.task === "classification") return { probabilities: softmax(outputs) };
    return {
      prediction: outputs
        .reshape([x.shape[0] as number])
        .mul(target.deviation)
        .add(target.mean),
    };
  };
  const input = { shape: [1, encoder.features.length] };
  const bytes = toONNX(
    predict,
    { x: input },
    {
      batch: true,
      metadata: {
        encoder: JSON.stringify(encoder),
        features: JSON.stringify(encoder.features),
        classes: JSON.stringify(encoder.classes),
      },
    },
  );
  await writeBytes(file, bytes);
  const output = target.task === "classification" ? "probabilities" : "prediction";
  return {
    found: true,
    verdict: `${file}: ONNX, operator set ${operatorSet}, ${bytes.length} bytes`,
    text: [
      `input "x": float32 [rows, ${encoder.features.length}], ${encoder.features.join(", ")}`,
      `output "${output}": ${encoder.classes.join(", ") || encoder.target}`,
      'the metadata have the encoding: "encoder", "features", "classes"',
    ].join("\n"),
    json: { file, operatorSet, bytes: bytes.length, features: encoder.features, classes: encoder.classes, output },
  };
}
