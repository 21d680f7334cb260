/** What layers are tested on: each with its output's shape, and its formula in plain JavaScript, one example at a time. */
import { relu, type Tensor, tanh } from "nabla";
import * as nn from "nabla/nn";

/** Nested lists of numbers. */
export type Numbers = number | readonly Numbers[];
type Row = readonly number[];
type Matrix = readonly Row[];
type Volume = readonly Matrix[];

/** Parameters, read by name. */
export type Read = (path: string) => Numbers;

export interface LayerCase {
  readonly name: string;
  readonly layer: nn.Layer;
  readonly input: readonly number[];
  readonly output: readonly number[];
  /** x holds whole numbers below this. */
  readonly indices?: number;
  /** The outputs of all examples in inference (or in training, for what depends on the batch). */
  readonly formula: (read: Read, x: readonly Numbers[], training: boolean) => Numbers;
  /** Training draws: the formula holds in inference only. */
  readonly draws?: boolean;
  /** Training looks at several examples. */
  readonly needsBatch?: boolean;
}

const sum = (list: Row): number => list.reduce((a, b) => a + b, 0);
const mean = (list: Row): number => sum(list) / list.length;
const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const sigmoid = (v: number): number => 1 / (1 + Math.exp(-v));
const at = (list: Row, i: number): number => list[i] as number;
const affine = (x: Row, w: Matrix, b?: Row): number[] =>
  range(w[0]?.length ?? 0).map((j) => sum(x.map((v, i) => v * at(w[i] as Row, j))) + (b?.[j] ?? 0));
const matrix = (value: Numbers): Matrix => value as Matrix;
const row = (value: Numbers): Row => value as Row;
const plus = (a: Row, b: Row): number[] => a.map((v, i) => v + at(b, i));
const plusRows = (a: Matrix, b: Matrix): number[][] => a.map((r, i) => plus(r, b[i] as Row));

function standardised(x: Row, epsilon = 1e-5): number[] {
  const m = mean(x);
  const v = mean(x.map((a) => (a - m) ** 2));
  return x.map((a) => (a - m) / Math.sqrt(v + epsilon));
}
const normalised = (x: Row, scale: Row, shift: Row): number[] =>
  standardised(x).map((v, i) => v * at(scale, i) + at(shift, i));

const softmax = (s: Row): number[] => {
  const e = s.map((v) => Math.exp(v - Math.max(...s)));
  return e.map((v) => v / sum(e));
};

/** Cross-correlation of one image by loops over the definition. */
function correlated(
  x: Volume,
  w: readonly Volume[],
  b: Row,
  { stride = 1, pad = 0, dilation = 1, groups = 1 } = {},
): number[][][] {
  const [rows, columns] = [x[0]?.length as number, x[0]?.[0]?.length as number];
  const [kr, kc] = [w[0]?.[0]?.length as number, w[0]?.[0]?.[0]?.length as number];
  const places = (n: number, k: number): number[] =>
    range(Math.floor((n + 2 * pad - (k - 1) * dilation - 1) / stride) + 1);
  const per = x.length / groups;
  return w.map((kernel, o) =>
    places(rows, kr).map((i) =>
      places(columns, kc).map((j) => {
        let total = at(b, o);
        kernel.forEach((plane, c) => {
          const channel = x[Math.floor(o / (w.length / groups)) * per + c] as Matrix;
          plane.forEach((taps, p) => {
            taps.forEach((tap, q) => {
              const [r, s] = [i * stride + p * dilation - pad, j * stride + q * dilation - pad];
              total += tap * (channel[r]?.[s] ?? 0);
            });
          });
        });
        return total;
      }),
    ),
  );
}

const pooled = (x: Matrix, k: number, f: (list: Row) => number): number[][] =>
  range(Math.floor(x.length / k)).map((i) =>
    range(Math.floor((x[0] as Row).length / k)).map((j) =>
      f(range(k).flatMap((p) => (x[i * k + p] as Row).slice(j * k, j * k + k))),
    ),
  );

