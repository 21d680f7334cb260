/** Epochs of steps: what is summed, saved and shown along the way, and how it ends. */
import { NablaError } from "../base/error.ts";
import { batchCount, batches } from "../data/index.ts";
import { filled, type Tensor } from "../graph/tensor.ts";
import type { Tree } from "../graph/trees.ts";
import type { Variables } from "../nn/index.ts";
import { type Checkpoint, type Found, saveBest, saveCheckpoint } from "./checkpoint.ts";
import { type Weighted, weightOf } from "./cost.ts";
import { culprit, placesOf } from "./culprit.ts";
import { diagnosing } from "./diagnostics.ts";
import type { Fingerprint } from "./fingerprint.ts";
import { onInterrupt, turn } from "./interrupt.ts";
import { openLog } from "./log.ts";
import type { AnyOptions, Settings } from "./options.ts";
import { type EpochRecord, noSums, type Position } from "./position.ts";
import { showing } from "./progress.ts";
import { isFinite, kept, modeOf, type StepInputs, type TrainingStep } from "./step.ts";
import type { Task } from "./task.ts";
import { Training, type TrainingStatus } from "./training.ts";

/** A run, ready to go. */
export interface Run {
  readonly task: Task;
  readonly options: AnyOptions;
  readonly settings: Settings;
  readonly step: TrainingStep;
  readonly key: Tensor;
  readonly start: Omit<Checkpoint, "fingerprint">;
  /** Where there is a folder. */
  readonly fingerprint: Fingerprint | undefined;
  /** What was resumed. */
  readonly found: Found | undefined;
}

interface End {
  readonly status: TrainingStatus;
  readonly message: string;
}

/** How long, in milliseconds, others may have to wait for their turn. */
const patience = 50;

