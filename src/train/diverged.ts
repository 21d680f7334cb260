/** Which step of a run that diverged is to blame, and what in it. */
import type { Weighted } from "./cost.ts";
import { culprit, placesOf } from "./culprit.ts";
import type { End } from "./ending.ts";
import { batchesFrom } from "./epoch.ts";
import { afterStep } from "./position.ts";
import { inputsOf, type Session } from "./session.ts";
import type { Snapshot } from "./snapshot.ts";
import { isFinite, kept } from "./step.ts";

/** Goes again from where all was well, step by step, up to the one to blame; with what was reached before it. */
export async function explained(session: Session, good: Snapshot): Promise<readonly [Snapshot, End]> {
  const { task, options, settings, step, log } = session;
  const inputs = inputsOf(session, good.position);
  let at = good;
  let bad: Weighted | undefined;
  for await (const examples of batchesFrom(session, good.position)) {
    const [state, cost] = step(at.state, examples, inputs);
    if (!Number.isFinite(cost.item()) || !isFinite(kept(state).variables)) {
      bad = examples;
      break;
    }
    at = { ...at, state, position: afterStep(at.position, at.position.sums) };
  }
  if (bad === undefined)
    return [at, { status: "diverged", message: "something was not finite, and is when it is done again" }];
  const { state, position } = at;
  const { epoch, batch } = position;
  const { text, example } = culprit(task.cost, options.rule, { state, batch: bad, inputs });
  const places = await placesOf(task.data, settings, { epoch, batch });
  const who = example === undefined ? "" : `\n  example ${places[example]} of the data, ${example} of the batch`;
  const message = `step ${position.step + 1} (epoch ${epoch + 1}, batch ${batch + 1}): ${text}${who}`;
  await log.write({ step: position.step, diverged: message });
  return [at, { status: "diverged", message }];
}
