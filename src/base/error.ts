/** The one error class of nabla, and the user's own line for it. */

/** What went wrong, for programs to tell apart. */
export type ErrorCode =
  | "E-SHAPE"
  | "E-DTYPE"
  | "E-VALUE"
  | "E-INDEX"
  | "E-RAGGED"
  | "E-TREE"
  | "E-OPTION"
  | "E-NO-VALUE"
  | "E-NOT-SCALAR"
  | "E-LEAKED"
  | "E-UNDEFINED-DERIVATIVE"
  | "E-NO-DERIVATIVE"
  | "E-CONSUMED"
  | "E-FORMULA"
  | "E-FILE"
  | "E-LIMIT"
  | "E-INTERNAL";

/**
 * What happened, where in the user's code, and the repair.
 *
 * ```
 * E-SHAPE matmul: inner sizes differ: a is [3, 4], b is [5, 2] (4 ≠ 5)
 *   at model.ts:41 in predict
 *   try matmul(a, transpose(b)) if b holds one row per output
 * ```
 */
export class NablaError extends Error {
  override readonly name = "NablaError";
  readonly code: ErrorCode;
  /** `file:line in function` of the user's code, where it is known. */
  readonly source: string | undefined;

  constructor(code: "E-INTERNAL", what: string);
  constructor(code: ErrorCode, what: string, repair: string, source?: string | undefined);
  constructor(code: ErrorCode, what: string, repair?: string, source: string | undefined = userFrame()) {
    super(
      [`${code} ${what}`, ...(source ? [`  at ${source}`] : []), ...(repair ? [`  try ${repair}`] : [])].join("\n"),
    );
    this.code = code;
    this.source = source;
  }
}

/** The directory that holds nabla itself, as stack frames name it: frames inside it are not the user's. */
const home = ownDirectory();

function ownDirectory(): string {
  for (const line of (new Error().stack ?? "").split("\n")) {
    const frame = parseFrame(line);
    if (frame !== undefined) return frame.path.replace(/[^/]*\/[^/]*$/, "");
  }
  return decodeURI(new URL("..", import.meta.url).pathname);
}

/** `file:line in function` of the innermost stack frame outside nabla: where this is called, or where an error arose. */
export function userFrame(error?: Error): string | undefined {
  return frameOf(error === undefined ? stackHere() : (error.stack ?? ""));
}

function stackHere(): string {
  const holder: { stack?: string } = {};
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 100;
  if (typeof Error.captureStackTrace === "function") Error.captureStackTrace(holder, userFrame);
  else holder.stack = new Error().stack ?? "";
  Error.stackTraceLimit = limit;
  return holder.stack ?? "";
}

function frameOf(stack: string): string | undefined {
  for (const line of stack.split("\n")) {
    const frame = parseFrame(line);
    if (frame === undefined || frame.path.startsWith(home) || frame.path.startsWith("node:")) continue;
    if (frame.path.includes("/node_modules/")) return undefined;
    const file = frame.path.slice(frame.path.lastIndexOf("/") + 1);
    return `${file}:${frame.line}${frame.name ? ` in ${frame.name}` : ""}`;
  }
  return undefined;
}

/** V8: `at name (file:///a/b.ts:1:2)`; Firefox and Safari: `name@https://a/b.ts:1:2`. */
function parseFrame(text: string): { name: string; path: string; line: string } | undefined {
  const match =
    /^\s*at (?:(?:async |new )?(.*?) \()?(.*?):(\d+):\d+\)?$/.exec(text) ?? /^(.*?)@(.*?):(\d+):\d+$/.exec(text);
  if (match === null) return undefined;
  const [, name = "", location = "", line = ""] = match;
  const path = decodeURI(location.replace(/^[a-z]+:\/\/[^/]*(?=\/)/, "").replace(/\?.*$/, ""));
  return { name: name.replace(/^Object\.|^Module\./, "").replace("<anonymous>", ""), path, line };
}
