/** One Householder reflection (Golub and Van Loan 2013, §5.1.3). */

/** Σ x², even and odd terms apart, as vector code sums them. */
function squares(x: Float64Array, unit: number): number {
  const sums: [number, number] = [0, 0];
  for (let i = 0; i < x.length; i++) {
    const v = (x[i] as number) / unit;
    sums[(i & 1) as 0 | 1] += v * v;
  }
  return sums[0] + sums[1];
}

/** Numbers below lose digits of their length: they are multiplied by a power of two first, which v and β do not see. */
export const tiny = 2 ** -900;
export const enlarged = 2 ** 600;

/**
 * x becomes v with v[0] = 1 so that (1 − β·v·vᵀ)·x = (α, 0, …, 0), with α of the other sign than x[0]; β = 0 if all
 * but x[0] is 0 already.
 */
export function reflection(x: Float64Array): { readonly beta: number; readonly alpha: number } {
  let big = 0;
  for (let i = 1; i < x.length; i++) big = Math.abs(x[i] as number) > big ? Math.abs(x[i] as number) : big;
  const head = x[0] as number;
  x[0] = 1;
  if (big === 0) return { beta: 0, alpha: head };
  x[0] = head;
  if (Math.abs(head) > big) big = Math.abs(head);
  const unit = big < tiny ? 1 / enlarged : 1;
  if (unit !== 1) for (let i = 0; i < x.length; i++) x[i] = (x[i] as number) / unit;
  big /= unit;
  const length = big * Math.sqrt(squares(x, big));
  const alpha = head > 0 ? -length : length;
  const first = (x[0] as number) - alpha;
  for (let i = 1; i < x.length; i++) x[i] = (x[i] as number) / first;
  x[0] = 1;
  return { beta: -first / alpha, alpha: alpha * unit };
}
