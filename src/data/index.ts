/** `nabla/data`: examples, from memory and from files, in batches. */
import "../ops/methods.ts";

export { arrays } from "./arrays.ts";
export { type BatchOptions, batchCount, batches } from "./batches.ts";
export type { Dataset, Labelled } from "./dataset.ts";
export { type Epoch, shuffled } from "./order.ts";
