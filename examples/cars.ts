/**
 * How far a car of the years 1970 to 1982 goes on a gallon (StatLib; 406 rows, some with gaps): from a table to a trained
 * network beside a linear model and the mean, in miles.
 *
 * Run: npm run example -- cars [--epochs 200] [--seed 1]
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { tanh } from "nabla";
import { completeRows, encode, readTable, selectRows, splitPlaces } from "nabla/data";
import { dense, type Layer, meanSquaredError, r2, sequential } from "nabla/nn";
import { adamw, cosine, evaluate, predict, train } from "nabla/train";

const { values } = parseArgs({
  options: { epochs: { type: "string", default: "200" }, seed: { type: "string", default: "1" } },
});
const [epochs, seed] = [Number(values.epochs), Number(values.seed)];

const all = await readTable(
  fileURLToPath(new URL("../data/node_modules/vega-datasets/data/cars.json", import.meta.url)),
);
const cars = selectRows(all, completeRows(all, ["Miles_per_Gallon"]));
const places = splitPlaces(cars.rows, { test: 0.25, seed });
const encoder = encode(cars, { target: "Miles_per_Gallon", rows: places.train, kinds: { Cylinders: "category" } });
console.log(`${encoder}\n`);
const kept = selectRows(cars, places.test);
const data = encoder.dataset(selectRows(cars, places.train));
const test = encoder.dataset(kept);

const batchSize = 32;
const steps = epochs * Math.ceil(data.size / batchSize);
const rule = adamw(cosine(0.01, { steps }), { weightDecay: 0.1 });
const learn = <P, S>(model: Layer<P, S>) =>
  train({ model, data, loss: meanSquaredError, rule, batchSize, epochs, seed, progress: false });

// Targets are standardised: the error of the mean is 1, and one is `deviation` miles.
const [zero, one] = encoder.decode([0, 1]) as [number, number];
const deviation = one - zero;
const report = async <P, S>(model: Layer<P, S>, { variables }: Awaited<ReturnType<typeof learn<P, S>>>) => {
  const found = await evaluate({ model, variables, data: test, loss: meanSquaredError, metrics: { r2 } });
  return `${(Math.sqrt(found.loss as number) * deviation).toFixed(2)} miles, R² ${(found.r2 as number).toFixed(3)}`;
};

const linear = dense(1);
const network = sequential(dense(16), tanh, dense(1));
const trained = await learn(network);
console.log(`${trained}\n`);
const { y } = encoder.rows(kept);
console.log(`Root mean squared error for ${test.size} cars that were kept back`);
console.log(`  the mean      ${(Math.sqrt(y.square().mean().item()) * deviation).toFixed(2)} miles`);
console.log(`  linear model  ${await report(linear, await learn(linear))}`);
console.log(`  network       ${await report(network, trained)}`);

const guesses = encoder.decode(await predict({ model: network, variables: trained.variables, data: test }));
console.log("\nMiles a gallon, and what the network says");
for (let row = 0; row < 5; row++)
  console.log(
    `  ${kept.cell(row, "Name")}: ${kept.cell(row, "Miles_per_Gallon")}, ${(guesses[row] as number).toFixed(1)}`,
  );
