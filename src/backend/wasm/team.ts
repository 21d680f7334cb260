/**
 * Threads that run programs together with the main one. They wait at a counter: for a while by looking at it, then
 * asleep; they do not keep the process alive. Where the host has no such threads there is no team.
 */
import { mostThreads } from "./kernel.ts";

/** Words of the control memory. */
const words = { epoch: 0, program: 1, asleep: 2, ready: 3 } as const;

/** What each thread runs. It gets programs as messages, which it reads when it meets one that it does not know. */
const threadSource = `
const { receiveMessageOnPort, workerData } = process.getBuiltinModule("node:worker_threads");
const { control, port, thread, threads, words } = workerData;
const programs = new Map();
const isNew = (seen) => Atomics.load(control, words.epoch) !== seen;
Atomics.add(control, words.ready, 1);
for (let seen = 0; ; seen = (seen + 1) | 0) {
  for (let looks = 0; looks < 20000 && !isNew(seen); looks++);
  if (!isNew(seen)) {
    Atomics.add(control, words.asleep, 1);
    while (!isNew(seen)) Atomics.wait(control, words.epoch, seen);
    Atomics.sub(control, words.asleep, 1);
  }
  const id = Atomics.load(control, words.program);
  while (!programs.has(id)) {
    const received = receiveMessageOnPort(port);
    if (received === undefined) continue;
    const { forget, module, memory } = received.message;
    if (forget !== undefined) programs.delete(forget);
    else programs.set(received.message.id, new WebAssembly.Instance(module, { env: { memory } }).exports.run);
  }
  programs.get(id)(thread, threads);
}
`;

interface Port {
  postMessage(message: unknown): void;
  unref?(): void;
}

const builtin = (globalThis.process as NodeJS.Process | undefined)?.getBuiltinModule;

export const hasThreads = (): boolean => builtin !== undefined && typeof SharedArrayBuffer !== "undefined";

/** How many threads a program is made for if nothing else is asked for. */
export const defaultThreads = (): number => Math.min(mostThreads, builtin?.("node:os").availableParallelism() ?? 1);

export class Team {
  readonly threads: number;
  readonly #control = new Int32Array(new SharedArrayBuffer(16));
  readonly #ports: Port[] = [];
  #nextId = 0;
  #isBroken = false;
  /** Programs that nobody holds any more are forgotten by the threads too. */
  readonly #unused = new FinalizationRegistry<number>((id) => this.#post({ forget: id }));

  constructor(node: typeof import("node:worker_threads"), threads: number) {
    this.threads = threads;
    for (let thread = 1; thread < threads; thread++) {
      const { port1, port2 } = new node.MessageChannel();
      const worker = new node.Worker(threadSource, {
        eval: true,
        execArgv: [], // loaders of the program have no business here
        workerData: { control: this.#control, port: port2, thread, threads, words },
        transferList: [port2],
      });
      // A thread that the host does not let start leaves the others out: programs run on the calling one.
      worker.on("error", () => {
        this.#isBroken = true;
      });
      worker.unref();
      port1.unref();
      this.#ports.push(port1);
    }
  }

  #post(message: unknown): void {
    for (const port of this.#ports) port.postMessage(message);
  }

  /** The program's number among the team's; it is forgotten with its owner. */
  add(owner: object, module: WebAssembly.Module, memory: WebAssembly.Memory): number {
    const id = this.#nextId++;
    this.#post({ id, module, memory });
    this.#unused.register(owner, id);
    return id;
  }

  /** Whether all threads have started. */
  get isReady(): boolean {
    return !this.#isBroken && Atomics.load(this.#control, words.ready) === this.threads - 1;
  }

  /** Sends the other threads into a program; the caller runs it as thread 0. */
  start(id: number): void {
    Atomics.store(this.#control, words.program, id);
    Atomics.add(this.#control, words.epoch, 1);
    if (Atomics.load(this.#control, words.asleep) > 0) Atomics.notify(this.#control, words.epoch);
  }
}

const teams = new Map<number, Team>();

/** The team of so many threads, made on first use: loading Node's module takes as long as compiling a small program. */
export function teamOf(threads: number): Team | undefined {
  const known = teams.get(threads);
  if (known !== undefined || builtin === undefined) return known;
  const team = new Team(builtin("node:worker_threads"), threads);
  teams.set(threads, team);
  return team;
}
