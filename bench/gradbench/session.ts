/** One tool at one of the suite's problems: the eval's messages go to the tool, the tool's responses to the eval. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Message, Response } from "./protocol.ts";

/** How to start a program. */
export interface Command {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
}

/** What came of one message. */
export interface Measured {
  readonly function: string;
  readonly workload: string;
  /** Nanoseconds of the runs. */
  readonly times: readonly number[];
  /** Undefined: valid. */
  readonly fault?: string;
}

/** A program that speaks a line at a time. */
class Peer {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor({ program, arguments: given, environment }: Command, cwd: string) {
    this.#child = spawn(program, given, {
      cwd,
      env: { ...process.env, ...environment },
      stdio: ["pipe", "pipe", "ignore"],
    });
    this.#child.on("error", () => {}); // its output ends, and that is what is read
    this.#child.stdin?.on("error", () => {});
    this.#lines = createInterface({ input: this.#child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  }

  write(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  /** Undefined: it has ended, or was ended because it took longer. */
  async read(seconds: number): Promise<string | undefined> {
    const timer = setTimeout(() => this.end(), seconds * 1000);
    const { value, done } = await this.#lines.next();
    clearTimeout(timer);
    return done ? undefined : value;
  }

  end(): void {
    this.#child.kill("SIGKILL");
  }
}

type EvalMessage = Message & { readonly description?: string; readonly valid?: boolean; readonly error?: string };

/** What the tool came to, message by message: nothing of it runs while the caller holds a result. */
export async function* session(
  suite: string,
  evaluation: Command,
  tool: Command,
  limit: number,
): AsyncGenerator<Measured> {
  const [asking, answering] = [new Peer(evaluation, suite), new Peer(tool, suite)];
  let left = limit; // seconds for the tool
  let last: Measured | undefined;
  try {
    for (;;) {
      const line = await asking.read(3600);
      const message = line === undefined ? undefined : (JSON.parse(line) as EvalMessage);
      if (message?.kind === "analysis" && message.valid === false && last !== undefined)
        last = { ...last, fault: `invalid: ${message.error?.split("\n")[1] ?? ""}` };
      if (message?.kind !== "analysis" && last !== undefined) {
        yield last;
        last = undefined;
      }
      if (line === undefined || message === undefined) return;

      const start = performance.now();
      answering.write(line);
      const answer = await answering.read(left);
      left -= (performance.now() - start) / 1000;
      const response = answer === undefined ? undefined : (JSON.parse(answer) as Response);
      if (message.kind === "define" && response?.success !== true) return;
      if (message.kind === "evaluate") {
        const times = (response?.timings ?? [])
          .filter(({ name }) => name === "evaluate")
          .map(({ nanoseconds }) => nanoseconds);
        const made = { function: message.function, workload: message.description ?? "", times };
        if (response === undefined) {
          yield { ...made, fault: left <= 0 ? "out of time" : "ended" };
          return;
        }
        last = response.success ? made : { ...made, fault: (response.error ?? "failed").split("\n")[0] as string };
      }
      if (answer === undefined) return;
      asking.write(answer);
    }
  } finally {
    asking.end();
    answering.end();
  }
}
