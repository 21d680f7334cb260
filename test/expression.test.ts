/** Formulas as text: what they mean, what is said about those that mean nothing. */
import fc from "fast-check";
import { compile, grad, hessian, type NablaError, NablaError as Problem, type Tensor, tensor, vmap } from "nabla";
import { expression } from "nabla/expression";
import { describe, expect, test } from "vitest";

const { sin, cos, log, sqrt, PI, E } = Math;
const at = { x: 0.7, y: -1.3, z: 2.5, a: 1.5, rate: 0.3, x_1: 4, θ: 0.2 };
const { x, y, z, a } = at;

/** A formula's value at `at`, given those of its names. */
function value(text: string): number {
  const f = expression(text);
  return f(Object.fromEntries(f.names.map((name) => [name, at[name as keyof typeof at]]))).item();
}

function problemOf(f: () => unknown): NablaError {
  try {
    f();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

test.each<readonly [string, number]>([
  // signs and powers
  ["-x^2", -(x ** 2)],
  ["(-x)^2", x ** 2],
  ["-2^2", -4],
  ["2^-x^2", 2 ** -(x ** 2)],
  ["2^3^2", 512],
  ["(2^3)^2", 64],
  ["x**2", x ** 2],
  ["--x", x],
  ["+x - -y", x + y],
  ["-x*y", -x * y],
  ["2 - -x^2", 2 + x ** 2],
  ["x - y - z", x - y - z],
  ["x/y/z", x / y / z],
  ["x - y*z^2/a", x - (y * z ** 2) / a],
  // products without sign
  ["2x", 2 * x],
  ["2 x", 2 * x],
  ["2(x + 1)", 2 * (x + 1)],
  ["(x)(y)", x * y],
  ["(x + 1)(x - 1)y", (x + 1) * (x - 1) * y],
  ["2x^2y", 2 * x ** 2 * y],
  ["-2x", -2 * x],
  ["2 pi x", 2 * PI * x],
  ["3sin(x)cos(x)", 3 * sin(x) * cos(x)],
  ["2|y|", 2 * Math.abs(y)],
  ["2e", 2 * E],
  ["x/(2y)", x / (2 * y)],
  // numbers, names, constants
  ["1e-3", 1e-3],
  ["1.5E+2x", 150 * x],
  [".5 + 1.", 1.5],
  ["x_1 + θ", 4.2],
  ["pi + tau + e", 3 * PI + E],
  ["exp(-inf)", 0],
  ["2·x × y ÷ z − a", (2 * x * y) / z - a],
  // bars
  ["|x|", x],
  ["|y|", -y],
  ["||y| - 2|", 2 + y],
  ["|x||y|", -x * y],
  ["|x - |y||", Math.abs(x - Math.abs(y))],
  ["|y|^2", y ** 2],
  // comparisons and choice
  ["where(x > 0, x, y)", x],
  ["if(x <= 0, x, y)", y],
  ["where(0 < x < 1 and not y > 0, 1, 2)", 1],
  ["where(1 < x < 0.5 || x == 0.7, 1, 2)", 1],
  ["where(x ≠ 0.7 or y ≥ 0, 1, 2)", 2],
  ["where(not x + 1 > 0, 1, 2)", 2],
  ["piecewise(x < 0, 1, x < 0.5, 2, x < 1, 3, 4)", 3],
  // functions and their other names
  ["ln(z) + log(z) + lg(100) + log2(8)", 2 * log(z) + 5],
  ["arcsin(x) - asin(x) + arctan2(y, x)", Math.atan2(y, x)],
  ["sgn(y) + sign(x)", 0],
  ["max(x, y, z) - min(x, y, z)", z - y],
  ["hypot(3, 4) + sqrt(4) + cbrt(-8)", 5],
  ["clamp(z, 0, 1) + mod(-1, 3) + floor(1.5)", 4],
  ["gamma(5) + gamma(-0.5)", 24 - 2 * sqrt(PI)],
  ["erf(inf) + sigmoid(0)", 1.5],
  ["leakyRelu(-1) + leakyRelu(-1, 0.5)", -0.51],
  ["exp(x)*exp(y) - exp(x + y)", 0],
])("%s", (text, wanted) => {
  expect(value(text)).toBeCloseTo(wanted, 12);
});

test("names stand in order of appearance, constants are none of them", () => {
  expect(expression("100*(y - x^2)^2 + (1 - x)^2 + pi*e").names).toEqual(["y", "x"]);
  expect(String(expression("x + 1"))).toBe("x + 1");
});

test("whole powers are products", () => {
  const powers = expression("x^7 - x*x*x*x*x*x*x + x^2 - x*x + x^-3 - 1/(x*x*x)");
  expect(powers({ x: -3 }).item()).toBe(0);
  expect(expression("x^5")({ x: tensor(new Int32Array([-2])) }).toArray()).toEqual([-32]);
  expect(expression("x^12")({ x: 3 }).item()).toBe(3 ** 12);
});

test("arrays broadcast, numbers take the dtype that they meet", () => {
  expect(expression("a*x + b")({ a: 2, x: [1, 2, 3], b: [[1], [2]] }).shape).toEqual([2, 3]);
  expect(expression("2^3*x/3 + c")({ x: new Float32Array([1]), c: 1 }).dtype).toBe("float32");
  expect(expression("sum((y - x)^2) + mean(x) + max(y)")({ x: [1, 2], y: [3, 5] }).item()).toBe(19.5);
  expect(expression("x > 1")({ x: [1, 2] }).toArray()).toEqual([false, true]);
  expect(expression("3")({}).item()).toBe(3);
});

test("a formula is a function for grad, hessian, compile and vmap", () => {
  const f = expression("100*(y - x^2)^2 + (1 - x)^2");
  const slope = grad(f)({ x: -1.2, y: 1 });
  expect(slope.x?.item()).toBeCloseTo(-215.6, 10);
  expect(slope.y?.item()).toBeCloseTo(-88, 10);
  const curvature = hessian(f)({ x: 1, y: 1 }) as Record<string, Record<string, Tensor>>;
  expect(curvature.x?.x?.item()).toBe(802);
  expect(compile(f)({ x: -1.2, y: 1 }).item()).toBeCloseTo(24.2, 12);
  expect(vmap(f)({ x: [1, 0], y: [1, 0] }).toArray()).toEqual([0, 1]);
});

const mistakes: readonly (readonly [text: string, column: number, message: string, repair?: string])[] = [
  ["", 1, "the formula is empty"],
  ["  ", 1, "the formula is empty"],
  ["3 + * 4", 5, 'an operand is missing after "+"'],
  ["* 4", 1, 'nothing stands before "*"'],
  ["3 +", 4, 'an operand is missing after "+"'],
  ["(3 + 4", 1, '"(" is not closed'],
  ["3 + 4)", 6, '")" closes nothing'],
  ["|x + 1", 1, '"|" is not closed'],
  ["(x + |y) + 1|", 8, '")" closes nothing'],
  ["()", 2, "an operand is missing"],
  ["sin()", 5, "an operand is missing", "an argument"],
  ["x, y", 2, "a comma outside"],
  ["(x, y)", 3, "a comma outside"],
  ["1,5*x", 2, "a comma outside", "a point in decimal numbers"],
  ["sin(x,)", 7, 'an operand is missing after ","'],
  ["2 3", 3, 'a number after "2"'],
  ["x 3", 3, 'a number after "x"'],
  ["1.2.3", 4, 'a number after "1.2"'],
  ["x = 3", 3, '"=" has no meaning', "== to compare"],
  ["n!", 2, '"!" has no meaning', "gamma(n + 1)"],
  ["x % 2", 3, '"%" has no meaning', "mod(x, y)"],
  ["x²", 2, '"²" has no meaning', "^2"],
  ["x[0]", 2, '"[" has no meaning'],
  ["x.y", 2, '"." has no meaning'],
  ["'x'", 1, '"\'" has no meaning'],
  ["x + \u0000", 5, "U+0 has no meaning"],
  ["1 + sine(x)", 5, 'there is no function "sine"', "sin(…)"],
  ["arcsine(x)", 1, 'there is no function "arcsine"', "arcsin(…)"],
  ["x(y + 1)", 1, 'there is no function "x"', "x*(…)"],
  ["constructor(x)", 1, 'there is no function "constructor"'],
  ["sin x", 1, "the function sin has no arguments", "sin(…)"],
  ["x + sin", 5, "the function sin has no arguments"],
  ["atan2(x)", 1, "atan2 takes 2 arguments, not 1", "atan2(x, y)"],
  ["1 + sin(x, y)", 5, "sin takes 1 argument, not 2"],
  ["elu(x, 1, 2)", 1, "elu takes 1 or 2 arguments, not 3"],
  ["piecewise(x, 1)", 1, "piecewise takes conditions"],
  ["1/2x", 4, "two readings", "brackets: a/(2*…) or (a/2)*…"],
  ["y/2(x + 1)", 4, "two readings"],
  ["x not y", 3, '"not" after "x"'],
];

test.each(mistakes.map(([text, ...said]) => ({ text, said })))(
  "$text is no formula",
  ({ text, said: [column, message, repair] }) => {
    const { code, message: whole } = problemOf(() => expression(text));
    expect(code).toBe("E-FORMULA");
    const [first, line, caret] = whole.split("\n") as [string, string, string];
    expect(first).toContain(message);
    expect(first).toContain(`(column ${column})`);
    expect(line.trim()).toBe(text.trim().replace(/\s/g, " "));
    expect(caret.indexOf("^")).toBe(4 + column - 1);
    if (repair !== undefined) expect(whole).toContain(repair);
  },
);

test("a long formula is shown around the place", () => {
  const { message } = problemOf(() => expression(`${"x + ".repeat(50)}foo(x) + ${"x + ".repeat(50)}1`));
  const [, line, caret] = message.split("\n") as [string, string, string];
  expect(line.length).toBeLessThan(90);
  expect(line.slice(caret.indexOf("^"))).toMatch(/^foo\(x\)/);
});

describe("arguments", () => {
  const f = expression("scale*exp(-rate*t)");
  test.each<readonly [string, unknown, string, string]>([
    ["missing", { scale: 1, t: 2 }, "rate is not given", "f({ scale, rate, t })"],
    ["several missing", {}, "scale, rate, t are not given", "f("],
    ["misspelt", { scale: 1, t: 2, rat: 3 }, "rate is not given", "rate instead of rat"],
    ["too many", { scale: 1, t: 2, rate: 3, u: 4 }, "has no u", "f("],
    ["positional", 3, "is called with number 3", "f("],
    ["a tensor", tensor([1, 2]), "is called with a tensor", "f("],
  ])("%s", (_, args, message, repair) => {
    const { message: said } = problemOf(() => f(args as Record<string, number>));
    expect(said).toContain(message);
    expect(said).toContain(repair);
  });
  test("a value that is no tensor", () => {
    expect(problemOf(() => expression("x")({ x: "1" as unknown as number })).code).toBe("E-VALUE");
    expect(problemOf(() => expression(3 as unknown as string)).code).toBe("E-VALUE");
  });
});

describe("depth", () => {
  test("long sums and products are no problem", () => {
    const n = 20_000;
    expect(expression(`0${" + x".repeat(n)}`)({ x: 1 }).item()).toBe(n);
    expect(expression(`1${"*x".repeat(n)}`)({ x: 1 }).item()).toBe(1);
  });
  test.each(["(", "-", "sin(", "2^", "|1 + "])("too many %s are one", (opening) => {
    const closing = { "(": ")", "sin(": ")", "|1 + ": "|" }[opening] ?? "";
    const text = `${opening.repeat(100_000)}1${closing.repeat(100_000)}`;
    expect(problemOf(() => expression(text)).code).toBe("E-LIMIT");
  });
});

const pieces =
  "0 1 2.5 1e3 x y rate pi e inf sin( atan2( where( sum( foo( ( ) | || , + - * / ^ ** < <= == != and or not ! % [ ] . ; ' ² ≤ π constructor __proto__ t0 b1".split(
    " ",
  );
test("whatever the text: a formula or a NablaError", () => {
  const text = fc.oneof(
    fc.string({ maxLength: 30 }),
    fc.string({ unit: "binary", maxLength: 12 }),
    fc.array(fc.constantFrom(...pieces, " "), { maxLength: 20 }).map((list) => list.join("")),
    fc.array(fc.constantFrom(...pieces), { maxLength: 20 }).map((list) => list.join(" ")),
  );
  const attempt = (text: string): void => {
    try {
      const f = expression(text);
      f(Object.fromEntries(f.names.map((name) => [name, 0.5])));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      expect(error.code).toMatch(/^E-(FORMULA|LIMIT)$/);
    }
  };
  fc.assert(fc.property(text, attempt), { numRuns: 5000 });
});
