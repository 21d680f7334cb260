/** What a module of the user's exports. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { NablaError } from "nabla";

/** `FILE#export`; without a name the default export. */
export function placeOf(text: string): { readonly file: string; readonly name: string } {
  const [file = "", name = "default"] = text.split("#");
  return { file, name };
}

/** The exports of a file; `what` is the command that asks. */
export async function loadModule(what: string, file: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return (await import(pathToFileURL(resolve(file)).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    const [first] = (error instanceof Error ? error.message : String(error)).split("\n");
    const repair = /\.[cm]?ts$/.test(file)
      ? 'Node 22.18 or later, or NODE_OPTIONS="--import tsx", which read TypeScript'
      : 'a module that Node can import: .mjs, or "type": "module" in its package.json';
    throw new NablaError("E-OPTION", `${what}: ${file} cannot be imported: ${first}`, repair);
  }
}
