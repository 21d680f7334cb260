/** The small run in a process of its own, to be killed. Prints `ready` before it begins, and its result at the end. */
import { train } from "nabla/train";
import { fingerprint, run } from "./run.ts";

const { width, hidden, hang, ...options } = JSON.parse(process.argv[2] as string);
process.stdout.write("ready\n");
try {
  const training = await train({
    ...run(width, hidden),
    ...(hang ? { callback: () => new Promise((resolve) => setTimeout(resolve, 60_000)) } : {}),
    ...options,
  });
  const { status, message } = training;
  process.stdout.write(JSON.stringify({ status, message, fingerprint: fingerprint(training) }));
} catch (error) {
  process.stdout.write(JSON.stringify({ status: "error", message: (error as Error).message }));
}
