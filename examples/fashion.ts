/**
 * Fashion-MNIST (Xiao, Rasul and Vollgraf 2017): 70,000 pictures of clothes in ten classes, harder than digits. The files
 * are those of Debian's package dataset-fashion-mnist, or of <https://github.com/zalandoresearch/fashion-mnist>.
 *
 * Run: npm run example -- fashion [--model cnn|mlp] [--epochs 10] [--examples 60000] [--seed 1] [--data FOLDER]
 */
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { classify } from "./images.ts";

const classes = ["T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"];
const { values } = parseArgs({ options: { data: { type: "string" } }, strict: false });
const folder = typeof values.data === "string" ? values.data : "/usr/share/datasets/fashion-mnist";
if (existsSync(`${folder}/train-images-idx3-ubyte.gz`)) await classify(classes, folder, ".gz");
else {
  console.error(
    `There is no train-images-idx3-ubyte.gz in ${folder}. Either (Debian, Ubuntu)\n` +
      "  apt install dataset-fashion-mnist\n" +
      "or put the four .gz files of https://github.com/zalandoresearch/fashion-mnist into a folder and say\n" +
      "  npm run example -- fashion --data FOLDER",
  );
  process.exitCode = 1;
}
