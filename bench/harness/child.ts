/** The process of one contestant in JavaScript: makes it ready, then times it whenever it is asked. */
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { measure } from "mitata";
import { rows } from "../rows/index.ts";
import type { Contestant, Row } from "./row.ts";
import type { Ready, Request, Task, Timing } from "./task.ts";

const reply = (message: Ready | Timing): void => void writeSync(3, `${JSON.stringify(message)}\n`);

async function contestantOf({ engine, threads, row: name, case: index, method, entry }: Task): Promise<Contestant> {
  const row = rows.find((r) => r.name === name) as Row;
  const given = row.cases[index]?.size;
  const size = (method === undefined ? given : { ...(given as object), method }) as never;
  switch (engine) {
    case "nabla":
      return row.nabla(await import(entry), size, { threads }, entry);
    case "tensorflow":
    case "tensorflow-cpu": {
      const tf = await import("@tensorflow/tfjs");
      if (engine === "tensorflow") await import("@tensorflow/tfjs-backend-wasm");
      await tf.setBackend(engine === "tensorflow" ? "wasm" : "cpu");
      return (row.tensorflow as NonNullable<Row["tensorflow"]>)(tf, size);
    }
    case "jax": {
      // jax-js asks `instanceof Float16Array`, which Node 20 and 22 do not have.
      Object.assign(globalThis, { Float16Array: Reflect.get(globalThis, "Float16Array") ?? class Float16Array {} });
      const jax = await import("@jax-js/jax");
      await jax.init("wasm");
      return (row.jax as NonNullable<Row["jax"]>)(jax, size);
    }
    case "fmin":
    case "ml-levenberg-marquardt":
      return (row[engine] as NonNullable<Row["fmin"]>)(size);
    default:
      return (row.hand as NonNullable<Row["hand"]>)(size);
  }
}

const now = (): number => performance.now() * 1e6;

function once(f: () => unknown): number {
  const start = now();
  f();
  return now() - start;
}

/** Runs f for some time; the fastest run, in nanoseconds. */
function warm(f: () => unknown, milliseconds: number): number {
  const end = now() + milliseconds * 1e6;
  let best = Number.POSITIVE_INFINITY;
  do best = Math.min(best, once(f));
  while (now() < end);
  return best;
}

/** The median of samples of about a millisecond. */
async function time(f: () => unknown, budget: number, estimate: number): Promise<number> {
  const calls = 4 * Math.min(1024, Math.max(1, Math.round(250_000 / Math.max(estimate, 1))));
  const { p50 } = await measure(f, {
    min_cpu_time: budget * 1e6,
    min_samples: 1,
    batch_samples: calls,
    gc: false,
  });
  return p50;
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const next = async <T>(): Promise<T | undefined> => {
  const { value, done } = await lines.next();
  return done ? undefined : (JSON.parse(value) as T);
};

const contestant = await contestantOf((await next<Task>()) as Task);
const { run, check, value, inspect } = contestant;
const first = once(run);
const checked = Array.from(check());
const compiled = inspect?.();
warm(run, 50);
await sleep(200); // threads start between calls
const estimate = warm(run, 200);
const valueEstimate = value === undefined ? 0 : warm(value, 100);
if (value !== undefined) await sleep(200);

reply({
  first,
  check: checked,
  ...(compiled && {
    program: {
      nodes: compiled.graph.nodes.length,
      moduleBytes: compiled.program.bytes.length,
      peakBytes: compiled.program.plan.bytes,
      lowerBound: compiled.program.plan.lowerBound,
    },
  }),
});
for (let request = await next<Request>(); request !== undefined; request = await next<Request>()) {
  const timing = { time: await time(run, request.budget, estimate) };
  reply(value === undefined ? timing : { ...timing, value: await time(value, request.budget / 2, valueEstimate) });
}
process.exit();
