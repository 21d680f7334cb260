/**
 * The tool for GradBench on small inputs, without the suite. Witnesses: the problems' formulas in plain JavaScript, their
 * central differences in float64, and closed forms of derivatives where there are any.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { type Message, type Response, respond } from "../bench/gradbench/protocol.ts";

type Vector = number[];
type Matrix = Vector[];

const send = (message: object): Promise<Response> => respond({ id: 7, ...message } as Message, { threads: 1 });

async function evaluate(module: string, name: string, input: unknown): Promise<unknown> {
  const { success, output, error } = await send({ kind: "evaluate", module, function: name, input });
  expect(error).toBeUndefined();
  expect(success).toBe(true);
  return JSON.parse(JSON.stringify(output));
}

const numbers = (value: unknown): Vector => [value].flat(Number.POSITIVE_INFINITY) as Vector;

/** Within a tolerance relative to the largest expected number, or to 1 if all are smaller. */
function expectClose(actual: unknown, expected: unknown, tolerance: number): void {
  const [a, b] = [numbers(actual), numbers(expected)];
  expect(a.length).toBe(b.length);
  const scale = b.reduce((most, x) => Math.max(most, Math.abs(x)), 1);
  const worst = a.reduce((most, x, i) => Math.max(most, Math.abs(x - (b[i] as number))), 0);
  expect(worst / scale).toBeLessThan(tolerance);
}

/** The columns of ∂f/∂x by central differences. */
function differences(f: (x: Vector) => Vector, x: Vector, h = 1e-5): Matrix {
  const moved = (i: number, by: number): Vector => f(x.map((v, j) => (i === j ? v + by : v)));
  return x.map((_, i) => {
    const below = moved(i, -h);
    return moved(i, h).map((v, k) => (v - (below[k] as number)) / (2 * h));
  });
}
const slope = (f: (x: Vector) => number, x: Vector, h?: number): Vector => differences((x) => [f(x)], x, h).flat();

/** Uniform numbers in (0, 1), from a seed (Lehmer 1951, the multiplier of Park and Miller 1988). */
function uniform(seed: number): (count: number) => Vector {
  let state = seed;
  const next = (): number => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
  return (count) => Array.from({ length: count }, next);
}
const rows = (values: Vector, width: number): Matrix =>
  Array.from({ length: values.length / width }, (_, i) => values.slice(i * width, (i + 1) * width));
const total = (values: Vector): number => values.reduce((a, b) => a + b, 0);
const logSumExp = (v: Vector): number => Math.max(...v) + Math.log(total(v.map((x) => Math.exp(x - Math.max(...v)))));

const seed = 20260817;

describe("the protocol", () => {
  test("start, define, analysis", async () => {
    expect(await send({ kind: "start", eval: "lse" })).toEqual({ id: 7, tool: "nabla" });
    expect(await send({ kind: "define", module: "lse" })).toEqual({ id: 7, success: true });
    expect(await send({ kind: "analysis", of: 3, valid: true })).toEqual({ id: 7 });
  });

  test("what is not there is an error, not the end", async () => {
    for (const message of [
      { kind: "define", module: "nothing" },
      { kind: "define", module: "../protocol" },
      { kind: "evaluate", module: "lse", function: "toString", input: {} },
      { kind: "evaluate", module: "lse", function: "primal", input: { x: "no numbers" } },
    ]) {
      const { id, success, error } = await send(message);
      expect([id, success, typeof error]).toEqual([7, false, "string"]);
    }
  });

  test("runs as often as asked, and times each", async () => {
    const input = { x: [1, 2], min_runs: 5, min_seconds: 0 };
    const { timings = [] } = await send({ kind: "evaluate", module: "lse", function: "primal", input });
    expect(timings.map(({ name }) => name)).toEqual(["prepare", ...Array(5).fill("evaluate")]);
    expect(timings.every(({ nanoseconds }) => Number.isInteger(nanoseconds) && nanoseconds >= 0)).toBe(true);
  });

  test("a process: a message and a response a line", () => {
    const tool = fileURLToPath(new URL("../bench/gradbench/tool.js", import.meta.url));
    const lines = [
      { id: 0, kind: "start" },
      { id: 1, kind: "define", module: "hello" },
      { id: 2, kind: "evaluate", module: "hello", function: "square", input: 3 },
      { id: 3, kind: "evaluate", module: "hello", function: "double", input: 9 },
    ];
    const input = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
    const { stdout } = spawnSync(process.execPath, [tool], { input, encoding: "utf8" });
    const answers = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Response);
    expect(answers.map(({ id }) => id)).toEqual([0, 1, 2, 3]);
    expect(answers.slice(2).map(({ output }) => output)).toEqual([9, 18]);
  });
});

