/** Different rules for different parameters. */
import { NablaError } from "../../base/error.ts";
import type { Tensor } from "../../graph/tensor.ts";
import type { Tree } from "../../graph/trees.ts";
import { zerosLike } from "../../ops/create.ts";
import type { Context, Rule } from "../rule.ts";
import { leavesOf, type Match, only } from "./leaves.ts";
import { zerosOf } from "./moments.ts";

/** A rule and its parameters. */
export interface Group {
  /** Default: all that no group before has. */
  readonly match?: Match;
  readonly rule: Rule;
}

/**
 * Each parameter follows the rule of the first group that matches its path (or itself). A rule sees its own parameters
 * only: a norm or a clipping is of the group.
 *
 * @throws E-OPTION for a parameter without a group
 * @example
 * const rule = groups([
 *   { match: (path) => path.startsWith("[0]"), rule: freeze() },
 *   { match: (path) => path.endsWith("bias"), rule: sgd(0.1) },
 *   { rule: adam(1e-3) },
 * ]);
 * rule.name // "groups(freeze, sgd, adam)"
 */
export function groups(list: readonly Group[]): Rule {
  /** Which leaves are whose. */
  const owned = (parameters: Tree): boolean[][] => {
    const { leaves, paths } = leavesOf(parameters);
    const owners = leaves.map((leaf, i) => {
      const owner = list.findIndex(({ match }) => match === undefined || match(paths[i] as string, leaf));
      if (owner < 0)
        throw new NablaError(
          "E-OPTION",
          `groups: no group matches ${paths[i]}`,
          "a last group without match: the rest",
        );
      return owner;
    });
    return list.map((_, k) => owners.map((owner) => owner === k));
  };
  return {
    name: `groups(${list.map(({ rule }) => rule.name).join(", ")})`,
    init: (parameters) => owned(parameters).map((mine, k) => (list[k] as Group).rule.init(only(parameters, mine))),
    update: (gradient, state: readonly Tree[], context) => {
      const all = leavesOf(gradient);
      const change: Tensor[] = [...all.leaves];
      const next = owned(context.parameters).map((mine, k) => {
        const { rule } = list[k] as Group;
        const [moved, kept] = rule.update(only(gradient, mine), state[k] as Tree, within(context, mine));
        place(change, moved, mine);
        return kept;
      });
      return [all.rebuild(change), next];
    },
  };
}

/** The leaves of a part, at their places among all. */
function place(all: Tensor[], part: Tree, mine: readonly boolean[]): void {
  const { leaves } = leavesOf(part);
  let next = 0;
  mine.forEach((is, i) => {
    if (is) all[i] = leaves[next++] as Tensor;
  });
}

/** The context of some of the parameters: the others do not move. */
const within = (context: Context, mine: readonly boolean[]): Context => ({
  ...context,
  parameters: only(context.parameters, mine),
  hvp: (direction) => {
    const { leaves, rebuild } = leavesOf(context.parameters);
    const all = leaves.map((leaf) => zerosLike(leaf));
    place(all, direction, mine);
    return only(context.hvp(rebuild(all)), mine);
  },
});

/**
 * No change, no state: for parameters that stay what they are.
 *
 * @example
 * groups([{ match: (path) => path.startsWith("[0]"), rule: freeze() }, { rule: sgd(0.1) }]).name // "groups(freeze, sgd)"
 */
export const freeze = (): Rule => ({
  name: "freeze",
  init: () => ({}),
  update: (gradient, state) => [zerosOf(gradient), state],
});
