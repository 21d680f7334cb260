/** The report of `analyze`. */
import type { UndefinedDerivatives } from "../index.ts";
import type { Kind } from "./critical-point.ts";
import type { StepForecast } from "./curvature.ts";
import type { HigherOrder } from "./higher-order.ts";
import { listed, show } from "./words.ts";

/** A direction in parameter space. */
export interface Direction {
  /** In the parameters' names: `x − 2·y`. */
  readonly formula: string;
  readonly vector: readonly number[];
  /** The second derivative of f along it, where it has length 1. */
  readonly curvature: number;
}

/** What `analyze` found; prints as a few lines. */
export class Analysis {
  readonly kind!: Kind;
  /** The verdict in a sentence, with what was measured. */
  readonly message!: string;
  readonly value!: number;
  readonly gradient!: readonly number[];
  /** ‖∇f‖₂ */
  readonly gradientNorm!: number;
  /** Up to here the gradient counts as zero: `tolerance`·max(1, |f|)/max(1, ‖x‖). */
  readonly gradientTolerance!: number;
  /** ‖H⁻¹∇f‖, the distance to the critical point of the quadratic model; ∞ if it has none. */
  readonly newtonStep!: number;
  /** The name of each component of the vectors here: `x`, `w[1]`, `layer.b[0]`. */
  readonly names!: readonly string[];
  /** Ascending. */
  readonly eigenvalues!: readonly number[];
  /** `eigenvectors[i]`, of length 1, belongs to `eigenvalues[i]`. */
  readonly eigenvectors!: readonly (readonly number[])[];
  /** Whether these are all eigenvalues, not the extreme ones alone. */
  readonly complete!: boolean;
  /** Eigenvalues up to this size count as zero. */
  readonly eigenvalueTolerance!: number;
  /** max |λ| / min |λ|; ∞ if the Hessian is singular within rounding. */
  readonly conditionNumber!: number;
  /** ‖H − Hᵀ‖/‖H‖ as computed; more than rounding means that a derivative rule is wrong. */
  readonly symmetryError!: number;
  /** The directions without curvature or, if there are none, the one of the least. */
  readonly flat!: readonly Direction[];
  /** The direction of the largest curvature; none if the Hessian is zero. */
  readonly steep!: readonly Direction[];
  /** gᵀg/gᵀHg, which minimises the quadratic model along −g; ∞ if it falls without limit, 0 if g = 0. */
  readonly optimalStep!: number;
  /** 1/λmax: gradient descent with shorter steps is safe as far as the quadratic model holds; ∞ if λmax ≤ 0. */
  readonly stepBound!: number;
  /** The step that is forecast: the given one, or −optimalStep·g (where that is infinite, −stepBound·g or −g). */
  readonly step!: readonly number[];
  readonly forecast!: StepForecast;
  /** dᵀHd along the direction that was asked for. */
  readonly curvature?: number;
  /** Where second derivatives do not decide. */
  readonly higher?: HigherOrder;
  readonly undefinedDerivatives!: UndefinedDerivatives;

  constructor(fields: Omit<Analysis, "toString">) {
    Object.assign(this, fields);
  }

  toString(): string {
    const { flat, steep, forecast } = this;
    const towards = (list: readonly Direction[]): string => listed(list.map(({ formula }) => formula));
    const singular = flat.some(({ curvature }) => curvature === 0);
    const lines = [this.message];
    if (this.eigenvalues.length > 1 && this.conditionNumber < 1 + 1e-9)
      lines.push("condition number 1: no direction is steeper than another");
    else if (steep.length > 0 && this.eigenvalues.length > 1) {
      const flattest = `${singular ? "flat" : "flattest"} along ${towards(flat)}${singular ? "" : ` (${show(flat[0]?.curvature ?? 0)})`}`;
      lines.push(
        `condition number ${show(this.conditionNumber)}: steepest along ${towards(steep)} (${show(steep[0]?.curvature ?? 0)}), ${flattest}`,
      );
    }
    if (this.kind === "not-critical" && this.undefinedDerivatives.length === 0) {
      lines.push(
        `best step against the gradient ${show(this.optimalStep)}, safe up to 1/λmax = ${show(this.stepBound)}`,
        `the step changes f by ${show(forecast.actual)}; first order says ${show(forecast.firstOrder)}, second order ${show(forecast.secondOrder)}`,
      );
    }
    if (this.curvature !== undefined) lines.push(`curvature along the given direction: ${show(this.curvature)}`);
    if (this.symmetryError > 1e-9)
      lines.push(
        `the Hessian is not symmetric (${show(this.symmetryError, 2)}): a derivative rule is wrong or inaccurate`,
      );
    if (this.undefinedDerivatives.length > 0) lines.push(String(this.undefinedDerivatives));
    return lines.join("\n");
  }
}
