/** GradBench's models on small inputs: their formulas in plain JavaScript, and central differences of these. */
import { concatenate, jacobian, type Tensor, take, tensor, vmap } from "nabla";
import { describe, expect, test } from "vitest";
import { reprojectionError, weightError } from "../bench/gradbench/problems/ba.ts";
import {
  differences,
  evaluate,
  expectClose,
  logSumExp,
  type Matrix,
  rows,
  seed,
  slope,
  total,
  uniform,
  type Vector,
} from "./gradbench-witness.ts";

test(`gmm (seed ${seed})`, async () => {
  const [d, k, n, m, gamma] = [3, 2, 6, 2, 1.3];
  const random = uniform(seed);
  const below = (d * (d - 1)) / 2;
  const x = rows(random(n * d), d);
  const sizes = [k, k * d, k * d, k * below];
  const flat = sizes.flatMap((size) => random(size).map((v) => v - 0.4));
  const parts = (flat: Vector) => {
    const [alpha, mu, q, l] = sizes.map((size, i) => {
      const from = total(sizes.slice(0, i));
      return flat.slice(from, from + size);
    }) as [Vector, Vector, Vector, Vector];
    return { alpha, mu: rows(mu, d), q: rows(q, d), l: rows(l, below) };
  };
  // Γ of halves up to (d + m + 1) / 2 = 3: log Γ₃(3) = ¾·2·log π + log Γ(3) + log Γ(5/2) + log Γ(2).
  const logGamma = 1.5 * Math.log(Math.PI) + Math.log(2) + Math.log(0.75 * Math.sqrt(Math.PI));
  const posterior = (flat: Vector): number => {
    const { alpha, mu, q, l } = parts(flat);
    const factor = (c: number): Matrix => {
      const Q = Array.from({ length: d }, () => Array<number>(d).fill(0));
      let next = 0;
      for (let j = 0; j < d; j++) {
        (Q[j] as Vector)[j] = Math.exp(q[c]?.[j] as number);
        for (let i = j + 1; i < d; i++) (Q[i] as Vector)[j] = l[c]?.[next++] as number;
      }
      return Q;
    };
    const Q = alpha.map((_, c) => factor(c));
    let value = -n * ((d / 2) * Math.log(2 * Math.PI) + logSumExp(alpha));
    for (const p of x)
      value += logSumExp(
        alpha.map((a, c) => {
          const turned = (Q[c] as Matrix).map((row) =>
            total(row.map((v, j) => v * ((p[j] as number) - (mu[c]?.[j] as number)))),
          );
          return a - total(turned.map((v) => v * v)) / 2 + total(q[c] as Vector);
        }),
      );
    value += k * ((d + m + 1) * d * Math.log(gamma / Math.SQRT2) - logGamma);
    return value + m * total(q.flat()) - (gamma ** 2 / 2) * total(Q.flat(2).map((v) => v * v));
  };
  const input = { d, k, n, x, m, gamma, ...parts(flat) };
  expectClose(await evaluate("gmm", "objective", input), posterior(flat), 1e-12);
  const { alpha, mu, q, l } = (await evaluate("gmm", "jacobian", input)) as ReturnType<typeof parts>;
  expectClose([alpha, mu, q, l], slope(posterior, flat), 1e-8);
});