function readAttention(read: Read, path: string, x: Matrix, heads: number, causal: boolean, keep?: Matrix): number[][] {
  const own = (name: string, t: Row): number[] =>
    affine(t, matrix(read(`${path}.${name}.weights`)), row(read(`${path}.${name}.bias`)));
  const [q, k, v] = ["query", "key", "value"].map((name) =>
    x.map((t) => own(name, t)),
  ) as readonly Matrix[] as readonly [Matrix, Matrix, Matrix];
  const width = (x[0] as Row).length / heads;
  return x.map((_, i) => {
    const out = range(heads).flatMap((h) => {
      const part = (t: Row): Row => t.slice(h * width, (h + 1) * width);
      const seen = range(x.length).filter(
        (j) => (!causal || j <= i) && (keep === undefined || at(keep[i] as Row, j) > 0),
      );
      const dot = (j: number): number => sum(part(q[i] as Row).map((a, d) => a * at(part(k[j] as Row), d)));
      const weights = softmax(seen.map((j) => dot(j) / Math.sqrt(width)));
      return range(width).map((d) => sum(seen.map((j, s) => at(weights, s) * at(part(v[j] as Row), d))));
    });
    return own("output", out);
  });
}

const each =
  (f: (read: Read, x: Numbers) => Numbers): LayerCase["formula"] =>
  (read, x) =>
    x.map((one) => f(read, one));

/** Steps over time, the outputs at their places. */
function overTime<C>(x: Matrix, start: C, step: (x: Row, carry: C) => readonly [C, Row], reverse = false): number[][] {
  const out: number[][] = [];
  let carry = start;
  for (const t of reverse ? range(x.length).reverse() : range(x.length)) {
    const [next, y] = step(x[t] as Row, carry);
    carry = next;
    out[t] = [...y];
  }
  return out;
}

const gates = (t: Row, n: number): number[][] => range(t.length / n).map((g) => t.slice(g * n, (g + 1) * n));
const common = (read: Read, path = "") => ({
  input: matrix(read(`${path}.input`)),
  recurrent: matrix(read(`${path}.recurrent`)),
  bias: row(read(`${path}.bias`)),
});

function lstmOf(read: Read, x: Numbers, n: number, reverse = false, path = ""): number[][] {
  const { input, recurrent, bias } = common(read, path);
  const zero = { h: new Array<number>(n).fill(0), c: new Array<number>(n).fill(0) };
  return overTime(
    matrix(x),
    zero,
    (now, { h, c }) => {
      const [i, f, g, o] = gates(
        plus(affine(now, input, bias), affine(h, recurrent)),
        n,
      ) as readonly Row[] as readonly [Row, Row, Row, Row];
      const next = c.map((v, u) => sigmoid(at(f, u)) * v + sigmoid(at(i, u)) * Math.tanh(at(g, u)));
      const out = next.map((v, u) => sigmoid(at(o, u)) * Math.tanh(v));
      return [{ h: out, c: next }, out];
    },
    reverse,
  );
}

function gruOf(read: Read, x: Numbers, n: number): number[][] {
  const { input, recurrent, bias } = common(read);
  const extra = row(read(".candidateBias"));
  return overTime<Row>(matrix(x), new Array<number>(n).fill(0), (now, h) => {
    const [xr, xz, xn] = gates(affine(now, input, bias), n) as readonly Row[] as readonly [Row, Row, Row];
    const [hr, hz, hn] = gates(affine(h, recurrent), n) as readonly Row[] as readonly [Row, Row, Row];
    const out = h.map((v, u) => {
      const z = sigmoid(at(xz, u) + at(hz, u));
      const reset = sigmoid(at(xr, u) + at(hr, u));
      return (1 - z) * Math.tanh(at(xn, u) + reset * (at(hn, u) + at(extra, u))) + z * v;
    });
    return [out, out];
  });
}

const rnnOf = (read: Read, x: Numbers, n: number, f = Math.tanh): number[][] => {
  const { input, recurrent, bias } = common(read);
  return overTime<Row>(matrix(x), new Array<number>(n).fill(0), (now, h) => {
    const out = plus(affine(now, input, bias), affine(h, recurrent)).map(f);
    return [out, out];
  });
};

