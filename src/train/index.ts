/** `nabla/train`: update rules, schedules, the training loop. */
import "../ops/methods.ts";

export { type Cost, type Examples, type Weighted, weightedMean } from "./cost.ts";
export type { Diagnosis, DiagnosticsOptions } from "./diagnostics.ts";
export { type EvaluateOptions, evaluate, type PredictOptions, predict } from "./evaluate.ts";
export type { CostOptions, EpochEnd, LoopOptions, Metric, ModelOptions, RateFactor } from "./options.ts";
export type { BestEpoch, Epoch } from "./position.ts";
export { type Context, chain, type Rate, type Rule, type Schedule } from "./rule.ts";
export { sgd } from "./sgd.ts";
export { resume, train } from "./train.ts";
export { type Best, Training, type TrainingStatus } from "./training.ts";
