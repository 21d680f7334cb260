// npm run example -- NAME [options]: sets up what is missing, the packages of data/ included where the example reads them,
// and runs examples/NAME.ts against the built package, as a user of nabla would.
import { join } from "node:path";
import { build, root, setup, tool } from "./setup.mjs";

/** Each example, and whether it reads the packages of data/, which a normal install does not fetch. */
const examples = {
  digits: false,
  mnist: true,
  fashion: false,
  penguins: true,
  cars: true,
  flights: true,
  logistic: false,
  shakespeare: false,
};

const [name, ...options] = process.argv.slice(2);
if (!Object.hasOwn(examples, name ?? "")) {
  console.error(`npm run example -- NAME, where NAME is one of ${Object.keys(examples).join(", ")}`);
  process.exit(2);
}
setup();
await build();
if (examples[name]) setup(join(root, "data"));
const tsconfig = join(root, "examples", "tsconfig.json"); // without `paths`: "nabla" is what package.json exports, not src/
process.exitCode = tool("tsx", ["--tsconfig", tsconfig, `examples/${name}.ts`, ...options]);
