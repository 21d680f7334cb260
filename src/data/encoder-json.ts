/** An encoder out of a file: what is not as an encoder writes it is an error, not a wrong prediction. */
import { NablaError } from "../base/error.ts";
import { Encoder, type EncoderJSON } from "./encoder.ts";

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string";
const isFlag: Check = (value) => typeof value === "boolean";
const isNumber: Check = (value) => typeof value === "number" && Number.isFinite(value);
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isScale: Check = (value) => isNumber(value) && (value as number) > 0;
const oneOf =
  (...values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const isDistinct: Check = (value) =>
  listOf(isText)(value) && new Set(value as string[]).size === (value as string[]).length;
const record =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) =>
    typeof value === "object" &&
    value !== null &&
    Object.entries(fields).every(([name, check]) => check((value as Record<string, unknown>)[name]));

const isTarget: Check = (value) =>
  record({
    task: oneOf("regression"),
    name: isText,
    kind: oneOf("number", "date"),
    mean: isNumber,
    deviation: isScale,
  })(value) ||
  (record({ task: oneOf("classification"), name: isText, classes: isDistinct, counts: listOf(isCount) })(value) &&
    (value as { classes: unknown[]; counts: unknown[] }).classes.length ===
      (value as { classes: unknown[]; counts: unknown[] }).counts.length);

const common = { name: isText, mean: isNumber, indicator: isFlag, indicatorOnly: isFlag };
const isColumn: Check = (value) =>
  record({
    ...common,
    kind: oneOf("number", "bool", "date"),
    fill: isNumber,
    categories: (c) => isDistinct(c) && (c as []).length === 0,
  })(value)
    ? isScale((value as { deviation: unknown }).deviation) || (value as { indicatorOnly: boolean }).indicatorOnly
    : record({
        ...common,
        kind: oneOf("category"),
        fill: isText,
        categories: (c) => isDistinct(c) && (c as []).length > 0,
      })(value);

const parts: Readonly<Record<string, Check>> = {
  nablaEncoder: oneOf(1),
  target: isTarget,
  columns: (value) => listOf(isColumn)(value) && isDistinct((value as { name: string }[]).map(({ name }) => name)),
  weight: (value) => value === undefined || isText(value),
  unseen: oneOf("zeros", "error"),
  notes: listOf(isText),
};

/**
 * The encoder that this is the JSON of: an object, or its text. E-VALUE where it is none.
 *
 * @example
 * const days = table([{ x: 1, y: 2 }, { x: 2, y: 4 }]);
 * encoderFromJSON(JSON.stringify(encode(days, { target: "y" }))).features // ["x"]
 */
export function encoderFromJSON(json: unknown): Encoder {
  const value = typeof json === "string" ? parsed(json) : json;
  if (typeof value !== "object" || value === null) throw wrong("it is no object");
  const bad = Object.entries(parts).find(([name, check]) => !check((value as Record<string, unknown>)[name]));
  if (bad !== undefined) throw wrong(`"${bad[0]}" is not what an encoder writes`);
  return new Encoder(value as EncoderJSON);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw wrong((error as Error).message);
  }
}

const wrong = (what: string): NablaError =>
  new NablaError("E-VALUE", `encoderFromJSON: this is no encoder: ${what}`, "what JSON.stringify(encoder) wrote");
