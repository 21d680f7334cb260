/**
 * Bundle adjustment: the errors of points as cameras see them, and their Jacobian, of which every error has 15 entries.
 */
import {
  arange,
  at,
  broadcastTo,
  compile,
  concatenate,
  cos,
  equal,
  jacobian as jacobianOf,
  reshape,
  sin,
  slice,
  sqrt,
  square,
  stack,
  sub,
  type Tensor,
  take,
  tensor,
  tile,
  vmap,
  where,
} from "nabla";
import type { Evaluation } from "../protocol.ts";

interface Input {
  readonly n: number;
  readonly m: number;
  readonly p: number;
  readonly cam: readonly number[];
  readonly x: readonly number[];
  readonly w: number;
  readonly feat: readonly number[];
}

const part = (x: Tensor, from: number, to: number): Tensor => slice(x, [[from, to]]);

type Vector = readonly [Tensor, Tensor, Tensor];

/** Three numbers of x, one by one: under vmap each is a column, and formulas of columns become one loop. */
const three = (x: Tensor, from: number): Vector => [at(x, from), at(x, from + 1), at(x, from + 2)];

const dot = ([a, b, c]: Vector, [x, y, z]: Vector): Tensor => a.mul(x).add(b.mul(y)).add(c.mul(z));
const cross = ([a, b, c]: Vector, [x, y, z]: Vector): Vector => [
  b.mul(z).sub(c.mul(y)),
  c.mul(x).sub(a.mul(z)),
  a.mul(y).sub(b.mul(x)),
];

/** The point turned by |axis| about the axis (Rodrigues); where the axis is 0, to first order. */
function rotate(axis: Vector, point: Vector): Vector {
  const squared = dot(axis, axis);
  const still = equal(squared, 0);
  const angle = sqrt(where(still, 1, squared));
  const [c, s] = [cos(angle), sin(angle)];
  const unit = axis.map((x) => x.div(angle)) as unknown as Vector;
  const along = dot(unit, point).mul(sub(1, c));
  const [across, slight] = [cross(unit, point), cross(axis, point)];
  return point.map((x, i) => {
    const turned = x
      .mul(c)
      .add((across[i] as Tensor).mul(s))
      .add((unit[i] as Tensor).mul(along));
    return where(still, x.add(slight[i] as Tensor), turned);
  }) as unknown as Vector;
}

/** camera: rotation (3), centre (3), focal length, principal point (2), radial distortion (2). */
export function reprojectionError(camera: Tensor, point: Tensor, weight: Tensor, feature: Tensor): Tensor {
  const centre = three(camera, 3);
  const from = three(point, 0).map((x, i) => x.sub(centre[i] as Tensor)) as unknown as Vector;
  const [x, y, z] = rotate(three(camera, 0), from);
  const [u, v] = [x.div(z), y.div(z)];
  const radius = square(u).add(square(v));
  const distortion = at(camera, 9)
    .mul(radius)
    .add(at(camera, 10).mul(square(radius)))
    .add(1);
  const errors = [u, v].map((c, i) =>
    c
      .mul(distortion)
      .mul(at(camera, 6))
      .add(at(camera, 7 + i))
      .sub(at(feature, i))
      .mul(weight),
  );
  return stack(errors);
}

export const weightError = (weight: Tensor): Tensor => sub(1, square(weight));

/** The suite sends one camera, point and so on, to be repeated; which observation is whose goes round. */
function scene({ n, m, p, cam, x, w, feat }: Input) {
  const round = (count: number): Tensor => tensor(Int32Array.from({ length: p }, (_, i) => i % count));
  return {
    cameras: tile(tensor([cam]), [n, 1]),
    points: tile(tensor([x]), [m, 1]),
    weights: tile(tensor([w]), [p]),
    features: tile(tensor([feat]), [p, 1]),
    whose: { camera: round(n), point: round(m) },
  };
}

interface Errors {
  readonly reprojection: Tensor;
  readonly weight: Tensor;
}

export const objective: Evaluation<Input, Errors> = (input, options) => {
  const { cameras, points, weights, features, whose } = scene(input);
  const f = compile(
    (cameras: Tensor, points: Tensor, weights: Tensor) => ({
      reprojection: vmap(reprojectionError)(take(cameras, whose.camera), take(points, whose.point), weights, features),
      weight: weightError(weights),
    }),
    options,
  );
  return {
    run: () => f(cameras, points, weights),
    output: ({ reprojection, weight }) => ({
      reproj_error: { elements: [...reprojection.data.subarray(0, 2)], repeated: input.p },
      w_err: { element: weight.data[0], repeated: input.p },
    }),
  };
};

/** A matrix row by row: where each row starts, the column of each entry, the entry. */
interface Sparse {
  readonly rows: Tensor;
  readonly columns: Tensor;
  readonly values: Tensor;
}

export const jacobian: Evaluation<Input, Sparse> = (input, options) => {
  const { n, m, p } = input;
  const { cameras, points, weights, features, whose } = scene(input);
  const one = (variables: Tensor, feature: Tensor): Tensor =>
    reprojectionError(part(variables, 0, 11), part(variables, 11, 14), at(variables, 14), feature);
  const f = compile((cameras: Tensor, points: Tensor, weights: Tensor): Sparse => {
    const variables = concatenate(
      [take(cameras, whose.camera), take(points, whose.point), reshape(weights, [p, 1])],
      1,
    );
    const entries = vmap(jacobianOf(one))(variables, features);
    const own = arange(0, p, 1, { dtype: "int32" });
    const columns = concatenate(
      [
        reshape(whose.camera.mul(11), [p, 1]).add(arange(0, 11, 1, { dtype: "int32" })),
        reshape(whose.point.mul(3).add(11 * n), [p, 1]).add(arange(0, 3, 1, { dtype: "int32" })),
        reshape(own.add(11 * n + 3 * m), [p, 1]),
      ],
      1,
    );
    return {
      rows: concatenate([arange(0, 2 * p, 1, { dtype: "int32" }).mul(15), own.add(30 * p), [31 * p]]),
      columns: concatenate([broadcastTo(reshape(columns, [p, 1, 15]), [p, 2, 15]).flatten(), own.add(11 * n + 3 * m)]),
      values: concatenate([entries.flatten(), vmap(jacobianOf(weightError))(weights)]),
    };
  }, options);
  const ends = ({ data }: Tensor): number[] => [...data.subarray(0, 30), data[data.length - 1] as number];
  return {
    run: () => f(cameras, points, weights),
    output: ({ rows, columns, values }) => ({ rows: ends(rows), cols: ends(columns), vals: ends(values) }),
  };
};
