/** The suite's problems, and the tools that are compared, as its README starts them. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "./session.ts";

export interface Problem {
  readonly name: string;
  /** Of the functions which is the value and which the derivative; without: equivalent ones. */
  readonly functions?: readonly [primal: string, derivative: string];
}

/** As crates/gradbench/src/stats.rs scores them. */
export const problems: readonly Problem[] = [
  ...["gmm", "ba", "ht", "lstm"].map((name) => ({ name, functions: ["objective", "jacobian"] as const })),
  { name: "kmeans", functions: ["cost", "dir"] },
  ...["lse", "llsq", "ode", "det"].map((name) => ({ name, functions: ["primal", "gradient"] as const })),
  { name: "particle" },
  { name: "saddle" },
];

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The Python that runs the suite: one with its packages. */
export const python = process.env.PYTHON ?? "python3";

const inPython = (suite: string, ...given: readonly string[]): Command => ({
  program: python,
  arguments: given,
  environment: {
    PYTHONPATH: [join(suite, "python/gradbench"), process.env.PYTHONPATH].filter(Boolean).join(":"),
  },
});

export const evaluationOf = (suite: string, problem: string, seconds: number): Command =>
  inPython(suite, "-m", `gradbench.evals.${problem}.run`, "--min-seconds", String(seconds));

export type Tool = (suite: string, threads: number) => Command;

export const tools: Readonly<Record<string, Tool>> = {
  nabla: (_, threads) => ({
    program: process.execPath,
    arguments: [here("tool.js"), "--threads", String(threads)],
  }),
  manual: (suite, threads) => ({
    ...inPython(suite, "python/gradbench/gradbench/cpp.py", "manual", ...(threads > 1 ? ["--multithreaded"] : [])),
  }),
  pytorch: (suite, threads) => {
    const command = inPython(suite, "python/gradbench/gradbench/tools/pytorch/run.py");
    return { ...command, environment: { ...command.environment, OMP_NUM_THREADS: String(threads) } };
  },
  "tensorflow-js": () => ({
    program: process.execPath,
    arguments: ["--import", import.meta.resolve("tsx"), "js/tensorflow/run.ts"],
  }),
};
