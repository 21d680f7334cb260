/**
 * A transformer that learns to write, character by character, from "As You Like It": each character is predicted from at
 * most 64 before it. The last tenth of the play is kept back; beside the model stand the frequencies of single characters
 * and of pairs. At the end it goes on with the play.
 *
 * Run: npm run example -- shakespeare [--steps 1000] [--width 64] [--write 600] [--seed 1]
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { gunzipSync } from "node:zlib";
import { random, type Tensor, tensor } from "nabla";
import { arrays, type Dataset } from "nabla/data";
import * as nn from "nabla/nn";
import { adamw, chain, clipByNorm, evaluate, oneCycle, train } from "nabla/train";

const { values } = parseArgs({
  options: {
    steps: { type: "string", default: "1000" },
    width: { type: "string", default: "64" },
    write: { type: "string", default: "600" },
    seed: { type: "string", default: "1" },
  },
});
const [steps, width, seed] = [Number(values.steps), Number(values.width), Number(values.seed)];
const context = 64;

// — data: every place of the text begins an example: 64 characters, and the one that follows each —

const text = gunzipSync(readFileSync(new URL("../data/as-you-like-it.txt.gz", import.meta.url))).toString();
const alphabet = [...new Set(text)].sort();
const numbers = Int32Array.from(text, (character) => alphabet.indexOf(character));
const end = Math.floor(0.9 * numbers.length);
const [learned, held] = [numbers.subarray(0, end), numbers.subarray(end)];

const windows = (of: Int32Array, places: Uint32Array, shift: number): Tensor => {
  const out = new Int32Array(places.length * context);
  places.forEach((place, i) => {
    out.set(of.subarray(place + shift, place + shift + context), i * context);
  });
  return tensor(out, { shape: [places.length, context] });
};
const data: Dataset<{ x: Tensor; y: Tensor }> = {
  size: learned.length - context,
  block: 1,
  take: (places) => ({ x: windows(learned, places, 0), y: windows(learned, places, 1) }),
};
const apart = Uint32Array.from({ length: Math.floor((held.length - 1) / context) }, (_, i) => i * context);
const validation = arrays({ x: windows(held, apart, 0), y: windows(held, apart, 1) });

// — how well frequencies do: those of characters, and of characters after each other —

const letters = alphabet.length;
const singles = new Float64Array(letters).fill(1);
const pairs = Array.from({ length: letters }, () => new Float64Array(letters).fill(0.1));
learned.forEach((letter, i) => {
  singles[letter] = (singles[letter] as number) + 1;
  const row = pairs[learned[i - 1] ?? 0] as Float64Array;
  row[letter] = (row[letter] as number) + 1;
});
const surprise = (row: Float64Array, letter: number): number =>
  -Math.log((row[letter] as number) / row.reduce((a, b) => a + b));
const meanOver = (f: (letter: number, before: number) => number): number =>
  held.subarray(1).reduce((sum, letter, i) => sum + f(letter, held[i] as number), 0) / (held.length - 1);

// — the model: what stands where, two blocks of attention, and a score for each character —

const block = () => nn.transformerBlock({ heads: 4, causal: true, dropout: 0.1 });
const model = nn.sequential(
  nn.embedding(letters, width),
  nn.learnedPositions(),
  block(),
  block(),
  nn.layerNorm(),
  nn.dense(letters),
);
const training = await train({
  model,
  data,
  validation,
  loss: nn.crossEntropy,
  rule: chain(clipByNorm(1), adamw(oneCycle(5e-3, { steps, rise: 0.1 }), { weightDecay: 0.01 })),
  batchSize: 32,
  steps,
  seed,
});
console.log(String(training));
console.log(`  ${Math.round((steps * 32 * context) / training.seconds)} characters a second`);

const { loss } = await evaluate({ model, variables: training.variables, data: validation, loss: nn.crossEntropy });
console.log(`\nNats a character of the ${held.length} that were kept back`);
console.log(`  characters   ${meanOver((letter) => surprise(singles, letter)).toFixed(3)}`);
console.log(
  `  pairs        ${meanOver((letter, before) => surprise(pairs[before] as Float64Array, letter)).toFixed(3)}`,
);
console.log(`  transformer  ${(loss as number).toFixed(3)}`);

// — writing: a character is drawn, then the next one —

const predict = nn.predictWith(model, training.variables);
const written = [...held.subarray(0, context)];
for (let i = 0; i < Number(values.write); i++) {
  const scores = predict(tensor(Int32Array.from(written.slice(-context)), { shape: [1, context] }));
  const next = scores.slice([[], [-1, null]]).reshape([letters]);
  written.push(random.categorical(random.foldIn(random.key(seed), i), next.div(0.8)).item());
}
const show = (of: readonly number[]): string => of.map((letter) => alphabet[letter]).join("");
console.log(`\n${show(written.slice(0, context))}▸${show(written.slice(context))}`);