export async function loop(run: Run): Promise<Training<Tree, Tree>> {
  const { task, options, settings, step, start, found } = run;
  const { batchSize, dropLast, seed, epochs, steps, saveEvery } = settings;
  const { folder, signal, plateau, diagnostics, threads } = options;
  const { data } = task;
  const count = batchCount(data.size, { batchSize, dropLast });
  let { state, position, best } = start;
  let inputs = inputsOf(run, position);
  let good = { state: kept(state), position };
  let stop: string | undefined;
  const began = performance.now();
  const time = (): number => (performance.now() - began) / 1000;
  const progress = showing(options.progress ?? "auto");
  const diagnose = diagnostics && diagnosing(task.cost, diagnostics, threads);
  const log = await openLog(options.log ?? (await inFolder(folder, "log.jsonl")), position.logBytes);
  if (found !== undefined && found.spoilt.length > 0) progress.say(foundText(found));

  /** Takes the state out of the program's memory, to come back to; false if it is not worth that. */
  const remember = (): boolean => {
    if (state !== good.state && !isFinite(kept(state).variables)) return false;
    good = { state, position };
    return true;
  };
  const save = async (): Promise<boolean> => {
    if (!remember()) return false;
    if (folder === undefined || run.fingerprint === undefined) return true;
    await log.flush();
    position = { ...position, seconds: start.position.seconds + time(), logBytes: log.bytes() };
    await saveCheckpoint(folder, { state, position, best, fingerprint: run.fingerprint });
    return true;
  };
  const endEpoch = async (): Promise<boolean> => {
    if (!remember()) return false;
    const measured = await task.measure?.(state.variables);
    const row = rowOf(position, measured, start.position.seconds + time(), diagnostics !== undefined);
    const value = measured === undefined ? row.loss : (measured[settings.monitor] as number);
    const better = isBetter(value, position.best?.value, settings.maximize);
    if (better) best = state.variables;
    const shown = settings.maximize ? -value : value;
    position = {
      ...position,
      epoch: position.epoch + 1,
      batch: 0,
      sums: noSums,
      history: [...position.history, row],
      ...(better ? { best: { epoch: row.epoch, step: row.step, value } } : {}),
      waited: better ? 0 : position.waited + 1,
      ...(plateau && position.plateau && { plateau: plateau.next(position.plateau, shown) }),
    };
    inputs = inputsOf(run, position);
    await log.write(row);
    progress.epoch(row);
    if (better && folder !== undefined) await saveBest(folder, state.variables, position);
    if ((await options.callback?.({ epoch: row, variables: state.variables as never })) === true)
      stop ??= "the callback";
    good = { state, position };
    return true;
  };
  /** A step. Where an index in it has no place, the uncompiled cost says which: an error in the data, not in the run. */
  const attempt = (examples: Weighted): ReturnType<TrainingStep> => {
    try {
      return step(state, examples, inputs);
    } catch (error) {
      if (error instanceof NablaError && error.code === "E-INDEX")
        task.cost(good.state.variables, examples, modeOf(inputs, good.state.step));
      throw error;
    }
  };
  /** Steps until the epoch is over or someone wants it to end; false where something is not finite. */
  const advance = async (): Promise<boolean> => {
    let { batch, step: made, sums } = position;
    let { loss, weight } = sums;
    const settle = (): void => {
      position = { ...position, batch, step: made, sums: { ...sums, loss, weight } };
    };
    let [turned, remembered, pause] = [performance.now(), performance.now(), 1000];
    for await (const examples of batches(data, { batchSize, dropLast, seed, epoch: position.epoch, from: batch })) {
      const size = Math.min(batchSize, data.size - batch * batchSize);
      if (diagnose !== undefined && diagnostics !== undefined && made % diagnostics.every === 0) {
        const diagnosis = diagnose(kept(state), examples, size, inputs);
        await log.write({ step: made, ...diagnosis });
        const { gradientSquared = 0, noise = 0, curvature = 0 } = diagnosis;
        sums = {
          ...sums,
          gradientSquared: sums.gradientSquared + gradientSquared,
          noise: sums.noise + noise,
          curvature: sums.curvature + curvature,
          measured: sums.measured + 1,
        };
      }
      const [next, cost] = attempt(examples);
      state = next;
      const value = cost.item();
      if (!Number.isFinite(value)) return false;
      const counts = weightOf(examples, size);
      loss += value * counts;
      weight += counts;
      batch++;
      made++;
      const now = performance.now();
      progress.step(now, () => ({
        epoch: position.epoch,
        batch,
        batches: count,
        step: made,
        steps: Math.min(steps, epochs * count),
        loss: loss / weight,
        made: made - start.position.step,
        batchSize,
        last: position.history.at(-1),
      }));
      if (now - turned > patience) {
        await turn();
        turned = performance.now();
      }
      if (stop !== undefined || signal?.aborted === true || made >= steps) break;
      if (batch < count && saveEvery !== "epoch" && made % saveEvery === 0) {
        settle();
        if (!(await save())) return false;
      } else if (now - remembered > pause) {
        settle();
        if (!remember()) return false;
        remembered = performance.now();
        pause = Math.max(1000, 50 * (remembered - now));
      }
    }
    settle();
    return true;
  };
  const all = async (): Promise<End | undefined> => {
    if (found === undefined && !(await save())) return undefined;
    for (let saved = position; ; ) {
      const ended = endOf(position, settings, stop ?? (signal?.aborted === true ? "the signal" : undefined));
      if (ended !== undefined) return position === saved || (await save()) ? ended : undefined;
      if (!(await advance())) return undefined;
      if (position.batch >= count && !(await endEpoch())) return undefined;
      const due = saveEvery === "epoch" ? position.batch === 0 : position.step % saveEvery === 0;
      if (due && !(await save())) return undefined;
      if (due) saved = position;
    }
  };

  const forget =
    (options.interrupt ?? folder !== undefined)
      ? onInterrupt((name) => {
          stop ??= name;
        })
      : () => {};
  try {
    const ended = await all();
    const end = ended ?? (await explained());
    const message = [end.message, resumeText(folder, end.status), found && foundText(found)].filter(Boolean).join("; ");
    if (end.status === "stopped" || end.status === "diverged") progress.say(`${end.status}: ${message}`);
    progress.end();
    const { history, best: epoch, step: made } = position;
    return new Training({
      variables: state.variables,
      best: epoch === undefined ? undefined : { ...epoch, variables: best as Variables },
      history,
      status: end.status,
      message,
      steps: made,
      seconds: start.position.seconds + time(),
    });
  } finally {
    forget();
    await log.close();
  }

  /** Goes again from where all was well, step by step, to the one that is to blame. */
  async function explained(): Promise<End> {
    ({ state, position } = good);
    const { epoch } = position;
    let bad: Weighted | undefined;
    for await (const examples of batches(data, { batchSize, dropLast, seed, epoch, from: position.batch })) {
      const [next, cost] = step(state, examples, inputs);
      if (!Number.isFinite(cost.item()) || !isFinite(kept(next).variables)) {
        bad = examples;
        break;
      }
      state = next;
      position = { ...position, batch: position.batch + 1, step: position.step + 1 };
    }
    const at = `step ${position.step + 1} (epoch ${epoch + 1}, batch ${position.batch + 1})`;
    if (bad === undefined)
      return { status: "diverged", message: "something was not finite, and is when it is done again" };
    const { text, example } = culprit(task.cost, options.rule, { state, batch: bad, inputs });
    const places = await placesOf(data, { batchSize, dropLast, seed }, { epoch, batch: position.batch });
    const who = example === undefined ? "" : `\n  example ${places[example]} of the data, ${example} of the batch`;
    const message = `${at}: ${text}${who}`;
    await log.write({ step: position.step, diverged: message });
    return { status: "diverged", message };
  }
}

