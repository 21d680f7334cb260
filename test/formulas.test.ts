/** Formulas simplified, derived, read back from graphs: the value stays, and the text is read as what it was. */
import fc from "fast-check";
import { add, grad, graphOf, greater, matmul, NablaError, scan, sin, sum, type Tensor, where } from "nabla";
import { derive, type Expression, expression, formulaOf, simplify } from "nabla/expression";
import { describe, expect, test } from "vitest";
import { Algebra } from "../src/expression/algebra.ts";
import { program } from "../src/expression/expression.ts";
import { parts } from "../src/expression/formula.ts";
import { parse } from "../src/expression/parse.ts";
import { toText } from "../src/expression/print.ts";
import { rewrite, rules } from "../src/expression/rules.ts";
import { simplified } from "../src/expression/simplify.ts";

/** Deterministic points in which all names have a value of their own, positive and below 1. */
const point = (names: readonly string[], k: number): Record<string, number> =>
  Object.fromEntries(names.map((name, i) => [name, 0.1 + 0.8 * ((Math.SQRT2 * (k + 1) * (i + 1) * 7.3) % 1)]));

function expectSameValues(a: Expression, b: Expression, names = a.names): void {
  for (let k = 0; k < 10; k++) {
    const at = point(names, k);
    const given = (f: Expression): number =>
      f(Object.fromEntries(f.names.map((name) => [name, at[name] as number]))).item();
    const [u, v] = [given(a), given(b)];
    if (Number.isFinite(u)) expect(Math.abs(u - v), `${a} = ${u}, ${b} = ${v}`).toBeLessThan(1e-9 * (1 + Math.abs(u)));
  }
}

const printed: readonly (readonly [string, string])[] = [
  // collecting
  ["x + x", "2*x"],
  ["x*x", "x^2"],
  ["x + y - x", "y"],
  ["2x + 3y - x/2", "1.5*x + 3*y"],
  ["x*y + y*x", "2*x*y"],
  ["a*b^-1", "a/b"],
  ["x^2*y/(x*y^3)", "x/y^2"],
  ["(2x)^2", "4*x^2"],
  ["(x/y)^-2", "y^2/x^2"],
  ["x*(y/x)", "y"],
  ["0*x + 1*y + z^0", "y + 1"],
  ["-(x - y)", "y - x"],
  ["-x + y", "y - x"],
  ["x - (y - z)", "x - y + z"],
  ["2(1 - x) + 2x", "2"],
  ["(1 - x) + (1 - x)", "2*(1 - x)"],
  ["(x + 1)*(1 + x)", "(x + 1)^2"],
  ["x/3 + x/6", "x/2"],
  ["0.1 + 0.2 + x", "0.3 + x"],
  ["5*(x/3)", "5*x/3"],
  ["-3/(4*x)", "-3/(4*x)"],
  ["1/x/y", "1/(x*y)"],
  ["x^(1/3)*x^(2/3)", "x"],
  ["2^x*2^y", "2^(x + y)"],
  // roots and powers
  ["sqrt(x)*sqrt(x)", "x"],
  ["sqrt(x)^3", "x^(3/2)"],
  ["sqrt(x^2)", "abs(x)"],
  ["sqrt(4*x)", "2*sqrt(x)"],
  ["sqrt(2)*x/sqrt(2)", "x"],
  ["sqrt(8/2)", "2"],
  ["1/sqrt(x)", "1/sqrt(x)"],
  ["(x^y)^2", "x^(2*y)"],
  ["x^-y", "x^(-y)"],
  ["(-2)^x", "(-2)^x"],
  ["(x^a)^b", "(x^a)^b"],
  ["cbrt(x)^3", "x"],
  // exponentials and logarithms
  ["exp(x)*exp(y)", "exp(x + y)"],
  ["exp(x)/exp(x)", "1"],
  ["exp(x)^2", "exp(2*x)"],
  ["e^x", "exp(x)"],
  ["e*e", "exp(2)"],
  ["exp(log(x))", "x"],
  ["exp(2*log(x))", "x^2"],
  ["log(exp(x))", "x"],
  ["log(x^3)", "3*log(x)"],
  ["log(e) + exp(0)", "2"],
  ["expm1(x) + 1", "exp(x)"],
  // trigonometry
  ["sin(x)^2 + cos(x)^2", "1"],
  ["3*sin(x)^2*y + 3*cos(x)^2*y + z", "3*y + z"],
  ["1 - sin(x)^2", "cos(x)^2"],
  ["y - y*cos(x)^2", "y*sin(x)^2"],
  ["cosh(x)^2 - sinh(x)^2", "1"],
  ["sin(x)/cos(x)", "tan(x)"],
  ["sin(-x) + cos(-x)", "cos(x) - sin(x)"],
  ["(1 - x)*(1 + x)", "1 - x^2"],
  ["cos(0) + sin(pi)*0", "1"],
  ["2*tau", "4*pi"],
  // choice
  ["where(1 > 2, x, y)", "y"],
  ["where(x > 0, y, y)", "y"],
  ["where(x > 0, where(x > 0, 1, 2), 3)", "where(x > 0, 1, 3)"],
  ["0 < x and x < 1", "0 < x and x < 1"],
  ["not (x > 0 or y > 0)", "not (x > 0 or y > 0)"],
  ["(x > 0) == (y > 0)", "(x > 0) == (y > 0)"],
  ["max(x, x) + abs(-x)", "x + abs(x)"],
  // numbers
  ["1e-7*x + 1e21", "1e-7*x + 1e+21"],
  ["x - inf", "x - inf"],
  ["0/0", "(inf - inf)"],
  ["hypot(x, y)", "sqrt(x^2 + y^2)"],
  ["sum(3*x)", "3*sum(x)"],
].map(([a, b]) => [a as string, b as string] as const);

