/** What searches among discrete states share: the cost, counted; the limits; the report. */
import { NablaError } from "../base/error.ts";
import { toTensor } from "../graph/convert.ts";
import type { TensorLike } from "../graph/tensor.ts";
import { type Status, show } from "./result.ts";

/** Where a search among discrete states is. */
export interface State<S> {
  readonly iteration: number;
  readonly x: S;
  readonly value: number;
  /** Of simulated annealing. */
  readonly temperature?: number;
}

/** What all searches among discrete states may be told. */
export interface DiscreteOptions<S> {
  /** Looks for the largest value, as hill climbing does in textbooks; default false: for the least. */
  readonly maximize?: boolean;
  /** Determines all random choices. Default 0. */
  readonly seed?: number;
  /** Ends the search at a value this good. */
  readonly target?: number;
  /** Default a million. */
  readonly maxEvaluations?: number;
  /** Records the states that the search went through. */
  readonly path?: boolean;
  /** Is told each state; true ends the search. */
  readonly callback?: (state: State<S>) => boolean | undefined;
}

/** The best state that was found, and what is known of it; prints as a sentence. */
export class BestState<S> {
  readonly x!: S;
  readonly value!: number;
  readonly iterations!: number;
  readonly evaluations!: number;
  /**
   * `converged`: a local optimum, all its neighbors are known; `iteration-limit`: a limit or the end of the schedule;
   * `stopped`: by the callback or the target; `undefined`: no value at the start.
   */
  readonly status!: Extract<Status, "converged" | "iteration-limit" | "stopped" | "undefined">;
  readonly message!: string;
  readonly path?: readonly State<S>[];

  constructor(fields: Omit<BestState<S>, "toString">) {
    Object.assign(this, fields);
  }

  toString(): string {
    return `${this.status} at the value ${show(this.value, 8)}: ${this.message} (${this.iterations} moves, ${this.evaluations} evaluations)`;
  }
}

/** Why a search ended before its end. */
type End = Pick<BestState<unknown>, "status" | "message">;

/** A search on its way: it counts evaluations, keeps the best state, and knows when to end. */
export class Search<S> {
  evaluations = 0;
  iteration = 0;
  best: { readonly x: S; readonly value: number; proved: boolean };
  end: End | undefined;
  readonly path: State<S>[] = [];
  private readonly what: string;
  private readonly f: (state: S) => TensorLike;
  private readonly options: DiscreteOptions<S>;
  private readonly sign: number;

  constructor(what: string, f: (state: S) => TensorLike, start: S, options: DiscreteOptions<S>) {
    if (typeof f !== "function")
      throw new NablaError("E-VALUE", `${what}: the cost is no function`, `${what}(cost, start, …)`);
    this.what = what;
    this.f = f;
    this.options = options;
    this.sign = options.maximize ? -1 : 1;
    this.limit("maxEvaluations", options.maxEvaluations ?? 1e6);
    const cost = this.cost(start);
    this.best = { x: start, value: this.value(cost), proved: false };
    if (Number.isNaN(cost)) this.end = { status: "undefined", message: "the cost of the start is NaN" };
  }

  /** The cost to be made small; NaN counts as worse than anything in comparisons. */
  cost(x: S): number {
    this.evaluations++;
    return this.sign * toTensor(`${this.what}: the cost`, this.f(x)).item();
  }

  /** The value of f that has this cost. */
  value(cost: number): number {
    return this.sign * cost || 0;
  }

  get bestCost(): number {
    return this.sign * this.best.value;
  }

  /** Takes note of a state that the search has moved to; true: the search is over. */
  visit(x: S, cost: number, temperature?: number): boolean {
    if (this.end !== undefined) return true;
    const { options } = this;
    if (cost < this.bestCost || Number.isNaN(this.bestCost)) this.best = { x, value: this.value(cost), proved: false };
    const state = {
      iteration: this.iteration,
      x,
      value: this.value(cost),
      ...(temperature === undefined ? {} : { temperature }),
    };
    if (options.path) this.path.push(state);
    if (options.callback?.(state) === true) this.end = { status: "stopped", message: "stopped by the callback" };
    else if (options.target !== undefined && this.bestCost <= this.sign * options.target)
      this.end = { status: "stopped", message: `the target ${show(options.target)} is reached` };
    return this.end !== undefined || this.exhausted();
  }

  /** Whether the evaluations are used up. */
  exhausted(): boolean {
    const most = this.options.maxEvaluations ?? 1e6;
    if (this.end === undefined && this.evaluations >= most)
      this.end = { status: "iteration-limit", message: `the limit of ${most} evaluations is reached` };
    return this.end !== undefined;
  }

  limit(name: string, value: number): number {
    if (!(value >= 1)) throw new NablaError("E-OPTION", `${this.what}: ${name} is ${value}`, "a number from 1");
    return value;
  }

  report(end: End): BestState<S> {
    const { status, message } = this.end ?? end;
    const { x, value, proved } = this.best;
    const optimum = proved && status !== "converged" ? `; the best state is a local ${this.goal}` : "";
    return new BestState({
      x,
      value,
      iterations: this.iteration,
      evaluations: this.evaluations,
      status,
      message: `${message}${optimum}`,
      ...(this.options.path ? { path: this.path } : {}),
    });
  }

  get goal(): "minimum" | "maximum" {
    return this.options.maximize ? "maximum" : "minimum";
  }
}
