/** Which operation, and which example, made the first number that is not finite. */

import { batches, type Dataset } from "../data/index.ts";
import { gradTree } from "../derivative/grad.ts";
import { firstNonFinite, type NonFinite } from "../derivative/non-finite.ts";
import { flattenArguments, mapTree, type Tree } from "../graph/trees.ts";
import { slice } from "../ops/movement.ts";
import type { Cost, Weighted } from "./cost.ts";
import type { Rule } from "./rule.ts";
import { batchCost, compileTrees, isFinite, modeOf, type StepInputs, stepOf, type TrainingState } from "./step.ts";

/** Which batch. */
export interface Place {
  readonly epoch: number;
  readonly batch: number;
}

/** A step that gave what is not finite, with the state before it, which is. */
export interface BadStep {
  readonly state: TrainingState;
  readonly batch: Weighted;
  readonly inputs: StepInputs;
}

/** In words: what went wrong first, in which example of the batch (from 0), and in which part of the step. */
export function culprit(
  cost: Cost<Weighted>,
  rule: Rule,
  bad: BadStep,
): { readonly text: string; readonly example?: number } {
  const given = badInput(bad.batch);
  if (given !== undefined) return given;
  const { state, inputs } = bad;
  const mode = modeOf(inputs, state.step);
  const losses = cost(state.variables, bad.batch, mode)[0];
  const count = losses.size;
  const one = (i: number): Weighted => mapTree((t) => slice(t, [[i, i + 1]]), bad.batch);
  const inLoss = losses.data.findIndex((v) => !Number.isFinite(v));
  const slope = ({ variables: { parameters, state: kept } }: TrainingState, batch: Weighted): Tree =>
    gradTree("train", batchCost(cost, kept, batch, mode), [parameters], [0], true).gradients[0] as Tree;
  const compiled = compileTrees(slope, { threads: 1 });
  const inSlope = inLoss >= 0 ? -1 : alone(count, (i) => isFinite(compiled(state, one(i))));
  const example = inLoss >= 0 ? inLoss : inSlope >= 0 ? inSlope : undefined;
  const step = stepOf(cost, rule);
  const first = (example === undefined ? undefined : look(step, { ...bad, batch: one(example) })) ?? look(step, bad);
  const part =
    inLoss >= 0 ? "the loss" : inSlope >= 0 || !isFinite(slope(state, bad.batch)) ? "the gradient" : "the update";
  const what = first === undefined ? `${part} is not finite` : `in ${part} ${first}`;
  return example === undefined ? { text: what } : { text: what, example };
}

/** The first example that is not well by itself; −1 if all are, or cannot be looked at alone. */
function alone(count: number, well: (i: number) => boolean): number {
  try {
    for (let i = 0; i < count; i++) if (!well(i)) return i;
  } catch {
    // a model may need more than one example
  }
  return -1;
}

function look(step: ReturnType<typeof stepOf>, { state, batch, inputs }: BadStep): NonFinite | undefined {
  const flat = flattenArguments("train", { state, batch, inputs });
  const run = (...leaves: unknown[]): unknown => {
    const given = flat.rebuild(leaves as never) as BadStep;
    return step(given.state, given.batch, given.inputs);
  };
  try {
    return firstNonFinite(run, ...flat.tensors);
  } catch {
    return undefined; // as above
  }
}

/** A number of the batch itself. */
function badInput(batch: Weighted): { readonly text: string; readonly example: number } | undefined {
  const { tensors, paths } = flattenArguments("train", batch, "");
  for (const [i, t] of tensors.entries()) {
    const at = t.data.findIndex((v) => !Number.isFinite(v));
    if (at < 0) continue;
    const example = Math.floor(at / (t.size / (t.shape[0] as number)));
    return { text: `the batch's ${(paths[i] as string).replace(/^\./, "")} holds ${t.data[at]}`, example };
  }
  return undefined;
}

/** Where in the data a batch's examples lie. */
export async function placesOf(
  { size, block }: Dataset<unknown>,
  { batchSize, dropLast, seed }: { readonly batchSize: number; readonly dropLast: boolean; readonly seed: number },
  { epoch, batch }: Place,
): Promise<Uint32Array> {
  const places: Dataset<Uint32Array> = { size, block, take: (at) => at.slice() };
  for await (const at of batches(places, { batchSize, dropLast, seed, epoch, from: batch })) return at;
  return new Uint32Array();
}
