/** Inputs that are the same in every language (`python.py` has the same two functions), and what is compared of results. */

/** n numbers in [−scale, scale), multiples of scale/2²³: murmur3's finaliser (Appleby 2011) over a counter. */
export function uniform(seed: number, n: number, scale = 1): Float64Array<ArrayBuffer> {
  const start = Math.imul(seed, 0x9e3779b9);
  return Float64Array.from({ length: n }, (_, i) => {
    let h = (start + i) | 0;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h ^= h >>> 16;
    return ((h >>> 8) / 2 ** 23 - 1) * scale;
  });
}

export const uniform32 = (seed: number, n: number, scale = 1): Float32Array<ArrayBuffer> =>
  new Float32Array(uniform(seed, n, scale));

/** Class i mod classes for i < n. */
export const labels = (n: number, classes: number): Int32Array<ArrayBuffer> =>
  Int32Array.from({ length: n }, (_, i) => i % classes);

export function oneHot(n: number, classes: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(n * classes);
  for (let i = 0; i < n; i++) out[i * classes + (i % classes)] = 1;
  return out;
}

/** First, middle and last element and the root of the mean square: enough to tell one result from another. */
export function probe(x: ArrayLike<number>): number[] {
  let squares = 0;
  for (let i = 0; i < x.length; i++) squares += (x[i] as number) ** 2;
  return [x[0] as number, x[x.length >> 1] as number, x[x.length - 1] as number, Math.sqrt(squares / x.length)];
}
