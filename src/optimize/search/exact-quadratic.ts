/**
 * The exact minimum of the second-order model along the step: −φ′(0)/φ″(0), which is gᵀg/gᵀHg for steepest descent.
 * Where φ″(0) ≤ 0 the model has none, and a length that suffices is looked for; so too where the model misleads.
 */
import { isFiniteTrial } from "../line.ts";
import { backtracking, sufficient } from "./backtracking.ts";
import type { Search } from "./search.ts";

export const exactQuadratic: Search = (line, first, iteration) => {
  const curvature = line.curvature();
  if (!(curvature > 0)) return backtracking({ grow: true })(line, first, iteration);
  const t = -line.slope / curvature;
  const trial = line.probe(t);
  return isFiniteTrial(trial) && sufficient(line, trial) ? trial : backtracking()(line, t, iteration);
};
