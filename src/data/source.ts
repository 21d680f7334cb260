/** Where bytes come from: a path, a file of a page, an address. */
import { NablaError } from "../base/error.ts";
import { check, type Kind } from "./check.ts";

/** A path (Node), what a page's file input gives, the answer of fetch, or an address to fetch (file: in Node). */
export type Source = string | URL | Blob | Response;

const source: Kind = [
  (value) => typeof value === "string" || [URL, Blob, Response].some((kind) => value instanceof kind),
  "a path, a URL, a File or Blob, or the answer of fetch",
];
export const checkSource = (what: string, given: Source): void => check(what, "the source", given, source);

export function nameOf(source: Source): string {
  if (typeof source === "string") return source;
  if (source instanceof URL) return source.pathname;
  if (source instanceof Blob) return "name" in source ? String(source.name) : "blob";
  return source.url.replace(/[?#].*$/, "") || "response";
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EACCES: "access is denied",
  EISDIR: "this is a folder",
  ENOTDIR: "this is no folder",
  EBADF: "the file is closed",
  ENOSPC: "there is no space left",
};

/** What the system says about a file, as an error that names it. */
export function fileError(file: string, error: unknown): NablaError {
  const code = (error as { code?: string }).code ?? "";
  const wrapped = new NablaError("E-OPTION", `${file}: ${reasons[code] ?? String(error)}`, "another path");
  wrapped.cause = error;
  return wrapped;
}

/** All bytes of it. */
export async function bytesOf(source: Source): Promise<Uint8Array> {
  if (source instanceof Blob) return new Uint8Array(await source.arrayBuffer());
  if (source instanceof Response) return bytesOfResponse(source);
  if (source instanceof URL && source.protocol !== "file:") return bytesOfResponse(await fetched(source));
  try {
    const { readFile } = await import("node:fs/promises");
    const { buffer, byteOffset, length } = await readFile(source);
    return new Uint8Array(buffer, byteOffset, length);
  } catch (error) {
    throw fileError(nameOf(source), error);
  }
}

async function fetched(url: URL): Promise<Response> {
  try {
    return await fetch(url);
  } catch (error) {
    throw new NablaError("E-OPTION", `${url}: cannot be fetched: ${(error as Error).message}`, "another address");
  }
}

async function bytesOfResponse(response: Response): Promise<Uint8Array> {
  if (!response.ok)
    throw new NablaError("E-OPTION", `${nameOf(response)}: the answer is ${response.status}`, "another address");
  return new Uint8Array(await response.arrayBuffer());
}
