/**
 * Learns handwritten digits: a network of two layers by `train`, mini-batches of stochastic gradient descent with
 * momentum. Then it checks itself: held-out accuracy, confusion matrix, the gradient against central differences in
 * float64, and the largest curvature, which bounds the learning rate; these two from derivatives as such.
 *
 * Run: npm start, or npm start -- --seed 2
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { SingleBar } from "cli-progress";
import { cast, compile, grad, graphOf, hvp, mean, mul, random, type Tensor, tanh, tensor } from "nabla";
import { arrays } from "nabla/data";
import { confusionMatrix, crossEntropy, dense, sequential } from "nabla/nn";
import { chain, cosine, momentum, predict, type Rule, train, weightDecay } from "nabla/train";
import pc from "picocolors";

const { values: options } = parseArgs({ options: { seed: { type: "string", default: "1" } } });
const seed = Number(options.seed);
if (!Number.isSafeInteger(seed) || seed < 0) {
  console.error(`--seed ${options.seed}: not a whole number`);
  process.exit(2);
}
const hidden = 128;
const batch = 32;
const epochs = 60;
const peakRate = 0.1;
const decay = 1e-4;
const folder = new URL("../runs/digits/", import.meta.url);

// — data: 1,797 images of 8×8 pixels from 0 to 16, the label last; every fifth is held out —

interface Examples {
  readonly images: Tensor;
  readonly labels: Tensor;
}

function readDigits(): { training: Examples; test: Examples } {
  const text = gunzipSync(readFileSync(new URL("../data/digits.csv.gz", import.meta.url))).toString();
  const rows = text
    .trim()
    .split("\n")
    .map((line) => line.split(",").map(Number));
  const order = random.permutation(random.key(seed), rows.length).toArray() as number[];
  const shuffled = order.map((i) => rows[i] as number[]);
  const held = Math.floor(rows.length / 5);
  return { test: examples(shuffled.slice(0, held)), training: examples(shuffled.slice(held)) };
}

const examples = (rows: readonly number[][]): Examples => ({
  images: tensor(
    rows.map((row) => row.slice(0, 64).map((pixel) => pixel / 8 - 1)),
    { dtype: "float32" },
  ),
  labels: tensor(Int32Array.from(rows, (row) => row[64] as number)),
});

// — the network, its cost, and how it learns —

const model = sequential(dense(hidden), tanh, dense(10));
type Variables = ReturnType<typeof model.init>;
type Network = Variables["parameters"];

const scores = (parameters: Network, images: Tensor): Tensor =>
  model.apply({ parameters, state: [{}, {}, {}] }, images, { training: false })[0];

/** Mean negative log-likelihood of the labels. */
const cost = (network: Network, { images, labels }: Examples): Tensor =>
  mean(crossEntropy(scores(network, images), labels));

/** The rate falls along a cosine to 0. */
const ruleFor = (steps: number): Rule =>
  chain(weightDecay(decay), momentum(cosine(peakRate, { steps: epochs * steps }), { decay: 0.9 }));

async function learn({ images, labels }: Examples): Promise<Variables> {
  const bar = new SingleBar({
    format: "  {bar} epoch {value}/{total}   loss {loss}   {rate} examples/s",
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 32,
    hideCursor: true,
  });
  bar.start(epochs, 0, { loss: "–", rate: "–" });
  const steps = Math.floor(labels.size / batch);
  const { variables } = await train({
    ...{ model, data: arrays({ x: images, y: labels }), loss: crossEntropy, rule: ruleFor(steps) },
    ...{ batchSize: batch, dropLast: true, epochs, seed, progress: false },
    callback({ epoch: { epoch, step, loss, seconds } }) {
      const rate = Math.round((step * batch) / seconds);
      bar.update(epoch + 1, { loss: loss.toFixed(4), rate: rate.toLocaleString("en") });
      if (!process.stdout.isTTY && (epoch + 1) % 10 === 0)
        console.log(`  epoch ${epoch + 1}/${epochs}   loss ${loss.toFixed(4)}`);
    },
  });
  bar.stop();
  return variables;
}

// — what it learned —

async function report(variables: Variables, { images, labels }: Examples): Promise<void> {
  const outputs = await predict({ model, variables, data: arrays({ x: images }) });
  const table = confusionMatrix(outputs, labels).toArray() as number[][];
  const right = table.reduce((n, row, i) => n + (row[i] as number), 0);
  console.log(
    `\n${pc.bold("Test accuracy")}  ${pc.green(`${((100 * right) / labels.size).toFixed(2)} %`)}  (${right} of ${labels.size} held-out images)`,
  );
  console.log("\nConfusion matrix (rows: the digit, columns: the guess)");
  console.log(pc.dim(`     ${Array.from({ length: 10 }, (_, i) => String(i).padStart(3)).join(" ")}`));
  table.forEach((row, i) => {
    const cells = row.map((n, j) => {
      const text = (n === 0 ? "·" : String(n)).padStart(3);
      return n === 0 ? pc.dim(text) : i === j ? pc.green(text) : pc.red(text);
    });
    console.log(`  ${pc.dim(String(i))}  ${cells.join(" ")}`);
  });
}

