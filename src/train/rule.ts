/** Update rules: what is added to the parameters, given a gradient; pure functions that compile into the step. */
import type { Tensor } from "../graph/tensor.ts";
import type { Tree } from "../graph/trees.ts";

/** What a rule may look at besides the gradient. Everything is traced: a rule is part of the compiled step. */
export interface Context {
  readonly parameters: Tree;
  /** How many steps were made before, int32. */
  readonly step: Tensor;
  /** A factor on the learning rate from outside the step, such as a plateau's; float64. */
  readonly factor: Tensor;
  /** A random key of this step. */
  readonly key: Tensor;
  /** The Hessian of this batch's cost times a tree like the parameters. */
  hvp(direction: Tree): Tree;
}

/** A transformation of gradients into changes, with a state of its own. Rules chain. */
export interface Rule {
  readonly name: string;
  init(parameters: Tree): Tree;
  /** The change (or, within a chain, what the next rule takes for the gradient) and the next state. */
  update(gradient: Tree, state: Tree, context: Context): readonly [change: Tree, state: Tree];
}

/** A learning rate as a function of the step, from an int32 to a float64. */
export type Schedule = (step: Tensor) => Tensor;
/** A learning rate, constant or changing. */
export type Rate = number | Schedule;

/**
 * A factor on the learning rate that follows the monitored value; it lives outside the compiled step. Its state is plain
 * JSON, which checkpoints keep.
 */
export interface RateFactor<S extends { readonly factor: number } = { readonly factor: number }> {
  /** Says what it is, with its options: a run goes on only with one of the same name. */
  readonly name: string;
  readonly start: S;
  /** What follows an epoch of which this is the monitored value (its negative where it is to be large). */
  next(state: S, value: number): S;
}

/**
 * Rules one after the other: each takes what the one before gives.
 *
 * @example
 * chain(sgd(0.1)).name // "sgd"
 */
export const chain = (...rules: readonly Rule[]): Rule => ({
  name: rules.map(({ name }) => name).join(" → "),
  init: (parameters) => rules.map((rule) => rule.init(parameters)),
  update: (gradient, state, context) => {
    const next: Tree[] = [];
    let change = gradient;
    rules.forEach((rule, i) => {
      const [to, kept] = rule.update(change, (state as readonly Tree[])[i] as Tree, context);
      change = to;
      next.push(kept);
    });
    return [change, next];
  },
});

/**
 * A rule under another name.
 *
 * @example
 * named("descent", sgd(0.1)).name // "descent"
 */
export const named = (name: string, rule: Rule): Rule => ({ ...rule, name });
