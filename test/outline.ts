/** The structure of an SVG: its elements and their classes, indented, with texts, and how often like ones follow. */

/** @throws when the tags do not close in order, or a bare < or & is left */
export function outline(svg: string): string {
  const lines: string[] = [];
  const open: string[] = [];
  for (const [, close, name, attributes = "", text] of svg.matchAll(/<(\/?)([a-zA-Z]+)([^<>]*)>([^<]*)/g)) {
    if (close) {
      if (open.pop() !== name) throw new Error(`</${name}> closes nothing`);
      continue;
    }
    const kind = /class="([^"]*)"/.exec(attributes)?.[1];
    lines.push(
      `${"  ".repeat(open.length)}${name}${kind ? `.${kind.replaceAll(" ", ".")}` : ""}${text?.trim() ? ` ${text.trim()}` : ""}`,
    );
    if (!attributes.endsWith("/")) open.push(name as string);
  }
  if (open.length > 0) throw new Error(`<${open.at(-1)}> stays open`);
  const bare = /[<>]|&(?!amp;|lt;|gt;|quot;)/.exec(svg.replace(/<\/?[a-zA-Z]+[^<>]*>/g, ""));
  if (bare !== null) throw new Error(`a bare ${bare[0]}`);
  const runs: { line: string; times: number }[] = [];
  for (const line of lines) {
    const last = runs.at(-1);
    if (last?.line === line) last.times += 1;
    else runs.push({ line, times: 1 });
  }
  return runs.map(({ line, times }) => (times > 1 ? `${line} × ${times}` : line)).join("\n");
}
