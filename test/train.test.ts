/** Training, end to end: that what is learned is what was to be learned. */
import { arrays } from "nabla/data";
import { dense, meanSquaredError, sequential } from "nabla/nn";
import { sgd, train } from "nabla/train";
import { expect, test } from "vitest";

test("a line through four points", async () => {
  const data = arrays({ x: new Float32Array([0, 1, 2, 3]), y: new Float32Array([1, 3, 5, 7]) });
  const model = sequential(
    (x) => x.reshape([-1, 1]),
    dense(1),
    (x) => x.reshape([-1]),
  );
  const { history, variables } = await train({ model, data, loss: meanSquaredError, rule: sgd(0.1), epochs: 200 });
  expect(history.at(-1)?.loss).toBeLessThan(1e-9);
  expect(JSON.parse(JSON.stringify(variables.parameters))[1].weights[0][0]).toBeCloseTo(2, 4);
});
