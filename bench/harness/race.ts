/** All contestants of one case, each in a process of its own, timed in turn for several rounds. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { type Entrant, folder, python } from "./entrants.ts";
import type { Options } from "./options.ts";
import type { Row } from "./row.ts";
import { difference, median } from "./statistics.ts";
import type { ProgramFacts, Ready, Request, Task, Timing } from "./task.ts";

/** The distances of f from its minimum and of the parameters from theirs: relative, absolute where that is 0. */
export interface Reached {
  readonly value: number;
  readonly parameters?: number;
}

export interface Result {
  readonly title: string;
  readonly base: string | undefined;
  /** Why there are no times. */
  readonly absent?: string;
  /** Nanoseconds a call, a round each. */
  readonly times: readonly number[];
  /** The function without its gradient. */
  readonly values: readonly number[];
  /** The first call, compiling included. */
  readonly first: number;
  /** From the first contestant's result, relative to its largest number. */
  readonly difference: number;
  /** Of a solver: how far it came. */
  readonly reached?: Reached;
  readonly program?: ProgramFacts;
}

/** Beyond rounding in float32, and so beyond belief. */
const tolerance = 1e-3;
/** How near to its minimum f must come. */
const near = 1e-8;
const patience = 180_000;

const distance = (a: number, b: number): number => Math.abs(a - b) / (Math.abs(b) || 1);

function reached({ minimum, solution }: Row["cases"][number], [value, ...x]: readonly number[]): Reached | undefined {
  if (minimum === undefined) return undefined;
  return {
    value: distance(value as number, minimum),
    ...(solution && { parameters: Math.max(...solution.map((v, i) => distance(x[i] as number, v))) }),
  };
}

/** Contestants that take longer for one call (nanoseconds) take part in three rounds only. */
const slow = 3e8;

class Process {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  #complaints = "";

  constructor(program: string, args: readonly string[]) {
    this.#child = spawn(program, args, { cwd: folder, stdio: ["pipe", "ignore", "pipe", "pipe"] });
    this.#child.stderr?.on("data", (text) => {
      this.#complaints = `${this.#complaints}${text}`.slice(-4000);
    });
    this.#child.on("error", () => {});
    this.#child.stdin?.on("error", () => {});
    this.#answers = createInterface({ input: this.#child.stdio[3] as Readable })[Symbol.asyncIterator]();
  }

  async ask<A>(message: object): Promise<A> {
    (this.#child.stdin as Writable).write(`${JSON.stringify(message)}\n`);
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), patience);
    const { value, done } = await this.#answers.next();
    clearTimeout(timer);
    if (done) throw new Error(this.#reason());
    return JSON.parse(value) as A;
  }

  /** The line of the complaint that names the error. */
  #reason(): string {
    const lines = this.#complaints.split("\n").filter((line) => line.trim() !== "");
    return (lines.findLast((line) => /error/i.test(line) && !/^\s+at /.test(line)) ?? lines.at(-1) ?? "no answer")
      .trim()
      .slice(0, 160);
  }

  stop(): void {
    this.#child.stdin?.end();
    this.#child.kill();
  }
}

interface Running {
  readonly entrant: Entrant;
  readonly process: Process;
  readonly ready: Ready;
  readonly times: number[];
  readonly values: number[];
}

function start(row: Row, index: number, { engine, threads, entry, method }: Entrant, node: string): [Process, object] {
  const task: Task = { engine, threads, entry, row: row.name, case: index, method };
  if (engine !== "torch" && engine !== "numpy" && engine !== "scipy") {
    return [new Process(node, ["--import", "tsx", "harness/child.ts"]), task];
  }
  return [new Process(python, ["harness/child.py"]), { ...task, source: row[engine], size: row.cases[index]?.size }];
}

export async function race(
  row: Row,
  index: number,
  entrants: readonly Entrant[],
  { rounds, budget }: Options,
  node: string,
): Promise<Result[]> {
  const running: Running[] = [];
  const absent = new Map<Entrant, string>();
  for (const entrant of entrants) {
    if (entrant.version === undefined) {
      absent.set(entrant, "not installed");
      continue;
    }
    const [process, task] = start(row, index, entrant, node);
    try {
      const ready = await process.ask<Ready>(task);
      running.push({ entrant, process, ready, times: [], values: [] });
    } catch (error) {
      absent.set(entrant, `fails: ${error instanceof Error ? error.message : error}`);
      process.stop();
    }
  }
  const reference = running[0]?.ready.check ?? [];
  const came = ({ ready }: Running): Reached | undefined =>
    reached(row.cases[index] as Row["cases"][number], ready.check);
  const complaint = (one: Running): string | undefined => {
    const far = came(one);
    if (far === undefined) return difference(one.ready.check, reference) < tolerance ? undefined : "wrong result";
    return far.value < near ? undefined : `misses the minimum: f is off by ${far.value.toExponential(1)}`;
  };

  for (let round = 0; round < rounds; round++) {
    // Another one begins every round.
    const order = running.map((_, i) => running[(i + round) % running.length] as Running);
    for (const { entrant, process, times, values } of order) {
      if (absent.has(entrant) || (round >= 3 && median(times) > slow)) continue;
      try {
        const { time, value } = await process.ask<Timing>({ budget } satisfies Request);
        times.push(time);
        if (value !== undefined) values.push(value);
      } catch (error) {
        absent.set(entrant, `fails: ${error instanceof Error ? error.message : error}`);
      }
    }
  }
  for (const { process } of running) process.stop();

  return entrants.map((entrant) => {
    const { title, base } = entrant;
    const one = running.find((r) => r.entrant === entrant);
    const reason = absent.get(entrant);
    if (one === undefined || reason !== undefined) {
      return { title, base, absent: reason ?? "–", times: [], values: [], first: Number.NaN, difference: Number.NaN };
    }
    const { ready, times, values } = one;
    const wrong = complaint(one);
    const far = came(one);
    return {
      title,
      base,
      ...(wrong !== undefined && { absent: wrong }),
      times,
      values,
      first: ready.first,
      difference: difference(ready.check, reference),
      ...(far && { reached: far }),
      ...(ready.program && { program: ready.program }),
    };
  });
}
