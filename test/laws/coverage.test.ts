/**
 * Every operation has a case, every elementwise one edges, every public function a case; the gaps have reasons. With
 * NABLA_COVERAGE=1 prints in how many cases each law meets each operation.
 */
import * as nabla from "nabla";
import { expect, test } from "vitest";
import { isFloat } from "../../src/base/dtype.ts";
import { type Graph, trace } from "../../src/graph/graph.ts";
import type { Operation } from "../../src/graph/operation.ts";
import { innerGraphs } from "../../src/graph/text.ts";
import { operations } from "../../src/ops/table.ts";
import { cases, differentiable, draw, type NamedCase, smooth, tableCases } from "./cases.ts";
import { compositions } from "./compositions.ts";
import { controlCases } from "./control.ts";

/** Operations without a case or without edges, and why. */
const reasons: Readonly<Record<string, string>> = {
  maxHeld: "max without its derivative: meaning and kernel are those of max",
};
/** Operations whose rule is there to say that the derivative is none. */
const held: readonly string[] = ["held", "lu"];
const withoutEdges: Readonly<Record<string, string>> = {
  cast: "its edges depend on both dtypes: test/numpy.test.ts",
  where: "it copies, whatever the numbers",
  exactLog: "its inputs are fractions of (0, 1), drawn inside random",
  normalQuantile: "its inputs are fractions of (0, 1), drawn inside random",
};
/** Public functions that are no functions of tensors, or that have laws of their own. */
const elsewhere: Readonly<Record<string, string>> = {
  ...reason(
    "derivative.test.ts",
    "grad valueAndGrad jvp vjp hvp jacobian hessian directionalDerivative stopGradient mapTree",
  ),
  ...reason("sparse.test.ts", "toDense"),
  ...reason("batching.test.ts", "vmap"),
  ...reason("control.ts", "scan whileLoop cond checkpoint"),
  ...reason("backends.test.ts, compile.test.ts", "compile"),
  ...reason("numpy.test.ts", "tensor full zeros ones zerosLike onesLike eye arange linspace"),
  ...reason("errors.test.ts", "NablaError Tensor"),
  ...reason("golden/graphs.test.ts, pictures.test.ts", "graphOf GraphView"),
  ...reason("undefined-derivative.test.ts", "undefinedDerivatives UndefinedDerivatives firstNonFinite NonFinite"),
  ...reason("custom.test.ts", "customDerivative"),
};
function reason(why: string, names: string): Record<string, string> {
  return Object.fromEntries(names.split(" ").map((name) => [name, why]));
}

test("names are unique", () => {
  const names = operations.map((o) => o.name);
  expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
});

test("every operation has a case, every elementwise one edges", () => {
  const missing: string[] = [];
  const rows = operations.map((o) => {
    const own = tableCases.filter((c) => c.operation === o);
    const edges = o.laws?.edges?.length ?? 0;
    if (own.length === 0 && !(o.name in reasons)) missing.push(`${o.name}: no case`);
    if (o.kind === "elementwise" && edges === 0 && !(o.name in withoutEdges)) missing.push(`${o.name}: no edges`);
    const derivative = o.partials ?? o.transpose ?? o.jvp ?? o.jvpAll;
    const smoothCases = own.filter((c) => smooth.includes(c)).length;
    if (own.length > 0 && derivative !== undefined && smoothCases === 0 && !held.includes(o.name))
      missing.push(`${o.name}: no differentiable case`);
    if (smoothCases > 0 && derivative === undefined && !isStep(o))
      missing.push(`${o.name}: differentiable, without a rule`);
    return { cases: own.length, edges };
  });
  const total = (f: (row: (typeof rows)[number]) => number): number => rows.reduce((n, row) => n + f(row), 0);
  console.log(
    `laws: ${rows.length} operations, ${total((r) => r.cases)} cases, ${total((r) => r.edges)} edges; ` +
      `${controlCases.length} cases of control, ${compositions.length} of compositions; ` +
      `${cases.length} cases, ${differentiable.length} differentiated (NABLA_COVERAGE=1 prints the table)`,
  );
  expect(missing).toEqual([]);
});

/** The operations that a case applies, those inside loops and branches included. */
function applied(c: NamedCase): Set<string> {
  const names = new Set<string>();
  const visit = ({ nodes }: Graph): void => {
    for (const node of nodes) {
      names.add(node.operation.name);
      for (const { graph } of innerGraphs(node)) visit(graph);
    }
  };
  const types = draw(c, 1).map(({ shape, dtype }) => ({ shape, dtype }));
  visit(trace("law", types, (leaves) => [c.apply(...leaves)]));
  return names;
}

/** What each law file runs on, in which dtypes: the columns of the table. */
const laws = [
  { law: "reference", cases, dtypes: 2 }, // inference.test.ts, numpy.test.ts
  { law: "wasm", cases, dtypes: 2 }, // backends.test.ts, plans.test.ts
  { law: "jvp", cases: smooth, dtypes: 1 }, // forward.test.ts: finite differences, in float64
  { law: "vjp", cases: differentiable, dtypes: 2 }, // adjoint.test.ts
  { law: "vmap", cases, dtypes: 1 }, // batching.test.ts
  { law: "second", cases: smooth, dtypes: 1 }, // higher.test.ts: finite differences, in float64
  { law: "wasm second", cases: differentiable, dtypes: 2 }, // backends.test.ts
];
/** Operations whose results are no floats, or no functions that vary. */
const withoutDerivative = (o: Operation): boolean =>
  held.includes(o.name) || cases.every((c) => c.operation !== o || !isFloat(c.apply(...draw(c, 1)).dtype));

test("every operation × reference, wasm, jvp, vjp, vmap, second order: nothing missing", () => {
  const inCase = new Map(cases.map((c) => [c, applied(c)]));
  const missing: string[] = [];
  const rows = [...new Set([...operations, ...controlCases.map((c) => c.operation)])].map((o) => {
    const cells = laws.map(({ law, cases: list, dtypes }) => {
      const count = dtypes * list.filter((c) => inCase.get(c)?.has(o.name)).length;
      const exempt = law !== "reference" && law !== "wasm" && law !== "vmap" && withoutDerivative(o);
      if (count === 0 && !exempt) missing.push(`${o.name}: ${law}`);
      return [law, exempt ? "–" : count];
    });
    return { operation: o.name, ...Object.fromEntries(cells) };
  });
  if (process.env.NABLA_COVERAGE) {
    console.table(rows);
    console.log("number of cases, times the dtypes in which the law runs; –: results are integers or bools, or held");
  }
  expect(missing).toEqual([]);
});

/** Piecewise constant: the derivative is 0 wherever it exists, and so are the finite differences. */
const isStep = (o: (typeof operations)[number]): boolean => o.undefinedAt !== undefined || o.name === "argsort";

test("every public function has a case", () => {
  const covered = new Set<unknown>([
    ...compositions.map((c) => c.of),
    ...operations.flatMap((o) => o.name),
    ...Object.keys(elsewhere),
  ]);
  const open = Object.entries(nabla).flatMap(([name, value]) => {
    if (typeof value !== "function" || covered.has(name)) return [];
    const record = (value as { operation?: (typeof operations)[number] }).operation;
    return record !== undefined && operations.includes(record) ? [] : [name];
  });
  expect(open).toEqual([]);
});
