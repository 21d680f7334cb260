/** Functions composed of operations: they are in no table, so what the laws feed them stands here. */

import type { Tensor } from "nabla";
import * as nabla from "nabla";
import type { LawCase } from "../../src/graph/operation.ts";

type Range = readonly [number, number];
interface Composition extends LawCase {
  readonly name: string;
  /** The public function that it tests. */
  readonly of: string;
}

const list: Composition[] = [];
function one(
  of: keyof typeof nabla,
  shape: readonly number[],
  f: (x: Tensor) => Tensor,
  more: Partial<LawCase> = {},
): void {
  list.push({
    name: `${of} [${shape}] ${more.label ?? ""}`,
    of,
    shapes: [shape],
    apply: (x) => f(x as Tensor),
    ...more,
  });
}
function two(
  of: keyof typeof nabla,
  shapes: readonly [readonly number[], readonly number[]],
  f: (x: Tensor, y: Tensor) => Tensor,
  more: Partial<LawCase> = {},
): void {
  const apply = (x?: Tensor, y?: Tensor): Tensor => f(x as Tensor, y as Tensor);
  list.push({ name: `${of} [${shapes[0]}] [${shapes[1]}] ${more.label ?? ""}`, of, shapes, apply, ...more });
}
const positive: Range = [0.3, 3];
const steps = { differentiable: false };

// — arithmetic —
two("mod", [[2, 3], [3]], nabla.mod, {
  ranges: [
    [-0.9, -0.1],
    [1, 2],
  ],
});
two("floorDivide", [[2, 3], [3]], nabla.floorDivide, {
  ranges: [
    [-0.9, -0.1],
    [1, 2],
  ],
});
one("clip", [2, 3], (x) => nabla.clip(x, -0.7, 0.9));
one("square", [2, 3], nabla.square);
one("reciprocal", [5], nabla.reciprocal, { ranges: [positive] });

// — math —
one("exp2", [5], nabla.exp2);
one("rsqrt", [5], nabla.rsqrt, { ranges: [positive] });
two("hypot", [[2, 3], [3]], nabla.hypot, { ranges: [positive, [-2, 2]] });
one("digamma", [5], nabla.digamma, { ranges: [[0.5, 4]] });
one("logSigmoid", [5], nabla.logSigmoid);
one("leakyRelu", [5], (x) => nabla.leakyRelu(x, 0.2));
one("elu", [5], nabla.elu);
one("gelu", [5], nabla.gelu);
one("silu", [5], nabla.silu);
one("softsign", [5], nabla.softsign);

// — reductions —
one("mean", [2, 3], (x) => nabla.mean(x, { axis: 0 }));
one("prod", [3, 5], (x) => nabla.prod(x, { axis: 1 }));
one("prod", [2, 3, 2], (x) => nabla.prod(x, { axis: [0, 2], keepDims: true }), { label: "kept" });
one("cumprod", [2, 5], (x) => nabla.cumprod(x, { axis: 1 }));
one("cumprod", [5], (x) => nabla.cumprod(x, { reverse: true }), { label: "reversed" });
one("variance", [3, 4], (x) => nabla.variance(x, { axis: 1, correction: 1 }));
one("std", [3, 4], (x) => nabla.std(x, { axis: 0 }));
one("logsumexp", [3, 4], (x) => nabla.logsumexp(x, { axis: 1, keepDims: true }));
one("softmax", [3, 4], (x) => nabla.softmax(x, { axis: 0 }));
one("logSoftmax", [3, 4], nabla.logSoftmax);
one("norm", [3, 4], (x) => nabla.norm(x));
one("norm", [3, 4], (x) => nabla.norm(x, { axis: 1, order: 1 }), { label: "order 1" });
one("norm", [3, 4], (x) => nabla.norm(x, { axis: 0, order: 3 }), { label: "order 3", ranges: [positive] });
one("norm", [3, 4], (x) => nabla.norm(x, { axis: 0, order: Infinity }), { label: "order ∞" });
one("max", [3, 4], (x) => nabla.max(x, { axis: -1, keepDims: true }));
one("min", [3, 4], (x) => nabla.min(x));
one("sum", [3, 4], (x) => nabla.sum(x, { axis: [] }), { label: "no axis" });
one("argmax", [3, 4], (x) => nabla.argmax(x, { axis: 1, keepDims: true }), steps);
one("argmin", [3, 4], (x) => nabla.argmin(x), steps);
one("any", [3, 4], (x) => nabla.any(nabla.greater(x, 1), { axis: 0 }), steps);
one("all", [3, 4], (x) => nabla.all(nabla.greater(x, -1), { axis: 1 }), steps);

