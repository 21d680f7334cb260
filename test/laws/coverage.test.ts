/** Every operation has a case, every elementwise one edges, every public function a case; the gaps have reasons. */
import * as nabla from "nabla";
import { expect, test } from "vitest";
import { operations } from "../../src/ops/table.ts";
import { cases, differentiable, smooth, tableCases } from "./cases.ts";
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
  ...reason("derivative.test.ts", "grad valueAndGrad jvp vjp hvp jacobian hessian directionalDerivative stopGradient"),
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
    return {
      operation: o.name,
      cases: own.length,
      differentiated: smoothCases,
      edges,
      integer: o.laws?.integer ?? false,
    };
  });
  if (process.env.NABLA_COVERAGE) console.table(rows);
  const total = (f: (row: (typeof rows)[number]) => number): number => rows.reduce((n, row) => n + f(row), 0);
  console.log(
    `laws: ${rows.length} operations, ${total((r) => r.cases)} cases (${total((r) => r.differentiated)} differentiated), ` +
      `${total((r) => r.edges)} edges; ${controlCases.length} cases of control, ${compositions.length} of compositions; ` +
      `${cases.length} cases, ${differentiable.length} differentiated (NABLA_COVERAGE=1 prints the table)`,
  );
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
