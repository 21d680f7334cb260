/** Steepest descent: −∇f (Cauchy 1847). */
import { steepest } from "../model.ts";
import type { Direction } from "./direction.ts";

export const gradientDescent: Direction<undefined> = {
  start: undefined,
  propose: (_, model) => ({ step: steepest(model) }),
  learn: () => undefined,
};