describe("lse", () => {
  test(`value and softmax (seed ${seed})`, async () => {
    const x = uniform(seed)(9).map((v) => 100 * v - 50);
    expectClose(await evaluate("lse", "primal", { x }), logSumExp(x), 1e-14);
    const softmax = x.map((v) => Math.exp(v - logSumExp(x)));
    expectClose(await evaluate("lse", "gradient", { x }), softmax, 1e-13);
  });

  test(`at a length where the suite would take zeros for the gradient (seed ${seed})`, async () => {
    const x = uniform(seed)(200_000);
    const g = (await evaluate("lse", "gradient", { x })) as Vector;
    expect(Math.min(...g.slice(0, 1000))).toBeGreaterThan(1e-6);
    expect(total(g)).toBeCloseTo(1, 10);
    const z = total(x.map((v) => Math.exp(v)));
    g.forEach((v, i) => {
      if (i % 997 === 0) expect(Math.abs((v * z) / Math.exp(x[i] as number) - 1)).toBeLessThan(1e-9);
    });
  });
});

test(`llsq (seed ${seed})`, async () => {
  const [x, n] = [uniform(seed)(6), 11];
  const t = Array.from({ length: n }, (_, i) => -1 + (i * 2) / (n - 1));
  const rest = t.map((t) => Math.sign(t) - total(x.map((c, j) => c * t ** j)));
  expectClose(await evaluate("llsq", "primal", { x, n }), total(rest.map((r) => r * r)) / 2, 1e-12);
  const exact = x.map((_, j) => -total(t.map((t, i) => (rest[i] as number) * t ** j)));
  expectClose(await evaluate("llsq", "gradient", { x, n }), exact, 1e-12);
});

describe("ode", () => {
  const s = 7;
  const solve = (x: Vector): Vector => {
    const h = 2 / s;
    const f = (y: Vector): Vector => x.map((v, i) => (i === 0 ? v : v * (y[i - 1] as number)));
    const plus = (y: Vector, k: Vector, by: number): Vector => y.map((v, i) => v + by * (k[i] as number));
    let y: Vector = x.map(() => 0);
    for (let step = 0; step < s; step++) {
      const k1 = f(y);
      const k2 = f(plus(y, k1, h / 2));
      const k3 = f(plus(y, k2, h / 2));
      const k4 = f(plus(y, k3, h));
      y = plus(plus(plus(plus(y, k1, h / 6), k2, h / 3), k3, h / 3), k4, h / 6);
    }
    return y;
  };

  test(`all of y, and the slopes of the last one, none of which is 0 (seed ${seed})`, async () => {
    const x = uniform(seed)(5).map((v) => v + 0.5);
    expectClose(await evaluate("ode", "primal", { x, s }), solve(x), 1e-12);
    const g = (await evaluate("ode", "gradient", { x, s })) as Vector;
    expectClose(
      g,
      slope((x) => solve(x)[4] as number, x),
      1e-8,
    );
    expect(Math.min(...g.map(Math.abs))).toBeGreaterThan(1e-2);
    // The last y is a multiple of the product of all x.
    const last = solve(x)[4] as number;
    expectClose(
      g,
      x.map((v) => last / v),
      1e-12,
    );
  });
});

test(`kmeans (seed ${seed})`, async () => {
  const random = uniform(seed);
  const [points, centroids] = [rows(random(60), 3), rows(random(12), 3)];
  const away = (p: Vector, c: Vector): number => total(p.map((v, i) => (v - (c[i] as number)) ** 2));
  const cost = total(points.map((p) => Math.min(...centroids.map((c) => away(p, c)))));
  expectClose(await evaluate("kmeans", "cost", { points, centroids }), cost, 1e-13);
  const whose = points.map((p) => {
    const all = centroids.map((c) => away(p, c));
    return all.indexOf(Math.min(...all));
  });
  // 2·(n c − Σ p) over 2·n.
  const step = centroids.map((c, j) => {
    const own = points.filter((_, i) => whose[i] === j);
    return c.map((v, l) => v - total(own.map((p) => p[l] as number)) / own.length);
  });
  expectClose(await evaluate("kmeans", "dir", { points, centroids }), step, 1e-13);
});

describe("det", () => {
  const minor = (a: Matrix, i: number, j: number): Matrix =>
    a.filter((_, k) => k !== i).map((row) => row.filter((_, k) => k !== j));
  const expansion = (a: Matrix): number =>
    a.length === 0 ? 1 : total((a[0] as Vector).map((v, j) => (j % 2 === 0 ? 1 : -1) * v * expansion(minor(a, 0, j))));
  test.each([1, 2, 5, 8])(`%i rows, and all cofactors (seed ${seed})`, async (ell) => {
    const A = uniform(seed)(ell * ell);
    const a = rows(A, ell);
    expectClose(await evaluate("det", "primal", { A, ell }), expansion(a), 1e-12);
    const cofactors = a.map((row, i) => row.map((_, j) => (-1) ** (i + j) * expansion(minor(a, i, j))));
    expectClose(await evaluate("det", "gradient", { A, ell }), cofactors, 1e-12);
  });
});

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
});

describe.each(["ff", "fr", "rf", "rr"])("nested, %s", (modes) => {
  test("particle", async () => {
    expectClose(await evaluate("particle", modes, { w: 0 }), 0.2071918746486116, 1e-9);
  });
  test("saddle", async () => {
    const point = (await evaluate("saddle", modes, { start: [1, 1] })) as Vector;
    for (const c of point) expect(Math.abs(c / 8.246324826140356e-6 - 1)).toBeLessThan(1e-9);
    expect(point.length).toBe(4);
  });
});
