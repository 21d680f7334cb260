/** One step: forward, backward and update as one compiled program. */
import { compile } from "../compile/compile.ts";
import { gradTree } from "../derivative/grad.ts";
import { hvp } from "../derivative/products.ts";
import type { Tensor } from "../graph/tensor.ts";
import { mapTree, type Tree } from "../graph/trees.ts";
import type { Variables } from "../nn/index.ts";
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

export type TrainingStep<B> = (
  state: TrainingState,
  batch: B,
  inputs: StepInputs,
) => readonly [TrainingState, cost: Tensor];

/** For trees of which no more is known than that. */
const hessianProduct = hvp as (f: (p: Tree) => Tensor) => (p: Tree, v: Tree) => Tree;

/** The step of a cost under a rule: the next state, and the batch's cost before the change. */
export function trainingStep<B extends Weighted>(cost: Cost<B>, rule: Rule): TrainingStep<B> {
  const step: TrainingStep<B> = ({ variables, rule: kept, step }, batch, { factor, key }) => {
    const { parameters, state } = variables;
    const mode = { training: true, key: random.foldIn(key, step) };
    const batchCost = (p: Tree): [Tensor, Tree] => {
      const [losses, next] = cost({ parameters: p, state }, batch, mode);
      return [weightedMean(losses, batch.weight), next];
    };
    const { value, aux, gradients } = gradTree("train", batchCost, [parameters], [0], true);
    const [change, next] = rule.update(gradients[0] as Tree, kept, {
      parameters,
      step,
      factor,
      key: random.foldIn(mode.key, 1),
      hvp: (v) => hessianProduct((p) => batchCost(p)[0])(parameters, v),
    });
    const moved = mapTree((p, d) => p.add(d), parameters, change);
    return [{ variables: { parameters: moved, state: aux as Tree }, rule: next, step: step.add(1) }, value];
  };
  // To the types of compile, a tree of any depth has no end.
  return compile(step as unknown as (...tensors: Tensor[]) => Tensor, { state: true }) as unknown as TrainingStep<B>;
}
