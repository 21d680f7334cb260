export { type ContrastiveOptions, contrastive, type InfoNceOptions, infoNCE } from "./contrastive.ts";
export {
  type BinaryCrossEntropyOptions,
  binaryCrossEntropy,
  type CrossEntropyOptions,
  crossEntropy,
  klDivergence,
} from "./cross-entropy.ts";
export { type HuberOptions, huber, meanAbsoluteError, meanSquaredError } from "./errors.ts";
export {
  type GaussianOptions,
  gaussianNegativeLogLikelihood,
  type PoissonOptions,
  poissonNegativeLogLikelihood,
} from "./likelihoods.ts";
export type { Loss } from "./loss.ts";
export { type HingeOptions, hinge, multiclassHinge } from "./margins.ts";
