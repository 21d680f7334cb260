/** The package as a user gets it: packed, installed in an empty project, type-checked and run there. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
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
// @ts-expect-error
const method: string = x.square();
// @ts-expect-error
const reduction: string = x.sum({ axis: 0, keepDims: true });
// @ts-expect-error
const order: string = x.sort({ descending: true });
// @ts-expect-error
const operation: string = exp(x);
// @ts-expect-error
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
  writeFileSync(join(project, "package.json"), '{ "private": true, "type": "module" }');
  npm("pack", root, "--ignore-scripts", "--silent");
  const tarball = readdirSync(project).find((name) => name.endsWith(".tgz")) as string;
  npm("install", tarball, "--offline", "--no-audit", "--no-fund", "--silent");
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
