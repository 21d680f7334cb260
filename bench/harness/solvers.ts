/** Who takes part in the rows that search for a minimum: methods of nabla's and of the optimisers that the machine has. */
import { type Entrant, entryOf, here, packageVersion, scipy } from "./entrants.ts";
import type { Row } from "./row.ts";
import type { Engine } from "./task.ts";

interface Solver {
  readonly engine: Engine;
  readonly method: string;
  /** The title of nabla's method of the same kind. */
  readonly base?: string;
}

const solvers = {
  "nabla trust-region": { engine: "nabla", method: "trust-region" },
  "nabla bfgs": { engine: "nabla", method: "bfgs" },
  "nabla l-bfgs": { engine: "nabla", method: "l-bfgs" },
  "nabla auto": { engine: "nabla", method: "auto" },
  "nabla leastSquares": { engine: "nabla", method: "leastSquares" },
  "nabla curveFit": { engine: "nabla", method: "curveFit" },
  "SciPy trust-exact": { engine: "scipy", method: "trust-exact", base: "nabla trust-region" },
  "SciPy BFGS": { engine: "scipy", method: "BFGS", base: "nabla bfgs" },
  "SciPy L-BFGS-B": { engine: "scipy", method: "L-BFGS-B", base: "nabla l-bfgs" },
  "SciPy least_squares": { engine: "scipy", method: "least_squares", base: "nabla leastSquares" },
  "SciPy curve_fit": { engine: "scipy", method: "curve_fit", base: "nabla curveFit" },
  "fmin conjugateGradient": { engine: "fmin", method: "conjugateGradient", base: "nabla l-bfgs" },
  "ml-levenberg-marquardt": { engine: "ml-levenberg-marquardt", method: "", base: "nabla curveFit" },
} as const satisfies Record<string, Solver>;

export type SolverTitle = keyof typeof solvers;

const versionOf = (engine: Engine): string | undefined =>
  engine === "nabla" ? "this checkout" : engine === "scipy" ? scipy : packageVersion(engine);

/** A row's entrants. */
export const solversOf = ({ solvers: titles = [] }: Pick<Row, "solvers">): Entrant[] =>
  titles.map((title) => {
    const { engine, method, base }: Solver = solvers[title];
    return { title, engine, method, base, threads: 1, entry: entryOf(here), version: versionOf(engine) };
  });

/** What the optimisers are, for the head of the table. */
export const libraries = (): Entrant[] =>
  [
    ["SciPy", "SciPy trust-exact"],
    ["fmin", "fmin conjugateGradient"],
    ["ml-levenberg-marquardt", "ml-levenberg-marquardt"],
  ].flatMap(([title, one]) =>
    solversOf({ solvers: [one as SolverTitle] }).map((e) => ({ ...e, title: title as string })),
  );
