/** How a run ends, and what it says then. */
import type { Found } from "./checkpoint.ts";
import type { Settings } from "./options.ts";
import type { Position } from "./position.ts";
import type { TrainingStatus } from "./training.ts";

export interface End {
  readonly status: TrainingStatus;
  readonly message: string;
}

/** Whether it is over; `stop` is who wants it to be. */
export function endOf(
  { epoch, step, waited, best }: Position,
  { epochs, steps, patience }: Settings,
  stop: string | undefined,
): End | undefined {
  if (step >= steps) return { status: "finished", message: `${step} steps are made` };
  if (epoch >= epochs) return { status: "finished", message: `${epoch} epochs are over` };
  if (waited >= patience)
    return {
      status: "early-stopped",
      message: `no better for ${waited} epochs than after epoch ${(best?.epoch ?? -1) + 1}`,
    };
  if (stop !== undefined) return { status: "stopped", message: `by ${stop} after ${step} steps` };
  return undefined;
}

/** The end, how to go on from there, and from where it was resumed. */
export const messageOf = ({ status, message }: End, folder: string | undefined, found: Found | undefined): string =>
  [message, resumeText(folder, status), found && foundText(found)].filter(Boolean).join("; ");

const resumeText = (folder: string | undefined, status: TrainingStatus): string | undefined => {
  if (folder === undefined || status === "finished" || status === "early-stopped") return undefined;
  if (status === "diverged") return `the last checkpoint in ${folder} is from before`;
  return `the same call with { folder: ${JSON.stringify(folder)}, resume: true } goes on`;
};

export const foundText = ({ path, spoilt }: Found): string =>
  `resumed from ${path}${spoilt.length > 0 ? `, because a later one is spoilt: ${spoilt.join("; ")}` : ""}`;
