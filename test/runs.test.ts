/**
 * The examples, each in a short form. What they come to is compared with what a baseline would; docs/training-runs.md has
 * the long runs. Those whose data are not installed are skipped, by a name that says so.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { expect, test, vi } from "vitest";

/** What an example prints, run here. */
async function printed(name: string, options: readonly string[]): Promise<string> {
  const lines: string[] = [];
  const write = (...items: unknown[]): void => {
    lines.push(items.map(String).join(" "));
  };
  const spies = [
    vi.spyOn(console, "log").mockImplementation(write),
    vi.spyOn(console, "error").mockImplementation(write),
  ];
  const { argv } = process;
  process.argv = [...argv.slice(0, 2), ...options];
  vi.resetModules();
  try {
    await import(`../examples/${name}.ts`);
    return lines.join("\n");
  } finally {
    process.argv = argv;
    for (const spy of spies) spy.mockRestore();
  }
}

/** The same of a process of its own, as far as memory counts. */
const printedAlone = (name: string, options: readonly string[]): string =>
  execFileSync(process.execPath, ["--import", "tsx", `examples/${name}.ts`, ...options], { encoding: "utf8" });

/** The first number after a text. */
function numberAfter(text: string, out: string): number {
  const found = out.slice(out.indexOf(text) + text.length).match(/-?\d+(\.\d+)?(e[-+]?\d+)?/);
  expect(out, text).toContain(text);
  return Number(found?.[0]);
}

const packages = "data/node_modules";
const fashion = "/usr/share/datasets/fashion-mnist";
const few = ["--examples", "1200", "--epochs", "3"];

interface Run {
  readonly name: string;
  readonly options: readonly string[];
  /** What must be there, and how to get it. */
  readonly needs?: readonly [path: string, repair: string];
  readonly check: (out: string) => void;
}

const inData: Run["needs"] = [packages, "npm ci in data/"];
const runs: readonly Run[] = [
  {
    name: "digits",
    options: ["--seed", "3"],
    check: (out) => {
      expect(Number(/(\d+) of 359 held-out images/.exec(out)?.[1])).toBeGreaterThan(0.96 * 359);
      expect(numberAfter("relative error", out)).toBeLessThan(1e-7);
      const [curvature, rate] = [numberAfter("eigenvalue", out), numberAfter("1/λmax =", out)];
      expect(curvature * rate).toBeCloseTo(1, 2); // both in three digits
      expect(out).toContain("Confusion matrix");
      for (const file of ["model.json", "graph.svg"]) expect(out).toContain(file);
    },
  },
  {
    name: "mnist",
    options: few,
    needs: inData,
    check: (out) => expect(numberAfter("Test accuracy", out)).toBeGreaterThan(70),
  },
  {
    name: "mnist",
    options: ["--model", "mlp", ...few],
    needs: inData,
    check: (out) => expect(numberAfter("Test accuracy", out)).toBeGreaterThan(70),
  },
  {
    name: "fashion",
    options: ["--model", "mlp", ...few],
    needs: [fashion, "apt install dataset-fashion-mnist"],
    check: (out) => expect(numberAfter("Test accuracy", out)).toBeGreaterThan(60),
  },
  {
    name: "penguins",
    options: ["--epochs", "20"],
    needs: inData,
    check: (out) => expect(numberAfter("network  ", out)).toBeGreaterThan(2 * numberAfter("majority", out)),
  },
  {
    name: "cars",
    options: ["--epochs", "50"],
    needs: inData,
    check: (out) => expect(numberAfter("network  ", out)).toBeLessThan(numberAfter("the mean  ", out) / 2),
  },
  {
    name: "flights",
    options: ["--rows", "100000", "--epochs", "2"],
    needs: inData,
    check: (out) => {
      const [mean, solved, learned] = ["always the mean", "normal equations  ", "gradient descent  "].map((of) =>
        numberAfter(of, out.slice(out.indexOf("Root mean"))),
      ) as [number, number, number];
      expect(solved).toBeLessThan(mean);
      expect(learned - solved).toBeLessThan((mean - solved) / 4);
      expect(numberAfter("Peak memory", out)).toBeLessThan(600);
    },
  },
  {
    name: "logistic",
    options: ["--epochs", "150"],
    check: (out) => {
      expect(out).toContain("converged");
      expect(numberAfter("averaged cost is", out)).toBeLessThan(1e-4);
    },
  },
  {
    name: "shakespeare",
    options: ["--steps", "40", "--width", "16", "--write", "20"],
    check: (out) => expect(numberAfter("transformer", out)).toBeLessThan(numberAfter("characters  ", out)),
  },
];

for (const { name, options, needs, check } of runs) {
  const there = needs === undefined || existsSync(needs[0]);
  const title = [name, ...options].join(" ");
  test.skipIf(!there)(there ? title : `${title}: no data here: ${needs?.[1]}`, async () => {
    check(name === "flights" ? printedAlone(name, options) : await printed(name, options));
  });
}

test("fashion says how to get its data", async () => {
  expect(await printed("fashion", ["--data", "nowhere"])).toContain("apt install dataset-fashion-mnist");
  expect(process.exitCode).toBe(1);
  process.exitCode = undefined;
});
