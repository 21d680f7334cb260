/** A file of JSON lines that can be taken up again where a checkpoint left it. */
import { fileError } from "../interop/files.ts";
import { toJson } from "./position.ts";

export interface Log {
  /** Bytes so far. */
  readonly bytes: () => number;
  write(entry: object): Promise<void>;
  /** Makes it last. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

const none: Log = { bytes: () => 0, write: async () => {}, flush: async () => {}, close: async () => {} };

/** Opens the log at a length; what lies behind is dropped. A log that is no longer there begins anew. */
export async function openLog(path: string | undefined, length: number): Promise<Log> {
  if (path === undefined) return none;
  const { open, stat } = await import("node:fs/promises");
  const there =
    length === 0
      ? 0
      : await stat(path).then(
          ({ size }) => size,
          () => 0,
        );
  const from = Math.min(length, there);
  const guarded = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw fileError("train", path, error);
    }
  };
  const file = await guarded(open(path, from === 0 ? "w" : "r+"));
  await guarded(file.truncate(from));
  let bytes = from;
  return {
    bytes: () => bytes,
    async write(entry) {
      const line = new TextEncoder().encode(`${toJson(entry)}\n`);
      await guarded(file.write(line, 0, line.length, bytes));
      bytes += line.length;
    },
    flush: () => guarded(file.sync()),
    close: () => file.close(),
  };
}
