/** Update rules by name. */
import { NablaError } from "nabla";
import {
  adadelta,
  adagrad,
  adam,
  adamw,
  amsgrad,
  lamb,
  lion,
  momentum,
  muon,
  nadam,
  nesterov,
  type Rule,
  radam,
  rmsprop,
  sgd,
  shampoo,
  sophia,
} from "nabla/train";

/** How a rule is made from a rate, and the rate if none is given. */
const rules: Readonly<Record<string, readonly [make: (rate: number) => Rule, rate: number]>> = {
  adam: [adam, 0.003],
  adamw: [adamw, 0.003],
  amsgrad: [amsgrad, 0.003],
  nadam: [nadam, 0.003],
  radam: [radam, 0.003],
  lion: [lion, 0.0003],
  lamb: [lamb, 0.01],
  muon: [muon, 0.01],
  sophia: [sophia, 0.001],
  shampoo: [shampoo, 0.01],
  adagrad: [adagrad, 0.03],
  adadelta: [adadelta, 1],
  rmsprop: [rmsprop, 0.001],
  sgd: [sgd, 0.03],
  momentum: [momentum, 0.01],
  nesterov: [nesterov, 0.01],
};

export const ruleNames: readonly string[] = Object.keys(rules);

function named(name: string): readonly [make: (rate: number) => Rule, rate: number] {
  const found = Object.hasOwn(rules, name) ? rules[name] : undefined;
  if (found !== undefined) return found;
  throw new NablaError("E-OPTION", `--rule: there is no rule ${name}`, ruleNames.join(", "));
}

export const defaultRate = (name: string): number => named(name)[1];
export const ruleOf = (name: string, rate: number): Rule => named(name)[0](rate);
