/** The range of a matrix's elements. */

export function allFinite(a: Float64Array): boolean {
  let s = 0;
  for (let i = 0; i < a.length; i++) s += (a[i] as number) * 0;
  return s === 0;
}

/** A power of two by which to multiply, so that the greatest element lies between ½ and 1: squares stay in range. */
export function scaleOf(a: Float64Array): number {
  let big = 0;
  for (let i = 0; i < a.length; i++) if (Math.abs(a[i] as number) > big) big = Math.abs(a[i] as number);
  let scale = 1;
  if (big > 0) {
    while (big * scale > 1) scale /= 2;
    while (big * scale < 0.5 && scale < 2 ** 1000) scale *= 2;
  }
  return scale;
}
