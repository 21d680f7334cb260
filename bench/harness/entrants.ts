/** Who takes part: nabla on one and two threads and the engines that the machine has. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Row } from "./row.ts";
import type { Engine } from "./task.ts";

export interface Entrant {
  readonly title: string;
  readonly engine: Engine;
  readonly threads: number;
  /** nabla's built entry. */
  readonly entry: string;
  /** Undefined: not installed. */
  readonly version: string | undefined;
  /** Whose times this one's are divided by. */
  readonly base: string | undefined;
  /** Of a solver: which one of the engine's. */
  readonly method?: string;
}

export const folder = fileURLToPath(new URL("../", import.meta.url));
export const entryOf = (checkout: string): string => pathToFileURL(`${checkout}/dist/index.js`).href;
export const here = fileURLToPath(new URL("../../", import.meta.url));

export function packageVersion(path: string): string | undefined {
  const file = `${folder}node_modules/${path}/package.json`;
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version : undefined;
}

/** The first Python that has the most of what is asked. */
const pythons = [process.env.PYTHON, "python3", "/usr/bin/python3"].filter((p) => p !== undefined);

interface Python {
  readonly python: string;
  readonly torch?: string;
  readonly numpy?: string;
  readonly scipy?: string;
}

function pythonVersions(): Python {
  const script = `
import importlib, json, re
found = {}
for name in ("numpy", "torch", "scipy"):
    try: found[name] = importlib.import_module(name).__version__
    except ImportError: pass
if "numpy" in found:
    import numpy
    numpy.ones((2, 2)) @ numpy.ones((2, 2))
    try: blas = re.search(r"lib(openblas|mkl|blis|blas)", open("/proc/self/maps").read())
    except OSError: blas = None
    found["numpy"] += f", {blas[1]}" if blas else ""
print(json.dumps(found))`;
  let best: Python = { python: "python3" };
  for (const python of pythons) {
    const { stdout, status } = spawnSync(python, ["-c", script], { encoding: "utf8" });
    if (status !== 0) continue;
    const found = { python, ...(JSON.parse(stdout) as Omit<Python, "python">) };
    if (Object.keys(found).length > Object.keys(best).length) best = found;
  }
  return best;
}

export const { python, torch, numpy, scipy } = pythonVersions();

const nablaOn = (threads: number): string => `nabla, ${threads} thread${threads === 1 ? "" : "s"}`;

export function entrants(): Entrant[] {
  const entry = entryOf(here);
  const one = (engine: Engine, title: string, version: string | undefined): Entrant => {
    return { engine, title, version, threads: 1, entry, base: nablaOn(1) };
  };
  const both = (engine: Engine, title: string, version: string | undefined): Entrant[] =>
    [1, 2].map((threads) => {
      const name = `${title}, ${threads} thread${threads === 1 ? "" : "s"}`;
      return { ...one(engine, name, version), threads, base: nablaOn(threads) };
    });
  const [nabla1, nabla2] = both("nabla", "nabla", "this checkout") as [Entrant, Entrant];
  return [
    { ...nabla1, base: undefined },
    { ...nabla2, base: nablaOn(1) },
    one("hand", "JavaScript by hand", "–"),
    one("tensorflow", "TensorFlow.js wasm", packageVersion("@tensorflow/tfjs-backend-wasm")),
    one("tensorflow-cpu", "TensorFlow.js cpu", packageVersion("@tensorflow/tfjs-backend-cpu")),
    one("jax", "jax-js wasm", packageVersion("@jax-js/jax")),
    ...both("torch", "PyTorch", torch),
    ...both("numpy", "NumPy", numpy),
  ];
}

/** nabla of this checkout and of another one. */
export function rivals(other: string, name: string): Entrant[] {
  return [1, 2].flatMap((threads) => {
    const there = `${name}, ${threads} thread${threads === 1 ? "" : "s"}`;
    const common = { engine: "nabla", threads, version: "–" } as const;
    return [
      { ...common, title: there, entry: entryOf(other), base: undefined },
      { ...common, title: `here, ${threads} thread${threads === 1 ? "" : "s"}`, entry: entryOf(here), base: there },
    ];
  });
}

export function takesPart({ engine, threads }: Entrant, row: Row): boolean {
  if (engine === "tensorflow-cpu") return row.tensorflowCpu === true;
  const has = row.solvers === undefined && row[engine] !== undefined;
  return has && (threads === 1 || row.threads !== false);
}
