/** `train`: what there is to learn, from where, and then the loop. */
import { NablaError } from "../base/error.ts";
import { filled, type Tensor } from "../graph/tensor.ts";
import { flattenArguments } from "../graph/trees.ts";
import { random } from "../ops/random.ts";
import { checkpointsIn, findCheckpoint, makeFolder, tidy } from "./checkpoint.ts";
import { checkFingerprint, type Fingerprint, programDigest, treeTypes } from "./fingerprint.ts";
import { loop } from "./loop.ts";
import { type AnyOptions, type CostOptions, type ModelOptions, type Settings, settingsOf } from "./options.ts";
import { atStart } from "./position.ts";
import type { Snapshot } from "./snapshot.ts";
import { compileTrees, stepOf, type TrainingState } from "./step.ts";
import { taskOf } from "./task.ts";
import type { Training } from "./training.ts";

/**
 * Minimises the mean loss of the examples by mini-batches, each step one compiled program. With a `folder` it can be
 * stopped at any moment, killed even, and goes on bit for bit as if it had not been (`resume: true`).
 *
 * @throws E-OPTION for options that make no sense, or with which a run cannot be resumed; E-VALUE where there are no
 * examples; E-FILE where a checkpoint cannot be written
 * @example
 * const data = arrays({ x: new Float32Array([0, 1, 2, 3]), y: new Float32Array([1, 3, 5, 7]) });
 * const model = sequential((x) => x.reshape([-1, 1]), dense(1), (x) => x.reshape([-1]));
 * const options = { model, data, loss: meanSquaredError, rule: sgd(0.1), batchSize: 4, epochs: 200 };
 * const { history, status } = await train({ ...options, progress: false });
 * status // "finished"
 * history.at(-1).loss < 1e-9 // true
 */
export function train<B, P, S>(options: CostOptions<B, P, S>): Promise<Training<P, S>>;
export function train<P, S>(options: ModelOptions<P, S>): Promise<Training<P, S>>;
export async function train(given: unknown): Promise<unknown> {
  const options = given as AnyOptions;
  const settings = settingsOf(options);
  const { folder, rule, threads } = options;
  if (folder !== undefined) {
    if (options.resume !== true && (await checkpointsIn(folder)).length > 0)
      throw new NablaError("E-OPTION", `train: ${folder} holds a run`, "resume: true to go on, or another folder");
    await makeFolder(folder);
  }
  const found = folder !== undefined && options.resume === true ? await findCheckpoint(folder) : undefined;
  const task = taskOf(options, settings);
  const [initKey, key] = random.split(random.key(settings.seed)) as [Tensor, Tensor];
  const step = compileTrees(stepOf(task.cost, rule), { state: true, ...(threads === undefined ? {} : { threads }) });
  const variables = await task.initial(initKey);
  const state = tensorsOf({ variables, rule: rule.init(variables.parameters), step: filled(0, [], "int32") });
  const inputs = { factor: filled(1, [], "float64"), key };
  const first = Uint32Array.from({ length: Math.min(settings.batchSize, task.data.size) }, (_, i) => i);
  const program = async (): Promise<string> =>
    programDigest(
      (step.inspect as (...args: unknown[]) => { graph: unknown })(state, await task.data.take(first), inputs).graph,
    );
  const fingerprint: Fingerprint | undefined =
    folder === undefined ? undefined : fingerprintOf(options, settings, state, await program());
  if (found !== undefined) {
    checkFingerprint(folder as string, found.checkpoint.fingerprint, fingerprint as Fingerprint);
    await tidy(folder as string, found.checkpoint.position.step);
  }
  const start: Snapshot = found?.checkpoint ?? {
    state,
    position: options.plateau === undefined ? atStart : { ...atStart, plateau: options.plateau.start },
    best: undefined,
  };
  return loop({ task, options, settings, step, key, start, fingerprint, found });
}

/**
 * Goes on with the run in a folder, E-OPTION if there is none: `train` with `{ folder, resume: true }`.
 *
 * @example
 * const data = arrays({ x: [[0], [1], [2]], y: [[1], [3], [5]] });
 * const options = { model: dense(1), data, loss: meanSquaredError, rule: sgd(0.1), progress: false };
 * await train({ ...options, folder: "runs/line", epochs: 2 });
 * (await resume("runs/line", { ...options, epochs: 5 })).history.length // 5
 */
export function resume<B, P, S>(folder: string, options: CostOptions<B, P, S>): Promise<Training<P, S>>;
export function resume<P, S>(folder: string, options: ModelOptions<P, S>): Promise<Training<P, S>>;
export async function resume(folder: string, options: unknown): Promise<unknown> {
  if ((await checkpointsIn(folder)).length === 0)
    throw new NablaError("E-OPTION", `resume: there is no checkpoint in ${folder}`, "the folder of a run");
  return train({ ...(options as ModelOptions<unknown, unknown>), folder, resume: true });
}

const tensorsOf = (state: TrainingState): TrainingState => {
  const flat = flattenArguments("train", state);
  return flat.rebuild(flat.tensors) as TrainingState;
};

const fingerprintOf = (
  { data, validation, trainingMetrics = false, rule, plateau }: AnyOptions,
  { batchSize, dropLast, seed, monitor, maximize }: Settings,
  state: TrainingState,
  program: string,
): Fingerprint => ({
  batchSize,
  dropLast,
  seed,
  examples: data.size,
  validation: validation?.size ?? 0,
  trainingMetrics,
  monitor,
  maximize,
  rule: rule.name,
  plateau: plateau?.name ?? "none",
  tree: treeTypes(state),
  program,
});
