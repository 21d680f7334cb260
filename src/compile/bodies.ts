/** Steps that have steps inside. */
import type { Step } from "../backend/target.ts";

/** The same step around other bodies. */
export function withBodies(step: Step, f: (body: readonly Step[]) => Step[]): Step {
  switch (step.kind) {
    case "repeat":
      return { ...step, body: f(step.body) };
    case "while":
      return { ...step, condition: f(step.condition), body: f(step.body) };
    case "branch":
      return { ...step, yes: f(step.yes), no: f(step.no) };
    default:
      return step;
  }
}