test.each(printed)("%s → %s", (text, wanted) => {
  const simple = simplify(text);
  expect(String(simple)).toBe(wanted);
  expectSameValues(expression(text), simple);
});

/** By which name, and the derivative. */
const derivatives: readonly (readonly [string, string, string])[] = (
  [
    ["100*(y - x^2)^2 + (1 - x)^2", "x", "-400*x*(y - x^2) - 2*(1 - x)"],
    ["100*(y - x^2)^2 + (1 - x)^2", "y", "200*(y - x^2)"],
    ["3*x^4", "x", "12*x^3"],
    ["1/x^3", "x", "-3/x^4"],
    ["1/(1 + x^2)", "x", "-2*x/(1 + x^2)^2"],
    ["sqrt(x)", "x", "1/(2*sqrt(x))"],
    ["x^2.5", "x", "2.5*x^(3/2)"],
    ["x^a", "x", "a*x^(a - 1)"],
    ["x^a", "a", "x^a*log(x)"],
    ["2^x", "x", "2^x*log(2)"],
    ["exp(-k*t)", "t", "-k*exp(-k*t)"],
    ["b1*(1 - exp(-b2*x))", "b2", "b1*x*exp(-b2*x)"],
    ["exp(-x^2/2)/sqrt(2pi)", "x", "-x*exp(-x^2/2)/sqrt(2*pi)"],
    ["log(x)", "x", "1/x"],
    ["log10(x)", "x", "1/(x*log(10))"],
    ["log2(x)", "x", "1/(x*log(2))"],
    ["log1p(x)", "x", "1/(1 + x)"],
    ["expm1(x)", "x", "exp(x)"],
    ["sin(pi*x)", "x", "pi*cos(pi*x)"],
    ["tan(x)", "x", "1 + tan(x)^2"],
    ["sec(x)", "x", "sin(x)/cos(x)^2"],
    ["asin(x)", "x", "1/sqrt(1 - x^2)"],
    ["acos(x)", "x", "-1/sqrt(1 - x^2)"],
    ["atan(x)", "x", "1/(1 + x^2)"],
    ["atan2(y, x)", "x", "-y/(x^2 + y^2)"],
    ["hypot(x, y)", "x", "x/sqrt(x^2 + y^2)"],
    ["tanh(x)", "x", "1 - tanh(x)^2"],
    ["asinh(x)", "x", "1/sqrt(1 + x^2)"],
    ["atanh(x)", "x", "1/(1 - x^2)"],
    ["erf(x)", "x", "2*exp(-x^2)/sqrt(pi)"],
    ["gamma(x)", "x", "digamma(x)*gamma(x)"],
    ["digamma(x)", "x", "polygamma(1, x)"],
    ["softplus(x)", "x", "sigmoid(x)"],
    ["logaddexp(x, y)", "x", "sigmoid(x - y)"],
    ["abs(x)", "x", "sign(x)"],
    ["floor(x)", "x", "0"],
    ["relu(x)", "x", "where(x > 0, 1, 0)"],
    ["where(x > 0, x^2, -x)", "x", "where(x > 0, 2*x, -1)"],
    ["y", "y", "1"],
    ["sum((a*x - y)^2)", "a", "2*sum(x*(a*x - y))"],
    ["c*sum(x)", "c", "sum(x)"],
  ] as const
).map((row) => [...row]);

