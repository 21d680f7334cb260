/** Epochs of steps, with checkpoints between them, to their end. */
import type { Tree } from "../graph/trees.ts";
import type { Variables } from "../nn/index.ts";
import { saveAveraged } from "./checkpoint.ts";
import { explained } from "./diverged.ts";
import { type End, endOf, messageOf } from "./ending.ts";
import { countOf, epochEnded, steps } from "./epoch.ts";
import { averagedVariables } from "./rules/average.ts";
import { openSession, type Run, type Session, saved } from "./session.ts";
import { beginning, type Reached, type Snapshot } from "./snapshot.ts";
import { Training } from "./training.ts";

export async function loop(run: Run): Promise<Training<Tree, Tree>> {
  const session = await openSession(run);
  try {
    const [reached, end] = await toEnd(session);
    const [last, how] = end === undefined ? await explained(session, reached.good) : ([reached, end] as const);
    const result = resultOf(session, last, how);
    const { folder } = run.options;
    if (folder !== undefined && result.averaged !== undefined)
      await saveAveraged(folder, result.averaged, last.position);
    return result;
  } finally {
    await session.close();
  }
}

/** As far as it goes; no end is given where something was not finite. */
async function toEnd(session: Session): Promise<readonly [Reached, End | undefined]> {
  const { settings, start, found } = session;
  const count = countOf(session);
  let at = beginning(start);
  if (found === undefined) at = await saved(session, at);
  for (let written = at.position; !at.diverged; ) {
    const end = endOf(at.position, settings, session.stopped());
    if (end !== undefined) {
      if (at.position !== written) at = await saved(session, at);
      return [at, at.diverged ? undefined : end];
    }
    at = await steps(session, at);
    if (!at.diverged && at.position.batch >= count) at = await epochEnded(session, at);
    if (!at.diverged && isDue(session, at)) {
      at = await saved(session, at);
      written = at.position;
    }
  }
  return [at, undefined];
}

const isDue = ({ settings: { saveEvery } }: Session, { position: { batch, step } }: Reached): boolean =>
  saveEvery === "epoch" ? batch === 0 : step % saveEvery === 0;

function resultOf(session: Session, { state, position, best }: Snapshot, end: End): Training<Tree, Tree> {
  const { options, found, progress } = session;
  const message = messageOf(end, options.folder, found);
  const early = end.status === "stopped" || end.status === "diverged";
  if (early && options.progress !== "bar") progress.say(`${end.status}: ${message}`);
  progress.end();
  const { history, step, best: epoch } = position;
  return new Training({
    variables: state.variables,
    averaged: averagedVariables(state.variables, state.rule),
    rule: state.rule,
    best: epoch === undefined ? undefined : { ...epoch, variables: best as Variables },
    history,
    status: end.status,
    message,
    steps: step,
    seconds: session.seconds(),
  });
}
