import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

// Type tests (test/types/*.test-d.ts, `expectTypeOf` of vitest) are checked by `tsc --noEmit`; nothing runs them.
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: process.env.NABLA_FULL || process.env.NABLA_BROWSER ? [] : ["test/browser/**"],
    alias: [
      { find: /^nabla$/, replacement: source("index.ts") },
      { find: /^nabla\/([a-z]+)$/, replacement: source("$1/index.ts") },
    ],
    pool: "forks", // a crash of the engine takes one file down, not the run
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