test.each(derivatives)("∂(%s)/∂%s = %s", (text, wrt, wanted) => {
  const slope = derive(text, { wrt });
  expect(String(slope)).toBe(wanted);
  const f = expression(text);
  expect(slope.names).toEqual(f.names);
  for (let k = 0; k < 5; k++) {
    const at = point(f.names, k);
    const exact = grad(f)(at)[wrt]?.item() as number;
    expect(slope(at).item()).toBeCloseTo(exact, 9);
  }
});

test("derivatives of derivatives", () => {
  expect(String(derive("x^5", { wrt: ["x", "x", "x"] }))).toBe("60*x^2");
  expect(String(derive(derive("x^2*y^3", { wrt: "x" }), { wrt: "y" }))).toBe("6*x*y^2");
  expect(derive("x*y", { wrt: "x" })({ x: 1, y: 2 }).item()).toBe(2);
});

test("a part that is no number has no sign to take out", () => {
  for (const text of ["|x*acos(2)|", "cos(x/acos(2))", "sin(x)*log(-1)"])
    expect(derive(text, { wrt: "x" })({ x: 0.5 }).item(), text).toBeNaN();
});

test("a plain function has a formula, with names", () => {
  const f = (x: Tensor, y: Tensor): Tensor => sin(x.mul(y)).add(x.pow(3));
  expect(String(derive(f, { wrt: "x", names: ["x", "y"] }))).toBe("y*cos(x*y) + 3*x^2");
  expect(String(formulaOf(graphOf(f, 1, 1), { names: ["x", "y"] }))).toBe("sin(x*y) + x^3");
  expect(String(formulaOf(graphOf(f, 1, 1).gradient(), { output: 1 }))).toBe("3*x0^2 + x1*cos(x0*x1)");
  expect(String(formulaOf(graphOf((x: Tensor) => where(greater(x, 0), x.mul(2 * Math.PI), 1 / 3), 1)))).toBe(
    "where(x0 > 0, 2*pi*x0, 1/3)",
  );
  expect(String(formulaOf(graphOf((x: Tensor) => sum(x.mul(x)), [1, 2])))).toBe("sum(x0^2)");
});

describe("what has no formula says so", () => {
  const messageOf = (f: () => unknown): string => {
    try {
      f();
    } catch (error) {
      if (error instanceof NablaError) return error.message;
      throw error;
    }
    return "nothing was thrown";
  };
  const matrix = [
    [1, 2],
    [3, 4],
  ];
  test.each<readonly [string, () => unknown, string]>([
    ["matmul", () => formulaOf(graphOf((x: Tensor) => matmul(x, x), matrix)), "no formula for matmul"],
    [
      "scan",
      () => formulaOf(graphOf((x: Tensor) => scan((c: Tensor) => [add(c, x), c], x, null, { length: 3 })[0], 1)),
      "no formula for scan",
    ],
    ["an axis", () => formulaOf(graphOf((x: Tensor) => sum(x, { axis: 0 }), matrix)), "over one axis"],
    ["an array", () => formulaOf(graphOf((x: Tensor) => x.mul([1, 2]), 1)), "an array of 2 different numbers"],
    ["a repeated value", () => derive("sum(x + b)", { wrt: "b" }), "number of elements"],
    ["a mean", () => derive("mean(a*x)", { wrt: "a" }), "number of elements"],
    ["a sum of what cancels", () => simplify("sum(x - x)"), "does not know its length"],
    ["an unknown name", () => derive("x^2", { wrt: "y" }), 'wrt is "y"'],
    ["no name", () => derive((x: Tensor) => x, { wrt: "x" }), "no formula"],
    ["a bad name", () => derive((x: Tensor) => x, { wrt: "pi", names: ["pi"] }), "cannot be the name"],
    [
      "too few names",
      () =>
        formulaOf(
          graphOf((x: Tensor, y: Tensor) => x.add(y), 1, 2),
          { names: ["x"] },
        ),
      "2 inputs",
    ],
    [
      "no such output",
      () =>
        formulaOf(
          graphOf((x: Tensor) => x, 1),
          { output: 1 },
        ),
      "no output 1",
    ],
    [
      "a tree that grows",
      () =>
        formulaOf(graphOf((x: Tensor) => Array.from({ length: 40 }).reduce<Tensor>((t) => sin(t).mul(t.add(1)), x), 1)),
      "longer than",
    ],
  ])("%s", (_, f, message) => expect(messageOf(f)).toContain(message));
});

