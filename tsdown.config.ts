import { defineConfig } from "tsdown";
import { parsedOnce } from "./scripts/parsed-once.ts";

/** Outside of strings there is nothing but ASCII. */
const escaped = (code: string): string =>
  code.replace(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);

const library = defineConfig({
  entry: {
    index: "src/index.ts",
    "analyze/index": "src/analyze/index.ts",
    "expression/index": "src/expression/index.ts",
    "optimize/index": "src/optimize/index.ts",
    "nn/index": "src/nn/index.ts",
    "data/index": "src/data/index.ts",
    "interop/index": "src/interop/index.ts",
    "train/index": "src/train/index.ts",
  },
  format: "esm",
  platform: "neutral", // one build for Node and browsers
  target: ["es2023", "node20.19"],
  // A file a folder of src/: 140 take three times as long to import; one cannot be left out by a bundler.
  outputOptions: {
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [{ name: (id: string) => /\/src\/(\w+)\/.*(?<!\.d)\.ts$/.exec(id)?.[1] ?? null }],
    },
    comments: { annotation: true, jsdoc: false }, // documentation is in the .d.ts
    chunkFileNames: "[name]/index.js", // a level deep, as in src/: errors tell nabla's own lines by it
  },
  plugins: [
    {
      name: "pure", // what a bundler can drop of a file that is used
      renderChunk: (code: string) => code.replace(/^(const|let) (\w+) = (?=[\w.]+\()/gm, "$1 $2 = /* @__PURE__ */ "),
    },
    {
      name: "quick", // what an engine reads quickly: ASCII it does not decode, and functions it passes over
      generateBundle(_options, bundle) {
        for (const file of Object.values(bundle))
          if (file.type === "chunk" && file.fileName.endsWith(".js")) file.code = escaped(parsedOnce(file.code));
      },
    },
  ],
  dts: { sourcemap: false }, // src/ is not in the package
  sourcemap: true,
  inputOptions: { checks: { pluginTimings: false }, preserveEntrySignatures: "allow-extension" },
  deps: { neverBundle: /^node:/ },
});

/** Beside the library, which it imports as every user does; a file a command, so that each loads what it needs alone. */
const commandLine = defineConfig({
  entry: "src/cli/index.ts",
  outDir: "dist/cli",
  format: "esm",
  platform: "node",
  fixedExtension: false, // .js
  target: "node20.19",
  outputOptions: { chunkFileNames: "[name].js", comments: { jsdoc: false } },
  dts: false,
  sourcemap: true,
  inputOptions: { checks: { pluginTimings: false } },
  deps: { neverBundle: /^nabla(\/|$)/ },
});

export default [library, commandLine];