type Layers = readonly Readonly<Record<string, Tensor>>[];

/** A function of all weights and biases, those at the same places together. */
const each = (f: (...tensors: Tensor[]) => Tensor, ...networks: readonly Network[]): Network => {
  const [first, ...others] = networks as unknown as [Layers, ...Layers[]];
  return first.map((layer, i) =>
    Object.fromEntries(
      Object.entries(layer).map(([name, t]) => [name, f(t, ...others.map((n) => n[i]?.[name] as Tensor))]),
    ),
  ) as unknown as Network;
};

const tensorsOf = (network: Network): Tensor[] => network.flatMap((layer) => Object.values(layer) as Tensor[]);

/** The gradient against central differences of fourth order, for parameters drawn at random. */
function checkGradient(network: Network, data: Examples, samples = 400): number {
  const exact = each((w) => cast(w, "float64"), network);
  const some = { images: cast(data.images.slice([[0, 64]]), "float64"), labels: data.labels.slice([[0, 64]]) };
  const value = compile((n: Network) => cost(n, some));
  const gradient = tensorsOf(grad((n: Network) => cost(n, some))(exact) as Network);
  const sizes = tensorsOf(exact).map((t) => t.size);
  const total = sizes.reduce((a, b) => a + b, 0);
  const chosen = (random.permutation(random.key(seed + 3), total).toArray() as number[]).slice(0, samples);
  const h = 1e-3;
  let difference = 0;
  let length = 0;
  for (const at of chosen) {
    const starts = sizes.map((_, i) => sizes.slice(0, i).reduce((a, b) => a + b, 0));
    const which = starts.findLastIndex((start) => start <= at);
    const place = at - (starts[which] as number);
    const moved = (by: number): number => {
      let next = 0;
      return value(
        each((t) => {
          if (next++ !== which) return t;
          const data = Float64Array.from(t.data);
          data[place] = (data[place] as number) + by;
          return tensor(data, { shape: t.shape });
        }, exact),
      ).item();
    };
    const numeric = (8 * (moved(h) - moved(-h)) - (moved(2 * h) - moved(-2 * h))) / (12 * h);
    const analytic = gradient[which]?.data[place] as number;
    difference += (numeric - analytic) ** 2;
    length += numeric ** 2;
  }
  return Math.sqrt(difference / length);
}

/** The largest eigenvalue of the Hessian of the training cost, by power iteration on Hessian–vector products. */
function largestCurvature(network: Network, data: Examples): number {
  const f = (n: Network): Tensor => cost(n, data);
  const dot = (a: Network, b: Network): Tensor =>
    tensorsOf(each((x, y) => mul(x, y).sum(), a, b)).reduce((total, part) => total.add(part));
  const iterate = compile((n: Network, v: Network): [Network, Tensor] => {
    const image = hvp(f)(n, v);
    const size = dot(image, image).sqrt();
    return [each((x) => x.div(size), image), dot(v, image)];
  });
  const keys = random.split(random.key(seed + 4), 4) as Tensor[];
  let next = 0;
  let direction = each((w) => random.normal(keys[next++] as Tensor, w.shape, { dtype: "float32" }), network);
  const start = dot(direction, direction).sqrt();
  direction = each((x) => x.div(start), direction);
  let curvature = 0;
  for (let i = 0; i < 100; i++) {
    const [image, value] = iterate(network, direction);
    const before = curvature;
    curvature = value.item();
    direction = image;
    if (Math.abs(curvature - before) < 1e-4 * Math.abs(curvature)) break;
  }
  return curvature;
}

function write(network: Network, { images, labels }: Examples): void {
  mkdirSync(folder, { recursive: true });
  const file = new URL("model.json", folder);
  const picture = new URL("graph.svg", folder);
  writeFileSync(file, JSON.stringify(network));
  const few = { images: images.slice([[0, 4]]), labels: labels.slice([[0, 4]]) };
  const view = graphOf((n: Network) => cost(n, few), network);
  writeFileSync(picture, view.toSVG({ values: true, adjoints: true }));
  console.log(`\nWritten  ${fileURLToPath(file)}\n         ${fileURLToPath(picture)}`);
}

const began = performance.now();
const { training, test } = readDigits();
console.log(
  `${pc.bold("nabla")} learns ${training.labels.size} handwritten digits: 64 → ${hidden} → 10, batches of ${batch}, seed ${seed}\n`,
);
const variables = await learn(training);
const network = variables.parameters;
console.log(`  trained in ${((performance.now() - began) / 1000).toFixed(1)} s`);
await report(variables, test);
const error = checkGradient(network, training);
console.log(
  `\nGradient check   relative error ${error.toExponential(1)} against central differences in float64 ${error < 1e-7 ? pc.green("ok") : pc.red("too large")}`,
);
const curvature = largestCurvature(network, training);
console.log(
  `Curvature        largest Hessian eigenvalue ${curvature.toPrecision(3)}: plain gradient descent decreases the cost for rates up to 1/λmax = ${(1 / curvature).toPrecision(3)}`,
);
write(network, training);
console.log(pc.dim(`\n${((performance.now() - began) / 1000).toFixed(1)} s in all`));
if (error >= 1e-7) process.exitCode = 1;
