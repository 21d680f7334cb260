/** The package as a user gets it: packed, installed in an empty project, type-checked and run there. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const project = mkdtempSync(join(tmpdir(), "nabla-package-"));

const program = `
import { compile, exp, grad, NablaError, tensor, type Tensor, valueAndGrad } from "nabla";
declare const console: { log(...items: unknown[]): void };

// Results of methods and functions are tensors, not any: assigning them to anything else is an error.
const x: Tensor = tensor([1, 2, 3]);
// @ts-expect-error a method gives a tensor
const method: string = x.square();
// @ts-expect-error so does a reduction with options
const reduction: string = x.sum({ axis: 0, keepDims: true });
// @ts-expect-error and one whose result keeps the shape
const order: string = x.sort({ descending: true });
// @ts-expect-error and an operation
const operation: string = exp(x);
// @ts-expect-error a shape is numbers
const argument = (): Tensor => x.reshape("rows");

const { w } = grad((p: { w: Tensor }) => p.w.mul(p.w).sum())({ w: x });
const step = compile(valueAndGrad((y: Tensor) => y.square().sum()));
console.log(w.toArray(), step([1, 2])[1].toArray());
try {
  x.add([1, 2]);
} catch (error) {
  if (error instanceof NablaError) console.log(error.code);
}
`;

const npm = (...args: string[]): string =>
  execFileSync("npm", args, { cwd: project, encoding: "utf8", shell: process.platform === "win32" });

beforeAll(() => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "scripts", "setup.mjs")], {
    encoding: "utf8",
  });
  // A warning of the build is a defect.
  expect([status, stdout, stderr]).toEqual([0, "", ""]);
  // What the package depends on comes from the checkout: no registry is asked.
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { dependencies: object };
  const overrides = Object.fromEntries(
    Object.keys(dependencies).map((name) => [name, `file:${join(root, "node_modules", name)}`]),
  );
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module", overrides }));
  npm("pack", root, "--ignore-scripts", "--silent");
  const tarball = readdirSync(project).find((name) => name.endsWith(".tgz")) as string;
  npm("install", tarball, "--offline", "--ignore-scripts", "--no-audit", "--no-fund", "--silent");
  mkdirSync(join(project, "out"));
  writeFileSync(join(project, "use.ts"), program);
}, 180_000); // builds and installs, on a machine that may be busy with the other tests

afterAll(() => rmSync(project, { recursive: true }));

describe.each([
  ["nodenext", "nodenext"],
  ["esnext", "bundler"],
])("module %s, resolution %s", (module, moduleResolution) => {
  test("types are whole, also without skipLibCheck", () => {
    const options = { module, moduleResolution, target: "es2023", lib: ["es2023"], types: [], strict: true };
    const config = { compilerOptions: { ...options, skipLibCheck: false, outDir: "out" }, files: ["use.ts"] };
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify(config));
    const { stdout } = spawnSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", project], {
      encoding: "utf8",
    });
    expect(stdout).toBe("");
  });
});

test("runs", () => {
  const printed = execFileSync(process.execPath, [join(project, "out", "use.js")], { encoding: "utf8" });
  expect(printed).toBe("[ 2, 4, 6 ] [ 2, 4 ]\nE-SHAPE\n");
});

describe("the command line", () => {
  const nabla = (...args: string[]) =>
    spawnSync(process.execPath, [join(project, "node_modules", "nabla", "dist", "cli", "index.js"), ...args], {
      cwd: project,
      encoding: "utf8",
    });

  test("is there by its name", () => {
    expect(npm("exec", "--offline", "--", "nabla", "derive", "x^3", "--wrt", "x", "--tex")).toContain("3 \\, x^{2}");
  });

  test("0 found, 1 not found, 2 wrong use", () => {
    const found = nabla("minimize", "(x-2)^2", "--start", "x=0", "--json");
    expect([found.status, found.stderr]).toEqual([0, ""]);
    expect(JSON.parse(found.stdout)).toMatchObject({ status: "converged", x: { x: 2 } });
    const lost = nabla("minimize", "exp(x)", "--start", "x=0");
    expect([lost.status, lost.stderr]).toEqual([1, ""]);
    expect(lost.stdout).toMatch(/^unbounded: /);
    const wrong = nabla("minimize", "x^2", "--start", "y=0");
    expect([wrong.status, wrong.stdout]).toEqual([2, ""]);
    expect(wrong.stderr).toBe("E-OPTION --start: the formula has no y; it has x\n  try --start x=0\n");
  });

  test("checks a module that imports the same package", () => {
    writeFileSync(join(project, "model.js"), 'import { abs } from "nabla";\nexport const f = (x) => abs(x).sum();\n');
    const { status, stdout, stderr } = nabla("check", "model.js#f", "--at", "[0, 2]");
    expect([status, stderr]).toEqual([1, ""]);
    expect(stdout).toContain("|x| has a kink at 0");
  });

  test("fits 250 rows from a cold start", () => {
    const rows = Array.from({ length: 250 }, (_, i) => `${i},${5 * Math.exp(-i / 60) + Math.sin(37 * i) / 20}`);
    writeFileSync(join(project, "decay.csv"), ["t,y", ...rows].join("\n"));
    const { status, stdout } = nabla("fit", "a*exp(-t/b)", "decay.csv", "--start", "a=1,b=100", "--plot", "decay.svg");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^a +(4\.9|5\.0)/m);
    expect(readFileSync(join(project, "decay.svg"), "utf8")).toContain("95 % confidence");
  });
});
