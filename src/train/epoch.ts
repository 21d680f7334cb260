/** The steps of an epoch, and what is done at its end. */
import { NablaError } from "../base/error.ts";
import { batchCount, batches } from "../data/index.ts";
import { saveBest } from "./checkpoint.ts";
import { type Weighted, weightOf } from "./cost.ts";
import { turn } from "./interrupt.ts";
import { afterEpoch, afterStep, type Position, rowOf } from "./position.ts";
import { inputsOf, type Session, saved } from "./session.ts";
import { type Reached, remembered } from "./snapshot.ts";
import { kept, modeOf, type StepInputs, type TrainingStep } from "./step.ts";
import { type Sums, withCost, withDiagnosis } from "./sums.ts";

/** How long, in milliseconds, others may have to wait for their turn. */
const patience = 50;

/** The batches of a position's epoch that are left. */
export const batchesFrom = (
  { task: { data }, settings: { batchSize, dropLast, seed } }: Session,
  { epoch, batch }: Position,
): AsyncIterable<Weighted> => batches(data, { batchSize, dropLast, seed, epoch, from: batch });

/** Of an epoch. */
export const countOf = ({ task, settings: { batchSize, dropLast } }: Session): number =>
  batchCount(task.data.size, { batchSize, dropLast });

/** Steps until the epoch is over, someone wants it to end or something is not finite. */
export async function steps(session: Session, reached: Reached): Promise<Reached> {
  const { settings, progress } = session;
  const { saveEvery } = settings;
  const count = countOf(session);
  const inputs = inputsOf(session, reached.position);
  let at = reached;
  let [turned, looked, pause] = [performance.now(), performance.now(), 1000];
  for await (const examples of batchesFrom(session, at.position)) {
    const size = sizeAt(session, at.position);
    const sums = await diagnosed(session, at, examples, inputs);
    const [state, cost] = stepped(session, at, examples, inputs);
    const value = cost.item();
    if (!Number.isFinite(value)) return { ...at, diverged: true };
    const position = afterStep(at.position, withCost(sums, value, weightOf(examples, size)));
    at = { ...at, state, position };
    const now = performance.now();
    progress.step(now, () => momentOf(session, position, count));
    if (now - turned > patience) {
      await turn();
      turned = performance.now();
    }
    if (session.stopped() !== undefined || position.step >= settings.steps) break;
    if (saveEvery !== "epoch" && position.batch < count && position.step % saveEvery === 0)
      at = await saved(session, at);
    else if (now - looked > pause) {
      at = remembered(at);
      looked = performance.now();
      pause = Math.max(1000, 50 * (looked - now));
    }
    if (at.diverged) break;
  }
  return at;
}

/** A step. Where an index in it has no place, the uncompiled cost says which: an error in the data, not in the run. */
function stepped(
  { step, task }: Session,
  { state, good }: Reached,
  examples: Weighted,
  inputs: StepInputs,
): ReturnType<TrainingStep> {
  try {
    return step(state, examples, inputs);
  } catch (error) {
    if (error instanceof NablaError && error.code === "E-INDEX")
      task.cost(good.state.variables, examples, modeOf(inputs, good.state.step));
    throw error;
  }
}

/** Measures and shows what the epoch came to, and goes to the beginning of the next. */
export async function epochEnded(session: Session, reached: Reached): Promise<Reached> {
  const { task, settings, options, log, progress } = session;
  const { folder, callback } = options;
  const ended = remembered(reached);
  if (ended.diverged) return ended;
  const { state } = ended;
  const row = rowOf(ended.position, await task.measure(state.variables), session.seconds());
  const [position, better] = afterEpoch(ended.position, row, settings, options.plateau);
  const best = better ? state.variables : ended.best;
  await log.write(row);
  progress.epoch(row);
  if (better && folder !== undefined) await saveBest(folder, state.variables, position);
  if ((await callback?.({ epoch: row, variables: state.variables as never })) === true) session.stop("the callback");
  return remembered({ ...ended, position, best });
}

const sizeAt = ({ task, settings: { batchSize } }: Session, { batch }: Position): number =>
  Math.min(batchSize, task.data.size - batch * batchSize);

/** The sums, with a diagnosis of the coming step where one is due. */
async function diagnosed(
  session: Session,
  { state, position }: Reached,
  examples: Weighted,
  inputs: StepInputs,
): Promise<Sums> {
  const { diagnose, log, options } = session;
  if (diagnose === undefined || position.step % (options.diagnostics?.every ?? 1) !== 0) return position.sums;
  const diagnosis = diagnose(kept(state), examples, sizeAt(session, position), inputs);
  await log.write({ step: position.step, ...diagnosis });
  return withDiagnosis(position.sums, diagnosis);
}

const momentOf = ({ settings, start }: Session, { epoch, batch, step, sums, history }: Position, batches: number) => ({
  epoch,
  batch,
  batches,
  step,
  steps: Math.min(settings.steps, settings.epochs * batches),
  loss: sums.loss / sums.weight,
  made: step - start.position.step,
  batchSize: settings.batchSize,
  last: history.at(-1),
});
