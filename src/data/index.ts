/** `nabla/data`: examples, from memory and from files, in batches. */
import "../ops/methods.ts";

export { arrays } from "./arrays.ts";
export { type BatchOptions, batchCount, batches } from "./batches.ts";
export { isMissing } from "./cell.ts";
export type { Dataset, Labelled } from "./dataset.ts";
export { completeRows, encode, encodeStream } from "./encode.ts";
export { type EncodedFiles, type EncodeFilesOptions, encodeFiles } from "./encode-files.ts";
export type { EncodedRows, Encoder, EncoderJSON } from "./encoder.ts";
export { encoderFromJSON } from "./encoder-json.ts";
export type { ColumnEncoding, ColumnKind, EncodeOptions, TargetEncoding, Task } from "./encoding.ts";
export { readIDX } from "./idx.ts";
export { type ImageFolder, type ImageOptions, readImages } from "./image/folder.ts";
export { type Epoch, type Order, shuffled, shuffledByBlocks } from "./order.ts";
export { type PartsOptions, readParts } from "./parts.ts";
export type { Source } from "./source.ts";
export { kFold, type Labels, type Parts, type SplitOptions, splitPlaces, trainTestSplit } from "./split.ts";
export { type SpoolOptions, spool } from "./spool.ts";
export { openSpool, type Spool } from "./spool-read.ts";
export { table } from "./table/json.ts";
export { parseTable, readTable, type TableFormat } from "./table/read.ts";
export { selectRows, type Table } from "./table/table.ts";
export { concat, map, subset } from "./views.ts";
export { classWeights, labelsOf, weightedByClass } from "./weights.ts";
