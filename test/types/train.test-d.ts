/** What training knows of the types of what it trains. Checked by tsc. */
import { type Tensor, tensor } from "nabla";
import { arrays } from "nabla/data";
import { type DenseParameters, dense, meanSquaredError, sequential } from "nabla/nn";
import { evaluate, predict, sgd, train } from "nabla/train";
import { expectTypeOf, test } from "vitest";

const data = arrays({ x: [[1], [2]], y: [1, 2] });

test("the variables are those of the model", async () => {
  const { variables, best } = await train({ model: dense(1), data, loss: meanSquaredError, rule: sgd(0.1) });
  expectTypeOf(variables.parameters).toEqualTypeOf<DenseParameters>();
  expectTypeOf(best?.variables.parameters).toEqualTypeOf<DenseParameters | undefined>();
  const model = sequential(dense(1));
  const learned = await train({ model, data, loss: (outputs, targets) => outputs.sub(targets), rule: sgd(0.1) });
  expectTypeOf(await predict({ model, variables: learned.variables, data })).toEqualTypeOf<Tensor>();
  await evaluate({
    model,
    variables: learned.variables,
    data,
    loss: meanSquaredError,
    metrics: { worst: (a) => a.max() },
  });
  await evaluate({
    model: dense(1),
    // @ts-expect-error variables of another model
    variables: { parameters: { w: tensor(1) }, state: {} },
    data,
    loss: meanSquaredError,
  });
});

test("a cost sees variables and batches as they were given", async () => {
  const { variables } = await train({
    cost: ({ parameters: { w } }, { x }) => [x.sub(w), {}],
    variables: { parameters: { w: tensor(1) }, state: {} },
    data: arrays({ x: [1, 2] }),
    rule: sgd(0.1),
    validation: arrays({ x: [3] }),
  });
  expectTypeOf(variables.parameters).toEqualTypeOf<{ w: Tensor }>();
});

test("options have names", () => {
  // @ts-expect-error there is no such option
  () => train({ model: dense(1), data, loss: meanSquaredError, rule: sgd(0.1), batch: 3 });
  // @ts-expect-error a rule is missing
  () => train({ model: dense(1), data, loss: meanSquaredError });
});
