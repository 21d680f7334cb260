// npm run test:browser: the built package in headless Chromium (test/browser/); CHROME_BIN says where, if it is not found.
import { setup, tool } from "./setup.mjs";

setup();
process.exitCode = tool("vitest", ["run", "test/browser"], { env: { ...process.env, NABLA_BROWSER: "1" } });
