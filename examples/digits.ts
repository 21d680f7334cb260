/**
 * Learns handwritten digits: a network of two layers, back-propagation, mini-batches of stochastic gradient
 * descent with momentum. Then it checks itself: held-out accuracy, confusion matrix, the gradient against
 * central differences in float64, and the largest curvature, which bounds the learning rate.
 *
 * Run: npm start, or npm start -- --seed 2
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { SingleBar } from "cli-progress";
import {
  cast,
  compile,
  grad,
  graphOf,
  hvp,
  logSoftmax,
  mean,
  mul,
  oneHot,
  random,
  type Tensor,
  tanh,
  tensor,
  valueAndGrad,
} from "nabla";
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
const momentum = 0.9;
const decay = 1e-4;
const folder = new URL("../runs/digits/", import.meta.url);

// — data: 1,797 images of 8×8 pixels from 0 to 16, the label last; every fifth is held out —

interface Examples {
  readonly images: Float32Array;
  readonly labels: Int32Array;
}

function readDigits(): { train: Examples; test: Examples } {
  const text = gunzipSync(readFileSync(new URL("../data/digits.csv.gz", import.meta.url))).toString();
  const rows = text
    .trim()
    .split("\n")
    .map((line) => line.split(",").map(Number));
  const order = random.permutation(random.key(seed), rows.length).toArray() as number[];
  const shuffled = order.map((i) => rows[i] as number[]);
  const held = Math.floor(rows.length / 5);
  return { test: examples(shuffled.slice(0, held)), train: examples(shuffled.slice(held)) };
}

const examples = (rows: readonly number[][]): Examples => ({
  images: Float32Array.from(rows.flatMap((row) => row.slice(0, 64).map((pixel) => pixel / 8 - 1))),
  labels: Int32Array.from(rows, (row) => row[64] as number),
});

// — the network and its cost —

interface Layer {
  readonly weights: Tensor;
  readonly bias: Tensor;
}
type Network = { readonly first: Layer; readonly second: Layer };

function initialise(): Network {
  const [a, b] = random.split(random.key(seed + 1)) as [Tensor, Tensor];
  const layer = (key: Tensor, inputs: number, outputs: number): Layer => ({
    // Glorot and Bengio 2010: variance 2/(inputs + outputs)
    weights: mul(random.normal(key, [inputs, outputs], { dtype: "float32" }), Math.sqrt(2 / (inputs + outputs))),
    bias: tensor(new Float32Array(outputs)),
  });
  return { first: layer(a, 64, hidden), second: layer(b, hidden, 10) };
}

const scores = ({ first, second }: Network, images: Tensor): Tensor =>
  tanh(images.matmul(first.weights).add(first.bias)).matmul(second.weights).add(second.bias);

/** Mean negative log-likelihood of the labels. */
const cost = (network: Network, images: Tensor, labels: Tensor): Tensor =>
  mean(
    logSoftmax(scores(network, images))
      .mul(oneHot(labels, 10, { dtype: "float32" }))
      .sum({ axis: 1 }),
  ).neg();

// — one step of stochastic gradient descent with momentum: forward, backward and update in one program —

type State = { readonly network: Network; readonly velocity: Network };

const each = (f: (...tensors: Tensor[]) => Tensor, ...networks: Network[]): Network => {
  const layer = (name: keyof Network): Layer => ({
    weights: f(...networks.map((n) => n[name].weights)),
    bias: f(...networks.map((n) => n[name].bias)),
  });
  return { first: layer("first"), second: layer("second") };
};

const step = compile(
  ({ network, velocity }: State, images: Tensor, labels: Tensor, rate: Tensor): [State, Tensor] => {
    const [loss, gradient] = valueAndGrad(cost)(network, images, labels);
    const speed = each((v, g, w) => v.mul(momentum).sub(rate.mul(g.add(w.mul(decay)))), velocity, gradient, network);
    return [{ network: each((w, v) => w.add(v), network, speed), velocity: speed }, loss];
  },
  { state: true },
);

const predict = compile((network: Network, images: Tensor): Tensor => scores(network, images).argmax({ axis: 1 }));

