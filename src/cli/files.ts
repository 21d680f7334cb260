/** Files, with errors that say which. */
import { readFile, writeFile } from "node:fs/promises";
import { NablaError } from "nabla";

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EACCES: "access is denied",
  EISDIR: "this is a folder",
};

export const failed = (file: string, error: unknown): NablaError => {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  return new NablaError("E-OPTION", `${file}: ${reasons[code] ?? String(error)}`, "another path");
};

export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw failed(file, error);
  }
}

export async function writeText(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (error) {
    throw failed(file, error);
  }
}

export async function writeBytes(file: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(file, bytes);
  } catch (error) {
    throw failed(file, error);
  }
}
