/** What the examples on images of 28×28 pixels share: reading them, two networks, training, and what came of it. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { relu, type Tensor } from "nabla";
import { arrays, type Dataset, readIDX, subset, trainTestSplit } from "nabla/data";
import * as nn from "nabla/nn";
import { adam, evaluate, oneCycle, predict, train } from "nabla/train";

type Images = Dataset<{ readonly x: Tensor; readonly y: Tensor }>;

/** Images and labels as MNIST's files hold them: `NAME-images-idx3-ubyte` and `NAME-labels-idx1-ubyte`, with a suffix. */
async function read(folder: string, name: string, suffix: string): Promise<Images> {
  const x = await readIDX(join(folder, `${name}-images-idx3-ubyte${suffix}`), { scale: 1 / 255 });
  const y = await readIDX(join(folder, `${name}-labels-idx1-ubyte${suffix}`));
  return arrays({ x: x.reshape([-1, 1, 28, 28]), y });
}

const first = (data: Images, n: number): Images =>
  subset(
    data,
    Array.from({ length: Math.min(n, data.size) }, (_, i) => i),
  );

// He et al. 2015: weights whose variance fits the ramp of relu.
const he = { initializer: nn.heNormal };

const networks = {
  mlp: nn.sequential(
    nn.flattening(),
    nn.dense(256, he),
    relu,
    nn.dropout(0.2),
    nn.dense(128, he),
    relu,
    nn.dropout(0.2),
    nn.dense(10),
  ),
  cnn: nn.sequential(
    nn.convolution2d(16, 5, he),
    nn.batchNorm(),
    relu,
    nn.maxPooling2d(2), // 28 → 24 → 12
    nn.convolution2d(32, 5, he),
    nn.batchNorm(),
    relu,
    nn.maxPooling2d(2), // 12 → 8 → 4
    nn.flattening(),
    nn.dropout(0.25),
    nn.dense(10),
  ),
};

/** Trains on all but 5,000 of the training images, which tell how it goes, and reports on those of the test, seen once. */
export async function classify(names: readonly string[], folder: string, suffix = ""): Promise<void> {
  const { values } = parseArgs({
    options: {
      model: { type: "string", default: "cnn" },
      epochs: { type: "string", default: "10" },
      examples: { type: "string", default: "60000" },
      seed: { type: "string", default: "1" },
      data: { type: "string", default: folder },
    },
  });
  const [epochs, seed, most] = [Number(values.epochs), Number(values.seed), Number(values.examples)];
  const model: nn.Layer = values.model === "mlp" ? networks.mlp : networks.cnn;
  const all = first(await read(values.data, "train", suffix), most);
  const test = first(await read(values.data, "t10k", suffix), most);
  const { train: data, validation } = trainTestSplit(all, { validation: 1 / 12, seed });
  console.log(String(nn.summary(model, [1, 28, 28])));

  const batchSize = 128;
  const steps = epochs * Math.ceil(data.size / batchSize);
  const training = await train({
    model,
    data,
    validation,
    loss: nn.crossEntropy,
    metrics: { accuracy: nn.accuracy },
    rule: adam(oneCycle(5e-3, { steps })),
    batchSize,
    epochs,
    seed,
  });
  console.log(String(training));
  console.log(`  ${(training.seconds / epochs).toFixed(1)} s an epoch of ${data.size} images`);

  const { variables } = training;
  const { accuracy } = await evaluate({
    model,
    variables,
    data: test,
    loss: nn.crossEntropy,
    metrics: { accuracy: nn.accuracy },
  });
  console.log(`\nTest accuracy ${(100 * (accuracy as number)).toFixed(2)} % of ${test.size} images`);
  const labels = (await test.take(Uint32Array.from({ length: test.size }, (_, i) => i))).y;
  const table = nn.confusionMatrix(await predict({ model, variables, data: test }), labels).toArray() as number[][];
  const worst = table
    .flatMap((row, is) => row.map((n, taken) => ({ n, is, taken })))
    .filter(({ is, taken }) => is !== taken)
    .sort((a, b) => b.n - a.n);
  console.log("Most often taken for another:");
  for (const { n, is, taken } of worst.slice(0, 3)) console.log(`  ${names[is]} for ${names[taken]}: ${n}`);
}
