/** Which learning rate: one run in which it grows from step to step (Smith 2017, §3.3). */
import { NablaError } from "../base/error.ts";
import { check, checkOptions } from "../base/options.ts";
import { batches, type Dataset } from "../data/index.ts";
import { describe } from "../graph/convert.ts";
import { filled, type Tensor } from "../graph/tensor.ts";
import type { Layer, Loss, Variables } from "../nn/index.ts";
import { random } from "../ops/random.ts";
import { costOf, type Examples } from "./cost.ts";
import { checkKinds, having, isFunction } from "./options.ts";
import type { Rate, Rule } from "./rule.ts";
import { exponentialDecay } from "./schedules/decays.ts";
import { type TrainingState, trainingStep } from "./step.ts";
import { initialOf } from "./task.ts";

/** What is trained, by which rule, over which rates. */
export interface RangeTestOptions {
  readonly data: Dataset<Examples>;
  readonly model: Layer;
  readonly loss: Loss;
  /** A rule of its rate, such as `sgd` or `(rate) => chain(clipByNorm(1), adam(rate))`. */
  readonly rule: (rate: Rate) => Rule;
  /** Where to begin; by default what the model draws. They stay as they are. */
  readonly variables?: Variables;
  /** The first rate, default 1e-6. */
  readonly from?: number;
  /** The last rate, default 10. */
  readonly to?: number;
  /** At least 10; default 100. */
  readonly steps?: number;
  /** Default 32. */
  readonly batchSize?: number;
  /** Of parameters, order and everything drawn; default 0. */
  readonly seed?: number;
}

const known = "data model loss rule variables from to steps batchSize seed".split(" ");

/** What a range test found. Prints as a few lines. */
export class RangeTest {
  /** Growing by the same factor from step to step. */
  readonly rates: readonly number[];
  /** Of each step's batch, before the step. */
  readonly losses: readonly number[];
  /** Whether the loss rose so much that the run ended before its last rate. */
  readonly diverged: boolean;
  /** The rate at which the loss falls fastest along log rate; undefined if it falls nowhere. */
  readonly suggestion: number | undefined;

  constructor(rates: readonly number[], losses: readonly number[], diverged: boolean) {
    this.rates = rates;
    this.losses = losses;
    this.diverged = diverged;
    const steepest = steepestFall(losses);
    this.suggestion = steepest === undefined ? undefined : rates[steepest];
  }

  toString(): string {
    const { rates, losses, suggestion, diverged } = this;
    const end = `${(rates.at(-1) as number).toPrecision(2)}${diverged ? ", where the loss diverged" : ""}`;
    const verdict =
      suggestion === undefined
        ? "no suggestion: the loss falls nowhere"
        : `suggestion: ${suggestion.toPrecision(2)}, where the loss falls fastest`;
    const every = Math.ceil(rates.length / 8);
    const lines = rates.flatMap((rate, i) =>
      i % every === 0 ? [`  ${rate.toExponential(1).padStart(8)}  ${(losses[i] as number).toPrecision(4)}`] : [],
    );
    return [`${verdict} (${rates.length} steps up to ${end})`, "      rate  loss", ...lines].join("\n");
  }
}

/** Where the least-squares line through the losses around falls most: without the lag of a moving mean. */
function steepestFall(losses: readonly number[]): number | undefined {
  const half = Math.max(1, Math.round(losses.length / 20));
  let [best, least]: [number | undefined, number] = [undefined, 0];
  for (let i = half; i + half < losses.length; i++) {
    let slope = 0;
    for (let k = -half; k <= half; k++) slope += k * (losses[i + k] as number);
    if (slope < least) [best, least] = [i, slope];
  }
  return best;
}

/** A loss this much above the least so far has diverged (as in fastai). */
const divergence = 4;

/**
 * Trains with a rate that grows by the same factor from step to step, until the loss is four times the least one or the
 * last rate is reached (Smith 2017, §3.3, with rates that grow geometrically). The loss of step t is that before rates[t]
 * is applied.
 *
 * @throws E-OPTION if the rates do not grow; E-VALUE if the loss at the start is not finite
 * @example
 * const data = arrays({ x: new Float32Array([0, 1, 2, 3]), y: new Float32Array([1, 3, 5, 7]) });
 * const model = sequential((x) => x.reshape([-1, 1]), dense(1), (x) => x.reshape([-1]));
 * const found = await rateRangeTest({ model, data, loss: meanSquaredError, rule: sgd, batchSize: 4 });
 * found.suggestion > 1e-3 && found.suggestion < 0.3 // true
 */
export async function rateRangeTest(options: RangeTestOptions): Promise<RangeTest> {
  checkOptions("rateRangeTest", options, "rateRangeTest({ model, data, loss, rule: sgd })", known);
  const kinds = { rule: [isFunction, "a rule of its rate, such as sgd or (rate) => adam(rate)"] } as const;
  checkKinds("rateRangeTest", options, ["data", "model", "loss", "rule"], kinds);
  const { data, model, loss, rule, from = 1e-6, to = 10, steps = 100, batchSize = 32, seed = 0 } = options;
  check("rateRangeTest", "a number above 0", { from, to });
  check("rateRangeTest", "a whole number from 1", { steps, batchSize });
  if (from >= to || steps < 10)
    throw new NablaError(
      "E-OPTION",
      `rateRangeTest: rates from ${from} to ${to} in ${steps} steps`,
      "rates that grow, in 10 steps or more",
    );
  if (data.size === 0)
    throw new NablaError("E-VALUE", "rateRangeTest: there are no examples", "a dataset with examples");
  const rate = exponentialDecay(from, { every: steps - 1, factor: to / from });
  const [initKey, key] = random.split(random.key(seed)) as [Tensor, Tensor];
  const growing = rule(rate);
  if (!having("init", "update")(growing))
    throw new NablaError(
      "E-OPTION",
      `rateRangeTest: rule gives ${describe(growing)}`,
      "a rule of its rate, such as sgd or (rate) => adam(rate)",
    );
  const step = trainingStep(costOf(model, loss), growing);
  const inputs = { factor: filled(1, [], "float64"), key };
  const [rates, losses]: [number[], number[]] = [[], []];
  let state: TrainingState | undefined;
  let least = Infinity;
  for (let epoch = 0; rates.length < steps; epoch++) {
    for await (const batch of batches(data, { batchSize, seed, epoch })) {
      if (state === undefined) {
        const variables = options.variables ?? initialOf("rateRangeTest", model, initKey, batch);
        state = { variables, rule: growing.init(variables.parameters), step: filled(0, [], "int32") };
      }
      const now = from * (to / from) ** (rates.length / (steps - 1));
      const [next, cost] = step(state, batch, inputs);
      state = next;
      const value = cost.item();
      if (rates.length === 0 && !Number.isFinite(value))
        throw new NablaError(
          "E-VALUE",
          `rateRangeTest: the loss at the start is ${value}`,
          "finite data and parameters",
        );
      if (!Number.isFinite(value) || (least > 0 && value > divergence * least))
        return new RangeTest(rates, losses, true);
      rates.push(now);
      losses.push(value);
      least = Math.min(least, value);
      if (rates.length === steps) break;
    }
  }
  return new RangeTest(rates, losses, false);
}
