/** `nabla/nn`: layers, initialisers, losses, metrics. */
import "../ops/methods.ts";

export {
  type AttentionOptions,
  type AttentionParameters,
  type MaskOptions,
  type MultiHeadAttention,
  multiHeadAttention,
  scaledDotProductAttention,
} from "./attention.ts";
export { type BatchNormOptions, batchNorm, type RunningStatistics, type ScaleAndShift } from "./batch-norm.ts";
export { type ConvolutionLayerOptions, convolution1d, convolution2d } from "./convolution.ts";
export { type DenseOptions, type DenseParameters, dense } from "./dense.ts";
export { dropout } from "./dropout.ts";
export { type EmbeddingOptions, embedding } from "./embedding.ts";
export { type GruParameters, gru } from "./gru.ts";
export {
  constant,
  glorotNormal,
  glorotUniform,
  heNormal,
  heUniform,
  type Initializer,
  lecunNormal,
  lecunUniform,
  orthogonal,
  truncatedNormal,
} from "./initializers.ts";
export type { FloatType, Inside, Layer, LayerLike, Mode, Nothing, ParametersOf, StatesOf, Variables } from "./layer.ts";
export * from "./losses/index.ts";
export { type LstmOptions, type LstmState, lstm } from "./lstm.ts";
export * from "./metrics/index.ts";
export { groupNorm, layerNorm, type NormOptions, rmsNorm } from "./norms.ts";
export { parallel } from "./parallel.ts";
export {
  averagePooling1d,
  averagePooling2d,
  globalAveragePooling,
  maxPooling1d,
  maxPooling2d,
} from "./pooling.ts";
export { type LearnedPositionsOptions, learnedPositions, sinusoidalPositions, sinusoids } from "./positions.ts";
export { predictWith } from "./predict.ts";
export type { Recurrent, RecurrentOptions, RecurrentParameters } from "./recurrent.ts";
export { flattening, reshaping } from "./reshaping.ts";
export { residual } from "./residual.ts";
export { type RnnOptions, rnn } from "./rnn.ts";
export { type NamedTrees, type Sequential, sequential } from "./sequential.ts";
export { type LayerSummary, Summary, type SummaryOptions, summary } from "./summary.ts";
export { type TransformerOptions, transformerBlock } from "./transformer.ts";
