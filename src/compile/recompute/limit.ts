/** A plan whose program occupies no more memory than it may. */
import type { Plan } from "../../backend/target.ts";
import { arenaStart } from "../../backend/wasm/kernel.ts";
import { memoryOf, type ProgramOptions } from "../../backend/wasm/program.ts";
import { NablaError } from "../../base/error.ts";
import type { Steps } from "../lower.ts";
import { recompute } from "./recompute.ts";

/** `free`: the plan of the steps as they are. */
export function planWithin(steps: Steps, free: Plan, limit: number, options: ProgramOptions): Plan {
  if (limit === Number.POSITIVE_INFINITY) return free;
  const needed = memoryOf(free, options);
  if (needed <= limit) return free;
  // What lies beyond the arena depends on the kernels alone.
  const plan = recompute(steps, free, arenaStart, limit - (needed - free.bytes));
  const reached = memoryOf(plan, options);
  if (reached <= limit) return plan;
  throw new NablaError(
    "E-LIMIT",
    `compile: memoryLimit is ${limit} bytes; the least that was reached, by recomputing, is ${reached}`,
    `a limit of ${reached} bytes or more, or smaller batches`,
  );
}
