/** Lists of parts: control flow keeps carries, slices and constants in one list of inputs. */

/** Cuts a list into consecutive parts of these lengths; what remains is the last part. */
export function cut<T>(list: readonly T[], ...lengths: readonly number[]): T[][] {
  const parts: T[][] = [];
  let at = 0;
  for (const n of lengths) {
    parts.push(list.slice(at, at + n));
    at += n;
  }
  parts.push(list.slice(at));
  return parts;
}

export const choose = <T>(list: readonly T[], marks: readonly boolean[], wanted = true): T[] =>
  list.filter((_, i) => (marks[i] ?? false) === wanted);

/** A list as long as `marks` with the next item wherever a mark is set. */
export function place<T>(marks: readonly boolean[], items: readonly T[]): (T | undefined)[] {
  let next = 0;
  return marks.map((mark) => (mark ? items[next++] : undefined));
}
