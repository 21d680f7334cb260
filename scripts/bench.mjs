// npm run bench [-- arguments]: sets up what is missing, bench/'s own packages included, and measures (docs/benchmarks.md).
import { join } from "node:path";
import { build, root, setup, tool } from "./setup.mjs";

setup();
await build();
setup(join(root, "bench"));
process.exitCode = tool("tsx", ["bench/main.ts", ...process.argv.slice(2)]);
