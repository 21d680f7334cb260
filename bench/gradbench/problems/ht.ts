/**
 * Hand tracking: how far the points of a posed hand are from where they were seen (Taylor et al. 2014, by ADBench), and
 * the Jacobian by the pose and, if there are any, by each point's own place within its triangle.
 */
import {
  at,
  compile,
  concatenate,
  cos,
  eye,
  jacobian as jacobianOf,
  less,
  matmul,
  mul,
  norm,
  ones,
  reshape,
  sin,
  slice,
  stack,
  type Tensor,
  take,
  tensor,
  transpose,
  where,
  zeros,
} from "nabla";
import type { Evaluation } from "../protocol.ts";

type Matrix = readonly (readonly number[])[];

interface Input {
  readonly theta: readonly number[];
  readonly us: Matrix;
  readonly data: {
    readonly correspondences: readonly number[];
    readonly points: Matrix;
    readonly model: {
      readonly parents: readonly number[];
      readonly base_relatives: readonly Matrix[];
      readonly inverse_base_absolutes: readonly Matrix[];
      readonly base_positions: Matrix;
      readonly weights: Matrix;
      readonly triangles: Matrix;
      readonly is_mirrored: boolean;
    };
  };
}

const matrix3 = (...entries: readonly Tensor[]): Tensor => reshape(stack(entries), [3, 3]);

/** The rotation by |v| about v. */
function axisRotation(v: Tensor): Tensor {
  const angle = norm(v);
  const [x, y, z] = [0, 1, 2].map((i) => at(v, i).div(angle)) as [Tensor, Tensor, Tensor];
  const [s, c] = [sin(angle), cos(angle)];
  const t = c.neg().add(1);
  const turned = matrix3(
    x.mul(x).mul(t).add(c),
    x.mul(y).mul(t).sub(z.mul(s)),
    x.mul(z).mul(t).add(y.mul(s)),
    x.mul(y).mul(t).add(z.mul(s)),
    y.mul(y).mul(t).add(c),
    y.mul(z).mul(t).sub(x.mul(s)),
    x.mul(z).mul(t).sub(y.mul(s)),
    z.mul(y).mul(t).add(x.mul(s)),
    z.mul(z).mul(t).add(c),
  );
  return where(less(angle, 1e-4), eye(3), turned);
}

/** The angles (x, z, y) of every bone [bones, 3]: each finger's first joint bends in two ways, the next two in one. */
function boneAngles(theta: Tensor, bones: number): Tensor {
  // Of each entry which element of theta it is; −1: none, and so 0.
  const source = Array.from({ length: bones }, () => [-1, -1, -1]);
  for (let finger = 0, next = 6; finger < 5; finger++) {
    for (let joint = 0; joint < 3; joint++) {
      const bone = source[2 + 4 * finger + joint] as number[];
      bone[0] = next++;
      if (joint === 0) bone[1] = next++;
    }
  }
  const padded = concatenate([theta, [0]]);
  return take(
    padded,
    source.map((row) => row.map((i) => (i < 0 ? theta.size : i))),
  );
}

/** Rz·Ry·Rx of all bones, as transformations [bones, 4, 4]. */
function boneRotations(angles: Tensor): Tensor {
  const bones = angles.shape[0] as number;
  const [sin3, cos3] = [sin(angles), cos(angles)];
  const column = (t: Tensor, i: number): Tensor => reshape(slice(t, [[], [i, i + 1]]), [bones]);
  const [sx, sz, sy] = [0, 1, 2].map((i) => column(sin3, i)) as [Tensor, Tensor, Tensor];
  const [cx, cz, cy] = [0, 1, 2].map((i) => column(cos3, i)) as [Tensor, Tensor, Tensor];
  const [none, one] = [zeros([bones]), ones([bones])];
  const rows = [
    [cz.mul(cy), cz.mul(sy).mul(sx).sub(sz.mul(cx)), cz.mul(sy).mul(cx).add(sz.mul(sx)), none],
    [sz.mul(cy), sz.mul(sy).mul(sx).add(cz.mul(cx)), sz.mul(sy).mul(cx).sub(cz.mul(sx)), none],
    [sy.neg(), cy.mul(sx), cy.mul(cx), none],
    [none, none, none, one],
  ];
  return reshape(stack(rows.flat(), 1), [bones, 4, 4]);
}