test(`lstm (seed ${seed})`, async () => {
  const [layers, bits, characters] = [2, 3, 5];
  const random = uniform(seed);
  const main = rows(random(2 * layers * 4 * bits), 4 * bits);
  const extra = rows(random(3 * bits), bits);
  const state = rows(random(2 * layers * bits), bits);
  const sequence = rows(
    random(characters * bits).map((v) => Math.round(v)),
    bits,
  );
  const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));
  const loss = (flat: Vector): number => {
    const [main, extra] = [rows(flat.slice(0, -3 * bits), 4 * bits), rows(flat.slice(-3 * bits), bits)];
    const memory = state.map((row) => [...row]);
    let sum = 0;
    for (let t = 0; t + 1 < characters; t++) {
      let signal = (sequence[t] as Vector).map((v, i) => v * (extra[0]?.[i] as number));
      for (let layer = 0; layer < layers; layer++) {
        const [w, b] = [main[2 * layer] as Vector, main[2 * layer + 1] as Vector];
        const [hidden, cell] = [memory[2 * layer] as Vector, memory[2 * layer + 1] as Vector];
        for (let i = 0; i < bits; i++) {
          const gate = (g: number, v: number): number => v * (w[g * bits + i] as number) + (b[g * bits + i] as number);
          const [input, last] = [signal[i] as number, hidden[i] as number];
          const let_in = sigmoid(gate(1, last)) * Math.tanh(gate(3, last));
          cell[i] = (cell[i] as number) * sigmoid(gate(0, input)) + let_in;
          hidden[i] = sigmoid(gate(2, input)) * Math.tanh(cell[i] as number);
        }
        signal = [...hidden];
      }
      const predicted = signal.map((v, i) => v * (extra[1]?.[i] as number) + (extra[2]?.[i] as number));
      const norm = Math.log(2 + total(predicted.map(Math.exp)));
      sum += total(predicted.map((v, i) => (sequence[t + 1]?.[i] as number) * (v - norm)));
    }
    return -sum / ((characters - 1) * bits);
  };
  const input = { main_params: main, extra_params: extra, state, sequence };
  const flat = [...main, ...extra].flat();
  expectClose(await evaluate("lstm", "objective", input), loss(flat), 1e-13);
  expectClose(await evaluate("lstm", "jacobian", input), slope(loss, flat), 1e-9);
});

