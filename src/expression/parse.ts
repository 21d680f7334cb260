/**
 * Text → formula. jsep does what is left to do after `tokens.ts`: precedence. It sees each number and name as `t7`
 * (the seventh token) and each bracket as a call of `b7`, in its own notation, so that its global settings stay as they
 * are, it has nothing to reject, and every node leads back to its place in the text.
 */
import jsep from "jsep";
import { NablaError } from "../base/error.ts";
import { Builder, type Formula } from "./formula.ts";
import { functionOf } from "./functions.ts";
import { formulaError } from "./message.ts";
import { type Token, tokens } from "./tokens.ts";

const jsepOperator: Readonly<Record<string, string>> = { "^": "**", and: "&&", or: "||", not: "!" };

const binary: Readonly<Record<string, string>> = {
  "+": "add",
  "-": "sub",
  "*": "mul",
  "/": "div",
  "**": "pow",
  "==": "equal",
  "!=": "notEqual",
  "<": "less",
  "<=": "lessEqual",
  ">": "greater",
  ">=": "greaterEqual",
  "&&": "logicalAnd",
  "||": "logicalOr",
};
const comparisons = new Set(["==", "!=", "<", "<=", ">", ">="]);

/** The formula that a text means; every problem of the text is an E-FORMULA with its column. */
export function parse(text: string, build = new Builder()): Formula {
  if (typeof text !== "string")
    throw new NablaError("E-VALUE", `expression: the formula is ${typeof text}, not a text`, 'expression("x^2 + 1")');
  const list = tokens(text);
  try {
    return new Reader(text, list, build).read(jsep(forJsep(list)));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // the stack: jsep is recursive, and so are brackets
    throw new NablaError("E-LIMIT", "expression: the formula is nested too deeply", "fewer brackets within brackets");
  }
}

function forJsep(list: readonly Token[]): string {
  return list
    .map(({ kind, text }, i) => {
      switch (kind) {
        case "number":
        case "name":
        case "function":
          return `t${i}`;
        case "open":
          return list[i - 1]?.kind === "function" ? "(" : `b${i}(`;
        case "close":
          return ")";
        default:
          return ` ${jsepOperator[text] ?? text} `;
      }
    })
    .join("");
}

/** Signs without brackets around them, which jsep binds tighter than any operator. */
interface Part {
  readonly formula: Formula;
  /** The sign, and what it stands before. */
  readonly prefix?: { readonly operator: string; readonly of: Part };
  /** The last comparison of a chain a < b < c: its right side. */
  readonly chained?: Formula;
}

class Reader {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  readonly #build: Builder;

  constructor(text: string, list: readonly Token[], build: Builder) {
    this.#text = text;
    this.#tokens = list;
    this.#build = build;
  }

  read(node: jsep.Expression): Formula {
    return this.#part(node).formula;
  }

  /** Long sums lean to the left: down that side by a loop. */
  #part(node: jsep.Expression): Part {
    const spine: jsep.BinaryExpression[] = [];
    let first = node;
    while (first.type === "BinaryExpression") {
      spine.push(first as jsep.BinaryExpression);
      first = (first as jsep.BinaryExpression).left;
    }
    let part = this.#operand(first);
    for (const { operator, right } of spine.reverse()) part = this.#binary(operator, part, this.#part(right));
    return part;
  }

  #binary(operator: string, left: Part, right: Part): Part {
    // −x² is −(x²), and not x < y is not (x < y): the sign goes outwards.
    const { prefix } = left;
    if (prefix && (prefix.operator === "!" ? !["&&", "||"].includes(operator) : operator === "**"))
      return this.#prefixed(prefix.operator, this.#binary(operator, prefix.of, right));
    const name = binary[operator] as string;
    if (!comparisons.has(operator)) return { formula: this.#build.call(name, left.formula, right.formula) };
    if (left.chained === undefined)
      return { formula: this.#build.call(name, left.formula, right.formula), chained: right.formula };
    const link = this.#build.call(name, left.chained, right.formula);
    return { formula: this.#build.call("logicalAnd", left.formula, link), chained: right.formula };
  }

  #prefixed(operator: string, of: Part): Part {
    const prefix = { operator, of };
    if (operator === "+") return { formula: of.formula, prefix };
    if (operator === "-" && of.formula.kind === "number" && of.prefix === undefined)
      return { formula: this.#build.number(-of.formula.value), prefix };
    return { formula: this.#build.call(operator === "-" ? "neg" : "logicalNot", of.formula), prefix };
  }

  #operand(node: jsep.Expression): Part {
    if (node.type === "UnaryExpression") {
      const { operator, argument } = node as jsep.UnaryExpression;
      return this.#prefixed(operator, this.#part(argument));
    }
    if (node.type === "CallExpression") {
      const { callee, arguments: args } = node as jsep.CallExpression;
      const { name } = callee as jsep.Identifier;
      const formulas = args.map((arg) => this.read(arg));
      const token = this.#token(name);
      if (name.startsWith("t")) return { formula: this.#call(token, formulas) };
      const [inside] = formulas as [Formula];
      return { formula: token.text === "|" ? this.#build.call("abs", inside) : inside };
    }
    if (node.type !== "Identifier")
      throw new NablaError("E-INTERNAL", `expression: jsep read ${node.type} in ${JSON.stringify(this.#text)}`);
    const token = this.#token((node as jsep.Identifier).name);
    return {
      formula: token.kind === "number" ? this.#build.number(Number(token.text)) : this.#build.name(token.text),
    };
  }

  #token(name: string): Token {
    return this.#tokens[Number(name.slice(1))] as Token;
  }

  #call({ text, at }: Token, args: readonly Formula[]): Formula {
    const [name, { arity }] = functionOf(text) as NonNullable<ReturnType<typeof functionOf>>;
    const [least, most] = arity;
    if (args.length < least || args.length > most || (name === "piecewise" && args.length % 2 === 0)) {
      const takes =
        name === "piecewise"
          ? "conditions and values in turn, and a last value"
          : least === most
            ? `${least} argument${least === 1 ? "" : "s"}`
            : most === Infinity
              ? `${least} or more arguments`
              : `${least} or ${most} arguments`;
      throw formulaError(this.#text, at, `${text} takes ${takes}, not ${args.length}`, `${text}(${usage(least)})`);
    }
    if (name === "piecewise") return this.#piecewise(args);
    return this.#build.call(name, ...args);
  }

  /** c₁, v₁, c₂, v₂, …, otherwise: the first value whose condition holds. */
  #piecewise(args: readonly Formula[]): Formula {
    let value = args.at(-1) as Formula;
    for (let i = args.length - 3; i >= 0; i -= 2)
      value = this.#build.call("where", args[i] as Formula, args[i + 1] as Formula, value);
    return value;
  }
}

const usage = (n: number): string => ["x", "y", "z"].slice(0, n).join(", ");