/** theta: rotation about an axis (3), translation (3), bends of the fingers (20). Differences [points, 3]. */
export function differences({ data: { correspondences, points, model } }: Pick<Input, "data">) {
  const bones = model.parents.length;
  const relatives = tensor(model.base_relatives);
  const inverses = tensor(model.inverse_base_absolutes);
  const weights = tensor(model.weights);
  const rest = tensor(model.base_positions);
  const seen = tensor(points);
  const triangles = tensor(model.triangles, { dtype: "int32" });
  const where = tensor(correspondences, { dtype: "int32" });

  const vertices = (theta: Tensor): Tensor => {
    const posed = matmul(relatives, boneRotations(boneAngles(theta, bones)));
    const absolute: Tensor[] = [];
    for (const [i, parent] of model.parents.entries())
      absolute.push(parent < 0 ? at(posed, i) : matmul(absolute[parent] as Tensor, at(posed, i)));
    const transforms = matmul(stack(absolute), inverses);
    // Σ_b w_vb T_b p_v as one product over the bones and the four coordinates.
    const count = rest.shape[0] as number;
    const weighted = reshape(mul(reshape(weights, [count, bones, 1]), reshape(rest, [count, 1, 4])), [
      count,
      4 * bones,
    ]);
    const upper = reshape(transpose(slice(transforms, [[], [0, 3]]), [0, 2, 1]), [4 * bones, 3]);
    const skinned = matmul(weighted, upper);
    const mirrored = model.is_mirrored ? skinned.mul([-1, 1, 1]) : skinned;
    const turn = axisRotation(slice(theta, [[0, 3]]));
    return matmul(mirrored, turn.transpose()).add(slice(theta, [[3, 6]]));
  };

  return {
    /** Each point is a vertex. */
    ofVertices: (theta: Tensor): Tensor => seen.sub(take(vertices(theta), where)),
    /** Each point lies in a triangle, at u of its first corner and v of its second. */
    inTriangles: (theta: Tensor, us: Tensor): Tensor => {
      const corners = take(vertices(theta), take(triangles, where));
      const [a, b, c] = [0, 1, 2].map((i) => reshape(slice(corners, [[], [i, i + 1]]), seen.shape)) as [
        Tensor,
        Tensor,
        Tensor,
      ];
      const [u, v] = [0, 1].map((i) => slice(us, [[], [i, i + 1]])) as [Tensor, Tensor];
      return seen.sub(
        a
          .mul(u)
          .add(b.mul(v))
          .add(c.mul(u.add(v).neg().add(1))),
      );
    },
  };
}

export const objective: Evaluation<Input, Tensor> = (input, options) => {
  const { ofVertices, inTriangles } = differences(input);
  const us = input.us.length > 0 ? tensor(input.us) : undefined;
  const f = compile((theta: Tensor) => (us === undefined ? ofVertices(theta) : inTriangles(theta, us)), options);
  const theta = tensor(input.theta);
  return { run: () => f(theta), output: (d) => d.flatten().toArray() };
};

/** A point depends on no other's place: a shift that all of them share has their derivatives, in two columns. */
export const jacobian: Evaluation<Input, Tensor> = (input, options) => {
  const { ofVertices, inTriangles } = differences(input);
  const us = input.us.length > 0 ? tensor(input.us) : undefined;
  const shifted = (variables: Tensor): Tensor =>
    inTriangles(slice(variables, [[2]]), (us as Tensor).add(slice(variables, [[0, 2]])));
  const f = compile(jacobianOf(us === undefined ? ofVertices : shifted), options);
  const from = tensor(us === undefined ? input.theta : [0, 0, ...input.theta]);
  return { run: () => f(from), output: (j) => j.reshape([-1, from.size]).toArray() };
};