describe("ht", () => {
  const random = uniform(seed);
  const [bones, vertices, seen] = [22, 6, 5];
  const centred = (count: number): Vector => random(count).map((v) => v - 0.5);
  const transformation = (): Matrix => [...rows(centred(12), 4), [0, 0, 0, 1]];
  const model = {
    bone_count: bones,
    bone_names: Array.from({ length: bones }, (_, i) => `bone ${i}`),
    parents: Array.from({ length: bones }, (_, i) => (i === 0 ? -1 : i % 4 === 2 ? 0 : i - 1)),
    base_relatives: Array.from({ length: bones }, transformation),
    inverse_base_absolutes: Array.from({ length: bones }, transformation),
    base_positions: rows(centred(3 * vertices), 3).map((p) => [...p, 1]),
    weights: rows(random(vertices * bones), bones),
    triangles: [
      [0, 1, 2],
      [3, 1, 5],
      [2, 4, 3],
    ],
    is_mirrored: true,
  };
  const correspondences = [0, 2, 1, 2, 0];
  const points = rows(centred(3 * seen), 3);
  const theta = centred(26);
  const us = rows(random(2 * seen), 2);
  const times = (a: Matrix, b: Matrix): Matrix =>
    a.map((row) => (b[0] as Vector).map((_, j) => total(row.map((v, k) => v * (b[k]?.[j] as number)))));

  const about = (axis: 0 | 1 | 2, angle: number): Matrix => {
    const turned = [0, 1, 2, 3].map((i) => [0, 1, 2, 3].map((j) => (i === j ? 1 : 0)));
    const [i, j] = [(axis + 1) % 3, (axis + 2) % 3];
    (turned[i] as Vector)[i] = (turned[j] as Vector)[j] = Math.cos(angle);
    (turned[j] as Vector)[i] = Math.sin(angle);
    (turned[i] as Vector)[j] = -Math.sin(angle);
    return turned;
  };
  const hand = (theta: Vector): Matrix => {
    const angles = Array.from({ length: bones }, () => [0, 0, 0]);
    let next = 6;
    for (let finger = 0; finger < 5; finger++)
      for (let joint = 0; joint < 3; joint++) {
        const bone = angles[2 + 4 * finger + joint] as Vector;
        bone[0] = theta[next++] as number;
        if (joint === 0) bone[1] = theta[next++] as number;
      }
    const absolute: Matrix[] = [];
    for (let i = 0; i < bones; i++) {
      const [x, z, y] = angles[i] as [number, number, number];
      const own = times(model.base_relatives[i] as Matrix, times(times(about(2, z), about(1, y)), about(0, x)));
      const parent = model.parents[i] as number;
      absolute.push(parent < 0 ? own : times(absolute[parent] as Matrix, own));
    }
    // Rodrigues' formula.
    const [rotation, translation] = [theta.slice(0, 3), theta.slice(3, 6)];
    const angle = Math.hypot(...rotation);
    const axis = rotation.map((v) => v / angle);
    return model.base_positions.map((p, v) => {
      const at = [0, 0, 0];
      for (let b = 0; b < bones; b++) {
        const moved = times(
          times(absolute[b] as Matrix, model.inverse_base_absolutes[b] as Matrix),
          p.map((c) => [c]),
        );
        for (let i = 0; i < 3; i++)
          at[i] = (at[i] as number) + (model.weights[v]?.[b] as number) * (moved[i]?.[0] as number);
      }
      at[0] = -(at[0] as number);
      const along = total(at.map((c, i) => c * (axis[i] as number)));
      return at.map((c, i) => {
        const [j, k] = [(i + 1) % 3, (i + 2) % 3];
        const across = (axis[j] as number) * (at[k] as number) - (axis[k] as number) * (at[j] as number);
        const cos = Math.cos(angle);
        return (
          c * cos + across * Math.sin(angle) + (axis[i] as number) * along * (1 - cos) + (translation[i] as number)
        );
      });
    });
  };
  const away = (theta: Vector, us: Matrix): Vector => {
    const corners = hand(theta);
    return points.flatMap((point, p) =>
      point.map((c, i) => {
        const which = correspondences[p] as number;
        const corner = (vertex: number): number => corners[vertex]?.[i] as number;
        if (us.length === 0) return c - corner(which);
        const [u, v] = us[p] as [number, number];
        const [a, b, d] = model.triangles[which] as [number, number, number];
        return c - (u * corner(a) + v * corner(b) + (1 - u - v) * corner(d));
      }),
    );
  };
  const transposed = (a: Matrix): Matrix => (a[0] as Vector).map((_, j) => a.map((row) => row[j] as number));

  test(`points at vertices (seed ${seed})`, async () => {
    const input = { theta, us: [], data: { model, correspondences, points } };
    expectClose(await evaluate("ht", "objective", input), away(theta, []), 1e-12);
    const exact = transposed(differences((theta) => away(theta, []), theta));
    expectClose(await evaluate("ht", "jacobian", input), exact, 1e-8);
  });

  test(`points in triangles: two columns for their own places (seed ${seed})`, async () => {
    const input = { theta, us, data: { model, correspondences, points } };
    expectClose(await evaluate("ht", "objective", input), away(theta, us), 1e-12);
    const together = differences(
      (v) =>
        away(
          v.slice(2),
          us.map((own) => own.map((c, i) => c + (v[i] as number))),
        ),
      [0, 0, ...theta],
    );
    expectClose(await evaluate("ht", "jacobian", input), transposed(together), 1e-8);
  });
});

