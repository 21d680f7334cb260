/** `nabla/train`: update rules, schedules, the training loop. */
import "../ops/methods.ts";

export { type Cost, type Examples, type Weighted, weightedMean } from "./cost.ts";
export type { Diagnosis, DiagnosticsOptions } from "./diagnostics.ts";
export { type EvaluateOptions, evaluate, type PredictOptions, predict } from "./evaluate.ts";
export { type Connections, type Direction, hebbian, type Inputs, learning, oja, sanger } from "./hebbian.ts";
export type { CostOptions, EpochEnd, LoopOptions, Metric, ModelOptions } from "./options.ts";
export type { BestEpoch, EpochRecord } from "./position.ts";
export { RangeTest, type RangeTestOptions, rateRangeTest } from "./range-test.ts";
export { type Context, chain, named, type Rate, type RateFactor, type Rule, type Schedule } from "./rule.ts";
export { accumulate } from "./rules/accumulate.ts";
export {
  type AdamOptions,
  adam,
  adamw,
  amsgrad,
  type DecayOptions,
  nadam,
  radam,
  scaleByAdam,
} from "./rules/adam.ts";
export { adadelta, adagrad, rmsprop, type SquareOptions, scaleByAdagrad } from "./rules/adaptive.ts";
export { averagedParameters, exponentialMovingAverage, polyakAverage } from "./rules/average.ts";
export { clipByNorm, clipByValue } from "./rules/clip.ts";
export { type WeightDecayOptions, weightDecay } from "./rules/decay.ts";
export { freeze, type Group, groups } from "./rules/groups.ts";
export { lamb, scaleByTrustRatio } from "./rules/lamb.ts";
export type { Match } from "./rules/leaves.ts";
export { lion } from "./rules/lion.ts";
export { type MuonOptions, muon, orthogonalize } from "./rules/muon.ts";
export { scaleByRate } from "./rules/rate.ts";
export { type MomentumOptions, momentum, nesterov, scaleByMomentum, sgd } from "./rules/sgd.ts";
export { type ShampooOptions, shampoo } from "./rules/shampoo.ts";
export { type SophiaOptions, sophia } from "./rules/sophia.ts";
export { cosine, cosineWithRestarts, type OneCycleOptions, oneCycle } from "./schedules/cosine.ts";
export {
  constantRate,
  exponentialDecay,
  type FactorOptions,
  type FallOptions,
  inverseSqrt,
  polynomialDecay,
  stepDecay,
} from "./schedules/decays.ts";
export { joined, warmUp } from "./schedules/joined.ts";
export { type PlateauOptions, type PlateauState, plateau } from "./schedules/plateau.ts";
export { resume, train } from "./train.ts";
export { type Best, Training, type TrainingStatus } from "./training.ts";
