/** The command line as a user meets it: what is printed, what is written, what the shell is told. */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nabla } from "./cli-run.ts";
import { outline } from "./outline.ts";
import { problems } from "./problems/nist/problems.ts";

const folder = mkdtempSync(join(tmpdir(), "nabla-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string): string => join(folder, name);
const model = fileURLToPath(new URL("cli-model.ts", import.meta.url));

const formulas = ["minimize", "fit", "analyze", "derive", "graph", "check"];
const commands = [...formulas, "train", "resume", "sweep", "runs", "predict", "export"];

const json = async (...argv: string[]): Promise<Record<string, unknown>> =>
  JSON.parse((await nabla(...argv, "--json")).out) as Record<string, unknown>;

/** Observations of a regression that NIST has certified, as a table. */
function nist(name: string): { readonly csv: string; readonly problem: (typeof problems)[number] } {
  const problem = problems.find((p) => p.name === name) as (typeof problems)[number];
  const [x, y] = [problem.x.data, problem.y.data];
  const csv = file(`${name}.csv`);
  writeFileSync(csv, ["x,y", ...Array.from(x, (v, i) => `${v},${y[i]}`)].join("\n"));
  return { csv, problem };
}

const rosenbrock = "100*(y-x^2)^2 + (1-x)^2";
const start = ["--start", "x=-1.2,y=1"];

describe("minimize", () => {
  test("finds the minimum and says how well", async () => {
    const { code, out, error } = await nabla("minimize", rosenbrock, ...start);
    expect([code, error]).toEqual([0, ""]);
    expect(out).toMatch(/^converged: .*minimum/);
    expect(out).toMatch(/^x +1$/m);
    expect(out).toMatch(/^y +1$/m);
  });

  test("as JSON, with all digits", async () => {
    const answer = await json("minimize", rosenbrock, ...start, "--method", "bfgs");
    expect(answer).toMatchObject({ status: "converged", method: "bfgs", formula: rosenbrock });
    const { x, y } = answer.x as { x: number; y: number };
    expect(Math.abs(x - 1) + Math.abs(y - 1)).toBeLessThan(1e-7);
    for (const key of ["value", "gradientNorm", "iterations", "evaluations"])
      expect(answer[key]).toEqual(expect.any(Number));
  });

  test("--line-search goes with a method that is not named", async () => {
    expect(await json("minimize", rosenbrock, ...start, "--line-search", "strong-wolfe")).toMatchObject({
      status: "converged",
      method: "bfgs",
    });
  });

  test.each([
    ["exp(-x)", "x=0", /^unbounded: the infimum is at infinity/],
    ["-x^2", "x=1", /^unbounded: /],
    ["log(x)", "x=-1", /^undefined: /],
  ])("%s has no minimum: 1, with the reason", async (formula, from, reason) => {
    const { code, out, error } = await nabla("minimize", formula, "--start", from);
    expect([code, error]).toEqual([1, ""]);
    expect(out).toMatch(reason);
  });

  test("too few iterations: 1", async () => {
    const { code, out } = await nabla("minimize", rosenbrock, ...start, "--max-iterations", "2");
    expect(code).toBe(1);
    expect(out).toMatch(/^iteration-limit: /);
  });

  test("--maximize, --bounds", async () => {
    expect(await json("minimize", "-(x-1)^2", "--start", "x=3", "--maximize")).toMatchObject({
      status: "converged",
      value: 0,
    });
    const bounded = await json("minimize", "(x-3)^2 + y^2", "--start", "x=0,y=1", "--bounds", "x=:2");
    expect((bounded.x as { x: number }).x).toBeCloseTo(2, 10);
  });

  test("--path has every iterate, from the start to the end", async () => {
    await nabla("minimize", rosenbrock, ...start, "--path", file("path.csv"));
    const [head, first, ...rest] = readFileSync(file("path.csv"), "utf8").trimEnd().split("\n");
    expect(head).toBe("iteration,x,y,value,gradientNorm");
    expect(first).toMatch(/^0,-1.2,1,24.19/);
    const [, x, y] = (rest.at(-1) ?? "").split(",").map(Number);
    expect(x).toBeCloseTo(1, 6);
    expect(y).toBeCloseTo(1, 6);
  });

  test.each([
    [rosenbrock, "x=-1.2,y=1", ["g.x.ticks", "text equal values", "text path", "text start", "text end"]],
    ["cos(x)", "x=1", ["text formula", "text.y.label cos(x)"]],
    ["x^2+y^2+z^4", "x=1,y=2,z=3", ["text.x.label iteration", "text.y.label value above the least"]],
    ["sqrt(x)+(y-1)^2", "x=1,y=2", ["text equal values"]],
  ])("--plot of %s", async (formula, from, parts) => {
    await nabla("minimize", formula, "--start", from, "--plot", file("path.svg"));
    const drawn = outline(readFileSync(file("path.svg"), "utf8"));
    for (const part of [...parts, `title ${formula}`]) expect(drawn).toContain(part);
    expect(drawn).toMatch(/circle × \d+/);
    expect(drawn).not.toContain("NaN");
  });
});

describe("fit", () => {
  const saturation = "b1*(1-exp(-b2*x))";

  test.each([
    ["Misra1a", saturation, "b1=500,b2=0.0001"],
    [
      "Gauss1",
      "b1*exp(-b2*x) + b3*exp(-(x-b4)^2/b5^2) + b6*exp(-(x-b7)^2/b8^2)",
      "b1=97,b2=0.009,b3=100,b4=65,b5=20,b6=70,b7=178,b8=16.5",
    ],
  ])("%s as NIST certifies it", async (name, formula, from) => {
    const { csv, problem } = nist(name);
    const answer = await json("fit", formula, csv, "--start", from);
    expect(answer).toMatchObject({ status: "converged", rows: problem.y.size, left: 0, y: "y" });
    const parameters = answer.parameters as { value: number; standardError: number; lower: number; upper: number }[];
    parameters.forEach(({ value, standardError, lower, upper }, i) => {
      expect(value / (problem.certified[i] as number)).toBeCloseTo(1, 9);
      expect(standardError / (problem.standardErrors[i] as number)).toBeCloseTo(1, 7);
      expect(lower < value && value < upper).toBe(true);
    });
    expect((answer.covariance as number[][]).length).toBe(parameters.length);
  });

  test("a table for readers", async () => {
    const { code, out } = await nabla("fit", saturation, nist("Misra1a").csv, "--start", "b1=500,b2=0.0001");
    expect(code).toBe(0);
    expect(out).toMatch(/^converged: /);
    expect(out).toMatch(/^b1 +238\.9421292 +± 2\.707 +233\.0\d+ … 244\.8\d*$/m);
    expect(out).toMatch(/14 rows of .*Misra1a\.csv, 12 degrees of freedom/);
  });

  test("--plot shows data, curve and bands", async () => {
    const { csv } = nist("Misra1a");
    await nabla("fit", saturation, csv, "--start", "b1=500,b2=0.0001", "--plot", file("fit.svg"));
    const svg = readFileSync(file("fit.svg"), "utf8");
    expect(outline(svg).replace(/(?<=fitted curve\.) .*/, "")).toMatchInlineSnapshot(`
      "svg
        title y = b1*(1-exp(-b2*x))
        desc 14 points of data and the fitted curve.
        clipPath
          rect
        text y = b1*(1-exp(-b2*x))
        g.legend
          rect
          text 95 % prediction
          rect
          text 95 % confidence
          circle
          text data
          path
          text fit
        path.grid
        path.axes
        g.x.ticks
          text 100
          text 200
          text 300
          text 400
          text 500
          text 600
          text 700
        g.y.ticks
          text 10
          text 20
          text 30
          text 40
          text 50
          text 60
          text 70
          text 80
        text.x.label x
        text.y.label y
        g
          path.band × 2
          g.points
            circle × 14
          path.line"
    `);
  });

  const line = "time;depth;note\n0;1;a\n1;3.1;b\n2;;c\n3;6.9;d\n";

  test("columns by other names, rows without a value", async () => {
    writeFileSync(file("line.csv"), line);
    const options = ["--start", "a=1,b=0", "--x", "time", "--y", "depth"];
    const { code, error } = await nabla("fit", "a*x+b", file("line.csv"), ...options);
    expect(code).toBe(2);
    expect(error).toContain('row 3 (line 4), column "depth": no value');
    const answer = await json("fit", "a*x+b", file("line.csv"), ...options, "--skip-missing");
    expect(answer).toMatchObject({ status: "converged", rows: 3, left: 1, y: "depth" });
    const again = await json("fit", "depth = a*time + b", file("line.csv"), "--start", "a=1,b=0", "--skip-missing");
    expect(again.parameters).toEqual(answer.parameters);
  });

  test("two columns: measured against fitted", async () => {
    writeFileSync(
      file("plane.json"),
      JSON.stringify({ u: [0, 1, 0, 1, 2], v: [0, 0, 1, 1, 1], w: [1, 3.01, 0, 2, 3.98] }),
    );
    const { code } = await nabla(
      "fit",
      "a*u+b*v+c",
      file("plane.json"),
      "--start",
      "a=1,b=1,c=0",
      "--plot",
      file("plane.svg"),
    );
    expect(code).toBe(0);
    expect(outline(readFileSync(file("plane.svg"), "utf8"))).toContain("text.y.label measured w");
  });

  test("a robust loss leaves an outlier aside, a bound holds", async () => {
    const rows = Array.from({ length: 12 }, (_, i) => `${i},${i === 6 ? 100 : 2 * i + 1}`);
    writeFileSync(file("outlier.csv"), ["x,y", ...rows].join("\n"));
    const robust = await json("fit", "a*x+b", file("outlier.csv"), "--start", "a=1,b=0", "--loss", "cauchy");
    expect((robust.parameters as { value: number }[])[0]?.value).toBeCloseTo(2, 2);
    const bounded = await json("fit", "a*x+b", file("outlier.csv"), "--start", "a=1,b=0", "--bounds", "a=:1.5");
    expect((bounded.parameters as { value: number }[])[0]?.value).toBeCloseTo(1.5, 8);
  });

  test.each([
    ["no start", ["a*x+b"], "which names are parameters is not said\n  try --start a=1,x=1,b=1"],
    ["a start that is no name", ["a*x+b", "--start", "a=1,c=0"], "the formula has no c; it has a, x, b"],
    ["a name that is nothing", ["a*z+b", "--start", "a=1,b=0"], "z is neither in --start nor a column of"],
    ["no column of that name", ["a*x+b", "--start", "a=1,b=0", "--x", "t"], 'there is no column "t"'],
    [
      "no such column to fit",
      ["a*time+b", "--start", "a=1,b=0", "--y", "t"],
      'there is no column "t"; the columns are',
    ],
    ["several columns to fit", ["a*time+b", "--start", "a=1,b=0"], "which column is fitted is not clear: depth, note"],
    [
      "a column of text",
      ["a*time+b", "--start", "a=1,b=0", "--y", "note"],
      'column "note": "a" is not a finite number',
    ],
    ["a loss that is none", ["a*time+b", "--start", "a=1,b=0", "--y", "time", "--loss", "l1"], 'there is no loss "l1"'],
  ])("%s: 2, before any work", async (_, argv, message) => {
    writeFileSync(file("line.csv"), line);
    const [formula = "", ...options] = argv;
    const { code, error } = await nabla("fit", formula, file("line.csv"), ...options);
    expect(error).toContain(message);
    expect(code).toBe(2);
  });
});

describe("analyze", () => {
  test.each([
    ["x^2 + 3*y^2", "x=0,y=0", 0, "minimum"],
    ["-x^2 - y^2", "x=0,y=0", 0, "maximum"],
    ["x^2 - y^2", "x=0,y=0", 0, "saddle"],
    ["x^2 - y^2", "x=0,y=1", 1, "not-critical"],
  ])("%s at %s", async (formula, at, code, kind) => {
    const run = await nabla("analyze", formula, "--at", at);
    expect([run.code, run.error]).toEqual([code, ""]);
    expect(run.out).toContain("eigenvalue");
    const answer = await json("analyze", formula, "--at", at);
    expect(answer).toMatchObject({ kind, names: ["x", "y"] });
    expect(answer.eigenvalues).toHaveLength(2);
    expect(answer.eigenvectors).toHaveLength(2);
  });

  test("where fourth derivatives decide: 0", async () => {
    expect((await nabla("analyze", "x^2+y^4", "--at", "x=0,y=0")).code).toBe(0);
    expect((await nabla("analyze", "x^2", "--at", "x=1")).code).toBe(1);
  });

  test("--box certifies", async () => {
    const answer = await json("analyze", "x^2+y^4", "--box", "x=-1:1,y=0:2");
    expect(answer).toMatchObject({ convexity: { verdict: "certified" }, gradientLipschitz: { verdict: "certified" } });
    expect((answer.gradientLipschitz as { upper: number }).upper).toBeCloseTo(48, 1);
    const { code, out } = await nabla("analyze", "x^2-y^2", "--at", "x=0,y=0", "--box", "x=-1:1,y=-1:1");
    expect(code).toBe(0);
    expect(out).toMatch(/^a saddle/);
    expect(out).toContain("convexity: refuted");
    expect((await nabla("analyze", "x^2+y^2", "--box", "x=-1:1,y=0:")).error).toContain("--box: no two bounds for y");
  });

  test("the curvature along a direction, by name", async () => {
    const answer = await json("analyze", "x^2 + 3*y^2", "--at", "y=0,x=0", "--direction", "x=0,y=1");
    expect(answer.curvature).toBeCloseTo(6, 12);
  });

  test("what JSON has no number for is text", async () => {
    expect((await json("analyze", "x^2 + 0*y", "--at", "x=0,y=0")).conditionNumber).toBe("Infinity");
  });
});

describe("derive", () => {
  test("the formula and the graph", async () => {
    const { code, out } = await nabla("derive", "x^2*sin(x)", "--wrt", "x");
    expect(code).toBe(0);
    expect(out).toMatch(/^∂\/∂x \(x\^2\*sin\(x\)\) = .*cos\(x\)/);
    expect(out).toMatch(/^%0: float64\[\] = input x$/m);
  });

  test("--tex alone, --order, several names", async () => {
    expect((await nabla("derive", "x^3", "--wrt", "x", "--tex")).out).toBe("3 \\, x^{2}\n");
    expect(await json("derive", "x^3*y^2", "--wrt", "x,y")).toMatchObject({ wrt: ["x", "y"], derivative: "6*x^2*y" });
    expect((await nabla("derive", "x^4", "--wrt", "x", "--order", "2")).out).toMatch(/^∂²\/∂x∂x \(x\^4\) = 12\*x\^2\n/);
  });

  test("a formula that begins with a sign is no option", async () => {
    expect(await json("derive", "-x^2", "--wrt", "x")).toMatchObject({ formula: "-x^2", derivative: "-2*x" });
  });
});

describe("graph", () => {
  test("as text, as a picture with values, for Graphviz", async () => {
    const [svg, dot] = [file("graph.svg"), file("graph.dot")];
    const { code, out } = await nabla("graph", "exp(-x^2)*y", "--at", "x=0,y=2", "--svg", svg, "--dot", dot);
    expect(code).toBe(0);
    expect(out).toContain(`written to ${svg}; written to ${dot}`);
    expect(out).toContain("= input x\n");
    expect(readFileSync(svg, "utf8")).toContain(">= 2</text>");
    expect(readFileSync(dot, "utf8")).toMatch(/^digraph nabla/);
  });

  test("of a comparison, which has values but no adjoints", async () => {
    expect((await nabla("graph", "x < y", "--at", "x=0,y=2", "--svg", file("less.svg"))).code).toBe(0);
    expect(readFileSync(file("less.svg"), "utf8")).toContain(">= true</text>");
  });

  test("--gradient names what it returns", async () => {
    await nabla("graph", "x^2", "--gradient", "--dot", file("gradient.dot"));
    expect(readFileSync(file("gradient.dot"), "utf8")).toContain("∂/∂x");
  });
});

describe("check", () => {
  test("a right gradient: 0, at the point that the module names", async () => {
    const { code, out, error } = await nabla("check", `${model}#right`);
    expect([code, error]).toEqual([0, ""]);
    expect(out).toMatch(/^the gradient is right/);
    expect(await json("check", `${model}#right`)).toMatchObject({ found: true, export: "right" });
  });

  test("a wrong rule: 1", async () => {
    const { code, out } = await nabla("check", `${model}#wrong`, "--at", "[1, 2]");
    expect(code).toBe(1);
    expect(out).toMatch(/^the gradient is wrong in 2 of 2 slopes: .*\n\nerror of central differences by step: /);
  });

  test("a kink: 1, with the operation", async () => {
    const { code, out } = await nabla("check", `${model}#kink`, "--at", "[0, 1]");
    expect(code).toBe(1);
    expect(out).toContain("|x| has a kink at 0");
  });

  test("several arguments, the default export", async () => {
    expect((await nabla("check", model, "--at", "2", "--at", "3")).code).toBe(0);
  });
});

describe("check, wrong use", () => {
  test.each([
    [["none.js#f"], "none.js cannot be imported"],
    [[`${model}#left`], "exports no function left; it exports"],
    [[`${model}#right`, "--at", "{"], "is neither a point nor JSON"],
  ])("%j: 2", async (argv, message) => {
    const { code, error } = await nabla("check", ...argv);
    expect(code).toBe(2);
    expect(error).toContain(message);
  });
});

describe("wrong use", () => {
  test.each<[string[], string]>([
    [["minimise", "x"], "E-OPTION nabla: unknown command 'minimise'"],
    [["minimize"], "E-OPTION nabla minimize: missing required argument 'formula'"],
    [["minimize", "x^2", "--begin", "x=1"], "E-OPTION nabla minimize: unknown option '--begin'"],
    [["minimize", "x^2", "y^2"], "E-OPTION nabla minimize: too many arguments"],
    [["minimize", "x^2"], "E-OPTION --start: no value for x\n  try --start x=0"],
    [["minimize", "x^2", "--start", "y=1"], "E-OPTION --start: the formula has no y; it has x"],
    [["minimize", "x^2", "--start", "x"], 'E-OPTION --start: "x" is not name=value'],
    [["minimize", "x^2", "--start", "x=1,x=2"], "E-OPTION --start: x stands there twice"],
    [["minimize", "x^2", "--start", "x=one"], 'E-OPTION --start: x is "one", which is not a finite number'],
    [["minimize", "x^2", "--start", "x=1", "--bounds", "x=2"], "E-OPTION --bounds: x=2 is not x=lower:upper"],
    [["minimize", "x^2", "--start", "x=1", "--bounds", "x=2:1"], "the lower bound of x is above the upper: 2 > 1"],
    [["minimize", "x^2", "--start", "x=1", "--method", "magic"], 'there is no method "magic"'],
    [
      ["minimize", "x^2", "--start", "x=1", "--tolerance", "-1"],
      "E-OPTION --tolerance: it is -1, which is not positive",
    ],
    [["minimize", "x^2", "--start", "x=1", "--max-iterations", "1.5"], 'E-OPTION --max-iterations: it is "1.5"'],
    [["minimize", "3", "--start", "x=1"], "minimize: 3 has no variables"],
    [["minimize", "x^", "--start", "x=1"], "E-FORMULA"],
    [
      ["minimize", "x^2", "--start", "x=1", "--plot", "/no/such/folder/a.svg"],
      "/no/such/folder/a.svg: there is no such file or folder",
    ],
    [["analyze", "x^2"], "E-OPTION --at: no value for x"],
    [["derive", "x^2"], "E-OPTION nabla derive: required option '--wrt <names>' not specified"],
    [["derive", "x^2", "--wrt", "2"], 'E-OPTION --wrt: "2" is not a name'],
    [["constructor"], "E-OPTION nabla: unknown command 'constructor'\n  try nabla --help"],
    [["fit", "3", "none.csv"], "fit: 3 has no parameters"],
    [["fit", "a*x", "none.csv", "--start", "a=1"], "none.csv: there is no such file or folder"],
  ])("%j", async (argv, message) => {
    const { code, out, error } = await nabla(...argv);
    expect(error).toContain(message);
    expect(error).not.toMatch(/^\s+at .*:\d+:\d+/m); // no stack
    expect([code, out]).toEqual([2, ""]);
  });

  test("--json has the error too, --debug its stack", async () => {
    const { code, out, error } = await nabla("minimize", "x^", "--start", "x=1", "--json", "--debug");
    expect(code).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ error: { code: "E-FORMULA", message: expect.stringContaining("column") } });
    expect(error).toMatch(/^\s+at .*:\d+:\d+/m);
  });
});

