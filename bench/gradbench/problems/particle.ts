/**
 * A charged particle among two fixed charges, one of which w moves: the w whose path meets the origin. The field is a
 * derivative within the function that is minimised by derivatives (Siskind and Pearlmutter 2008).
 */
import { at, compile, greater, reshape, rsqrt, square, stack, sub, sum, type Tensor, tensor, whileLoop } from "nabla";
import { argminOf } from "../descent.ts";
import { forward, type Mode, reverse } from "../modes.ts";
import type { Evaluation } from "../protocol.ts";

interface Input {
  readonly w: number;
}

const dt = 0.1;

/** x² where the path, by Euler's method, meets the axis y = 0; w has one element. */
export const miss =
  (mode: Mode) =>
  (w: Tensor): Tensor => {
    const moved = stack([10, sub(10, at(w, 0))]);
    const potential = (p: Tensor): Tensor => rsqrt(sum(square(p.sub(moved)))).add(rsqrt(sum(square(p.sub([10, 0])))));
    const field = mode(potential);
    const force = (p: Tensor): Tensor => field(p)[1].neg();
    // The last velocity is the one that crossed the axis.
    const { position, velocity } = whileLoop(
      ({ position }) => greater(at(position, 1), 0),
      ({ position, ahead }) => ({
        position: position.add(ahead.mul(dt)),
        velocity: ahead,
        ahead: ahead.add(force(position).mul(dt)),
      }),
      { position: tensor([0, 8]), velocity: tensor([0.75, 0]), ahead: tensor([0.75, 0]) },
    );
    const rest = at(position, 1).neg().div(at(velocity, 1));
    return square(at(position, 0).add(rest.mul(at(velocity, 0))));
  };

const evaluation =
  (outer: Mode, inner: Mode): Evaluation<Input, Tensor> =>
  (input, options) => {
    const f = compile((w: Tensor) => argminOf(outer(miss(inner)), reshape(w, [1])), options);
    const w = tensor(input.w);
    return { run: () => f(w), output: (w) => at(w, 0).item() };
  };

export const ff = evaluation(forward, forward);
export const fr = evaluation(forward, reverse);
export const rf = evaluation(reverse, forward);
export const rr = evaluation(reverse, reverse);