function train(data: Examples): Network {
  const network = initialise();
  let state: State = { network, velocity: each((w) => w.mul(0), network) };
  const count = data.labels.length;
  const steps = Math.floor(count / batch);
  const keys = random.split(random.key(seed + 2), epochs) as Tensor[];
  const bar = new SingleBar({
    format: "  {bar} epoch {value}/{total}   loss {loss}   {rate} examples/s",
    barCompleteChar: "█",
    barIncompleteChar: "░",
    barsize: 32,
    hideCursor: true,
  });
  bar.start(epochs, 0, { loss: "–", rate: "–" });
  const began = performance.now();
  keys.forEach((key, epoch) => {
    const order = random.permutation(key, count).data;
    let total = 0;
    for (let k = 0; k < steps; k++) {
      const images = new Float32Array(batch * 64);
      const labels = new Int32Array(batch);
      for (let i = 0; i < batch; i++) {
        const from = order[k * batch + i] as number;
        images.set(data.images.subarray(from * 64, from * 64 + 64), i * 64);
        labels[i] = data.labels[from] as number;
      }
      // The rate falls along a cosine to 0.
      const rate = (peakRate / 2) * (1 + Math.cos((Math.PI * (epoch * steps + k)) / (epochs * steps)));
      const [next, loss] = step(
        state,
        tensor(images, { shape: [batch, 64] }),
        labels,
        tensor(rate, { dtype: "float32" }),
      );
      state = next;
      total += loss.item();
    }
    const seconds = (performance.now() - began) / 1000;
    const rate = Math.round(((epoch + 1) * steps * batch) / seconds);
    bar.update(epoch + 1, { loss: (total / steps).toFixed(4), rate: rate.toLocaleString("en") });
    if (!process.stdout.isTTY && (epoch + 1) % 10 === 0)
      console.log(`  epoch ${epoch + 1}/${epochs}   loss ${(total / steps).toFixed(4)}`);
  });
  bar.stop();
  return state.network;
}

// — what it learned —

function report(network: Network, test: Examples): void {
  const images = tensor(test.images, { shape: [test.labels.length, 64] });
  const guesses = predict(network, images).data;
  const table = Array.from({ length: 10 }, () => new Array<number>(10).fill(0));
  test.labels.forEach((label, i) => {
    const row = table[label] as number[];
    const guess = guesses[i] as number;
    row[guess] = (row[guess] as number) + 1;
  });
  const right = table.reduce((n, row, i) => n + (row[i] as number), 0);
  console.log(
    `\n${pc.bold("Test accuracy")}  ${pc.green(`${((100 * right) / test.labels.length).toFixed(2)} %`)}  (${right} of ${test.labels.length} held-out images)`,
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

const widen = (network: Network): Network => each((w) => cast(w, "float64"), network);

/** The gradient against central differences of fourth order, for parameters drawn at random. */
function checkGradient(network: Network, data: Examples, samples = 400): number {
  const exact = widen(network);
  const images = cast(tensor(data.images.slice(0, 64 * 64), { shape: [64, 64] }), "float64");
  const labels = data.labels.slice(0, 64);
  const value = compile((n: Network) => cost(n, images, tensor(labels)));
  const gradient = grad((n: Network) => cost(n, images, tensor(labels)))(exact);
  const flat = (n: Network): Tensor[] => [n.first.weights, n.first.bias, n.second.weights, n.second.bias];
  const sizes = flat(exact).map((t) => t.size);
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
    const analytic = flat(gradient)[which]?.data[place] as number;
    difference += (numeric - analytic) ** 2;
    length += numeric ** 2;
  }
  return Math.sqrt(difference / length);
}

/** The largest eigenvalue of the Hessian of the training cost, by power iteration on Hessian–vector products. */
function largestCurvature(network: Network, data: Examples): number {
  const images = tensor(data.images, { shape: [data.labels.length, 64] });
  const f = (n: Network): Tensor => cost(n, images, tensor(data.labels));
  const dot = (a: Network, b: Network): Tensor => {
    const products = each((x, y) => mul(x, y).sum(), a, b);
    return products.first.weights.add(products.first.bias).add(products.second.weights).add(products.second.bias);
  };
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

function write(network: Network, data: Examples): void {
  mkdirSync(folder, { recursive: true });
  const model = new URL("model.json", folder);
  const picture = new URL("graph.svg", folder);
  writeFileSync(model, JSON.stringify(network));
  const images = tensor(data.images.slice(0, 4 * 64), { shape: [4, 64] });
  const view = graphOf((n: Network) => cost(n, images, tensor(data.labels.slice(0, 4))), network);
  writeFileSync(picture, view.toSVG({ values: true, adjoints: true }));
  console.log(`\nWritten  ${fileURLToPath(model)}\n         ${fileURLToPath(picture)}`);
}

const began = performance.now();
const { train: trainingSet, test: testSet } = readDigits();
console.log(
  `${pc.bold("nabla")} learns ${trainingSet.labels.length} handwritten digits: 64 → ${hidden} → 10, batches of ${batch}, seed ${seed}\n`,
);
const network = train(trainingSet);
console.log(`  trained in ${((performance.now() - began) / 1000).toFixed(1)} s`);
report(network, testSet);
const error = checkGradient(network, trainingSet);
console.log(
  `\nGradient check   relative error ${error.toExponential(1)} against central differences in float64 ${error < 1e-7 ? pc.green("ok") : pc.red("too large")}`,
);
const curvature = largestCurvature(network, trainingSet);
console.log(
  `Curvature        largest Hessian eigenvalue ${curvature.toPrecision(3)}: plain gradient descent decreases the cost for rates up to 1/λmax = ${(1 / curvature).toPrecision(3)}`,
);
write(network, trainingSet);
console.log(pc.dim(`\n${((performance.now() - began) / 1000).toFixed(1)} s in all`));
if (error >= 1e-7) process.exitCode = 1;
