/**
 * The script of the page, and of its worker if the page's address asks for "worker": uses the built package as it is,
 * without bundler, and reports what came out; "team" in the address: waits until there is one. The library says nothing about its team; so what it sends to its workers
 * is listened to, and from then on the memory in which it counts how often it sent them into a program is looked at.
 */
import { maySleep } from "../../src/backend/wasm/host.ts";
import { words } from "../../src/backend/wasm/team.ts";
import { networkStep } from "./network.ts";

export interface Report {
  readonly isolated: boolean;
  readonly maySleep: boolean;
  /** Errors that reached the global scope or the console. */
  readonly errors: readonly string[];
  readonly steps: readonly {
    readonly threads: number;
    /** The different results of all runs. */
    readonly bits: readonly string[];
    /** Runs that all threads took part in: each returned, so none waited in vain at a barrier. */
    readonly together: number;
  }[];
}

const errors: string[] = [];
addEventListener("error", (event) => errors.push(event.message));
addEventListener("unhandledrejection", (event) => errors.push(String(event.reason)));
console.error = (...items) => errors.push(items.join(" "));

let control: Int32Array | undefined;
if (typeof Worker !== "undefined") {
  globalThis.Worker = class extends Worker {
    override postMessage(message: { readonly control?: Int32Array }): void {
      control = message.control ?? control;
      super.postMessage(message);
    }
  };
}
const starts = (): number =>
  control === undefined ? 0 : (control[words.epoch] as number) - (control[words.posted] as number);

const asked = new URLSearchParams(location.search);
const expectsTeam = asked.has("team");

async function runSteps(): Promise<Report["steps"]> {
  const built = "/dist/index.js";
  const nabla = (await import(built)) as typeof import("nabla");
  const steps: Report["steps"][number][] = [];
  for (const threads of [1, 2]) {
    const step = networkStep(nabla, threads);
    const bits = new Set<string>();
    const before = starts();
    const since = performance.now();
    const isLong = (): boolean =>
      threads > 1 && expectsTeam ? starts() - before >= 20 : performance.now() - since >= 1000;
    while (!isLong()) {
      bits.add(await step.run());
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    steps.push({ threads: step.threads, bits: [...bits], together: starts() - before });
  }
  return steps;
}

async function check(): Promise<Report> {
  const steps = await runSteps().catch((error: unknown) => {
    errors.push(String(error));
    return [];
  });
  return {
    isolated: globalThis.crossOriginIsolated,
    maySleep: typeof SharedArrayBuffer !== "undefined" && maySleep(),
    errors,
    steps,
  };
}

const send = (report: unknown): Promise<unknown> => fetch("/report", { method: "POST", body: JSON.stringify(report) });

if (typeof document === "undefined") postMessage(await check());
else if (asked.has("worker")) {
  const worker = new Worker(expectsTeam ? "/check.js?team" : "/check.js", { type: "module" });
  worker.onmessage = ({ data }: MessageEvent<Report>) => send({ ...data, errors: [...data.errors, ...errors] });
} else await send(await check());
