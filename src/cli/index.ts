#!/usr/bin/env node
/** The file that `nabla` runs: the command line on this process. */
import pc from "picocolors";
import { main } from "./main.ts";

// A reader that has seen enough (`nabla … | head`) is no failure: the exit code stays that of the answer.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

process.exitCode = await main(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  error: (text) => process.stderr.write(text),
  colour: pc.isColorSupported && process.stdout.isTTY === true,
});
