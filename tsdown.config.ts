import { defineConfig } from "tsdown";

export default defineConfig({
  entry: ["src/index.ts"],
  format: "esm",
  platform: "neutral", // one build for Node and browsers
  target: ["es2023", "node20.19"],
  unbundle: true, // a file a module: tree-shaking by file, and stack frames that lie in dist/
  dts: { sourcemap: false }, // src/ is not in the package
  sourcemap: true,
  inputOptions: { checks: { pluginTimings: false } },
  deps: { neverBundle: /^node:/ },
});
