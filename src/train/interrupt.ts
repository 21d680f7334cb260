/** Signals of the operating system as a request to stop. */

const signals = ["SIGINT", "SIGTERM"] as const;

/**
 * Calls `stop` with the name of the first signal; a second one does what it does without us. Returns what takes the
 * handlers away.
 */
export function onInterrupt(stop: (name: string) => void): () => void {
  const host = globalThis.process as NodeJS.Process | undefined;
  if (typeof host?.on !== "function") return () => {};
  const remove = (): void => {
    for (const name of signals) host.off(name, handler);
  };
  const handler = (name: string): void => {
    remove();
    stop(name);
  };
  for (const name of signals) host.on(name, handler);
  return remove;
}

/** Lets everything else that waits have its turn: signals, timers, files. */
export const turn = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof setImmediate === "function") setImmediate(resolve);
    else setTimeout(resolve);
  });
