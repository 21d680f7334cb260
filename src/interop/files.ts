/** Files that are whole or not there: what Node reads and writes, with errors that say which file. */
import { NablaError } from "../base/error.ts";

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EACCES: "access is denied",
  EISDIR: "this is a folder",
  ENOTDIR: "a part of the path is no folder",
  EROFS: "it lies where nothing can be written",
  ENOSPC: "the disk is full",
  EDQUOT: "the quota of the disk is used up",
  EFBIG: "the file would be larger than allowed",
};
const repairs: Readonly<Record<string, string>> = {
  ENOSPC: "making room on the disk, or another folder",
  EDQUOT: "making room on the disk, or another folder",
  EFBIG: "a higher limit (ulimit -f), or another folder",
};

/** The error of a file: E-FILE with its path and the reason in words. */
export function fileError(what: string, path: string, error: unknown): NablaError {
  const code = (error as { readonly code?: string }).code ?? "";
  const reason = reasons[code] ?? (error instanceof Error ? error.message : String(error));
  const failed = new NablaError("E-FILE", `${what}: ${path}: ${reason}`, repairs[code] ?? "another path");
  failed.cause = error;
  return failed;
}

export async function readBytes(what: string, path: string): Promise<Uint8Array> {
  const { readFile } = await import("node:fs/promises");
  try {
    const { buffer, byteOffset, length } = await readFile(path);
    return new Uint8Array(buffer, byteOffset, length); // a Buffer's slice would be no copy
  } catch (error) {
    throw fileError(what, path, error);
  }
}

/** What a file is called until it is whole. */
export const unfinished = (path: string): string => `${path}.tmp`;

/**
 * Writes a file so that whoever reads it, also after the machine stopped at any moment, finds the file of before or the
 * whole new one: written and flushed under another name in the same folder, then renamed, and the folder flushed.
 *
 * @throws E-FILE with the reason; the file of before is then still there
 */
export async function writeAtomically(what: string, path: string, bytes: Uint8Array): Promise<void> {
  const { open, rename, rm } = await import("node:fs/promises");
  const { dirname } = await import("node:path");
  const temporary = unfinished(path);
  try {
    const file = await open(temporary, "w");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {}); // the first error is the one to tell
    throw fileError(what, path, error);
  }
  await flushFolder(dirname(path));
}

/** Makes a renaming last; where folders cannot be opened (Windows), the file system sees to it. */
async function flushFolder(path: string): Promise<void> {
  const { open } = await import("node:fs/promises");
  const folder = await open(path, "r").catch(() => undefined);
  if (folder === undefined) return;
  try {
    await folder.sync();
  } catch {
    // not every file system flushes folders
  } finally {
    await folder.close();
  }
}
