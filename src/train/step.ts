/** One step: forward, backward and update as one compiled program. */
import { inOrderOf } from "../base/tree.ts";
import { type CompiledFunction, compile } from "../compile/compile.ts";
import { gradTree } from "../derivative/grad.ts";
import { hvp } from "../derivative/products.ts";
import type { Tensor } from "../graph/tensor.ts";
import { flattenArguments, mapTree, type Tree } from "../graph/trees.ts";
import type { Mode, Variables } from "../nn/index.ts";
import { random } from "../ops/random.ts";
import { type Cost, type Weighted, weightedMean } from "./cost.ts";
import type { Rule } from "./rule.ts";

/** What a step changes. It stays in the program's memory from step to step. */
export interface TrainingState {
  readonly variables: Variables;
  /** Of the rule. */
  readonly rule: Tree;
  /** How many steps were made, int32. */
  readonly step: Tensor;
}

/** What comes from outside the step, besides the batch. */
export interface StepInputs {
  /** A factor on the learning rate, float64. */
  readonly factor: Tensor;
  /** The run's random key; each step folds its number in. */
  readonly key: Tensor;
}

export type TrainingStep = (
  state: TrainingState,
  batch: Weighted,
  inputs: StepInputs,
) => readonly [TrainingState, cost: Tensor];

/** For trees of which no more is known than that. */
const hessianProduct = hvp as (f: (p: Tree) => Tensor) => (p: Tree, v: Tree) => Tree;

/** How a cost is called within a step. */
export const modeOf = ({ key }: StepInputs, step: Tensor): Mode => ({ training: true, key: random.foldIn(key, step) });

/** A batch's cost as a function of the parameters alone, with the model's next state. */
export const batchCost =
  (cost: Cost<Weighted>, state: Tree, batch: Weighted, mode: Mode) =>
  (parameters: Tree): [Tensor, Tree] => {
    const [losses, next] = cost({ parameters, state }, batch, mode);
    return [weightedMean(losses, batch.weight), next];
  };

/** The step of a cost under a rule: the next state, and the batch's cost before the change. */
export const stepOf =
  (cost: Cost<Weighted>, rule: Rule): TrainingStep =>
  ({ variables: { parameters, state }, rule: kept, step }, batch, inputs) => {
    const mode = modeOf(inputs, step);
    const f = batchCost(cost, state, batch, mode);
    const { value, aux, gradients } = gradTree("train", f, [parameters], [0], true);
    const [change, next] = rule.update(gradients[0] as Tree, kept, {
      parameters,
      step,
      factor: inputs.factor,
      key: random.foldIn(mode.key as Tensor, 1),
      hvp: (v) => hessianProduct((p) => f(p)[0])(parameters, v),
    });
    const moved = mapTree((p, d) => p.add(d), parameters, change);
    const after = { variables: { parameters: moved, state: aux as Tree }, rule: next };
    return [
      { ...(inOrderOf({ variables: { parameters, state }, rule: kept }, after) as typeof after), step: step.add(1) },
      value,
    ];
  };

/** A function of trees of any depth, compiled: to the types of compile, such a tree has no end. */
export const compileTrees = <F extends (...trees: never[]) => unknown>(
  f: F,
  options: { readonly state?: boolean; readonly threads?: number },
): F & Pick<CompiledFunction<[], unknown>, "inspect"> =>
  compile(f as unknown as (...tensors: Tensor[]) => Tensor, options) as unknown as F &
    Pick<CompiledFunction<[], unknown>, "inspect">;

/** The step, compiled: its state stays in the program's memory. */
export const trainingStep = <B extends Weighted>(cost: Cost<B>, rule: Rule) =>
  compileTrees(stepOf(cost as Cost<Weighted>, rule), { state: true });

/** A state whose values are outside the program's memory: later steps leave them alone. */
export function kept<T>(state: T): T {
  for (const t of flattenArguments("train", state).tensors) t.data;
  return state;
}

/** Whether all elements of a tree are finite. */
export const isFinite = (tree: unknown): boolean =>
  flattenArguments("train", tree).tensors.every(({ data }) => {
    for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return false;
    return true;
  });