const inputsOf = ({ key }: Run, { plateau }: Position): StepInputs => ({
  factor: filled(plateau?.factor ?? 1, [], "float64"),
  key,
});

const isBetter = (value: number, best: number | undefined, maximize: boolean): boolean =>
  Number.isFinite(value) && (best === undefined || (maximize ? value > best : value < best));

function endOf(
  position: Position,
  { epochs, steps, patience: most }: Settings,
  stop: string | undefined,
): End | undefined {
  const { epoch, step, waited } = position;
  if (step >= steps) return { status: "finished", message: `${step} steps are made` };
  if (epoch >= epochs) return { status: "finished", message: `${epoch} epochs are over` };
  if (waited >= most)
    return {
      status: "early-stopped",
      message: `no better for ${waited} epochs than after epoch ${(position.best?.epoch ?? -1) + 1}`,
    };
  if (stop !== undefined) return { status: "stopped", message: `by ${stop} after ${step} steps` };
  return undefined;
}

function rowOf(
  { epoch, step, sums, plateau }: Position,
  validation: Record<string, number> | undefined,
  seconds: number,
  diagnosed: boolean,
): EpochRecord {
  const { gradientSquared, noise, curvature, measured } = sums;
  return {
    epoch,
    step,
    loss: sums.loss / sums.weight,
    ...(validation === undefined ? {} : { validation }),
    ...(plateau === undefined ? {} : { factor: plateau.factor }),
    ...(diagnosed && measured > 0 ? { noiseScale: noise / gradientSquared, curvature: curvature / measured } : {}),
    seconds,
  };
}

async function inFolder(folder: string | undefined, name: string): Promise<string | undefined> {
  if (folder === undefined) return undefined;
  const { join } = await import("node:path");
  return join(folder, name);
}

const resumeText = (folder: string | undefined, status: TrainingStatus): string | undefined => {
  if (folder === undefined || status === "finished" || status === "early-stopped") return undefined;
  if (status === "diverged") return `the last checkpoint in ${folder} is from before`;
  return `the same call with { folder: ${JSON.stringify(folder)}, resume: true } goes on`;
};

const foundText = ({ path, spoilt }: Found): string =>
  `resumed from ${path}${spoilt.length > 0 ? `, because a later one is spoilt: ${spoilt.join("; ")}` : ""}`;
