/** Numbers and directions as words. */

/** A number in as many digits as a sentence needs. */
export function show(v: number, digits = 4): string {
  const size = Math.abs(v);
  if (size === Number.POSITIVE_INFINITY) return v < 0 ? "−∞" : "∞";
  if (v === 0 || Number.isNaN(v) || (size >= 1e-3 && size < 1e6)) return String(Number(v.toPrecision(digits)));
  return v.toExponential(digits - 1).replace(/\.?0*e\+?/, "e");
}

/** A list as in speech: "x, y and z"; past `most` it says how many more. */
export function listed(words: readonly string[], most = 4): string {
  if (words.length > most) return `${words.slice(0, most).join(", ")} and ${words.length - most} more`;
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/**
 * A direction in the parameters' names, as whole numbers if it is a ratio of small ones: "x − 2·y". Its length and sign
 * say nothing; parts below a thousandth of the largest are left out.
 */
export function combination(direction: ArrayLike<number>, names: readonly string[], most = 4): string {
  const all = Array.from(direction);
  const largest = Math.max(...all.map(Math.abs));
  if (!(largest > 0)) return "0";
  const order = [...all.keys()]
    .filter((i) => Math.abs(all[i] as number) > 1e-3 * largest)
    .sort((a, b) => Math.abs(all[b] as number) - Math.abs(all[a] as number) || a - b);
  const shown = order.slice(0, most).sort((a, b) => a - b);
  const sign = Math.sign(all[shown[0] as number] as number);
  const parts = shown.map((i) => (sign * (all[i] as number)) / largest);
  const whole = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].find((m) =>
    parts.every((part) => Math.abs(part * m - Math.round(part * m)) < 1e-6 * m && Math.round(part * m) !== 0),
  );
  const terms = parts.map((part, k) => {
    const size = Math.abs(whole === undefined ? part : Math.round(part * whole));
    const factor = size === 1 ? "" : `${show(size, 3)}·`;
    const lead = part < 0 ? " − " : k === 0 ? "" : " + ";
    return `${lead}${factor}${names[shown[k] as number]}`;
  });
  return `${terms.join("")}${order.length > most ? " + …" : ""}`;
}

/**
 * The same space by vectors with as many zeros as elimination gives (reduced row echelon form with pivots of largest
 * size): what is flat is easier to read as "x − z" and "y − z" than as two orthogonal mixtures.
 */
export function readableBasis(vectors: readonly Float64Array[]): Float64Array[] {
  const rows = vectors.map((v) => Float64Array.from(v));
  const n = rows[0]?.length ?? 0;
  rows.forEach((row, k) => {
    let pivot = 0;
    for (let j = 1; j < n; j++) {
      // Nearly equal candidates: the first, so that rounding does not choose.
      if (Math.abs(row[j] as number) > (1 + 1e-6) * Math.abs(row[pivot] as number)) pivot = j;
    }
    const size = row[pivot] as number;
    if (size === 0) return;
    rows[k] = row.map((v) => v / size);
    rows.forEach((other, l) => {
      const factor = other[pivot] as number;
      if (l !== k) rows[l] = other.map((v, j) => v - factor * ((rows[k] as Float64Array)[j] as number));
    });
  });
  return rows;
}
