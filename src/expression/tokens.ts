/**
 * A formula's text as tokens, checked: an operand where one must be, brackets in pairs, products that are only implied
 * (2x, 2(x + 1), (a)(b)) made explicit. What comes out is a sequence that has exactly one reading.
 */
import { functionNames, functionOf } from "./functions.ts";
import { formulaError, nearest } from "./message.ts";

export type Kind = "number" | "name" | "function" | "prefix" | "infix" | "open" | "close" | "comma";

export interface Token {
  readonly kind: Kind;
  /** In the one spelling of it: `^` also for `**`, `and` for `&&`, `|` for either end of |x|. */
  readonly text: string;
  /** Where it stands in the formula, from 0. */
  readonly at: number;
  /** A product that is not written. */
  readonly implied?: boolean;
}

const spellings = new Map(
  Object.entries({
    "**": "^",
    "·": "*",
    "×": "*",
    "⋅": "*",
    "÷": "/",
    "−": "-",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "&&": "and",
    "||": "or",
    π: "pi",
    τ: "tau",
    "∞": "inf",
    infinity: "inf",
    Infinity: "inf",
  }),
);
const words = new Set(["and", "or", "not"]);
const lexeme =
  /\s*(?:((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)|([\p{L}_][\p{L}\p{Nd}\p{M}₀-₉_]*|∞)|(\*\*|<=|>=|==|!=|&&|\|\||[-+*/^()|,<>·×⋅÷−≤≥≠]))/uy;
const prefixes = new Set(["+", "-", "not"]);

interface Bracket {
  readonly text: "(" | "|";
  readonly at: number;
  /** Of a function's arguments. */
  readonly ofFunction: boolean;
}

export function tokens(text: string): Token[] {
  const found: Token[] = [];
  const open: Bracket[] = [];
  let wantsOperand = true;
  const fail = (at: number, what: string, repair: string): never => {
    throw formulaError(text, at, what, repair);
  };
  const push = (kind: Kind, spelled: string, at: number): void => {
    found.push({ kind, text: spelled, at });
  };
  /** Before what begins an operand, where one has just ended. */
  const implyProduct = (at: number): void => {
    const divides = divisor(found);
    if (divides !== undefined) {
      fail(
        at,
        `"/" before a product without sign has two readings`,
        `brackets: a/(${shortly(text, divides, at)}*…) or (a/${shortly(text, divides, at)})*…`,
      );
    }
    found.push({ kind: "infix", text: "*", at, implied: true });
  };

  for (lexeme.lastIndex = 0; ; ) {
    const from = lexeme.lastIndex;
    const match = lexeme.exec(text);
    if (match === null) {
      const at = from + (/^\s*/.exec(text.slice(from))?.[0].length ?? 0);
      if (at >= text.length) break;
      unknownCharacter(text, at);
    }
    const [all, number, word, symbol] = match as RegExpExecArray;
    const raw = (number ?? word ?? symbol) as string;
    const at = lexeme.lastIndex - raw.length;
    const spelled = spellings.get(raw) ?? raw;
    if (all.length === 0) break;

    if (number !== undefined) {
      if (!wantsOperand) fail(at, `a number after ${shown(found.at(-1))}`, "an operator between them: *, +, …");
      push("number", number, at);
      wantsOperand = false;
    } else if (word !== undefined && !words.has(spelled)) {
      const called = /\s*\(/uy;
      called.lastIndex = lexeme.lastIndex;
      const call = called.test(text);
      const isFunction = functionOf(spelled) !== undefined;
      if (isFunction && !call) fail(at, `the function ${raw} has no arguments`, `${raw}(…)`);
      if (!wantsOperand) implyProduct(at);
      if (call && isFunction) {
        push("function", spelled, at);
        lexeme.lastIndex = called.lastIndex;
        push("open", "(", called.lastIndex - 1);
        open.push({ text: "(", at: called.lastIndex - 1, ofFunction: true });
        wantsOperand = true;
      } else {
        if (call) unknownFunction(text, at, raw);
        push("name", spelled, at);
        wantsOperand = false;
      }
    } else if (wantsOperand && prefixes.has(spelled)) {
      push("prefix", spelled, at);
    } else if (spelled === "(" || (raw === "|" && (wantsOperand || open.at(-1)?.text !== "|"))) {
      if (!wantsOperand) implyProduct(at);
      push("open", spelled, at);
      open.push({ text: spelled as "(" | "|", at, ofFunction: false });
      wantsOperand = true;
    } else if (raw === "||" && (wantsOperand || open.at(-1)?.text === "|")) {
      lexeme.lastIndex = at + 1; // two bars, the first of which is read again
      if (wantsOperand) {
        push("open", "|", at);
        open.push({ text: "|", at, ofFunction: false });
      } else {
        open.pop();
        push("close", "|", at);
      }
    } else if (spelled === ")" || raw === "|") {
      const bracket = open.at(-1);
      if (bracket === undefined || (spelled === ")") !== (bracket.text === "("))
        fail(
          at,
          `"${raw}" closes nothing`,
          bracket ? `"${bracket.text}" of column ${bracket.at + 1} first` : "leaving it out",
        );
      if (wantsOperand) missingOperand(text, at, found.at(-1), bracket as Bracket);
      open.pop();
      push("close", spelled, at);
      wantsOperand = false;
    } else if (spelled === ",") {
      if (wantsOperand) missingOperand(text, at, found.at(-1), open.at(-1));
      if (open.at(-1)?.ofFunction !== true)
        fail(at, "a comma outside of a function's arguments", "a point in decimal numbers");
      push("comma", ",", at);
      wantsOperand = true;
    } else {
      if (wantsOperand) missingOperand(text, at, found.at(-1), open.at(-1), raw);
      if (spelled === "not") fail(at, `"not" after ${shown(found.at(-1))}`, "and not …, or not …");
      push("infix", spelled, at);
      wantsOperand = true;
    }
  }
  const bracket = open.at(-1);
  if (wantsOperand) missingOperand(text, text.trimEnd().length, found.at(-1), bracket);
  if (bracket !== undefined) fail(bracket.at, `"${bracket.text}" is not closed`, bracket.text === "(" ? '")"' : '"|"');
  return found;
}

/** Where the divisor begins, if the operand just read stands behind a "/": in a/2x the x has two places to be. */
function divisor(found: readonly Token[]): number | undefined {
  let depth = 0;
  for (let i = found.length - 1; i >= 0; i--) {
    const { kind, text, at } = found[i] as Token;
    if (kind === "close") depth++;
    if (kind === "open" && --depth < 0) return undefined;
    if (depth > 0 || kind !== "infix" || text === "^") continue;
    return text === "/" ? at + 1 : undefined;
  }
  return undefined;
}

const shortly = (text: string, from: number, to: number): string => {
  const piece = text.slice(from, to).trim();
  return piece.length > 12 ? "…" : piece;
};

const shown = (token: Token | undefined): string => (token === undefined ? "the beginning" : `"${token.text}"`);

function missingOperand(text: string, at: number, before: Token | undefined, open?: Bracket, next?: string): never {
  if (text.trim() === "") throw formulaError(text, 0, "the formula is empty", 'a formula such as "x^2 + 1"');
  const where = before === undefined ? "at the beginning" : `after ${shown(before)}`;
  const empty = open !== undefined && before?.kind === "open";
  throw formulaError(
    text,
    at,
    next !== undefined && before === undefined ? `nothing stands before "${next}"` : `an operand is missing ${where}`,
    empty && open.ofFunction ? "an argument" : "a number, a name or a bracket there",
  );
}

const hints: Readonly<Record<string, string>> = {
  "=": "== to compare; a formula has no equation sign",
  "!": "gamma(n + 1) for n!, not(…) for a negation",
  "%": "mod(x, y) for a remainder, x/100 for per cent",
  "[": "round brackets",
  "{": "round brackets",
  "]": "round brackets",
  "}": "round brackets",
  "²": "^2",
  "³": "^3",
  "√": "sqrt(…)",
  ";": "a comma",
  ".": "a digit beside the decimal point",
};

function unknownCharacter(text: string, at: number): never {
  const character = String.fromCodePoint(text.codePointAt(at) as number);
  const name = /[\p{C}]/u.test(character) ? `U+${(text.codePointAt(at) as number).toString(16)}` : `"${character}"`;
  throw formulaError(text, at, `${name} has no meaning in a formula`, hints[character] ?? "leaving it out");
}

function unknownFunction(text: string, at: number, name: string): never {
  const near = nearest(name, functionNames());
  const repair = near === undefined ? `${name}*(…) for a product` : `${near}(…), or ${name}*(…) for a product`;
  throw formulaError(text, at, `there is no function "${name}"`, repair);
}