const gelu = (v: number): number => {
  // Φ by Simpson's rule on the density: independent of the error function that is tested.
  const steps = 2000;
  const density = (t: number): number => Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI);
  const h = v / steps;
  const inner = sum(range(steps - 1).map((i) => density((i + 1) * h) * (i % 2 === 0 ? 4 : 2)));
  return v * (0.5 + (h / 3) * (density(0) + inner + density(v)));
};

function blockOf(read: Read, x: Matrix, heads: number): number[][] {
  const norm = (path: string) => (t: Row) =>
    normalised(t, row(read(`${path}.norm.scale`)), row(read(`${path}.norm.shift`)));
  const between = plusRows(x, readAttention(read, ".attention.read", x.map(norm(".attention")), heads, true));
  const map = (name: string, t: Row): number[] =>
    affine(t, matrix(read(`.feedForward.${name}.weights`)), row(read(`.feedForward.${name}.bias`)));
  return between.map((t) => plus(t, map("second", map("first", norm(".feedForward")(t)).map(gelu))));
}

/** Batch normalisation of [batch, channels, places…], flattened to [batch][channel][place]. */
function batchNormOf(read: Read, x: readonly Matrix[], training: boolean): number[][][] {
  const [scale, shift] = [row(read(".scale")), row(read(".shift"))];
  const [means, variances] = [row(read("state.mean")), row(read("state.variance"))];
  return x.map((example) =>
    example.map((places, c) => {
      const all = x.flatMap((other) => [...(other[c] as Row)]);
      const m = training ? mean(all) : at(means, c);
      const v = training ? mean(all.map((a) => (a - m) ** 2)) : at(variances, c);
      return places.map((a) => ((a - m) / Math.sqrt(v + 1e-5)) * at(scale, c) + at(shift, c));
    }),
  );
}

const mask = [
  [1, 1, 0],
  [0, 1, 1],
  [1, 0, 1],
];

