/** Sets of whole numbers, each kept once: equal sets have equal numbers, and a union that was formed is looked up. */

export interface Pool {
  /** The set of one number. */
  single(element: number): number;
  union(a: number, b: number): number;
  /** In ascending order. */
  elements(set: number): Int32Array;
}

/** How many unions are remembered, a power of two: neighbours, as a rule, ask for the same. */
const remembered = 1 << 16;

export function setPool(): Pool {
  // Set s holds items[starts[s]] … items[starts[s + 1] − 1]; set 0 is the empty one.
  let items = new Int32Array(1024);
  let starts = new Int32Array(1024);
  let count = 1;
  // Open addressing: where sets of the same hash are, 0 for none.
  let table = new Int32Array(2048);
  const [firsts, seconds, unions] = [0, 1, 2].map(() => new Int32Array(remembered)) as [
    Int32Array,
    Int32Array,
    Int32Array,
  ];

  const start = (set: number): number => starts[set] as number;
  const hash = (from: number, to: number): number => {
    let h = to - from;
    for (let i = from; i < to; i++) h = Math.imul(h ^ (items[i] as number), 0x9e3779b1) ^ (h >>> 15);
    return (h ^ (h >>> 13)) >>> 0;
  };
  const equal = (a: number, from: number, to: number): boolean => {
    const at = start(a);
    if (start(a + 1) - at !== to - from) return false;
    for (let i = from; i < to; i++) if (items[i] !== items[at + i - from]) return false;
    return true;
  };
  const slot = (from: number, to: number): number => {
    let at = hash(from, to) & (table.length - 1);
    while (table[at] !== 0 && !equal(table[at] as number, from, to)) at = (at + 1) & (table.length - 1);
    return at;
  };

  /** The set whose elements lie behind all others up to `end`: known, or new. */
  const settle = (end: number): number => {
    const from = start(count);
    if (end === from) return 0;
    const at = slot(from, end);
    if (table[at] !== 0) return table[at] as number;
    const set = count++;
    table[at] = set;
    if (count + 1 >= starts.length) starts = grown(starts, 2 * starts.length);
    starts[count] = end;
    if (2 * count > table.length) {
      table = new Int32Array(2 * table.length);
      for (let s = 1; s < count; s++) table[slot(start(s), start(s + 1))] = s;
    }
    return set;
  };
  const reserve = (n: number): void => {
    if (start(count) + n > items.length) items = grown(items, 2 * items.length + n);
  };

  return {
    single(element) {
      reserve(1);
      items[start(count)] = element;
      return settle(start(count) + 1);
    },
    union(a, b) {
      if (a === b || b === 0) return a;
      if (a === 0) return b;
      const [low, high] = a < b ? [a, b] : [b, a];
      const key = (Math.imul(low, 0x9e3779b1) ^ Math.imul(high, 0x85ebca6b)) & (remembered - 1);
      if (firsts[key] === low && seconds[key] === high) return unions[key] as number;
      let [i, j] = [start(low), start(high)];
      const [iEnd, jEnd] = [start(low + 1), start(high + 1)];
      reserve(iEnd - i + jEnd - j);
      let to = start(count);
      while (i < iEnd || j < jEnd) {
        const [x, y] = [i < iEnd ? (items[i] as number) : Infinity, j < jEnd ? (items[j] as number) : Infinity];
        items[to++] = Math.min(x, y);
        if (x <= y) i++;
        if (y <= x) j++;
      }
      const set = settle(to);
      [firsts[key], seconds[key], unions[key]] = [low, high, set];
      return set;
    },
    elements: (set) => items.subarray(start(set), set === 0 ? 0 : start(set + 1)),
  };
}

function grown(list: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const longer = new Int32Array(length);
  longer.set(list);
  return longer;
}