describe("help", () => {
  test.each(commands)("%s shows an example", async (command) => {
    const { code, out, error } = await nabla(command, "--help");
    expect([code, error]).toEqual([0, ""]);
    expect(out).toContain(`Usage: nabla ${command}`);
    expect(out).toMatch(new RegExp(`Example.*:\n  nabla ${command} `));
    for (const option of ["--json", "--debug"]) expect(out).toContain(option);
    expect((await nabla("help", command)).out).toBe(out);
  });

  test("without a command", async () => {
    for (const argv of [[], ["--help"], ["-h"]]) {
      const { code, out } = await nabla(...argv);
      expect(code).toBe(0);
      for (const command of commands) expect(out).toContain(`  ${command}`);
    }
  });
});

test("--version is the package's", async () => {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as object & {
    version: string;
  };
  expect(await nabla("--version")).toEqual({ code: 0, out: `${version}\n`, error: "" });
});

describe("docs/command-line.md", () => {
  const text = readFileSync(new URL("../docs/command-line.md", import.meta.url), "utf8");
  const sessions = [...text.matchAll(/^\$ nabla (.*)\n([^$`]*)/gm)].map(([, line = "", shown = ""]) => ({
    line,
    shown,
  }));
  /** Digits are the business of other tests. */
  const shape = (output: string): string =>
    output
      .replace(/[\d.]+(e-?\d+)?/g, "#")
      .replace(/\s+/g, " ")
      .trim();

  const home = process.cwd();
  beforeAll(() => {
    process.chdir(folder);
    copyFileSync(nist("Misra1a").csv, "data.csv");
  });
  afterAll(() => process.chdir(home));

  test("has a part on each command", () => {
    for (const command of commands) expect(text).toContain(`\n## ${command}\n`);
  });

  test.each(sessions)("nabla $line", async ({ line, shown }) => {
    const argv = [...line.matchAll(/"([^"]*)"|\S+/g)].map(([all, quoted]) => quoted ?? all);
    expect(shape((await nabla(...argv)).out)).toBe(shape(shown));
  });
});

test("as a process: streams and the exit code", () => {
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  const run = (...argv: string[]) =>
    spawnSync(process.execPath, ["--import", "tsx", "src/cli/index.ts", ...argv], {
      cwd,
      encoding: "utf8",
    });
  const found = run("minimize", "(x-2)^2", "--start", "x=0", "--json");
  expect([found.status, found.stderr]).toEqual([0, ""]);
  expect(JSON.parse(found.stdout)).toMatchObject({ status: "converged", x: { x: 2 } });
  expect(run("minimize", "exp(x)", "--start", "x=0").status).toBe(1);
  // A reader that leaves at once, as in `nabla help | head -1`.
  const read = '"$0" --import tsx src/cli/index.ts help minimize | true';
  expect(spawnSync("sh", ["-c", read, process.execPath], { cwd, encoding: "utf8" }).stderr).toBe("");
  const wrong = run("minimize", "x^2");
  expect([wrong.status, wrong.stdout]).toEqual([2, ""]);
  expect(wrong.stderr).toBe("E-OPTION --start: no value for x\n  try --start x=0\n");
});
