/** From what columns are to how they are encoded: decided once, on the rows that are learned from. */
import { NablaError } from "../base/error.ts";
import type { Kind } from "./cell.ts";
import type { Summary } from "./summary.ts";

/** What is predicted: a number, or one of several classes. */
export type Task = "regression" | "classification";

/** What a column is taken for. */
export type ColumnKind = "number" | "bool" | "date" | "category";

/** How a column becomes features. All of it is plain JSON. */
export interface ColumnEncoding {
  readonly name: string;
  readonly kind: ColumnKind;
  /** Numbers and dates (days since 1970): (value − mean) / deviation. */
  readonly mean: number;
  readonly deviation: number;
  /** What stands for a missing value: the median, or the most frequent category. */
  readonly fill: number | string;
  /** A category is 1 in the place of its name and 0 in the others; empty for other kinds. */
  readonly categories: readonly string[];
  /** Whether a feature says that the value is missing: where that occurred among the rows that were learned from. */
  readonly indicator: boolean;
  /** Whether there is nothing but the indicator, since all values that are there are the same. */
  readonly indicatorOnly: boolean;
}

/** How the target is encoded. */
export type TargetEncoding =
  | {
      readonly task: "regression";
      readonly name: string;
      readonly kind: Kind;
      readonly mean: number;
      readonly deviation: number;
    }
  | {
      readonly task: "classification";
      readonly name: string;
      readonly classes: readonly string[];
      readonly counts: readonly number[];
    };

/** What to encode, and how where that is not to be told from the values. */
export interface EncodeOptions {
  /** The column to predict. */
  readonly target: string;
  /** The columns to predict it from; default all others. */
  readonly features?: readonly string[];
  /** Columns to leave out. */
  readonly exclude?: readonly string[];
  /** Default "auto": classes if the target is text, yes or no, or a few whole numbers without a gap. */
  readonly task?: Task | "auto";
  /** A column of how much a row counts. */
  readonly weight?: string;
  /** What columns are, where their values mislead: `{ zip: "category" }`. */
  readonly kinds?: Readonly<Record<string, ColumnKind>>;
  /** The most categories of a feature, default 100; a column of more is left out, and the notes say so. Each takes a feature. */
  readonly maxCategories?: number;
  /** A category that did not occur when the statistics were made: "zeros" (default; none of the known) or an error. */
  readonly unseen?: "zeros" | "error";
  /** The rows that the statistics are made from, those of the training part; default all. */
  readonly rows?: ArrayLike<number>;
}

const tooGreat = "the squares of its values are greater than float64 holds";

/** A feature column's encoding, or why it has none. */
export function encodingOf(name: string, summary: Summary, options: EncodeOptions): ColumnEncoding | string {
  const { kinds, missing, present } = summary;
  if (present === 0) return "no row has a value";
  if (kinds.other > 0) return `${summary.firsts.other}, which is no single value`;
  const said = Object.hasOwn(options.kinds ?? {}, name) ? options.kinds?.[name] : undefined;
  const kind = said ?? (summary.kind === undefined || summary.kind === "text" ? "category" : summary.kind);
  if (kind !== "category" && summary.kind !== kind) return `it is to be ${kind}, but ${oddOneOut(summary, kind)}`;
  const refusal =
    kind === "category" ? refusedText(summary, said !== undefined, options.maxCategories ?? 100) : undefined;
  if (refusal !== undefined) return refusal;
  const indicator = missing > 0;
  const constant = kind === "category" ? summary.counts?.size === 1 : summary.deviation === 0;
  if (constant && !indicator) return "all values are the same";
  if (kind !== "category" && !Number.isFinite(summary.deviation)) return tooGreat;
  const scaled = kind === "number" || kind === "date";
  return {
    name,
    kind,
    mean: scaled ? summary.mean : 0,
    deviation: scaled ? summary.deviation : 1,
    fill: kind === "category" ? mostFrequent(summary) : kind === "bool" ? Number(summary.mean >= 0.5) : summary.median,
    categories: kind === "category" ? categories(summary) : [],
    indicator,
    indicatorOnly: constant,
  };
}

const oddOneOut = ({ firsts }: Summary, kind: Kind): string =>
  Object.entries(firsts).find(([other]) => other !== kind)?.[1] ?? "";

