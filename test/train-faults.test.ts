/** Training that is killed, interrupted, out of disk, or finds its checkpoints spoilt. The long form: NABLA_FULL=1. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { buildSync } from "esbuild";
import { log, type Tensor, tensor } from "nabla";
import { arrays } from "nabla/data";
import { crossEntropy, dense, sequential, type Variables } from "nabla/nn";
import { plateau, resume, sgd, train } from "nabla/train";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findCheckpoint } from "../src/train/checkpoint.ts";
import { fingerprint, run } from "./train/run.ts";

const full = process.env.NABLA_FULL !== undefined;
const seed = Number(process.env.NABLA_SEED ?? Math.floor(Math.random() * 2 ** 31));
console.log(`seed ${seed} (NABLA_SEED repeats it)`);
let random = seed;
/** Park and Miller's generator: from 0 to 1. */
const chance = (): number => {
  random = (random * 48_271) % 2_147_483_647;
  return random / 2_147_483_647;
};

const place = mkdtempSync(join(tmpdir(), "nabla-train-"));
const program = join(place, "child.mjs");
let folders = 0;
const newFolder = (): string => join(place, `run-${folders++}`);
beforeAll(() => {
  buildSync({
    entryPoints: ["test/train/child.ts"],
    outfile: program,
    bundle: true,
    format: "esm",
    platform: "node",
    tsconfig: "tsconfig.json",
    alias: Object.fromEntries(
      ["data", "nn", "train"].map((name) => [`nabla/${name}`, resolve(`src/${name}/index.ts`)]),
    ),
  });
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

interface Outcome {
  readonly signal: string | null;
  readonly status?: string;
  readonly message?: string;
  readonly fingerprint?: string;
}

/** Runs the child; `ready` is called when its training begins. */
function child(options: object, ready: (process: ChildProcess) => void = () => {}, before = ""): Promise<Outcome> {
  return new Promise((done) => {
    const command = `${before} exec "$0" "$@"`;
    const process_ = spawn("bash", ["-c", command, process.execPath, program, JSON.stringify(options)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let text = "";
    process_.stdout.on("data", (part) => {
      if (text === "") ready(process_);
      text += part;
    });
    process_.on("close", (_, signal) => {
      const result = text.slice("ready\n".length);
      done({ signal, ...(result === "" ? {} : JSON.parse(result)) });
    });
  });
}

const after = (milliseconds: number, signal: NodeJS.Signals) => (process_: ChildProcess) => {
  setTimeout(() => process_.kill(signal), milliseconds);
};

/** Does something once an epoch stands in the log: a run hears signals from its first step on. */
const afterAnEpoch = (folder: string, act: (process_: ChildProcess) => void) => (process_: ChildProcess) => {
  const look = setInterval(() => {
    const log = join(folder, "log.jsonl");
    if (!existsSync(log) || readFileSync(log, "utf8") === "") return;
    clearInterval(look);
    act(process_);
  }, 20);
};

/** The log without times. */
const logOf = (folder: string): string =>
  readFileSync(join(folder, "log.jsonl"), "utf8").replace(/"seconds":[\d.e-]+/g, "");

/** Of which steps there are checkpoints. */
const stepsOf = (folder: string): number[] =>
  readdirSync(folder)
    .flatMap((name) => /^checkpoint-(\d+)\.safetensors$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);

let undisturbed: { readonly outcome: Outcome; readonly log: string; readonly milliseconds: number };
beforeAll(async () => {
  const folder = newFolder();
  let began = 0;
  const outcome = await child({ folder, saveEvery: 1 }, () => {
    began = performance.now();
  });
  undisturbed = { outcome, log: logOf(folder), milliseconds: performance.now() - began };
});

const same = (outcome: Outcome, folder: string): void => {
  expect(outcome).toMatchObject({ signal: null, status: "finished", fingerprint: undisturbed.outcome.fingerprint });
  expect(logOf(folder)).toBe(undisturbed.log);
};

test("a run with a folder, with more threads, and one without both end with the same bits", async () => {
  const alone = await train({ ...run(), threads: 1 });
  expect(fingerprint(alone)).toBe(undisturbed.outcome.fingerprint);
  const wide = { ...run(300, 256), epochs: 2 };
  expect(fingerprint(await train({ ...wide, threads: 2 }))).toBe(fingerprint(await train({ ...wide, threads: 1 })));
});

test.each(Array.from({ length: full ? 10 : 1 }, (_, i) => i))("killed five times at random moments, %#", async () => {
  const folder = newFolder();
  // With a checkpoint a step most of the time goes into writing them.
  const options = (kill: number) => ({
    folder,
    resume: true,
    saveEvery: kill % 2 === 0 ? 1 : "epoch",
    threads: 1 + (kill % 2),
  });
  for (let kill = 0; kill < 5; kill++) {
    const { signal } = await child(options(kill), after((chance() * undisturbed.milliseconds) / 3, "SIGKILL"));
    if (signal !== null) expect(signal).toBe("SIGKILL");
  }
  same(await child(options(0)), folder);
  expect(readdirSync(folder).filter((name) => name.startsWith("checkpoint")).length).toBe(2);
});

test("Ctrl-C finishes the step, saves, says how to go on; a second one does what it always does", async () => {
  const folder = newFolder();
  const stopped = await child({ folder, epochs: 100_000 }, afterAnEpoch(folder, after(50, "SIGINT")));
  expect(stopped).toMatchObject({ signal: null, status: "stopped" });
  expect(stopped.message).toMatch(
    /by SIGINT after \d+ steps; the same call with \{ folder: ".*", resume: true \} goes on/,
  );
  const steps = Number(/after (\d+) steps/.exec(stopped.message ?? "")?.[1]);
  const again = await resume(folder, { ...run(), epochs: 100_000, steps: steps + 20 });
  const through = await train({ ...run(), epochs: 100_000, steps: steps + 20 });
  expect(fingerprint(again)).toBe(fingerprint(through));
  expect(process.listenerCount("SIGINT")).toBe(0);

  const hanging = newFolder();
  let first = false;
  const killed = await child(
    { folder: hanging, hang: true },
    afterAnEpoch(hanging, (process_) => {
      process_.kill("SIGTERM");
      setTimeout(() => {
        first = process_.exitCode === null && process_.signalCode === null;
        process_.kill("SIGTERM");
      }, 300);
    }),
  );
  expect([first, killed.signal]).toEqual([true, "SIGTERM"]);
});

test("a full disk is said, and the last checkpoint is whole", async () => {
  const folder = newFolder();
  const options = { folder, resume: true, width: 200, hidden: 64 };
  // The first checkpoint has parameters and momentum, 103 kB; later ones the best parameters too, 154 kB.
  const full = await child(options, undefined, "ulimit -f 128;");
  expect(full).toMatchObject({ signal: null, status: "error" });
  expect(full.message).toMatch(
    /^E-FILE train: .*checkpoint-000000006.safetensors: the file would be larger than allowed/,
  );
  expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  expect((await findCheckpoint(folder))?.checkpoint.position.step).toBe(0);
  const resumed = await child(options);
  const plain = await child({ width: 200, hidden: 64 });
  expect(resumed).toMatchObject({ status: "finished", fingerprint: plain.fingerprint });
});

test("spoilt checkpoints are noticed, and the generation before is used", async () => {
  const folder = newFolder();
  await train({ ...run(), epochs: 3, folder });
  const files = readdirSync(folder).filter((name) => name.startsWith("checkpoint"));
  const [earlier, later] = files.sort().map((name) => join(folder, name)) as [string, string];
  const bytes = readFileSync(later);
  const whole = JSON.stringify((await findCheckpoint(folder))?.checkpoint);
  for (let i = 0; i < (full ? 5000 : 150); i++) {
    const spoilt = Buffer.from(bytes);
    const at = Math.floor(chance() * bytes.length);
    if (i % 2 === 0) spoilt[at] = (spoilt[at] as number) ^ (1 << Math.floor(8 * chance()));
    writeFileSync(later, i % 2 === 0 ? spoilt : spoilt.subarray(0, at));
    const found = await findCheckpoint(folder);
    if (found?.path === later) expect(JSON.stringify(found.checkpoint), `byte ${at}`).toBe(whole);
    else expect([found?.path, found?.spoilt.length]).toEqual([earlier, 1]);
  }
  writeFileSync(later, bytes.subarray(0, bytes.length - 1));
  // Refused, nothing is touched; gone on, the spoilt one is no generation.
  await expect(resume(folder, { ...run(), seed: 6 })).rejects.toThrow(/seed 5, not 6/);
  expect(stepsOf(folder)).toEqual([12, 18]);
  const part = await resume(folder, { ...run(), steps: 14, saveEvery: 1 });
  expect(part.message).toMatch(/resumed from .*12.safetensors, because a later one is spoilt: .*18.safetensors: /);
  expect(stepsOf(folder)).toEqual([13, 14]);
  const again = await resume(folder, run());
  expect(fingerprint(again)).toBe(undisturbed.outcome.fingerprint);
  for (const name of readdirSync(folder)) if (name.startsWith("checkpoint")) writeFileSync(join(folder, name), "?");
  await expect(resume(folder, run())).rejects.toMatchObject({
    code: "E-VALUE",
    message: expect.stringContaining("is whole"),
  });
});

test("what was begun with other options is not resumed", async () => {
  const folder = newFolder();
  const begun = { ...run(), epochs: 1, folder };
  await train(begun);
  await expect(train(begun)).rejects.toThrow(/holds a run/);
  const others: [Partial<ReturnType<typeof run>>, RegExp][] = [
    [{ batchSize: 15 }, /batchSize 16, not 15/],
    [{ seed: 6 }, /seed 5, not 6/],
    [{ data: run(20, 32).validation as never }, /examples 90, not 40/],
    [
      { model: run(20, 31).model },
      /parameters\.0\.weights float32\[20, 32\], not parameters\.0\.weights float32\[20, 31\]/,
    ],
    [{ rule: sgd(0.02) }, /rule heavy ball, not sgd/],
    [{ plateau: plateau() }, /plateau three quarters an epoch, not plateau\({"factor":0.1/],
    [{ loss: (outputs, targets) => outputs.sub(targets).abs() }, /another program of the step/],
  ];
  for (const [other, message] of others)
    await expect(resume(folder, { ...run(), ...other }), String(message)).rejects.toThrow(message);
  await expect(resume(newFolder(), run())).rejects.toThrow(/no checkpoint/);
});

test("a run that diverges ends at the last good state and names operation, line and example", async () => {
  const n = 64;
  const x = new Float32Array(n).fill(1);
  const y = Float32Array.from({ length: n }, (_, i) => (i === 23 ? -9 : 1));
  const model = sequential(
    (v) => v.reshape([-1, 1]),
    dense(1, { bias: false }),
    (v) => v.reshape([-1]),
  );
  const folder = newFolder();
  const training = await train({
    model,
    data: arrays({ x, y }),
    loss: (outputs, targets) => log(outputs.mul(0).add(targets).add(2)),
    rule: sgd(0.1),
    batchSize: 8,
    folder,
    progress: false,
  });
  expect(training.status).toBe("diverged");
  expect(training.message).toMatch(/in the loss log\(-7\) gave NaN at element \[0\]/);
  expect(training.message).toMatch(/at train-faults\.test\.ts:\d+ in loss/);
  expect(training.message).toContain("example 23 of the data");
  expect(JSON.stringify(training.variables)).not.toContain("null");
  expect((await findCheckpoint(folder))?.checkpoint.position.step).toBe(0);

  // √ has no slope at 0: the loss is finite, the gradient is not.
  const slope = await train({
    cost: ({ parameters: { w } }: Variables<{ w: Tensor }>, { y }: { y: Tensor }) => [y.sub(w).sqrt(), {}],
    variables: { parameters: { w: tensor(1) }, state: {} },
    data: arrays({ y: Float64Array.of(2, 3, 1, 4) }),
    rule: sgd(0.1),
    progress: false,
  });
  expect(slope.status).toBe("diverged");
  expect(slope.message).toMatch(/in the gradient div\(0\.5, 0\) gave Infinity/);
  expect(slope.message).toContain("example 2 of the data");
  expect(slope.variables.parameters.w.item()).toBe(1);

  const fast = await train({ ...run(), rule: { ...sgd(1e25) }, epochs: 3 });
  expect(fast.status).toBe("diverged");
  expect(JSON.stringify(fast.variables)).not.toContain("null");

  const x2 = tensor([1, 2, 3, Number.NaN], { dtype: "float32" }).reshape([2, 2]);
  const holed = await train({ ...run(), data: arrays({ x: x2, y: Float32Array.of(1, 2) }) });
  expect(holed.message).toMatch(/the batch's x holds NaN\n {2}example 1 of the data/);
});

test("a label that is no class, or a fraction, is named: an error in the data, no divergence", async () => {
  const x = tensor([1, 2, 3, 4], { dtype: "float32" }).reshape([4, 1]);
  const runWith = (labels: number[]) =>
    train({
      model: sequential(dense(3)),
      data: arrays({ x, y: tensor(labels, { dtype: "float32" }) }),
      loss: crossEntropy,
      rule: sgd(0.1),
      epochs: 2,
      batchSize: 4,
      progress: false,
    });
  await expect(runWith([0, 1, 0.5, 2])).rejects.toThrow(/E-INDEX crossEntropy: labels: element \d of the index is 0.5/);
  await expect(runWith([0, 1, 3, 2])).rejects.toThrow(/E-INDEX crossEntropy: labels: element \d is 3/);
  expect((await runWith([0, 1, 1, 2])).status).toBe("finished");
});
