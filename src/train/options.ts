/** What `train` may be told, checked, with what it does if it is not. */
import { NablaError } from "../base/error.ts";
import { checkOptions } from "../base/options.ts";
import type { Dataset } from "../data/index.ts";
import { describe } from "../graph/convert.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Layer, Loss, Variables } from "../nn/index.ts";
import type { Cost, Examples } from "./cost.ts";
import type { DiagnosticsOptions } from "./diagnostics.ts";
import type { EpochRecord } from "./position.ts";
import type { RateFactor, Rule } from "./rule.ts";

/** What all outputs are worth beside all targets; of a tensor the mean is taken. It may look at values. */
export type Metric = (outputs: Tensor, targets: Tensor) => number | Tensor;

/** What a callback is told after each epoch. */
export interface EpochEnd {
  readonly epoch: EpochRecord;
  /** The variables now; read only when asked for. */
  readonly variables: Variables;
}

/** How to train. */
export interface LoopOptions<B> {
  readonly data: Dataset<B>;
  readonly rule: Rule;
  /** Default 32. */
  readonly batchSize?: number;
  /** Whether an epoch's last batch, if it is smaller, is left out; default false. It has a program of its own. */
  readonly dropLast?: boolean;
  /** Default 10, or without end where `steps` is given. */
  readonly epochs?: number;
  /** At most so many steps. */
  readonly steps?: number;
  /** Of parameters, order and everything drawn; default 0. */
  readonly seed?: number;
  /** Examples to measure by after each epoch. */
  readonly validation?: Dataset<B>;
  /** Whether loss and metrics are measured on the training data too, after each epoch; default false. */
  readonly trainingMetrics?: boolean;
  /**
   * What tells the best epoch: "loss" (default) or the name of a metric; of the validation data, if there are any, else of
   * the training data.
   */
  readonly monitor?: string;
  /** Whether the monitored value is to be large; default false. */
  readonly maximize?: boolean;
  /** After so many epochs without a better monitored value training ends. */
  readonly patience?: number;
  /** Makes the learning rate smaller where the monitored value no longer falls. */
  readonly plateau?: RateFactor;
  /** A file that gets a line of JSON for each epoch and each diagnosis; default `log.jsonl` in the folder. */
  readonly log?: string;
  /** Called after each epoch; training stops where it returns true. */
  readonly callback?: (end: EpochEnd) => unknown;
  /**
   * "auto" (default): a bar in a terminal, now and then a line elsewhere, both after a second, and why it ended early;
   * "bar": the same without that, which the result says; false: nothing.
   */
  readonly progress?: "auto" | "bar" | false;
  /** Stops after the step in work. */
  readonly signal?: AbortSignal;
  /** How many threads a step may use; the bits of the result do not depend on it. */
  readonly threads?: number;
  /** Where checkpoints, the best model and the log are kept; only in Node. */
  readonly folder?: string;
  /** How many steps lie between checkpoints, or (default) one after each epoch. */
  readonly saveEvery?: number | "epoch";
  /** Goes on from the folder's last whole checkpoint, if there is one, bit for bit as if never stopped. */
  readonly resume?: boolean;
  /** Whether SIGINT (Ctrl-C) and SIGTERM stop after the step in work, and save; default where there is a folder. */
  readonly interrupt?: boolean;
  /** Measures the gradient's noise and the curvature along the way. */
  readonly diagnostics?: DiagnosticsOptions;
}

/** A model to train: the loss of its outputs. */
export interface ModelOptions<P, S> extends LoopOptions<Examples> {
  readonly model: Layer<P, S>;
  readonly loss: Loss;
  /** Measured on all of the validation data at once, and on request of the training data, after each epoch. */
  readonly metrics?: Readonly<Record<string, Metric>>;
  /** Where to begin; by default what the model draws. */
  readonly variables?: Variables<P, S>;
}

/** Any function to train: losses of a batch's examples. */
export interface CostOptions<B, P, S> extends LoopOptions<B> {
  readonly cost: Cost<B, P, S>;
  /** Where to begin. */
  readonly variables: Variables<P, S>;
}

const known = (
  "data rule batchSize dropLast epochs steps seed validation trainingMetrics monitor maximize patience plateau log callback " +
  "progress signal threads folder saveEvery resume interrupt diagnostics model loss metrics variables cost"
).split(" ");

const fail = (problem: string, repair: string): never => {
  throw new NablaError("E-OPTION", `train: ${problem}`, repair);
};

/** What a value must be, and how it is said. */
export type Kind = readonly [is: (value: unknown) => boolean, repair: string];

/** An object with these names. */
export const having =
  (...names: readonly string[]) =>
  (value: unknown): boolean =>
    typeof value === "object" && value !== null && names.every((name) => name in value);
export const isFunction = (value: unknown): boolean => typeof value === "function";

