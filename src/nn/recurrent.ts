/** What recurrent layers have in common: one step, repeated over time by a scan. */
import { NablaError } from "../base/error.ts";
import { checkOptions } from "../base/options.ts";
import { showShape } from "../base/shape.ts";
import { filled, type Tensor, type TensorLike } from "../graph/tensor.ts";
import { mapTree } from "../graph/trees.ts";
import { where } from "../ops/arithmetic.ts";
import { matmul } from "../ops/contract.ts";
import { zeros } from "../ops/create.ts";
import { concatenate, expandDims, moveAxis, split } from "../ops/movement.ts";
import { random } from "../ops/random.ts";
import { scan } from "../transform/control/scan.ts";
import { glorotUniform, type Initializer, orthogonal } from "./initializers.ts";
import { checkCount, inference, type Layer, type Nothing, sizeAlong } from "./layer.ts";
import { cleared, withinLengths } from "./lengths.ts";

/** What a recurrent layer reads, gives and begins with. */
export interface RecurrentOptions {
  /** "all": [batch, time, units], the default; "last": [batch, units], those after a sequence's last step. */
  readonly outputs?: "all" | "last";
  /** From the last time to the first; all outputs stand at the time that they belong to. */
  readonly reverse?: boolean;
  /** Of the weights of x, default `glorotUniform`. */
  readonly initializer?: Initializer;
  /** Of the weights of the state, gate by gate; default `orthogonal()`. */
  readonly recurrentInitializer?: Initializer;
}

/** Weights [features, gates · units] and [units, gates · units], bias [gates · units]; gates lie side by side. */
export type RecurrentParameters = { readonly input: Tensor; readonly recurrent: Tensor; readonly bias: Tensor };

/**
 * A layer over time: [batch, time, features] → [batch, time, units], or [batch, units] for the last alone. It reads the
 * mode's lengths.
 */
export interface Recurrent<P, C> extends Layer<P, Nothing> {
  /**
   * All outputs, and the state after the last step, from a state that is zeros by default. With lengths, [batch], the
   * state of a sequence stays as it is beyond its end, where outputs are 0.
   */
  run(parameters: P, x: Tensor, initial?: C, lengths?: TensorLike): { readonly outputs: Tensor; readonly final: C };
}

interface Cell<P, C> {
  readonly name: string;
  readonly units: number;
  readonly gates: number;
  /** The parameters, given those that all cells have. */
  complete(common: RecurrentParameters, units: number, dtype: "float32" | "float64"): P;
  initial(zero: Tensor): C;
  /** The next state, from what x contributes to the gates: [batch, gates · units]. */
  step(parameters: P, fromX: Tensor, carry: C): C;
  /** What of the state is given out. */
  output(carry: C): Tensor;
}

/** The gates' parts of a row. */
export const gatesOf = (t: Tensor, count: number): Tensor[] => split(t, count, -1);

export function recurrent<P extends RecurrentParameters, C extends Tensor | Readonly<Record<string, Tensor>>>(
  cell: Cell<P, C>,
  options: RecurrentOptions,
): Recurrent<P, C> {
  const { name, units, gates } = cell;
  checkOptions(name, options, `${name}(4, { outputs: "last" })`);
  const { outputs = "all", reverse = false } = options;
  const { initializer = glorotUniform, recurrentInitializer = orthogonal() } = options;
  checkCount(name, "units", units);
  if (outputs !== "all" && outputs !== "last")
    throw new NablaError("E-OPTION", `${name}: outputs is "${outputs}"`, '"all" or "last"');
  /** The state after the last step, and, where they are wanted, what `output` makes of the states. */
  const over = <Y extends Tensor | null>(
    parameters: P,
    x: Tensor,
    output: (carry: C) => Y,
    { initial, lengths }: { readonly initial?: C | undefined; readonly lengths?: TensorLike | undefined },
  ): readonly [C, Y] => {
    if (x.rank !== 3)
      throw new NablaError("E-SHAPE", `${name}: x is ${showShape(x.shape)}`, "x of shape [batch, time, features]");
    const within = lengths === undefined ? undefined : withinLengths(name, lengths, x.shape);
    // What x contributes is one product for all times.
    const known = within === undefined ? x : cleared(x, within);
    const fromX = moveAxis(matmul(known, parameters.input).add(parameters.bias), 1, 0);
    const start = initial ?? cell.initial(filled(0, [x.shape[0] as number, units], fromX.dtype));
    const on = within === undefined ? [] : [expandDims(moveAxis(within, 1, 0), -1)];
    return scan<C, readonly [Tensor, Tensor?], Y>(
      (carry, [now, goesOn]) => {
        const next = cell.step(parameters, now, carry);
        const state = goesOn === undefined ? next : mapTree((n, c) => where(goesOn, n, c), next, carry);
        return [state, output(state)];
      },
      start as unknown,
      [fromX, ...on],
      { reverse },
    );
  };
  const run: Recurrent<P, C>["run"] = (parameters, x, initial, lengths) => {
    const [final, all] = over(parameters, x, cell.output, { initial, lengths });
    const outputs = moveAxis(all, 0, 1);
    if (lengths === undefined) return { outputs, final };
    return { outputs: cleared(outputs, withinLengths(name, lengths, x.shape)), final };
  };
  return {
    name: `${name}(${units})`,
    init(key, input, dtype = "float32") {
      const features = sizeAlong(name, input, 1, "examples [time, features]");
      const [first, ...others] = random.split(key, gates + 1) as [Tensor, ...Tensor[]];
      const common = {
        input: initializer(first, [features, gates * units], dtype),
        recurrent: concatenate(
          others.map((k) => recurrentInitializer(k, [units, units], dtype)),
          1,
        ),
        bias: zeros([gates * units], { dtype }),
      };
      return { parameters: cell.complete(common, units, dtype), state: {} };
    },
    apply({ parameters }, x, { lengths } = inference) {
      if (outputs === "all") return [run(parameters, x, undefined, lengths).outputs, {}];
      const [final] = over(parameters, x, () => null, { lengths });
      return [cell.output(final), {}];
    },
    run,
  };
}
