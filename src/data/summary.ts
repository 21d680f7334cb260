/** What is known of a column after its cells have passed once, in memory that does not grow with their number. */
import { categoryOf, isMissing, type Kind, readCell, shown } from "./cell.ts";

/** At least so many different values are counted one by one; more are "many". */
const leastCounted = 1000;
/** So many values are kept for the median: exact up to here, beyond it that of a sample (its rank is off by 0.4 % or so). */
const mostKept = 1 << 14;

/** Counts, moments, a sample and the different values of a column. */
export class Summary {
  /** Cells that are not missing, of each kind. */
  readonly kinds: Record<Kind | "other", number> = { number: 0, bool: 0, date: 0, text: 0, other: 0 };
  /** Of each kind, where a cell of it stood first: what an error shows. */
  readonly firsts: Partial<Record<Kind | "other", string>> = {};
  /** So many different values are counted one by one; more are "many". */
  readonly mostCounted: number;
  missing = 0;
  mean = 0;
  least = Number.POSITIVE_INFINITY;
  greatest = Number.NEGATIVE_INFINITY;
  whole = true;
  /** How often each value occurs, by its name as a category; undefined if there are too many. */
  counts: Map<string, number> | undefined = new Map();
  #squares = 0;
  #numbers = 0;
  #sample: number[] = [];
  #chance = 1;

  constructor(mostCounted = 0) {
    this.mostCounted = Math.max(leastCounted, mostCounted);
  }

  add(cell: unknown, where: () => string): void {
    if (isMissing(cell)) {
      this.missing += 1;
      return;
    }
    const read = readCell(cell);
    const kind = read?.kind ?? "other";
    if (this.kinds[kind] === 0) this.firsts[kind] = `${where()} holds ${shown(cell)}`;
    this.kinds[kind] += 1;
    if (read?.value !== undefined) this.#addNumber(read.value);
    if (this.counts === undefined || kind === "other") return;
    const name = categoryOf(cell);
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    if (this.counts.size > this.mostCounted) this.counts = undefined;
  }

  /** Welford 1962: mean and sum of squared deviations, updated together. */
  #addNumber(value: number): void {
    const n = ++this.#numbers;
    const before = value - this.mean;
    this.mean += before / n;
    this.#squares += before * (value - this.mean);
    this.least = Math.min(this.least, value);
    this.greatest = Math.max(this.greatest, value);
    this.whole &&= Number.isInteger(value);
    if (n <= mostKept) {
      this.#sample.push(value);
      return;
    }
    // Vitter 1985, algorithm R; the numbers of Park and Miller 1988, from a fixed seed: the same data, the same median.
    this.#chance = (this.#chance * 48271) % 2147483647;
    const at = Math.floor((this.#chance / 2147483647) * n);
    if (at < mostKept) this.#sample[at] = value;
  }

  get present(): number {
    const { number, bool, date, text, other } = this.kinds;
    return number + bool + date + text + other;
  }

  /** The kind of all cells, if there is one. */
  get kind(): Kind | undefined {
    return (["number", "bool", "date", "text"] as const).find((kind) => this.kinds[kind] === this.present);
  }

  get deviation(): number {
    return this.least === this.greatest ? 0 : Math.sqrt(this.#squares / this.#numbers);
  }

  get median(): number {
    const sorted = Float64Array.from(this.#sample).sort();
    const half = (sorted.length - 1) / 2;
    return ((sorted[Math.floor(half)] as number) + (sorted[Math.ceil(half)] as number)) / 2;
  }
}
