/**
 * Three million flights of 2001, out of core: DuckDB reads the Parquet file, which lies in the order of time, and mixes it;
 * an encoder standardises the parts as they come; a file of rows serves them at random, and stochastic gradient descent
 * regresses the delay on distance and time. A linear model has a closed form, whose sums are a pass over the same rows:
 * both must come to the same coefficients.
 *
 * Run: npm run example -- flights [--epochs 2] [--rows 3000000] [--seed 1]
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { cast, compile, concatenate, ones, solve, type Tensor, zeros } from "nabla";
import { batches, encodeFiles } from "nabla/data";
import { type DenseParameters, dense, meanSquaredError, type Nothing, r2, type Variables } from "nabla/nn";
import { evaluate, polynomialDecay, sgd, train } from "nabla/train";

const { values: options } = parseArgs({
  options: {
    epochs: { type: "string", default: "2" },
    rows: { type: "string", default: "3000000" },
    seed: { type: "string", default: "1" },
  },
});
const [epochs, rows, seed] = [Number(options.epochs), Number(options.rows), Number(options.seed)];

// — data: delays in minutes; the day's course and the year's as waves, so that midnight meets midnight —

const wave = (name: string, angle: string): string => `cos(${angle}) as ${name}_cos, sin(${angle}) as ${name}_sin`;
const hour = "2 * pi() * (hour(date) + minute(date) / 60.0) / 24";
const file = fileURLToPath(new URL("../data/node_modules/vega-datasets/data/flights-3m.parquet", import.meta.url));
const began = performance.now();
const { data, parts, encoder } = await encodeFiles(file, {
  sql: `select delay, distance, ln(greatest(distance, 1)) as log_distance,
      ${wave("day", hour)}, ${wave("half_day", `2 * ${hour}`)}, ${wave("year", "2 * pi() * dayofyear(date) / 365")},
      (dayofweek(date) in (0, 6))::int as weekend
    from (select * from source limit ${rows})
    order by hash(date, delay, distance, origin, destination)`,
  target: "delay",
  task: "regression",
  split: { test: 0.1, seed },
});
const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;
console.log(`${data.size} flights, ${encoder.features.length} features, spooled in ${seconds(began)}`);

// — the closed form: θ = (Σ x xᵀ)⁻¹ Σ x y, with x₀ = 1, summed in float64 as the rows pass —

const count = encoder.features.length + 1;
type Sums = { readonly xx: Tensor; readonly xy: Tensor };
const accumulate = compile(({ xx, xy }: Sums, batch: { x: Tensor; y: Tensor }): Sums => {
  const x = concatenate([ones([batch.x.shape[0] as number, 1]), cast(batch.x, "float64")], 1);
  return { xx: xx.add(x.transpose().matmul(x)), xy: xy.add(x.transpose().matmul(cast(batch.y, "float64"))) };
});
let sums: Sums = { xx: zeros([count, count]), xy: zeros([count]) };
const summing = performance.now();
for await (const { x, y } of batches(parts.train, { batchSize: 8192, shuffle: false }))
  sums = accumulate(sums, { x, y });
const exact = solve(sums.xx, sums.xy);
console.log(`normal equations of ${parts.train.size} flights in ${seconds(summing)}`);

// — the same by stochastic gradient descent, whose rate falls to 0 —

const model = dense(1);
const batchSize = 256;
const steps = epochs * Math.ceil(parts.train.size / batchSize);
const training = await train({
  model,
  data: parts.train,
  loss: meanSquaredError,
  rule: sgd(polynomialDecay(0.01, { steps })),
  batchSize,
  epochs,
  seed,
});
console.log(String(training));
console.log(`  ${Math.round((epochs * parts.train.size) / training.seconds)} flights a second`);

// — both beside each other, and on the flights that were kept back —

const { weights, bias } = training.variables.parameters;
const learned = concatenate([bias as Tensor, weights.reshape([-1])]);
console.log("\n                normal equations  gradient descent   (in standard deviations)");
["mean", ...encoder.features].forEach((name, i) => {
  const both = [exact, learned].map((theta) => (theta.data[i] as number).toFixed(5).padStart(16));
  console.log(`${name.padEnd(16)}${both.join("  ")}`);
});
const difference = learned.sub(exact).abs().max().item();
console.log(`largest difference ${difference.toExponential(1)}`);

const ofTest = async (variables: Variables<DenseParameters, Nothing>) => {
  const { loss, r2: share } = await evaluate({
    model,
    variables,
    data: parts.test,
    loss: meanSquaredError,
    metrics: { r2 },
  });
  return `${(Math.sqrt(loss as number) * deviation).toFixed(3)} minutes, R² ${(share as number).toFixed(4)}`;
};
const [zero, one] = encoder.decode([0, 1]) as [number, number];
const deviation = one - zero;
const float = (t: Tensor) => cast(t, "float32");
const solved = { weights: float(exact.slice([[1, count]])).reshape([-1, 1]), bias: float(exact.slice([[0, 1]])) };
const constant = { weights: zeros([count - 1, 1], { dtype: "float32" }), bias: zeros([1], { dtype: "float32" }) };
console.log(`\nRoot mean squared error of ${parts.test.size} flights that were kept back`);
console.log(`  always the mean    ${await ofTest({ parameters: constant, state: {} })}`);
console.log(`  normal equations   ${await ofTest({ parameters: solved, state: {} })}`);
console.log(`  gradient descent   ${await ofTest(training.variables)}`);
await data.close();
console.log(`\nPeak memory ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB, ${seconds(began)} in all`);
