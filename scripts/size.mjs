// npm run size: what nabla adds to a web page, minified and gzipped, by what the page imports.
import { gzipSync } from "node:zlib";
import { build, root, setup } from "./setup.mjs";

setup();
await build();
const { build: bundle } = await import("esbuild");

async function size(contents) {
  const { outputFiles, metafile } = await bundle({
    stdin: { contents, resolveDir: root },
    bundle: true,
    tsconfigRaw: {}, // "nabla" is what package.json exports, not src/
    minify: true,
    format: "esm",
    target: "es2023",
    external: ["node:*"],
    write: false,
    metafile: true,
  });
  const code = outputFiles[0].contents;
  return {
    files: Object.keys(metafile.inputs).length - 1,
    minified: code.length,
    gzipped: gzipSync(code, { level: 9 }).length,
  };
}

const rows = [
  ['import { grad } from "nabla"', 'import { grad } from "nabla"; console.log(grad);'],
  ['import * as nabla from "nabla"', 'import * as nabla from "nabla"; console.log(nabla);'],
];
const columns = [32, 8, 12, 12];
const line = (cells) =>
  cells.map((cell, i) => (i === 0 ? cell.padEnd(columns[i]) : cell.padStart(columns[i]))).join("");
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

console.log(line(["", "files", "minified", "gzipped"]));
for (const [title, code] of rows) {
  const { files, minified, gzipped } = await size(code);
  console.log(line([title, String(files), kilobytes(minified), kilobytes(gzipped)]));
}
