/** `nabla/optimize`: minimising, fitting, roots. */
export type { Band } from "./band.ts";
export type { Bounds } from "./bounds.ts";
export { type CurveFitOptions, type CurveFitResult, curveFit } from "./curve-fit.ts";
export type { FitMethod, LeastSquaresOptions } from "./fit-options.ts";
export type { FitStatistics } from "./fit-statistics.ts";
export { type LeastSquaresResult, leastSquares } from "./least-squares.ts";
export type { LossName } from "./loss.ts";
export { Minimum, maximize, minimize } from "./minimize.ts";
export type { Iterate, LineSearch, LineSearchName, MethodName, MinimizeOptions, Tolerance } from "./options.ts";
export type { Measure, Status } from "./result.ts";
export { Root, type RootOptions, root } from "./root.ts";