test.each<readonly [string, string]>([
  ["x/(2*y)", "\\frac{x}{2 \\, y}"],
  ["sqrt(x) + x^(1/3)", "\\sqrt{x} + \\sqrt[3]{x}"],
  ["alpha*b1^2 - x_max/θ", "\\alpha \\, b_{1}^{2} - \\frac{x_{\\mathrm{max}}}{θ}"],
  ["rate*(x + 1)^2", "\\mathrm{rate} \\, \\left(x + 1\\right)^{2}"],
  ["sin(x)^2*exp(-x/2)", "\\sin^{2}\\left(x\\right) \\, e^{-\\frac{x}{2}}"],
  ["2*3^x", "2 \\cdot 3^{x}"],
  ["|x| + floor(x)", "\\left|x\\right| + \\left\\lfloor x\\right\\rfloor "],
  [
    "log(x) + log10(x) + erf(x)",
    "\\ln\\left(x\\right) + \\log_{10}\\left(x\\right) + \\operatorname{erf}\\left(x\\right)",
  ],
  ["where(x <= 1, 1e-7, inf)", "\\begin{cases}10^{-7} & x \\le 1 \\\\ \\infty & \\text{otherwise}\\end{cases}"],
  ["-x/2", "-\\frac{x}{2}"],
  ["(x^2)^y", "\\left(x^{2}\\right)^{y}"],
])("%s as TeX", (text, tex) => expect(expression(text).tex).toBe(tex));

/** Formulas of every kind, by their text; # marks numbers of which a little more or less makes a similar formula. */
const marked = fc.letrec<{ f: string }>((tie) => ({
  f: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constantFrom("x", "y", "z", "#pi", "#1", "#2", "#0.5", "#3", "#1/3"),
    fc.tuple(tie("f"), fc.constantFrom("+", "-", "*", "/"), tie("f")).map(([a, op, b]) => `(${a})${op}(${b})`),
    fc.tuple(tie("f"), fc.constantFrom("2", "3", "-1", "-2", "0.5", "(1/3)", "x")).map(([a, n]) => `(${a})^${n}`),
    fc
      .tuple(
        fc.constantFrom(
          "sin",
          "cos",
          "tan",
          "exp",
          "log",
          "sqrt",
          "abs",
          "tanh",
          "atan",
          "cosh",
          "sinh",
          "sigmoid",
          "erf",
          "cbrt",
          "-",
          "sign",
          "asinh",
        ),
        tie("f"),
      )
      .map(([g, a]) => `${g}(${a})`),
    fc.tuple(tie("f"), tie("f"), tie("f")).map(([a, b, c]) => `where((${a}) > 0.4, ${b}, ${c})`),
    fc.tuple(fc.constantFrom("max", "hypot", "atan2"), tie("f"), tie("f")).map(([g, a, b]) => `${g}(${a}, ${b})`),
  ),
})).f;

const plain = (text: string): string => text.replaceAll("#", "");
const formula = marked.map(plain);

test("what is printed is read as what it was, and is simple already", () => {
  const check = (text: string): void => {
    const algebra = new Algebra(rewrite);
    const simple = simplified(parse(text), algebra);
    const again = simplified(parse(toText(simple)), algebra);
    expect(toText(again)).toBe(toText(simple));
    expect(again.like).toBe(simple.like);
  };
  fc.assert(fc.property(formula, check), { numRuns: 3000 });
});

test("simplifying keeps the value, where every part is finite and well-conditioned", () => {
  let compared = 0;
  const check = (text: string): void => {
    const [f, g] = [expression(plain(text)), simplify(plain(text))];
    const similar = expression(text.replace(/#([\w./]+)/g, "(($1)*1.000000001)"));
    for (let k = 0; k < 3; k++) {
      const at = point(f.names, k);
      const moved = Object.fromEntries(Object.entries(at).map(([name, v]) => [name, v * (1 + 1e-9)]));
      const given = (h: Expression, p: Record<string, number>): number =>
        h(Object.fromEntries(h.names.map((name) => [name, p[name] as number]))).item();
      const [u, near] = [given(f, at), given(similar, moved)];
      // Ill-conditioned, or a part is not real there: nothing is said.
      const values = new Map(Object.entries(at));
      if (!parts(parse(plain(text))).every((part) => Number.isFinite(program(part)(values).item()))) continue;
      if (!Number.isFinite(u) || Math.abs(u) > 1e6 || !(Math.abs(u - near) < 1e-6 * (1 + Math.abs(u)))) continue;
      compared++;
      const v = given(g, at);
      expect(Math.abs(u - v), `${f} = ${u}, ${g} = ${v} at ${JSON.stringify(at)}`).toBeLessThan(
        1e-6 * (1 + Math.abs(u)),
      );
    }
  };
  fc.assert(fc.property(marked, check), { numRuns: 2000 });
  expect(compared).toBeGreaterThan(1000);
});

test("every rule is stated once and says why", () => {
  expect(new Set(rules.map((r) => r.why + r.of.join())).size).toBe(rules.length);
});
