/**
 * Threads that run programs together with the calling one. They wait at a counter: for a while by looking at it, then
 * asleep. A thread that waits reads no messages; so whoever posts one moves the counter too, which sends the threads
 * back to their event loops until they have read all that was posted. Until then programs run without them.
 */
import { type Host, type Thread, threadHost } from "./host.ts";

/** Words of the control memory: `read` counts messages over all threads. */
export const words = { epoch: 0, program: 1, asleep: 2, posted: 3, read: 4 } as const;

/** What each thread runs. The counter is looked at before a message is said to be read: what comes after is new. */
const threadSource = `
const words = ${JSON.stringify(words)};
const programs = new Map();
let control, thread, threads, read = 0;
const isNew = (seen) => Atomics.load(control, words.epoch) !== seen;
const hasReadAll = () => Atomics.load(control, words.posted) === read;
port.onmessage = ({ data }) => {
  if (data.control !== undefined) ({ control, thread, threads } = data);
  else if (data.forget !== undefined) programs.delete(data.forget);
  else programs.set(data.id, new WebAssembly.Instance(data.module, { env: { memory: data.memory } }).exports.run);
  let seen = Atomics.load(control, words.epoch);
  read++;
  Atomics.add(control, words.read, 1);
  while (hasReadAll()) {
    for (let looks = 0; looks < 20000 && !isNew(seen); looks++);
    if (!isNew(seen)) {
      Atomics.add(control, words.asleep, 1);
      while (!isNew(seen)) Atomics.wait(control, words.epoch, seen);
      Atomics.sub(control, words.asleep, 1);
    }
    seen = Atomics.load(control, words.epoch);
    if (hasReadAll()) programs.get(Atomics.load(control, words.program))(thread, threads);
  }
};
`;

export class Team {
  readonly threads: number;
  readonly #control = new Int32Array(new SharedArrayBuffer(4 * Object.keys(words).length));
  readonly #others: Thread[] = [];
  #nextId = 0;
  #isBroken = false;
  /** Programs that nobody holds any more are forgotten by the threads too. */
  readonly #unused = new FinalizationRegistry<number>((id) => this.#post(() => ({ forget: id })));

  constructor(host: Host, threads: number) {
    this.threads = threads;
    // A thread that the host does not let start leaves the others out: programs run on the calling one.
    const fail = (): void => {
      this.#isBroken = true;
    };
    try {
      for (let thread = 1; thread < threads; thread++) this.#others.push(host.start(threadSource, fail));
    } catch {
      fail();
    }
    this.#post((thread) => ({ control: this.#control, thread, threads }));
  }

  #post(messageTo: (thread: number) => object): void {
    this.#others.forEach((other, i) => {
      other.postMessage(messageTo(i + 1));
    });
    Atomics.add(this.#control, words.posted, 1);
    this.#next();
  }

  #next(): void {
    Atomics.add(this.#control, words.epoch, 1);
    if (Atomics.load(this.#control, words.asleep) > 0) Atomics.notify(this.#control, words.epoch);
  }

  /** The program's number among the team's; it is forgotten with its owner. */
  add(owner: object, module: WebAssembly.Module, memory: WebAssembly.Memory): number {
    const id = this.#nextId++;
    this.#post(() => ({ id, module, memory }));
    this.#unused.register(owner, id);
    return id;
  }

  /** Whether all threads have started and know all programs. */
  get isReady(): boolean {
    const due = Atomics.load(this.#control, words.posted) * (this.threads - 1);
    return !this.#isBroken && Atomics.load(this.#control, words.read) === due;
  }

  /** Sends the other threads into a program; the caller runs it as thread 0. */
  start(id: number): void {
    Atomics.store(this.#control, words.program, id);
    this.#next();
  }
}

const teams = new Map<number, Team>();

/** The team of so many threads, made on first use. */
export function teamOf(threads: number): Team | undefined {
  const known = teams.get(threads);
  const host = threadHost();
  if (known !== undefined || host === undefined) return known;
  const team = new Team(host, threads);
  teams.set(threads, team);
  return team;
}