export const layerCases: readonly LayerCase[] = [
  {
    name: "dense",
    layer: nn.dense(3),
    input: [4],
    output: [3],
    formula: each((read, x) => affine(row(x), matrix(read(".weights")), row(read(".bias")))),
  },
  {
    name: "dense without bias, over time",
    layer: nn.dense(2, { bias: false, initializer: nn.heNormal }),
    input: [3, 4],
    output: [3, 2],
    formula: each((read, x) => matrix(x).map((t) => affine(t, matrix(read(".weights"))))),
  },
  {
    name: "convolution2d",
    layer: nn.convolution2d(3, [3, 2], { stride: 2, padding: 1 }),
    input: [2, 6, 5],
    output: [3, 3, 3],
    formula: each((read, x) =>
      correlated(x as Volume, read(".weights") as readonly Volume[], row(read(".bias")), { stride: 2, pad: 1 }),
    ),
  },
  {
    name: "convolution2d in groups",
    layer: nn.convolution2d(4, 3, { groups: 2, dilation: 2 }),
    input: [4, 6, 7],
    output: [4, 2, 3],
    formula: each((read, x) =>
      correlated(x as Volume, read(".weights") as readonly Volume[], row(read(".bias")), { groups: 2, dilation: 2 }),
    ),
  },
  {
    name: "convolution1d",
    layer: nn.convolution1d(3, 4, { stride: 2 }),
    input: [2, 9],
    output: [3, 3],
    formula: each((read, x) => {
      const w = (read(".weights") as Volume).map((kernel) => kernel.map((taps) => [taps]));
      const image = matrix(x).map((line) => [line]);
      // One row: what a stride of rows skips is not there.
      return correlated(image, w, row(read(".bias")), { stride: 2 }).map((plane) => plane[0] as number[]);
    }),
  },
  ...[
    { name: "maxPooling2d", layer: nn.maxPooling2d(2), f: (list: Row) => Math.max(...list) },
    { name: "averagePooling2d", layer: nn.averagePooling2d(2), f: mean },
  ].map(({ name, layer, f }) => ({
    name,
    layer,
    input: [2, 5, 4],
    output: [2, 2, 2],
    formula: each((_, x) => (x as Volume).map((plane) => pooled(plane, 2, f))),
  })),
  ...[
    { name: "maxPooling1d", layer: nn.maxPooling1d(3), f: (list: Row) => Math.max(...list) },
    { name: "averagePooling1d", layer: nn.averagePooling1d(3), f: mean },
  ].map(({ name, layer, f }) => ({
    name,
    layer,
    input: [2, 7],
    output: [2, 2],
    formula: each((_, x) => matrix(x).map((line) => range(2).map((i) => f(line.slice(3 * i, 3 * i + 3))))),
  })),
  {
    name: "globalAveragePooling",
    layer: nn.globalAveragePooling(),
    input: [3, 2, 4],
    output: [3],
    formula: each((_, x) => (x as Volume).map((plane) => mean(plane.flat()))),
  },
  {
    name: "flattening",
    layer: nn.flattening(),
    input: [2, 3],
    output: [6],
    formula: each((_, x) => matrix(x).flat()),
  },
  {
    name: "reshaping",
    layer: nn.reshaping([3, -1]),
    input: [2, 3],
    output: [3, 2],
    formula: each((_, x) => gates(matrix(x).flat(), 2)),
  },
  {
    name: "batchNorm",
    layer: nn.batchNorm(),
    input: [3],
    output: [3],
    needsBatch: true,
    formula: (read, x, training) =>
      batchNormOf(
        read,
        x.map((one) => row(one).map((v) => [v])),
        training,
      ).map((one) => one.map(([v]) => v as number)),
  },
  {
    name: "batchNorm of images",
    layer: nn.batchNorm(),
    input: [2, 3, 2],
    output: [2, 3, 2],
    formula: (read, x, training) =>
      batchNormOf(
        read,
        x.map((one) => (one as Volume).map((plane) => plane.flat())),
        training,
      ).map((one) => one.map((places) => gates(places, 2))),
  },
  {
    name: "layerNorm",
    layer: nn.layerNorm(),
    input: [2, 4],
    output: [2, 4],
    formula: each((read, x) => matrix(x).map((t) => normalised(t, row(read(".scale")), row(read(".shift"))))),
  },
  {
    name: "rmsNorm",
    layer: nn.rmsNorm({ epsilon: 1e-6 }),
    input: [5],
    output: [5],
    formula: each((read, x) => {
      const size = Math.sqrt(mean(row(x).map((v) => v * v)) + 1e-6);
      return row(x).map((v, i) => (v / size) * at(row(read(".scale")), i));
    }),
  },
  {
    name: "groupNorm",
    layer: nn.groupNorm(2),
    input: [4, 3, 2],
    output: [4, 3, 2],
    formula: each((read, x) =>
      range(2).flatMap((g) => {
        const flat = standardised((x as Volume).slice(2 * g, 2 * g + 2).flat(2));
        return range(2).map((c) => {
          const [scale, shift] = [at(row(read(".scale")), 2 * g + c), at(row(read(".shift")), 2 * g + c)];
          return gates(
            flat.slice(6 * c, 6 * c + 6).map((v) => v * scale + shift),
            2,
          );
        });
      }),
    ),
  },
  {
    name: "dropout",
    layer: nn.dropout(0.4),
    input: [6],
    output: [6],
    draws: true,
    formula: each((_, x) => x),
  },
  {
    name: "embedding",
    layer: nn.embedding(7, 3),
    input: [4],
    output: [4, 3],
    indices: 7,
    formula: each((read, x) => row(x).map((i) => matrix(read(".table"))[i] as Row)),
  },
  {
    name: "rnn",
    layer: nn.rnn(3),
    input: [4, 2],
    output: [4, 3],
    formula: each((read, x) => rnnOf(read, x, 3)),
  },
  {
    name: "rnn of relu, the last",
    layer: nn.rnn(3, { activation: relu, outputs: "last" }),
    input: [4, 2],
    output: [3],
    formula: each((read, x) => rnnOf(read, x, 3, (v) => Math.max(v, 0)).at(-1) as number[]),
  },
  {
    name: "gru",
    layer: nn.gru(3),
    input: [5, 2],
    output: [5, 3],
    formula: each((read, x) => gruOf(read, x, 3)),
  },
  {
    name: "lstm",
    layer: nn.lstm(2),
    input: [4, 3],
    output: [4, 2],
    formula: each((read, x) => lstmOf(read, x, 2)),
  },
  {
    name: "lstm in reverse, the last",
    layer: nn.lstm(2, { reverse: true, outputs: "last" }),
    input: [4, 3],
    output: [2],
    formula: each((read, x) => lstmOf(read, x, 2, true)[0] as number[]),
  },
  {
    name: "lstm both ways",
    layer: nn.parallel([nn.lstm(2), nn.lstm(2, { reverse: true })]),
    input: [4, 3],
    output: [4, 4],
    formula: each((read, x) => {
      const back = lstmOf(read, x, 2, true, "[1]");
      return lstmOf(read, x, 2, false, "[0]").map((t, i) => [...t, ...(back[i] as number[])]);
    }),
  },
  {
    name: "multiHeadAttention",
    layer: nn.multiHeadAttention({ heads: 2 }),
    input: [3, 4],
    output: [3, 4],
    formula: each((read, x) => readAttention(read, "", matrix(x), 2, false)),
  },
  {
    name: "multiHeadAttention, causal",
    layer: nn.multiHeadAttention({ heads: 1, causal: true }),
    input: [3, 4],
    output: [3, 4],
    formula: each((read, x) => readAttention(read, "", matrix(x), 1, true)),
  },
  {
    name: "multiHeadAttention, masked",
    layer: nn.multiHeadAttention({ heads: 2, mask }),
    input: [3, 4],
    output: [3, 4],
    formula: each((read, x) => readAttention(read, "", matrix(x), 2, false, mask)),
  },
  {
    name: "sinusoidalPositions",
    layer: nn.sinusoidalPositions(),
    input: [5, 4],
    output: [5, 4],
    formula: each((_, x) =>
      matrix(x).map((t, p) =>
        plus(
          t,
          [0, 1].flatMap((i) => [Math.sin(p / 10000 ** (i / 2)), Math.cos(p / 10000 ** (i / 2))]),
        ),
      ),
    ),
  },
  {
    name: "learnedPositions",
    layer: nn.learnedPositions({ length: 6 }),
    input: [5, 4],
    output: [5, 4],
    formula: each((read, x) => plusRows(matrix(x), matrix(read(".table")).slice(0, 5))),
  },
  {
    name: "residual",
    layer: nn.residual(nn.dense(4)),
    input: [4],
    output: [4],
    formula: each((read, x) => plus(row(x), affine(row(x), matrix(read(".weights")), row(read(".bias"))))),
  },
  {
    name: "transformerBlock",
    layer: nn.transformerBlock({ heads: 2, causal: true, hidden: 6 }),
    input: [3, 4],
    output: [3, 4],
    formula: each((read, x) => blockOf(read, matrix(x), 2)),
  },
  {
    name: "sequential",
    layer: nn.sequential(nn.dense(5), tanh, (x: Tensor) => x.mul(2), nn.dense(2)),
    input: [3],
    output: [2],
    formula: each((read, x) => {
      const hidden = affine(row(x), matrix(read("[0].weights")), row(read("[0].bias"))).map((v) => 2 * Math.tanh(v));
      return affine(hidden, matrix(read("[3].weights")), row(read("[3].bias")));
    }),
  },
  {
    name: "sequential by names",
    layer: nn.sequential({ hidden: nn.dense(5), tanh, out: nn.dense(2) }),
    input: [3],
    output: [2],
    formula: each((read, x) => {
      const hidden = affine(row(x), matrix(read(".hidden.weights")), row(read(".hidden.bias"))).map(Math.tanh);
      return affine(hidden, matrix(read(".out.weights")), row(read(".out.bias")));
    }),
  },
];
