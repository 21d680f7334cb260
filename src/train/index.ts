/** `nabla/train`: update rules, schedules, the training loop. */
import "../ops/methods.ts";

export { type Cost, type Examples, type Weighted, weightedMean } from "./cost.ts";
export { type Context, chain, type Rate, type Rule, type Schedule } from "./rule.ts";
export { sgd } from "./sgd.ts";
export { type Training, type TrainOptions, train } from "./train.ts";