// — movement —
one("flatten", [2, 3], nabla.flatten);
one("ravel", [2, 3], nabla.ravel);
one("expandDims", [2, 3], (x) => nabla.expandDims(x, [0, -1]));
one("squeeze", [1, 3, 1], (x) => nabla.squeeze(x));
one("moveAxis", [2, 3, 4], (x) => nabla.moveAxis(x, 0, -1));
one("swapAxes", [2, 3, 4], (x) => nabla.swapAxes(x, 0, 2));
one("split", [2, 6], (x) => nabla.split(x, [1, 4], 1)[1] as Tensor);
one("tile", [2, 3], (x) => nabla.tile(x, [2, 1, 3]));
one("repeat", [2, 3], (x) => nabla.repeat(x, 3, 1));
one("roll", [2, 5], (x) => nabla.roll(x, -2, 1));
one("diagonal", [2, 3, 4], nabla.diagonal);
one("matrixTranspose", [2, 3, 4], nabla.matrixTranspose);
one("tril", [3, 4], (x) => nabla.tril(x, 1));
one("triu", [2, 3, 3], (x) => nabla.triu(x, -1));
one("pad", [2, 3], (x) =>
  nabla.pad(x, [
    [1, 0],
    [2, 1],
  ]),
);
one("broadcastTo", [3, 1], (x) => nabla.broadcastTo(x, [2, 3, 4]));
two(
  "stack",
  [
    [2, 3],
    [2, 3],
  ],
  (x, y) => nabla.stack([x, y], -1),
);
one("slice", [4, 5], (x) =>
  nabla.slice(x, [
    [3, 0, -1],
    [null, -1],
  ]),
);
one("windows", [3, 6], (x) => nabla.windows(x, 1, 2, { step: 2 }));

// — gather —
one("take", [2, 4], (x) => nabla.take(x, new Int32Array([3, -1, 0]), { axis: 1 }));
one("takeAlongAxis", [3, 4], (x) =>
  nabla.takeAlongAxis(
    x,
    [
      [0, 3],
      [1, 1],
      [-1, 2],
    ],
    1,
  ),
);
two("at", [[3, 4], [2]], (x, y) => nabla.at(x, new Int32Array([0, -1]), new Int32Array([3, -4])).mul(y));
two(
  "scatterAdd",
  [
    [4, 2],
    [3, 2],
  ],
  (x, y) => nabla.scatterAdd(x, new Int32Array([1, 1, -1]), y),
);
two("updateAt", [[4, 2], [2]], (x, y) => nabla.updateAt(x, -2, y));
one("sort", [4, 3], (x) => nabla.sort(x, { axis: 0 }));
one("argsort", [4, 3], (x) => nabla.argsort(x, { descending: true }), steps);
one("topK", [2, 6], (x) => nabla.topK(x, 3).values);
two("oneHot", [[3], [3, 4]], (x, y) => nabla.oneHot(nabla.cast(nabla.abs(x), "int32"), 4).mul(y), {
  label: "of ⌊|x|⌋",
  ranges: [
    [0.1, 2.9],
    [-2, 2],
  ],
  ...steps,
});

