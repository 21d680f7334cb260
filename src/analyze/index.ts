/** `nabla/analyze`: what a function is like at a point, and what is certain over a box. */
export { Analysis, type Direction } from "./analysis.ts";
export { type AnalyzeOptions, analyze } from "./analyze.ts";
export type { Limits } from "./branch-and-bound.ts";
export {
  type CheckedSlope,
  type CheckGradientOptions,
  checkGradient,
  GradientCheck,
  type GradientVerdict,
} from "./check-gradient.ts";
export { type ConvexityResult, type ConvexityWitness, convexity } from "./convexity.ts";
export type { Kind } from "./critical-point.ts";
export { curvature, derivativesAlongDirection, type StepForecast, stepForecast } from "./curvature.ts";
export type { HigherOrder, HigherVerdict } from "./higher-order.ts";
export {
  gradientLipschitz,
  type LipschitzOptions,
  type LipschitzResult,
  lipschitz,
  type Verdict,
} from "./lipschitz.ts";
export type { Box } from "./region.ts";
