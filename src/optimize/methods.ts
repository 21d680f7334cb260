/** The methods by name: each direction with each search. */
import { NablaError } from "../base/error.ts";
import type { Box } from "./bounds.ts";
import { bfgs } from "./direction/bfgs.ts";
import { conjugateGradient } from "./direction/conjugate-gradient.ts";
import type { Direction } from "./direction/direction.ts";
import { gradientDescent } from "./direction/gradient-descent.ts";
import { lbfgs } from "./direction/l-bfgs.ts";
import { momentum } from "./direction/momentum.ts";
import { newton } from "./direction/newton.ts";
import { newtonCG } from "./direction/newton-cg.ts";
import { saddleFreeNewton } from "./direction/saddle-free-newton.ts";
import { trustRegion } from "./direction/trust-region.ts";
import { lineSearchMethod, type Method } from "./method.ts";
import type { Objective } from "./objective.ts";
import type { MethodName, Settings } from "./options.ts";
import { backtracking } from "./search/backtracking.ts";
import { bestOf } from "./search/best-of.ts";
import { exact } from "./search/exact.ts";
import { exactQuadratic } from "./search/exact-quadratic.ts";
import { constantStep, schedule } from "./search/given.ts";
import type { Search } from "./search/search.ts";
import { strongWolfe } from "./search/strong-wolfe.ts";

/** Methods whose steps have a length of their own. */
const scaledSteps: readonly MethodName[] = ["bfgs", "l-bfgs", "newton", "saddle-free-newton", "newton-cg"];

function searchOf<X>(what: string, { method, lineSearch }: Settings<X>, box: Box | undefined): Search {
  const scaled = scaledSteps.includes(method);
  switch (lineSearch.name) {
    case "constant": {
      const length = lineSearch.length ?? (scaled ? 1 : 1e-2);
      if (!(length > 0 && Number.isFinite(length))) throw badLength(what, length);
      return constantStep(length);
    }
    case "schedule": {
      const { length = (k: number) => (scaled ? 1 : 0.1) / (1 + k / 10) } = lineSearch;
      return schedule(length);
    }
    case "best-of": {
      const { lengths = [1e-4, 1e-3, 1e-2, 0.03, 0.1, 0.3, 1, 3, 10] } = lineSearch;
      const bad = lengths.find((t) => !(t > 0 && Number.isFinite(t)));
      if (lengths.length === 0 || bad !== undefined) throw badLength(what, bad ?? Number.NaN);
      return bestOf(lengths);
    }
    case "exact-quadratic":
      return exactQuadratic;
    // Along a path that bends at bounds a derivative says nothing of what follows: there, sufficient decrease.
    case "exact":
      return box === undefined ? exact : backtracking({ grow: true });
    case "backtracking":
      return backtracking({ grow: method === "gradient-descent" || method === "conjugate-gradient" });
    case "strong-wolfe":
      return box === undefined ? strongWolfe : backtracking({ grow: true });
  }
}

const badLength = (what: string, length: number): NablaError =>
  new NablaError("E-OPTION", `${what}: a step length is ${length}`, "positive finite lengths");

export function methodOf<X>(
  what: string,
  objective: Objective<X>,
  box: Box | undefined,
  settings: Settings<X>,
): Method {
  const { method, lineSearch } = settings;
  if (method === "trust-region") return trustRegion(objective, box);
  const search = searchOf(what, settings, box);
  const monotone = lineSearch.name !== "constant" && lineSearch.name !== "schedule";
  const combine = <S>(direction: Direction<S>): Method =>
    lineSearchMethod(method, objective, box, direction, search, monotone);
  switch (method) {
    case "gradient-descent":
      return combine(gradientDescent);
    case "momentum":
      return combine(momentum(settings.momentum));
    case "conjugate-gradient":
      return combine(conjugateGradient);
    case "bfgs":
      return combine(bfgs);
    case "l-bfgs":
      return combine(lbfgs(settings.memory));
    case "newton":
      return combine(newton);
    case "saddle-free-newton":
      return combine(saddleFreeNewton);
    case "newton-cg":
      return combine(newtonCG);
  }
}

/** What tries where a method finds no better point: second derivatives after learnt ones, and the other way round. */
export function rescueOf(name: string, objective: Objective, box: Box | undefined): Method {
  if (name !== "trust-region" && objective.n <= 200) return trustRegion(objective, box);
  const search = box === undefined ? strongWolfe : backtracking({ grow: true });
  return name === "bfgs" || objective.n > 300
    ? lineSearchMethod("l-bfgs", objective, box, lbfgs(10), search, true)
    : lineSearchMethod("bfgs", objective, box, bfgs, search, true);
}
