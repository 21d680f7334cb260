/**
 * The species of a penguin from where it lives and how large it is (Gorman, Williams and Fraser 2014; 344 rows, some with
 * gaps): from a table of numbers, texts and missing values to a trained network beside a linear model and the majority.
 *
 * Run: npm run example -- penguins [--epochs 100] [--seed 1]
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { relu } from "nabla";
import { encode, readTable, selectRows, splitPlaces } from "nabla/data";
import { accuracy, confusionMatrix, crossEntropy, dense, type Layer, sequential } from "nabla/nn";
import { adam, cosine, evaluate, predict, train } from "nabla/train";

const { values } = parseArgs({
  options: { epochs: { type: "string", default: "100" }, seed: { type: "string", default: "1" } },
});
const [epochs, seed] = [Number(values.epochs), Number(values.seed)];

const penguins = await readTable(
  fileURLToPath(new URL("../data/node_modules/vega-datasets/data/penguins.json", import.meta.url)),
);
const species = Array.from({ length: penguins.rows }, (_, row) => String(penguins.cell(row, "Species")));
const places = splitPlaces(penguins.rows, { test: 0.25, seed, stratify: species });
const encoder = encode(penguins, { target: "Species", rows: places.train });
console.log(`${encoder}\n`);
const data = encoder.dataset(selectRows(penguins, places.train));
const test = encoder.dataset(selectRows(penguins, places.test));

const batchSize = 32;
const steps = epochs * Math.ceil(data.size / batchSize);
const rule = adam(cosine(0.01, { steps }));
const learn = <P, S>(model: Layer<P, S>) =>
  train({ model, data, loss: crossEntropy, rule, batchSize, epochs, seed, progress: false });
const correct = async <P, S>(model: Layer<P, S>, { variables }: Awaited<ReturnType<typeof learn<P, S>>>) =>
  (await evaluate({ model, variables, data: test, loss: crossEntropy, metrics: { accuracy } })).accuracy as number;

const linear = dense(encoder.classes.length);
const network = sequential(dense(16), relu, dense(encoder.classes.length));
const trained = await learn(network);
console.log(`${trained}\n`);

const kept = species.filter((_, row) => places.test.includes(row));
const majority = Math.max(...encoder.classes.map((name) => kept.filter((one) => one === name).length)) / kept.length;
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
console.log(`Accuracy for ${test.size} penguins that were kept back`);
console.log(`  the majority  ${percent(majority)}`);
console.log(`  linear model  ${percent(await correct(linear, await learn(linear)))}`);
console.log(`  network       ${percent(await correct(network, trained))}`);

const scores = await predict({ model: network, variables: trained.variables, data: test });
const { y } = encoder.rows(selectRows(penguins, places.test));
console.log(`\nRows: the species, columns: the guess\n  ${encoder.classes.join(", ")}`);
for (const row of confusionMatrix(scores, y).toArray() as number[][])
  console.log(`  ${row.map((n) => String(n).padStart(3)).join(" ")}`);
