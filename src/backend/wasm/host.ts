/**
 * Threads as a host gives them: Node's worker threads, or Web Workers where a page (or a worker of it) may share memory
 * because it is isolated from other origins (the headers COOP and COEP).
 */
import { mostThreads } from "./kernel.ts";

/** A thread, which reads what it is sent, in order, whenever it is in its event loop. */
export interface Thread {
  postMessage(message: unknown): void;
}

export interface Host {
  readonly cores: number;
  /**
   * A thread that runs the source, to which `port` is where messages come in. It does not keep the process alive.
   * Throws, or calls `onFailure` later, if the host does not let it start.
   */
  start(source: string, onFailure: () => void): Thread;
}

function nodeHost(): Host | undefined {
  const builtin = (globalThis.process as NodeJS.Process | undefined)?.getBuiltinModule;
  if (builtin === undefined || typeof SharedArrayBuffer === "undefined") return undefined;
  return {
    cores: builtin("node:os").availableParallelism(),
    start(source, onFailure) {
      const port = `const port = process.getBuiltinModule("node:worker_threads").parentPort;`;
      const worker = new (builtin("node:worker_threads").Worker)(port + source, {
        eval: true,
        execArgv: [], // loaders of the program have no business here
      });
      worker.on("error", onFailure);
      worker.unref();
      return worker;
    },
  };
}

function browserHost(): Host | undefined {
  if (!globalThis.crossOriginIsolated || typeof Worker === "undefined") return undefined;
  return {
    cores: navigator.hardwareConcurrency,
    start(source, onFailure) {
      // Once the script is there, nobody needs its address any more.
      const port = "const port = self; URL.revokeObjectURL(location.href);";
      const worker = new Worker(URL.createObjectURL(new Blob([port, source], { type: "text/javascript" })));
      worker.onerror = (event) => {
        event.preventDefault(); // no error of the page
        onFailure();
      };
      return worker;
    },
  };
}

let host: Host | undefined | "unknown" = "unknown";

/** Where threads come from; undefined where there are none. */
export function threadHost(): Host | undefined {
  if (host === "unknown") host = nodeHost() ?? browserHost();
  return host;
}

export const hasThreads = (): boolean => threadHost() !== undefined;
/** How many threads a program is made for if nothing else is asked for. */
export const defaultThreads = (): number => Math.min(mostThreads, threadHost()?.cores ?? 1);

/** Whether the calling thread may sleep: the main thread of a page may not. Asks for a sleep that ends at once. */
export function maySleep(): boolean {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1);
    return true;
  } catch {
    return false;
  }
}