/** What an option is, where it is given. */
const kinds: Readonly<Record<string, Kind>> = {
  model: [having("init", "apply"), "a layer, such as dense(10) or sequential(…)"],
  loss: [isFunction, "a loss, such as crossEntropy"],
  cost: [isFunction, "a function (variables, batch, mode) => [losses, state]"],
  variables: [having("parameters", "state"), "{ parameters, state }"],
  rule: [having("init", "update"), "a rule, such as sgd(0.1)"],
  data: [having("take", "size"), "a dataset, such as arrays({ x, y })"],
  validation: [having("take", "size"), "a dataset, such as arrays({ x, y })"],
  plateau: [having("start", "next"), "plateau()"],
  callback: [isFunction, "a function of { epoch, variables }"],
  signal: [having("aborted"), "the signal of an AbortController"],
  metrics: [
    (value) => having()(value) && Object.values(value as object).every(isFunction),
    "functions of outputs and targets by name, such as { accuracy }",
  ],
  diagnostics: [having("every"), "{ every: 100 }"],
};

/** E-OPTION for the first option that is not what it must be, or is needed and not there. */
export function checkKinds(
  what: string,
  options: object,
  needed: readonly string[] = [],
  others: Readonly<Record<string, Kind>> = {},
): void {
  const given = new Map<string, unknown>(Object.entries(options));
  for (const key of new Set([...needed, ...given.keys()])) {
    const value = given.get(key);
    const [is, repair] = others[key] ?? kinds[key] ?? [];
    if ((value !== undefined || needed.includes(key)) && is?.(value) === false)
      throw new NablaError("E-OPTION", `${what}: ${key} is ${describe(value)}`, repair as string);
  }
}

/** What `train` was told, of whatever kind. */
export type AnyOptions = LoopOptions<never> &
  Partial<Pick<ModelOptions<never, never>, "model" | "loss" | "metrics">> &
  Partial<Pick<CostOptions<never, never, never>, "cost" | "variables">>;

/** The numbers among the options, complete. */
export interface Settings {
  readonly batchSize: number;
  readonly dropLast: boolean;
  readonly epochs: number;
  readonly steps: number;
  readonly seed: number;
  readonly monitor: string;
  readonly maximize: boolean;
  readonly patience: number;
  readonly saveEvery: number | "epoch";
}

export function settingsOf(options: AnyOptions): Settings {
  checkOptions("train", options, "train({ model, data, loss, rule })", known);
  checkKinds("train", options);
  const { model, cost, loss, variables, data, metrics, validation, folder } = options;
  if ((model === undefined) === (cost === undefined)) fail("it needs a model or a cost", "{ model, loss } or { cost }");
  if (model !== undefined && loss === undefined) fail("the model has no loss", "loss: crossEntropy");
  if (cost !== undefined && variables === undefined)
    fail("the cost has no variables", "variables: { parameters, state: {} }");
  if (options.rule === undefined) fail("there is no rule", "rule: sgd(0.1)");
  if (!(data?.size > 0)) throw new NablaError("E-VALUE", "train: there are no examples", "a dataset with examples");
  if (metrics !== undefined && validation === undefined && options.trainingMetrics !== true)
    fail("metrics are measured on validation data", "validation: …, or trainingMetrics: true");
  const { batchSize = 32, dropLast = false, steps = Number.POSITIVE_INFINITY, seed = 0 } = options;
  const { epochs = options.steps === undefined ? 10 : Number.POSITIVE_INFINITY } = options;
  const { patience = Number.POSITIVE_INFINITY, saveEvery = "epoch", monitor = "loss", maximize = false } = options;
  const whole = { batchSize, epochs, steps, patience, ...(saveEvery === "epoch" ? {} : { saveEvery }) };
  for (const [name, value] of Object.entries(whole)) {
    const endless = value === Number.POSITIVE_INFINITY && name !== "batchSize" && name !== "saveEvery";
    const least = name === "epochs" || name === "steps" ? 0 : 1;
    if (!endless && !(Number.isSafeInteger(value) && (value as number) >= least))
      fail(`${name} is ${value}`, `a whole number from ${least}`);
  }
  if (!Number.isSafeInteger(seed)) fail(`seed is ${seed}`, "a whole number");
  if (dropLast && data.size < batchSize)
    fail(`dropLast leaves nothing of ${data.size} examples in batches of ${batchSize}`, "a smaller batchSize");
  if (monitor !== "loss" && !(metrics !== undefined && Object.hasOwn(metrics, monitor)))
    fail(
      `there is no metric ${monitor} to monitor`,
      `monitor: ${["loss", ...Object.keys(metrics ?? {})].join(" or ")}`,
    );
  for (const name of ["resume", "saveEvery"] as const)
    if (folder === undefined && options[name] !== undefined && options[name] !== false)
      fail(`${name} needs a folder`, 'folder: "runs/1"');
  return { batchSize, dropLast, epochs, steps, seed, monitor, maximize, patience, saveEvery };
}