describe("ba", () => {
  const random = uniform(seed);
  const input = {
    n: 3,
    m: 4,
    p: 12,
    cam: [...random(6), 1.7, ...random(2), ...random(2).map((v) => v / 10)],
    x: random(3),
    w: 0.8,
    feat: random(2),
  };
  const errors = ([...v]: Vector): Vector => {
    const [cam, x, w] = [v.slice(0, 11), v.slice(11, 14), v[14] as number];
    const from = x.map((c, i) => c - (cam[3 + i] as number));
    const angle = Math.hypot(...cam.slice(0, 3));
    const axis = cam.slice(0, 3).map((c) => c / angle);
    const along = total(from.map((c, i) => c * (axis[i] as number)));
    const [a, b, c] = from.map((c, i) => {
      const [j, k] = [(i + 1) % 3, (i + 2) % 3];
      const across = (axis[j] as number) * (from[k] as number) - (axis[k] as number) * (from[j] as number);
      return c * Math.cos(angle) + across * Math.sin(angle) + (axis[i] as number) * along * (1 - Math.cos(angle));
    }) as [number, number, number];
    const flat = [a / c, b / c];
    const r = total(flat.map((c) => c * c));
    return flat.map((c, i) => {
      const distorted = c * (1 + (cam[9] as number) * r + (cam[10] as number) * r * r);
      return w * (distorted * (cam[6] as number) + (cam[7 + i] as number) - (input.feat[i] as number));
    });
  };
  const one = [...input.cam, ...input.x, input.w];

  test(`errors (seed ${seed})`, async () => {
    const { reproj_error, w_err } = (await evaluate("ba", "objective", input)) as {
      reproj_error: { elements: Vector; repeated: number };
      w_err: { element: number; repeated: number };
    };
    expectClose(reproj_error.elements, errors(one), 1e-12);
    expectClose(w_err.element, 1 - input.w ** 2, 1e-14);
    expect([reproj_error.repeated, w_err.repeated]).toEqual([12, 12]);
  });

  test(`the Jacobian's first rows and its end (seed ${seed})`, async () => {
    const { rows, cols, vals } = (await evaluate("ba", "jacobian", input)) as Record<string, Vector>;
    const exact = differences(errors, one);
    const [first, second] = [0, 1].map((i) => exact.map((column) => column[i] as number));
    expectClose(vals, [...(first as Vector), ...(second as Vector), -2 * input.w], 1e-7);
    const columns = [...Array(11).keys(), 33, 34, 35, 45];
    expect(cols).toEqual([...columns, ...columns, 33 + 12 + 11]);
    // Where rows start: 24 of 15 entries, then 12 of one; the suite takes 30 of these and the end.
    expect(rows).toEqual([...Array.from({ length: 25 }, (_, i) => 15 * i), 361, 362, 363, 364, 365, 372]);
  });

  test(`the sparse Jacobian of all errors has the same entries (seed ${seed})`, () => {
    const { n, m, p } = { n: 3, m: 4, p: 12 };
    const given = (shape: number[]): Tensor =>
      tensor(Float64Array.from(random(shape.reduce((a, b) => a * b))), { shape });
    const whose = [n, m].map((count) => Array.from({ length: p }, (_, i) => i % count)) as [Vector, Vector];
    const features = given([p, 2]);
    type Unknowns = { cameras: Tensor; points: Tensor; weights: Tensor };
    const all = ({ cameras, points, weights }: Unknowns) => ({
      reprojection: vmap(reprojectionError)(take(cameras, whose[0]), take(points, whose[1]), weights, features),
      weight: weightError(weights),
    });
    const at = { cameras: given([n, 11]), points: given([m, 3]), weights: given([p]) };
    const { rows, columns, values } = jacobian(all, { sparse: true })(at);
    // Of 15 entries one is always 0: across does not depend on the middle of the picture down, nor down on it across.
    const places = [...Array(2 * p).keys()].flatMap((row) => {
      const i = row >> 1;
      const camera = [...Array(11).keys()].map((k) => 11 * (whose[0][i] as number) + k);
      const point = [...Array(3).keys()].map((k) => 11 * n + 3 * (whose[1][i] as number) + k);
      return [...camera, ...point, 11 * n + 3 * m + i].map((column, k) => ({ row, column, used: k !== 8 - (row % 2) }));
    });
    const ends = [...Array(p).keys()].map((i) => ({ row: 2 * p + i, column: 11 * n + 3 * m + i, used: true }));
    const expected = [...places, ...ends].filter(({ used }) => used).map(({ row, column }) => [row, column]);
    expect(Array.from(rows.data, (row, k) => [row, columns.data[k]])).toEqual(expected);
    // Each observation by itself.
    const own = take(at.cameras, whose[0]);
    const parts = [0, 1, 2].map((wrt) =>
      vmap(jacobian(reprojectionError, { wrt }))(own, take(at.points, whose[1]), at.weights, features),
    ) as [Tensor, Tensor, Tensor];
    const entries = concatenate([parts[0], parts[1], parts[2].reshape([p, 2, 1])], 2);
    const kept = [...entries.data].filter((_, k) => places[k]?.used);
    expectClose([...values.data], [...kept, ...at.weights.data.map((w) => -2 * w)], 1e-12);
  });
});