// — products —
two("dot", [[5], [5]], nabla.dot);
two("outer", [[3], [4]], nabla.outer);
two(
  "tensordot",
  [
    [2, 3, 4],
    [4, 3, 2],
  ],
  (x, y) =>
    nabla.tensordot(x, y, [
      [1, 2],
      [1, 0],
    ]),
);
two(
  "matmul",
  [
    [3, 4],
    [2, 4, 2],
  ],
  nabla.matmul,
  { label: "batch on the right" },
);
two("matmul", [[4], [4]], nabla.matmul, { label: "vectors" });
two(
  "einsum",
  [
    [3, 3, 2],
    [2, 3],
  ],
  (x, y) => nabla.einsum("iij,ji->j", x, y),
  { label: "diagonal" },
);
two(
  "einsum",
  [
    [2, 3],
    [4, 2, 3],
  ],
  (x, y) => nabla.einsum("...i,b...i->b", x, y),
  { label: "ellipsis summed" },
);
two(
  "einsum",
  [
    [1, 3],
    [2, 3],
  ],
  (x, y) => nabla.einsum("ij,ij->ij", x, y),
  { label: "size 1 stretches" },
);
two(
  "conv1d",
  [
    [2, 2, 6],
    [3, 2, 3],
  ],
  (x, w) => nabla.conv1d(x, w, { padding: "same", stride: 2 }),
);
two(
  "conv2d",
  [
    [1, 2, 4, 5],
    [2, 1, 2, 3],
  ],
  (x, w) => nabla.conv2d(x, w, { padding: [[1, 0], 1], groups: 2, dilation: [2, 1] }),
);
one("maxPool1d", [2, 7], (x) => nabla.maxPool1d(x, 3, { stride: 2, padding: [1] }));
one("maxPool2d", [2, 5, 5], (x) => nabla.maxPool2d(x, 2));
one("averagePool1d", [2, 6], (x) => nabla.averagePool1d(x, 2, { padding: 1 }));
one("averagePool2d", [5, 4], (x) => nabla.averagePool2d(x, [2, 3], { stride: 1 }));

// — linear algebra: the records have laws of their own; these are the ways to them —
const regular = (x: Tensor): Tensor => x.mul(0.3).add(nabla.eye(3).cast(x.dtype));
two(
  "solve",
  [
    [3, 3],
    [3, 2],
  ],
  (a, b) => nabla.solve(regular(a), b),
);
one("inverse", [3, 3], (a) => nabla.inverse(regular(a)));
one("slogdet", [3, 3], (a) => nabla.slogdet(regular(a)).logdet);
two("lstsq", [[4, 2], [4]], nabla.lstsq, {
  ranges: [
    [1, 3],
    [-2, 2],
  ],
});
one("matrixPower", [2, 2], (a) => nabla.matrixPower(a, 3));
one("trace", [3, 3], nabla.trace);

// — several pieces of one value: their cotangents are laid side by side —
const pieces = (x: Tensor, starts: readonly number[], axis: number, size: number): Tensor =>
  nabla.stack(
    starts.map((s, k) => nabla.sum(nabla.sin(x.slice([...new Array(axis).fill([]), [s, s + size]]).mul(k + 1)))),
  );
one("slice", [9], (x) => pieces(x, [0, 1, 2, 5, 6, 1], 0, 3), { label: "overlapping runs" });
one("slice", [3, 7], (x) => pieces(x, [0, 2, 4, 1], 1, 2), { label: "columns" });
one("slice", [4, 3], (x) => pieces(x, [0, 3, 2], 0, 1).add(pieces(x, [1, 0], 1, 2).sum()), {
  label: "rows and columns",
});
one("at", [3, 4], (x) => nabla.stack([x.at(0, 1), x.at(2, 3).mul(x.at(0, 1)), x.at(-1, 0), x.at(1).prod()]), {
  label: "single places",
});
one(
  "at",
  [2, 3, 2],
  (x) =>
    nabla.mul(x.at(1, 2), x.at(0, 0)).add(
      x
        .slice([
          [0, 1],
          [1, 3],
          [0, 1],
        ])
        .sum(),
    ),
  {
    label: "rows within blocks",
  },
);

export const compositions: readonly Composition[] = list;
