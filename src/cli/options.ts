/** Values of options: `x=-1.2,y=1`, `b1=0:1000,b2=0:`. */
import { NablaError } from "nabla";

/** A number for each name. */
export type Point = Readonly<Record<string, number>>;

/** The entries of `name=text,name=text`, each name once. */
function entries(option: string, text: string, form: string): [name: string, value: string][] {
  const seen = new Set<string>();
  return text.split(",").map((entry) => {
    const match = /^\s*([A-Za-z_]\w*)\s*=\s*(\S.*?)\s*$/.exec(entry);
    if (match === null) throw wrong(option, `"${entry.trim()}" is not name=value`, form);
    const [, name, value] = match as unknown as [string, string, string];
    if (seen.has(name)) throw wrong(option, `${name} stands there twice`, form);
    seen.add(name);
    return [name, value];
  });
}

const wrong = (option: string, what: string, form: string): NablaError =>
  new NablaError("E-OPTION", `${option}: ${what}`, `${option} ${form}`);

function numberOf(option: string, name: string, text: string, form: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (!Number.isFinite(value)) throw wrong(option, `${name} is "${text.trim()}", which is not a finite number`, form);
  return value;
}

/** A point: `x=-1.2,y=1`. */
export function pointOption(option: string): (text: string) => Point {
  const form = "x=-1.2,y=1";
  return (text) =>
    Object.fromEntries(entries(option, text, form).map(([name, value]) => [name, numberOf(option, name, value, form)]));
}

/** Bounds, either of which may be left out: `x=0:1,y=:5`. */
export type Bounds = Readonly<Record<string, readonly [lower: number, upper: number]>>;

export function boundsOption(option: string): (text: string) => Bounds {
  const form = "x=0:1,y=:5 (lower:upper, either may be left out)";
  return (text) =>
    Object.fromEntries(
      entries(option, text, form).map(([name, value]) => {
        const [low, high, ...more] = value.split(":") as [string, ...string[]];
        if (high === undefined || more.length > 0)
          throw wrong(option, `${name}=${value} is not ${name}=lower:upper`, form);
        const side = (side: string, otherwise: number): number =>
          side.trim() === "" ? otherwise : numberOf(option, name, side, form);
        const [lower, upper] = [side(low, Number.NEGATIVE_INFINITY), side(high, Number.POSITIVE_INFINITY)];
        if (lower > upper)
          throw wrong(option, `the lower bound of ${name} is above the upper: ${lower} > ${upper}`, form);
        return [name, [lower, upper]];
      }),
    );
}

export interface Box {
  readonly lower: Point;
  readonly upper: Point;
}

/** The same as two points, for all names of a formula. */
export function boundsOf(names: readonly string[], bounds: Bounds, option = "--bounds"): Box {
  checkNames(option, names, Object.keys(bounds), "bounds for its variables alone");
  const side = (k: 0 | 1, otherwise: number): Point =>
    Object.fromEntries(names.map((name) => [name, bounds[name]?.[k] ?? otherwise]));
  return { lower: side(0, Number.NEGATIVE_INFINITY), upper: side(1, Number.POSITIVE_INFINITY) };
}

/** The same, where every name has both bounds. */
export function finiteBox(option: string, names: readonly string[], bounds: Bounds): Box {
  const open = names.filter((name) => !(bounds[name] ?? [Number.NaN]).every(Number.isFinite));
  if (open.length === 0) return boundsOf(names, bounds, option);
  const example = names.map(
    (name) => `${name}=${bounds[name]?.every(Number.isFinite) ? bounds[name].join(":") : "-1:1"}`,
  );
  throw new NablaError("E-OPTION", `${option}: no two bounds for ${open.join(", ")}`, `${option} ${example.join(",")}`);
}

/** What was given: without the entries that are undefined. */
export function given<T extends object>(options: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}

/** A positive number. */
export function positiveOption(option: string): (text: string) => number {
  return (text) => {
    const value = numberOf(option, "it", text, "a positive number");
    if (value <= 0) throw wrong(option, `it is ${value}, which is not positive`, "a positive number");
    return value;
  };
}

/** A whole number above 0. */
export function countOption(option: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < 1)
      throw wrong(option, `it is "${text.trim()}"`, "a whole number above 0");
    return value;
  };
}

/** Holds that a point has a value for each name of a formula, and no other; in the order in which it is written. */
export function pointFor(option: string, names: readonly string[], point: Point | undefined): Point {
  const values = point ?? {};
  const example = `${option} ${names.map((name) => `${name}=${values[name] ?? 0}`).join(",")}`;
  checkNames(option, names, Object.keys(values), example);
  const missing = names.filter((name) => !Object.hasOwn(values, name));
  if (missing.length > 0) throw new NablaError("E-OPTION", `${option}: no value for ${missing.join(", ")}`, example);
  return values;
}

/** Holds that the formula has all these names. */
export function checkNames(option: string, names: readonly string[], given: readonly string[], repair: string): void {
  const unknown = given.find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const has = names.length === 0 ? "no variables" : names.join(", ");
  throw new NablaError("E-OPTION", `${option}: the formula has no ${unknown}; it has ${has}`, repair);
}

/** Names: `x,y`. */
export function namesOption(option: string): (text: string) => readonly string[] {
  return (text) =>
    text.split(",").map((entry) => {
      const name = entry.trim();
      if (!/^[A-Za-z_]\w*$/.test(name)) throw wrong(option, `"${name}" is not a name`, "x,y");
      return name;
    });
}

/** Names and what stands for them, `x=time,z=depth`; a single text without a name has the name "". */
export function pairsOption(option: string): (text: string) => Readonly<Record<string, string>> {
  return (text) =>
    text.includes("=") ? Object.fromEntries(entries(option, text, "x=column,z=column")) : { "": text.trim() };
}

/** A whole number. */
export function wholeOption(option: string): (text: string) => number {
  return (text) => {
    const value = text.trim() === "" ? Number.NaN : Number(text);
    if (!Number.isSafeInteger(value)) throw wrong(option, `it is "${text.trim()}"`, "a whole number");
    return value;
  };
}

/** A share: 0 or more, below 1. */
export function shareOption(option: string): (text: string) => number {
  return (text) => {
    const value = numberOf(option, "it", text, "0.2");
    if (value < 0 || value >= 1) throw wrong(option, `it is ${value}`, "0.2, a share of the rows from 0 to below 1");
    return value;
  };
}

/** One of some words. */
export function oneOfOption<W extends string>(option: string, words: readonly W[]): (text: string) => W {
  return (text) => {
    const found = words.find((word) => word === text.trim());
    if (found === undefined) throw wrong(option, `it is "${text.trim()}"`, words.join(", "));
    return found;
  };
}

/** Names of columns, which may be any text without a comma: `name,year of birth`. */
export const columnsOption = (text: string): readonly string[] =>
  text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
