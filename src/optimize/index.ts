/** `nabla/optimize`: minimising, fitting, roots. */

export { type AnnealOptions, anneal, type Cooling } from "./anneal.ts";
export type { Band } from "./band.ts";
export type { Bounds } from "./bounds.ts";
export type { Chance } from "./chance.ts";
export { type CurveFitOptions, type CurveFitResult, curveFit } from "./curve-fit.ts";
export { BestState, type DiscreteOptions, type State } from "./discrete.ts";
export type { FitMethod, LeastSquaresOptions } from "./fit-options.ts";
export type { FitStatistics } from "./fit-statistics.ts";
export { type HillClimbOptions, hillClimb } from "./hill-climb.ts";
export { type LeastSquaresResult, leastSquares } from "./least-squares.ts";
export type { LossName } from "./loss.ts";
export { Minimum, maximize, minimize } from "./minimize.ts";
export type { Iterate, LineSearch, LineSearchName, MethodName, MinimizeOptions, Tolerance } from "./options.ts";
export type { Measure, Status } from "./result.ts";
export { Root, type RootOptions, root } from "./root.ts";
