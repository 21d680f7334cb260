/** What gradient and curvature are like along the way, measured on a step's own batch. */

import { gradTree } from "../derivative/grad.ts";
import { hvp } from "../derivative/products.ts";
import type { Tensor } from "../graph/tensor.ts";
import { flattenArguments, mapTree, type Tree } from "../graph/trees.ts";
import { cast, square } from "../ops/arithmetic.ts";
import { reshape, slice } from "../ops/movement.ts";
import { random } from "../ops/random.ts";
import { mean, sum } from "../ops/reduce.ts";
import { ritzPairs } from "../optimize/ritz.ts";
import type { Vector } from "../optimize/vector.ts";
import { vmap } from "../transform/vmap.ts";
import type { Cost, Weighted } from "./cost.ts";
import { batchCost, compileTrees, modeOf, type StepInputs, type TrainingState } from "./step.ts";

/** What to measure, and how often. */
export interface DiagnosticsOptions {
  /** Steps between measurements. */
  readonly every: number;
  /** Default true: the gradient noise scale. */
  readonly noiseScale?: boolean;
  /** Default true: the largest eigenvalue of the Hessian of the batch's cost. */
  readonly curvature?: boolean;
}

/** What a measurement gave. */
export interface Diagnosis {
  /** An unbiased estimate of |G|², the square of the true gradient's length. */
  readonly gradientSquared?: number;
  /** An unbiased estimate of tr Σ, the variance of one example's gradient. */
  readonly noise?: number;
  /** The largest eigenvalue of the batch's Hessian, by Lanczos's process on at most 24 products. */
  readonly curvature?: number;
}

const squaredNorm = (tree: Tree): Tensor =>
  flattenArguments("train", tree).tensors.reduce<Tensor>(
    (total, t) => cast(sum(square(t)), "float64").add(total),
    cast(0, "float64"),
  );

/** The parts of a batch: leaves [parts·size, …] as [parts, size, …]; what is over is left out. */
const inParts = (batch: Weighted, parts: number, size: number): Weighted =>
  mapTree((t) => reshape(slice(t, [[0, parts * size]]), [parts, size, ...t.shape.slice(1)]), batch);

/** ‖gradient‖² of a whole batch and, on average, of its parts. */
const norms =
  (cost: Cost<Weighted>, parts: number, size: number) =>
  (
    { variables: { parameters, state }, step }: TrainingState,
    batch: Weighted,
    inputs: StepInputs,
  ): [Tensor, Tensor] => {
    const mode = modeOf(inputs, step);
    const lengthOf = (b: Weighted): Tensor =>
      squaredNorm(gradTree("train", batchCost(cost, state, b, mode), [parameters], [0], true).gradients[0] as Tree);
    const split = inParts(batch, parts, size);
    const whole = mapTree((t) => reshape(t, [parts * size, ...t.shape.slice(2)]), split);
    const each = vmap(lengthOf as unknown as (b: Tensor) => Tensor) as unknown as (b: Weighted) => Tensor;
    return [lengthOf(whole), mean(each(split))];
  };

type Measurement = (state: TrainingState, batch: Weighted, examples: number, inputs: StepInputs) => Diagnosis;

/**
 * The noise of gradients from two batch sizes B and b = B/8: with E|G_B|² = |G|² + tr Σ / B,
 * |G|² = (B|G_B|² − b|G_b|²) / (B − b) and tr Σ = (|G_b|² − |G_B|²) / (1/b − 1/B)
 * (McCandlish et al. 2018, "An empirical model of large-batch training", appendix A.1). Their ratio of averages is the
 * noise scale, the batch size up to which larger batches save steps.
 */
function noiseOf(cost: Cost<Weighted>, threads: number | undefined): Measurement {
  const programs = new Map<number, ReturnType<typeof norms>>();
  return (state, batch, examples, inputs) => {
    if (examples < 2) return {};
    const size = Math.max(1, Math.floor(examples / 8));
    const parts = Math.floor(examples / size);
    const program =
      programs.get(examples) ?? compileTrees(norms(cost, parts, size), threads === undefined ? {} : { threads });
    programs.set(examples, program);
    const [large, small] = program(state, batch, inputs).map((t) => t.item()) as [number, number];
    const whole = parts * size;
    return {
      gradientSquared: (whole * large - size * small) / (whole - size),
      noise: (small - large) / (1 / size - 1 / whole),
    };
  };
}

/** The largest eigenvalue of the batch's Hessian, from products with it. */
function curvatureOf(cost: Cost<Weighted>, threads: number | undefined): Measurement {
  const product = compileTrees(
    ({ variables: { parameters, state }, step }: TrainingState, v: Tree, batch: Weighted, inputs: StepInputs): Tree => {
      const f = batchCost(cost, state, batch, modeOf(inputs, step));
      return (hvp as (f: (p: Tree) => Tensor) => (p: Tree, v: Tree) => Tree)((p) => f(p)[0])(parameters, v);
    },
    threads === undefined ? {} : { threads },
  );
  return (state, batch, _, inputs) => {
    const flat = flattenArguments("train", state.variables.parameters);
    const sizes = flat.tensors.map(({ size }) => size);
    const n = sizes.reduce((a, b) => a + b, 0);
    const treeOf = (v: Vector): Tree => {
      let at = 0;
      return flat.rebuild(
        flat.tensors.map((t) => {
          at += t.size;
          return cast(reshape(v.subarray(at - t.size, at), t.shape), t.dtype);
        }),
      ) as Tree;
    };
    const vectorOf = (tree: Tree): Vector => {
      const v = new Float64Array(n);
      let at = 0;
      for (const t of flattenArguments("train", tree).tensors) {
        v.set(t.data, at);
        at += t.size;
      }
      return v;
    };
    const multiply = (v: Vector): Vector => vectorOf(product(state, treeOf(v), batch, inputs));
    const start = random.normal(random.foldIn(inputs.key, 2 ** 32 - 1), [n]).data as Vector;
    const pairs = ritzPairs(
      multiply,
      start,
      24,
      (found) => {
        const last = found.at(-1);
        return last !== undefined && last.residual <= 0.01 * Math.abs(last.value);
      },
      6,
    );
    const largest = pairs.at(-1)?.value;
    return largest === undefined ? {} : { curvature: largest };
  };
}

/** The measurements that are asked for, made together. */
export function diagnosing(
  cost: Cost<Weighted>,
  { noiseScale = true, curvature = true }: DiagnosticsOptions,
  threads: number | undefined,
): Measurement {
  const all = [...(noiseScale ? [noiseOf(cost, threads)] : []), ...(curvature ? [curvatureOf(cost, threads)] : [])];
  return (...args) => Object.assign({}, ...all.map((measure) => measure(...args))) as Diagnosis;
}
