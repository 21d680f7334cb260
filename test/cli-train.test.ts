/** Training on the command line: from a table to a run's folder, killed and resumed, and what comes of it. */
import { spawn } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { type ColumnEncoding, encoderFromJSON, readTable } from "nabla/data";
import { loadModel } from "nabla/interop";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nabla } from "./cli-run.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "nabla-train-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (...names: string[]): string => join(folder, ...names);
const models = fileURLToPath(new URL("cli-model.ts", import.meta.url));

/** The command line as a process of its own. */
const spawned = (...argv: string[]) =>
  spawn(process.execPath, ["--import", "tsx", "src/cli/index.ts", ...argv], { cwd: root });

type Scores = Record<string, Record<string, number>>;
/** What train and resume answer. */
interface Trained {
  readonly code: number;
  readonly metrics: { readonly held: string; readonly epochs: number; readonly best: unknown; readonly scores: Scores };
  readonly importance: readonly { readonly column: string }[];
  readonly notes: readonly string[];
}

async function json(...argv: string[]): Promise<Trained> {
  const { code, out, error } = await nabla(...argv, "--json");
  expect(error, out).toBe("");
  return { ...JSON.parse(out), code };
}

/** Park and Miller 1988, from 0 to 1. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (state * 48271) % 2147483647;
    yield state / 2147483647;
  }
}

/** Houses: a price of size, age (one in eight missing) and town, and whether it is dear; a column without a value. */
function houses(name: string, rows: number, seed: number): string {
  const random = numbers(seed);
  const draw = (): number => random.next().value;
  const lines = Array.from({ length: rows }, () => {
    const [size, age, town] = [
      50 + 100 * draw(),
      80 * draw(),
      ["Ulm", "Bonn", "Jena"][Math.floor(3 * draw())] as string,
    ];
    const price = 2 * size - 0.8 * age + (town === "Bonn" ? 60 : 0) + 10 * (draw() - 0.5);
    const cells = [
      size.toFixed(2),
      draw() < 0.125 ? "" : age.toFixed(1),
      town,
      "",
      price.toFixed(2),
      price > 190 ? "dear" : "cheap",
    ];
    return cells.join(",");
  });
  writeFileSync(at(name), ["size,age,town,empty,price,kind", ...lines].join("\n"));
  return at(name);
}

const data = houses("houses.csv", 240, 7);
const quick = ["--epochs", "30", "--rate", "0.01", "--exclude", "kind"];
const priced = at("priced");
const tensorsOf = async (run: string): Promise<unknown> =>
  JSON.stringify((await loadModel(join(run, "model.safetensors"))).variables, (_, v) =>
    ArrayBuffer.isView(v) ? Buffer.from(v.buffer, v.byteOffset, v.byteLength).toString("hex") : v,
  );

let regression: Trained;
let classification: Trained;
beforeAll(async () => {
  const hostile = at("hostile.csv");
  writeFileSync(hostile, readFileSync(data, "utf8").replaceAll("dear", "<script>"));
  const kind = ["--target", "kind", "--exclude", "price", "--epochs", "30", "--rate", "0.01", "--out", at("kind")];
  regression = await json("train", data, "--target", "price", ...quick, "--out", priced);
  classification = await json("train", hostile, ...kind);
}, 120_000);

