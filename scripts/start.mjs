// npm start: sets up what is missing, then runs the digits example against the built package, as a user of nabla would.
import { build, root, setup, tool } from "./setup.mjs";

setup();
await build();
const tsconfig = `${root}/examples/tsconfig.json`; // without `paths`: "nabla" is what package.json exports, not src/
process.exitCode = tool("tsx", ["--tsconfig", tsconfig, "examples/digits.ts", ...process.argv.slice(2)]);
