/**
 * The determinant through expansion by minors, without recursion, and its gradient.
 *
 * A minor of the last rows is named by the columns that the rows above have taken, in their order. All n!/(n − k)! of row
 * k are computed together from those of row k + 1, as the recursive formula computes them one by one and no fewer: as in
 * the suite's reference, a minor that two orders lead to is computed twice, so that the work to compare is the same.
 */
import { at, checkpoint, compile, grad, prod, reshape, scan, slice, sum, type Tensor, take, tensor } from "nabla";
import type { Evaluation } from "../protocol.ts";

interface Input {
  readonly A: readonly number[];
  readonly ell: number;
}

/** The rows that are expanded together. */
const together = 7;

/** One way to take columns, row by row. */
interface Choice {
  readonly columns: readonly number[];
  readonly sign: number;
  readonly rest: readonly number[];
}

/** All ways to take `rows` of the columns, the first row's choice varying slowest. */
function choices(columns: readonly number[], rows: number): Choice[] {
  let all: Choice[] = [{ columns: [], sign: 1, rest: columns }];
  for (let row = 0; row < rows; row++)
    all = all.flatMap(({ columns, sign, rest }) =>
      rest.map((column, j) => ({
        columns: [...columns, column],
        sign: j % 2 === 0 ? sign : -sign,
        rest: rest.filter((c) => c !== column),
      })),
    );
  return all;
}

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const signs = (n: number): number[] => range(n).map((j) => (j % 2 === 0 ? 1 : -1));

/** The determinant of an m × m matrix, of few rows. */
function expansion(m: number): (a: Tensor) => Tensor {
  const taken = range(m).map((row) => choices(range(m), row + 1).map(({ columns }) => columns[row] as number));
  return (a) => {
    const entries = (row: number): Tensor => take(at(a, row), taken[row] as number[]);
    let minors = entries(m - 1);
    for (let row = m - 2; row >= 0; row--) {
      const products = reshape(entries(row).mul(minors), [-1, m - row]);
      minors = sum(products.mul(signs(m - row)), { axis: 1 });
    }
    return reshape(minors, []);
  };
}

/** Many rows: over all choices in the first ones, the signed product of what they take times the minor they leave. */
export function determinant(ell: number): (a: Tensor) => Tensor {
  const m = Math.min(ell, together);
  const minor = expansion(m);
  if (m === ell) return minor;
  const first = ell - m;
  const ways = choices(range(ell), first);
  // The minors are made again when the gradient needs them, rather than kept for all choices.
  const term = checkpoint((a: Tensor, columns: Tensor, sign: Tensor, rest: Tensor): Tensor => {
    const below = take(slice(a, [[first]]), rest, { axis: 1 });
    return prod(at(a, range(first), columns))
      .mul(sign)
      .mul(minor(below));
  });
  const columns = tensor(
    ways.map(({ columns }) => columns),
    { dtype: "int32" },
  );
  const sign = tensor(ways.map(({ sign }) => sign));
  const rest = tensor(
    ways.map(({ rest }) => rest),
    { dtype: "int32" },
  );
  return (a) => {
    const [total] = scan(
      (total: Tensor, { columns, sign, rest }: { columns: Tensor; sign: Tensor; rest: Tensor }) => [
        total.add(term(a, columns, sign, rest)),
        0,
      ],
      0,
      { columns, sign, rest },
    );
    return total;
  };
}

const evaluation =
  (
    wrap: (f: (a: Tensor) => Tensor) => (a: Tensor) => Tensor,
    output: (r: Tensor) => unknown,
  ): Evaluation<Input, Tensor> =>
  ({ A, ell }, options) => {
    const f = compile(wrap(determinant(ell)), options);
    const a = reshape(tensor(A), [ell, ell]);
    return { run: () => f(a), output };
  };

export const primal = evaluation(
  (f) => f,
  (y) => y.item(),
);
export const gradient = evaluation(grad, (g) => g.flatten().toArray());