describe("train", () => {
  test("a regression that is better than the mean, in a folder that has all of it", async () => {
    const answer = regression;
    expect(answer).toMatchObject({ code: 0, task: "regression", rows: { train: 144, validation: 48, test: 48 } });
    const { scores, held } = answer.metrics;
    expect(held).toBe("test");
    expect(scores?.model?.RMSE).toBeLessThan((scores?.mean?.RMSE as number) / 3);
    expect(scores?.model?.["R²"]).toBeGreaterThan(0.9);
    expect(scores?.linear?.["R²"]).toBeGreaterThan(0.9);
    expect(answer.notes).toEqual(['"empty" is left out: no row has a value']);
    expect(answer.importance.map(({ column }) => column)).toEqual(["size", "town", "age"]);
    for (const name of ["config.json", "model.safetensors", "log.jsonl", "report.html"])
      expect(readdirSync(priced)).toContain(name);
    const config = JSON.parse(readFileSync(join(priced, "config.json"), "utf8"));
    expect(config).toMatchObject({ data, model: "mlp:64,64", rule: "adam", rate: 0.01, batchSize: 32, seed: 0 });
    const log = readFileSync(join(priced, "log.jsonl"), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(log.map(({ epoch }) => epoch)).toEqual(Array.from(log.keys()));
    expect(log.length).toBe(answer.metrics.epochs);
  });

  test("a report of one file, which needs no other", () => {
    const report = readFileSync(join(priced, "report.html"), "utf8");
    expect(report).not.toMatch(/<script|<link|https?:\/\/(?!www\.w3\.org)/);
    for (const part of [
      "Learning curves",
      "Residuals",
      "Calibration",
      "Importance of columns",
      "color-scheme: light dark",
    ])
      expect(report).toContain(part);
    const drawn = [...report.matchAll(/base64,([^"]+)/g)].map((match) =>
      Buffer.from(match[1] as string, "base64").toString(),
    );
    expect(drawn).toHaveLength(3);
    for (const svg of drawn) expect(svg).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
    expect(drawn.join()).not.toContain("NaN");
  });

  test("a classification that is better than the majority; names in a report are text", async () => {
    const { scores } = classification.metrics;
    expect(scores?.model?.accuracy).toBeGreaterThan((scores?.majority?.accuracy as number) + 0.2);
    expect(scores?.model?.AUC).toBeGreaterThan(0.9);
    const report = readFileSync(at("kind", "report.html"), "utf8");
    expect(report).toContain("Confusion matrix");
    expect(report).toContain("&lt;script&gt;");
    expect(report).not.toContain("<script>");
  });

  test.each([["linear"], [`${models}#wide`], [`${models}#affine`]])("--model %s", async (model) => {
    const out = at(`model-${model.replace(/\W/g, "")}`);
    const answer = await json(
      "train",
      data,
      "--target",
      "price",
      ...quick,
      "--model",
      model,
      "--test",
      "0",
      "--out",
      out,
    );
    expect(answer.metrics).toMatchObject({ held: "validation", rows: 48 });
    const { model: own, mean } = answer.metrics.scores;
    expect(own?.RMSE).toBeLessThan(mean?.RMSE as number);
    expect((await nabla("predict", out, data, "--out", at("p.csv"))).code).toBe(0);
  });

  test("what it prints", async () => {
    const argv = [
      "--target",
      "price",
      "--exclude",
      "kind",
      "--epochs",
      "1",
      "--validation",
      "0",
      "--out",
      at("printed"),
    ];
    const { code, out } = await nabla("train", data, ...argv);
    expect(code).toBe(0);
    expect(out).toMatch(/^"price": RMSE \S+ on 48 test rows \(linear \S+, mean \S+\)\n/);
    expect(out).toMatch(/^model +\S+ +\S+ +\S+$/m);
    expect(out).toContain("1 epoch in");
    expect(out).toContain("the last epoch's variables");
  });

  test.each([
    ["at once", "wide.csv"],
    ["in parts", "wide.csv.gz"],
  ])("read %s: parts of all classes, wide categories left out or kept, and told", async (_, name) => {
    // 1 row of 50 is rare: 15 of 750 to test on, 15 to choose by. 120 places, each in 25 rows.
    const rows = Array.from(
      { length: 3000 },
      (_, i) => `${i % 120} street,${(i * 7) % 11},${i % 50 === 0 ? "rare" : "often"}`,
    );
    const text = ["place,x,kind", ...rows].join("\n");
    writeFileSync(at(name), name.endsWith(".gz") ? gzipSync(text) : text);
    const options = "--target kind --epochs 1 --model linear --test 0.25 --validation 0.25".split(" ");
    const run = async (out: string, ...more: string[]) =>
      (await json("train", at(name), ...options, ...more, "--out", at(out))) as Trained & { readonly features: number };
    const left = '"place" is left out: 120 different texts';
    const without = await run(`left-${name}`);
    expect(without.features).toBe(1);
    expect(without.notes.some((note) => note.startsWith(left))).toBe(true);
    expect(readFileSync(at(`left-${name}`, "report.html"), "utf8")).toContain(left.replaceAll('"', "&quot;"));
    expect(without.metrics.scores.majority?.accuracy).toBe(0.98); // 735 of 750, as in all rows
    const kept = await run(`kept-${name}`, "--max-categories", "120");
    expect(kept.features).toBe(121);
    expect(kept.notes).toEqual([]);
    const again = await json("resume", at(`kept-${name}`), "--epochs", "2");
    expect(again.metrics).toMatchObject({ epochs: 2, rows: 750 });
  });

  test("numbers that are taken for classes are told", async () => {
    const rows = Array.from({ length: 90 }, (_, i) => `${i % 3},${(i % 3) + 1}`);
    writeFileSync(at("grades.csv"), ["x,grade", ...rows].join("\n"));
    const answer = await json("train", at("grades.csv"), "--target", "grade", "--epochs", "1", "--out", at("grades"));
    expect(answer.notes).toEqual(['"grade" is taken as 3 classes, 1 to 3; --task regression takes it as a number']);
  });

  test("one that diverges: 1, with the culprit", async () => {
    const argv = ["--target", "price", "--rule", "sgd", "--rate", "1e30", "--out", at("diverged")];
    const { code, out } = await nabla("train", data, ...argv, "--exclude", "kind");
    expect(code).toBe(1);
    expect(out).toMatch(
      /^diverged: step \d+ \(epoch \d+, batch \d+\): in the (loss|gradient|update) matmul gave -?Infinity at/,
    );
    expect((await nabla("runs", at("diverged"))).out).toMatch(/ diverged$/m);
    expect((await nabla("predict", at("diverged"), data)).error).toContain("the run is not over");
  });
});

describe("resume", () => {
  const argv = ["--target", "price", "--exclude", "kind", "--epochs", "30", "--patience", "60", "--save-every", "3"];

  test("after kill -9 the bits are those of a run that was never stopped", async () => {
    const killed = at("killed");
    const child = spawned("train", data, ...argv, "--out", killed, "--json");
    const over = new Promise((resolve) => child.once("close", (_, signal) => resolve(signal)));
    const epochs = (): number =>
      existsSync(join(killed, "log.jsonl")) ? readFileSync(join(killed, "log.jsonl"), "utf8").split("\n").length : 0;
    while (epochs() < 8 && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 2));
    child.kill("SIGKILL");
    expect(await over).toBe("SIGKILL");
    expect(existsSync(join(killed, "model.safetensors"))).toBe(false);
    expect((await nabla("runs", killed)).out).toMatch(/ unfinished$/m);
    const resumed = await json("resume", killed);
    const whole = await json("train", data, ...argv, "--out", at("whole"));
    expect(await tensorsOf(killed)).toBe(await tensorsOf(at("whole")));
    const { scores, best } = resumed.metrics;
    expect({ scores, best }).toEqual({ scores: whole.metrics.scores, best: whole.metrics.best });
  }, 120_000);

  test("Ctrl-C ends it after a step, and says how it goes on", async () => {
    const stopped = at("stopped");
    const run = nabla(
      "train",
      data,
      "--target",
      "price",
      "--epochs",
      "100000",
      "--patience",
      "100000",
      "--out",
      stopped,
    );
    while (!existsSync(join(stopped, "best.safetensors"))) await new Promise((resolve) => setTimeout(resolve, 5));
    process.emit("SIGINT", "SIGINT");
    const { code, out } = await run;
    expect(code).toBe(1);
    expect(out).toMatch(/^stopped: after \d+ steps; nabla resume \S+stopped goes on/);
  });

  test("killed before the first checkpoint it begins anew", async () => {
    const argv = ["--target", "price", "--exclude", "kind", "--epochs", "2"];
    await json("train", data, ...argv, "--out", at("begun"));
    mkdirSync(at("early"));
    copyFileSync(at("begun", "config.json"), at("early", "config.json"));
    await json("resume", at("early"));
    expect(await tensorsOf(at("early"))).toBe(await tensorsOf(at("begun")));
  });

  test("a table that has changed is none to go on with", async () => {
    const table = houses("changing.csv", 100, 1);
    await json("train", table, "--target", "price", "--epochs", "1", "--out", at("changing"));
    houses("changing.csv", 100, 2);
    expect(await nabla("resume", at("changing"))).toMatchObject({
      code: 2,
      error: expect.stringContaining("is not what it was"),
    });
  });
});

test("a packed table is read in parts, which DuckDB unpacks", async () => {
  const digits = fileURLToPath(new URL("../data/digits.csv.gz", import.meta.url));
  const options = ["--model", "linear", "--epochs", "5", "--rate", "0.01", "--out", at("digits")];
  const { metrics } = await json("train", digits, "--target", "column64", ...options);
  expect(metrics.scores.model?.accuracy).toBeGreaterThan(0.85);
  expect(metrics.scores.majority?.accuracy).toBeLessThan(0.2);
  expect(await json("predict", at("digits"), digits, "--out", at("digits.csv"))).toMatchObject({ rows: 1797 });
  const { scores } = (await json("resume", at("digits"))).metrics;
  expect(scores).toEqual(metrics.scores);
});

/** A table by names, as a plain program reads it. */
const rowsOf = (text: string): Record<string, string>[] => {
  const [head = "", ...lines] = text.trimEnd().split("\n");
  return lines.map((line) =>
    Object.fromEntries(line.split(",").map((cell, i) => [head.split(",")[i] as string, cell])),
  );
};

describe("predict and export", () => {
  test("a linear model's predictions are w·x + b, by its file's statistics", async () => {
    const out = at("linear");
    await json("train", data, "--target", "price", ...quick, "--model", "linear", "--out", out);
    const { variables, metadata } = await loadModel(join(out, "model.safetensors"));
    const { weights, bias } = variables.parameters as unknown as Record<"weights" | "bias", { data: Float32Array }>;
    const encoder = JSON.parse(metadata.encoder as string);
    const fresh = houses("fresh.csv", 50, 11);
    expect(await json("predict", out, fresh, "--out", at("linear.csv"))).toMatchObject({ rows: 50, notes: [] });
    const predictions = rowsOf(readFileSync(at("linear.csv"), "utf8"));
    rowsOf(readFileSync(fresh, "utf8")).forEach((row, i) => {
      const x: number[] = encoder.columns.flatMap((column: ColumnEncoding) => {
        const cell = row[column.name] as string;
        const value = Number(cell === "" ? column.fill : cell);
        return [
          ...(column.kind === "category"
            ? column.categories.map((name) => Number(name === cell))
            : [(value - column.mean) / column.deviation]),
          ...(column.indicator ? [Number(cell === "")] : []),
        ];
      });
      const standard = x.reduce((sum, v, k) => sum + v * (weights.data[k] as number), bias.data[0] as number);
      const { mean, deviation } = encoder.target;
      expect(Number(predictions[i]?.prediction)).toBeCloseTo(standard * deviation + mean, 3);
    });
  });

  test("ONNX gives by another runtime what predict writes", async () => {
    expect(await json("export", at("kind"), "--onnx", at("kind.onnx"))).toMatchObject({ output: "probabilities" });
    await json("predict", at("kind"), data, "--out", at("kind.csv"));
    const { metadata } = await loadModel(at("kind", "model.safetensors"));
    const x = encoderFromJSON(metadata.encoder as string).x(await readTable(data));
    const session = await InferenceSession.create(at("kind.onnx"));
    const given = { x: new OrtTensor("float32", x.data.slice() as Float32Array, [...x.shape]) };
    const probabilities = (await session.run(given)).probabilities?.data as Float32Array;
    const rows = rowsOf(readFileSync(at("kind.csv"), "utf8"));
    expect(rows).toHaveLength(240);
    rows.forEach((row, i) => {
      const [a, b] = [probabilities[2 * i] as number, probabilities[2 * i + 1] as number];
      expect(row.prediction).toBe(a >= b ? "<script>" : "cheap");
      expect(Number(row["probability of <script>"])).toBeCloseTo(a, 5);
      expect(Number(row["probability of cheap"])).toBeCloseTo(b, 5);
    });
  });

  test("a regression's ONNX is in the units of the target", async () => {
    expect((await nabla("export", priced, "--onnx", at("priced.onnx"))).code).toBe(0);
    await json("predict", priced, data, "--out", at("priced.csv"));
    const { metadata } = await loadModel(join(priced, "model.safetensors"));
    const x = encoderFromJSON(metadata.encoder as string).x(await readTable(data));
    const session = await InferenceSession.create(at("priced.onnx"));
    const given = { x: new OrtTensor("float32", x.data.slice() as Float32Array, [...x.shape]) };
    const prices = (await session.run(given)).prediction?.data as Float32Array;
    rowsOf(readFileSync(at("priced.csv"), "utf8")).forEach(({ prediction }, i) => {
      expect(Number(prediction)).toBeCloseTo(prices[i] as number, 2);
    });
  });

  test("an unseen category counts as none of the known, and is told", async () => {
    writeFileSync(at("unseen.csv"), "size,age,town\n100,10,Kiel\n100,10,Bonn\n");
    const { code, out } = await nabla("predict", priced, at("unseen.csv"), "--out", at("p.csv"));
    expect(code).toBe(0);
    expect(out).toContain('note: "town" has categories that training had not: "Kiel" (1)');
  });

  test.each([
    ["size,years,town\n1,2,Ulm\n", /there is no column "age"; other columns there are "years"/],
    ["size,age,town\nbig,2,Ulm\n", /row 1 \(line 2\), column "size": "big" is no number/],
    ["", /bad.csv: the file is empty/],
  ])("%j: 2, and no file", async (text, message) => {
    writeFileSync(at("bad.csv"), text);
    const { code, error } = await nabla("predict", priced, at("bad.csv"), "--out", at("none.csv"));
    expect([code, error]).toEqual([2, expect.stringMatching(message)]);
    expect(existsSync(at("none.csv"))).toBe(false);
  });
});

test("sweep: every combination, the best validation loss first; runs shows them", async () => {
  const argv = ["--target", "price", "--exclude", "kind", "--epochs", "12"];
  const child = spawned(
    "sweep",
    data,
    ...argv,
    "--rate",
    "0.01",
    "--model",
    "linear,mlp:8,8",
    "--out",
    at("sweep"),
    "--json",
  );
  let out = "";
  child.stdout.on("data", (text) => {
    out += text;
  });
  expect(await new Promise((resolve) => child.once("close", resolve))).toBe(0);
  const { runs } = JSON.parse(out) as {
    runs: { options: Record<string, string>; metrics: { best: { loss: number } } }[];
  };
  const losses = runs.map(({ metrics }) => metrics.best.loss);
  expect(losses).toEqual([...losses].sort((a, b) => a - b));
  expect(new Set(runs.map(({ options }) => `${options.model} ${options.rate}`))).toEqual(
    new Set(["linear 0.01", "mlp:8,8 0.01"]),
  );
  const table = (await nabla("runs", at("sweep"))).out;
  expect(table).toMatch(/^2 runs in /);
  expect(table).toMatch(/mlp:8,8 +adam 0.01 /);
}, 120_000);

describe("wrong use: 2, with what to do", () => {
  const write = (name: string, text: string): string => {
    writeFileSync(at(name), text);
    return at(name);
  };
  const column = (cells: readonly unknown[]): string =>
    ["x,y", ...cells.map((cell, i) => `${i % 7},${cell}`)].join("\n");
  const forty = Array.from({ length: 40 }, (_, i) => i);
  mkdirSync(at("full"));
  write("full/file", "");
  test.each<[what: string, argv: string[], message: RegExp]>([
    ["no target", [data], /--target/],
    ["a missing target", [data, "--target", "cost"], /there is no column "cost"; the columns are "size", "age"/],
    [
      "a target with one class",
      [write("one.csv", column(forty.map(() => "a"))), "--target", "y"],
      /the target "y" has one class, "a"/,
    ],
    [
      "a constant target",
      [write("same.csv", column(forty.map(() => 1.5))), "--target", "y"],
      /"y" is 1.5 in every row/,
    ],
    ["an empty file", [write("empty.csv", ""), "--target", "y"], /empty.csv: the file is empty/],
    ["names alone", [write("names.csv", "x,y\n"), "--target", "y"], /there are no rows/],
    ["a target without a value", [data, "--target", "empty"], /"empty" has no value in any row/],
    [
      "no other column",
      [data, "--target", "price", "--exclude", "size,age,town,kind"],
      /no column is left to predict "price" from; .*empty/,
    ],
    [
      "garbage",
      [write("garbage.csv", column(forty.map((i) => (i === 5 ? "gar bage" : i + 0.5)))), "--target", "y"],
      /row 6 \(line 7\) holds "gar bage"/,
    ],
    [
      "fewer rows than a batch",
      [write("few.csv", column([1.5, 2.5, 3.5, 4, 5, 6])), "--target", "y"],
      /4 rows to train on, fewer than a batch of 32\n.*--batch-size 4/,
    ],
    ["a folder that is there", [data, "--target", "price", "--out", at("full")], /is there already, and not empty/],
    ["the folder of a run", [data, "--target", "price", "--out", priced], /nabla resume/],
    ["no file", [at("nowhere.csv"), "--target", "price"], /nowhere.csv/],
    ["no such column to leave out", [data, "--target", "price", "--exclude", "colour"], /there is no column "colour"/],
    [
      "a class too rare",
      [
        write("rare.csv", column(forty.map((i) => (i === 0 ? "rare" : i % 2 ? "a" : "b")))),
        "--target",
        "y",
        "--test",
        "0.9",
        "--validation",
        "0",
        "--batch-size",
        "1",
      ],
      /"y" is "rare" in so few rows that none is left to train on/,
    ],
    ["no such model", [data, "--target", "price", "--model", "cnn"], /there is no model cnn/],
    ["a model without units", [data, "--target", "price", "--model", "mlp:0"], /dense/],
    ["an export that is no layer", [data, "--target", "price", "--model", `${models}#at`], /which is no layer/],
    ["no such export", [data, "--target", "price", "--model", `${models}#none`], /exports no none/],
    ["no such rule", [data, "--target", "price", "--rule", "newton"], /--rule: it is "newton"/],
    ["shares above 1", [data, "--target", "price", "--test", "0.6", "--validation", "0.5"], /nothing to train on/],
    ["text as numbers", [data, "--target", "town", "--task", "regression"], /is not a number everywhere/],
  ])("%s", async (_, argv, message) => {
    const { code, error } = await nabla("train", "--out", at("never"), ...argv);
    expect([code, error]).toEqual([2, expect.stringMatching(message)]);
    expect(existsSync(at("never"))).toBe(false);
    const told = JSON.parse((await nabla("train", "--out", at("never"), ...argv, "--json")).out);
    expect(told.error.message).toMatch(message);
  });

  test.each<[argv: string[], message: RegExp]>([
    [["resume", at("nowhere")], /there is no such file/],
    [["resume", at("full")], /config.json: there is no such file/],
    [["predict", at("full"), data], /holds no model.safetensors/],
    [["predict", data, data], /houses.csv/],
    [["predict", join(priced, "best.safetensors"), data], /has no encoder, architecture and metrics/],
    [["export", at("full"), "--onnx", at("x.onnx")], /holds no model.safetensors/],
    [["runs", at("full")], /holds no runs/],
    [["runs", at("nowhere")], /there is no such file or folder/],
    [["sweep", data, "--target", "price", "--rate", "0.1"], /one combination/],
  ])("%j", async (argv, message) => {
    const { code, error } = await nabla(...argv);
    expect([code, error]).toEqual([2, expect.stringMatching(message)]);
  });
});