/** Why a column of texts says nothing by its categories. */
function refusedText(summary: Summary, said: boolean, most: number): string | undefined {
  const { counts, kinds, present } = summary;
  if (kinds.number >= 0.9 * present && kinds.number < present && !said)
    return `its values are numbers, but ${oddOneOut(summary, "number")}`;
  const many = counts?.size ?? `more than ${summary.mostCounted}`;
  if (counts === undefined || counts.size > most)
    return `${many} different texts in ${present} rows: free text or names, of which at most ${most} are categories (maxCategories)`;
  if (!said && present >= 20 && counts.size > present / 2)
    return `${many} different texts in ${present} rows: names of rows rather than categories`;
  return undefined;
}

/** In an order that does not depend on that of the rows: numbers by value, then texts. */
const inOrder = (a: string, b: string): number => {
  const [x, y] = [Number(a), Number(b)];
  if (!Number.isNaN(x) && !Number.isNaN(y) && x !== y) return x - y;
  if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(x) ? 1 : -1;
  return a < b ? -1 : a > b ? 1 : 0;
};
const categories = ({ counts = new Map() }: Summary): string[] => [...counts.keys()].sort(inOrder);

function mostFrequent(summary: Summary): string {
  const count = (name: string): number => summary.counts?.get(name) ?? 0;
  return categories(summary).reduce((best, name) => (count(name) > count(best) ? name : best));
}

/** Whole numbers without a gap, each often: 0 to 9 for digits, 1 to 3 for kinds. */
const looksLikeClasses = ({ whole, counts, least, greatest, present }: Summary): boolean =>
  whole &&
  counts !== undefined &&
  counts.size <= 20 &&
  greatest - least + 1 === counts.size &&
  present >= 10 * counts.size;

const isNumber = ({ kind }: Summary): boolean => kind === "number" || kind === "date";
const isGuessed = (summary: Summary): boolean => summary.kind === "number" && looksLikeClasses(summary);

/** What the values of a target are taken for, unless that is said. */
export const taskOf = (summary: Summary, said: Task | "auto"): Task =>
  said !== "auto" ? said : isNumber(summary) && !isGuessed(summary) ? "regression" : "classification";

/** How the target is encoded, and what is to be said about it; E-VALUE where nothing can be learned. */
export function targetOf(
  file: string,
  summary: Summary,
  options: EncodeOptions,
): { target: TargetEncoding; note?: string } {
  const { target: name, task = "auto" } = options;
  const wrong = (what: string, repair: string): NablaError =>
    new NablaError("E-VALUE", `${file}: the target "${name}" ${what}`, repair);
  if (summary.present === 0) throw wrong("has no value in any row", "another target");
  if (summary.kinds.other > 0)
    throw wrong(`is no single value: ${summary.firsts.other}`, "a column of numbers or texts");
  const { counts } = summary;
  const number = isNumber(summary);
  const found = taskOf(summary, task);
  if (found === "regression") {
    if (!number) throw wrong(`is not a number everywhere: ${oddOneOut(summary, "number")}`, 'task: "classification"');
    if (!Number.isFinite(summary.deviation)) throw wrong(`cannot be standardised: ${tooGreat}`, "a smaller unit");
    if (summary.deviation === 0) throw wrong(`is ${summary.mean} in every row`, "a target that varies");
    return {
      target: { task: found, name, kind: summary.kind as Kind, mean: summary.mean, deviation: summary.deviation },
    };
  }
  if (counts === undefined || (!number && counts.size > summary.present / 2 && summary.present >= 20))
    throw wrong(
      `has ${counts?.size ?? `more than ${summary.mostCounted}`} different values in ${summary.present} rows, too many for classes`,
      task === "auto" && summary.kinds.number > summary.present / 2
        ? `a number in each row: ${oddOneOut(summary, "number")}`
        : "another target",
    );
  const classes = categories(summary);
  if (classes.length === 1) throw wrong(`has one class, ${JSON.stringify(classes[0])}`, "rows of at least two classes");
  const target = { task: found, name, classes, counts: classes.map((one) => counts.get(one) ?? 0) } as const;
  const note = `"${name}" is taken as ${classes.length} classes, ${classes[0]} to ${classes.at(-1)}; task: "regression" takes it as a number`;
  return task === "auto" && isGuessed(summary) ? { target, note } : { target };
}
