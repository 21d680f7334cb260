/** `nabla predict`: a trained model on new rows. */
import { open, rename, rm } from "node:fs/promises";
import type { Command } from "commander";
import { NablaError, softmax } from "nabla";
import { type Encoder, selectRows, type Table } from "nabla/data";
import { predictWith } from "nabla/nn";
import type { Answer } from "./answer.ts";
import { failed } from "./files.ts";
import { plural, short, table } from "./number.ts";
import { tablesOf } from "./run/examples.ts";
import { loadTrained } from "./run/model-file.ts";

export function declare(command: Command, answer: (given: Answer) => void): void {
  command
    .argument("<run>", "the folder of a run, or its model.safetensors")
    .argument("<data>", "a table with the columns that the model reads; others do not matter")
    .option("--out <file>", "a row for each row of the data, in their order", "predictions.csv")
    .addHelpText(
      "after",
      "\nExample:\n  nabla predict runs/penguins new.csv --out predictions.csv\n\nA category that training had not counts as none of the known, and is told.",
    )
    .action(async (run: string, data: string, options: { readonly out: string }) =>
      answer(await predicted(run, data, options.out)),
    );
}

/** So many rows are worked on at once. */
const most = 1024;
const shown = 5;
const mostNotes = 8;

async function predicted(run: string, data: string, file: string): Promise<Answer> {
  const { encoder, model, variables } = await loadTrained(run);
  const outputs = predictWith(model, variables);
  const head = columnsOf(encoder);
  const notes = new Set<string>();
  const first: string[][] = [];
  let rows = 0;
  async function* lines(): AsyncGenerator<string> {
    yield `${head.map(quoted).join(",")}\n`;
    for await (const whole of tablesOf(data)) {
      for (const note of encoder.check(whole)) notes.add(note);
      for (const part of slices(whole)) {
        const cells = cellsOf(encoder, outputs(encoder.x(part)).data);
        first.push(...cells.slice(0, shown - first.length));
        rows += cells.length;
        yield `${cells.map((row) => row.map(quoted).join(",")).join("\n")}\n`;
      }
    }
  }
  await written(file, lines());
  const told = [...notes];
  return {
    found: true,
    verdict: `${plural(rows, "prediction")} of "${encoder.target}" in ${file}`,
    text: [
      table([head, ...first.map((row) => row.map((cell) => (numeric(cell) ? short(Number(cell), 4) : cell)))]),
      ...told.slice(0, mostNotes).map((note) => `note: ${note}`),
      ...(told.length > mostNotes ? [`note: and ${plural(told.length - mostNotes, "more note")} of the kind`] : []),
    ].join("\n"),
    json: { file, rows, target: encoder.target, columns: head, notes: told },
  };
}

const columnsOf = ({ classes }: Encoder): string[] => [
  "prediction",
  ...classes.map((name) => `probability of ${name}`),
];

function* slices(whole: Table): Generator<Table> {
  for (let from = 0; from < whole.rows; from += most) {
    const rows = Uint32Array.from({ length: Math.min(most, whole.rows - from) }, (_, i) => from + i);
    yield selectRows(whole, rows);
  }
}

/** The value in units of the target; or the likeliest class and the probabilities of all. */
function cellsOf(encoder: Encoder, outputs: ArrayLike<number>): string[][] {
  const classes = encoder.classes.length;
  if (classes === 0) return encoder.decode(outputs).map((value) => [String(value)]);
  return Array.from({ length: outputs.length / classes }, (_, row) => {
    const scores = Float64Array.from({ length: classes }, (_, k) => outputs[row * classes + k] as number);
    const best = scores.reduce((top, score, k) => (score > (scores[top] as number) ? k : top), 0);
    return [encoder.classes[best] as string, ...Array.from(softmax(scores).data, String)];
  });
}

const numeric = (cell: string): boolean => cell.trim() !== "" && Number.isFinite(Number(cell));

/** A cell of a CSV file (RFC 4180). */
const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** The file is whole or not there: what was there stays until it is. */
async function written(file: string, lines: AsyncIterable<string>): Promise<void> {
  const part = `${file}.part`;
  const handle = await open(part, "w").catch((error) => {
    throw failed(file, error);
  });
  try {
    for await (const line of lines) await handle.write(line);
    await handle.close();
    await rename(part, file);
  } catch (error) {
    await handle.close().catch(() => {});
    await rm(part, { force: true });
    throw error instanceof NablaError ? error : failed(file, error);
  }
}
