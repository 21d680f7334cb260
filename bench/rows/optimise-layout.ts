import type { Tensor } from "nabla";
import { type Asked, row } from "../harness/row.ts";
import { fminSolver, nablaSolver } from "../harness/solve.ts";

/** Free points: rows × columns of them below a row that is held. */
const [rows, columns] = [5, 10];
const n = 2 * rows * columns;
const gravity = 0.1;

/** By Newton's steps with gradients in 80-bit numbers, in NumPy. */
const minimum = -16.53102842871182;

const point = (r: number, c: number): number => r * columns + c;
const edges: readonly (readonly [number, number, number])[] = Array.from({ length: (rows + 1) * columns }, (_, i) => {
  const [r, c] = [Math.floor(i / columns), i % columns];
  const to = (down: number, right: number): (readonly [number, number, number])[] =>
    r + down <= rows && c + right < columns && c + right >= 0 && (r > 0 || down > 0)
      ? [[i, point(r + down, c + right), Math.hypot(down, right)]]
      : [];
  return [...to(0, 1), ...to(1, 0), ...to(1, 1), ...to(1, -1)];
}).flat();

/** x and y of the points that are held, and of all where they start. */
const places = Array.from({ length: (rows + 1) * columns }, (_, i) => [i % columns, -Math.floor(i / columns)] as const);
const pins = places.slice(0, columns);
const start = places.slice(columns).flat();
const [from, to, rest] = [0, 1, 2].map((k) => edges.map((edge) => edge[k] as number)) as [number[], number[], number[]];
type Size = Asked<{
  readonly pins: unknown;
  readonly start: unknown;
  readonly edges: unknown;
  readonly gravity: number;
}>;

/** A net that hangs from a row of pins: ½ Σ (length − length at rest)² over its springs, with gravity. */
export default row<Size>({
  name: "optimise-layout",
  title: "Layout of a net of springs",
  cases: [
    {
      name: `${n} unknowns, ${edges.length} springs`,
      size: { pins, start, edges, gravity, method: "" },
      minimum,
      target: "≤ 16 ms",
    },
  ],
  solvers: [
    "nabla auto",
    "nabla trust-region",
    "nabla bfgs",
    "nabla l-bfgs",
    "SciPy trust-exact",
    "SciPy BFGS",
    "SciPy L-BFGS-B",
    "fmin conjugateGradient",
  ],

  nabla({ concatenate, sqrt, square, sum, take, tensor }, { method }, _, entry) {
    const held = tensor(pins);
    const [a, b, lengths] = [tensor(from, { dtype: "int32" }), tensor(to, { dtype: "int32" }), tensor(rest)];
    const energy = (x: Tensor): Tensor => {
      const free = x.reshape([-1, 2]);
      const all = concatenate([held, free]);
      const springs = sqrt(sum(square(take(all, a, { axis: 0 }).sub(take(all, b, { axis: 0 }))), { axis: 1 }));
      return sum(square(springs.sub(lengths)))
        .div(2)
        .add(sum(free.slice([[], [1, 2]])).mul(gravity));
    };
    return nablaSolver(entry, method, start, energy);
  },

  fmin: () =>
    fminSolver(start, (x, slope) => {
      const at = (i: number, k: 0 | 1): number =>
        i < columns ? (pins[i] as readonly [number, number])[k] : (x[2 * (i - columns) + k] as number);
      const pull = (i: number, k: 0 | 1, by: number): void => {
        const j = 2 * (i - columns) + k;
        if (j >= 0) slope[j] = (slope[j] as number) + by;
      };
      let value = 0;
      for (let j = 0; j < n; j += 2) {
        value += gravity * (x[j + 1] as number);
        slope[j] = 0;
        slope[j + 1] = gravity;
      }
      for (const [i, j, rest] of edges) {
        const [dx, dy] = [at(i, 0) - at(j, 0), at(i, 1) - at(j, 1)];
        const length = Math.sqrt(dx * dx + dy * dy);
        const stretch = length - rest;
        value += 0.5 * stretch * stretch;
        const force = stretch / length;
        pull(i, 0, force * dx);
        pull(i, 1, force * dy);
        pull(j, 0, -force * dx);
        pull(j, 1, -force * dy);
      }
      return value;
    }),

  scipy: `
def problem(size):
    pins = np.array(size["pins"], dtype=np.float64)
    edges = np.array(size["edges"])
    a, b, rest = edges[:, 0].astype(int), edges[:, 1].astype(int), edges[:, 2]
    gravity, held = size["gravity"], len(pins)
    n = 2 * held + len(size["start"])
    # The numbers of each spring's four coordinates, and of their pairs in the Hessian.
    own = np.stack([2 * a, 2 * a + 1, 2 * b, 2 * b + 1], axis=1)
    pairs = (own[:, :, None] * n + own[:, None, :]).ravel()

    def springs(x):
        points = np.concatenate([pins, x.reshape(-1, 2)])
        d = points[a] - points[b]
        length = np.sqrt(np.sum(d * d, axis=1))
        return d, length

    def value_and_gradient(x):
        d, length = springs(x)
        stretch = length - rest
        force = d * (stretch / length)[:, None]
        slope = np.bincount(own.ravel(), np.concatenate([force, -force], axis=1).ravel(), n)[2 * held :]
        slope[1::2] += gravity
        return 0.5 * stretch @ stretch + gravity * np.sum(x[1::2]), slope

    def hessian(x):
        d, length = springs(x)
        u = d / length[:, None]
        outer = u[:, :, None] * u[:, None, :]
        block = outer + (1 - rest / length)[:, None, None] * (np.eye(2) - outer)
        block = np.concatenate([np.concatenate([block, -block], 2), np.concatenate([-block, block], 2)], 1)
        return np.bincount(pairs, block.ravel(), n * n).reshape(n, n)[2 * held :, 2 * held :]

    return {"start": size["start"], "value_and_gradient": value_and_gradient, "hessian": hessian}
`,
});
