/** What the system may know about an operation: every stage reads this record, none asks for a name. */
import type { Data, DType } from "../base/dtype.ts";
import type { Bounds } from "../base/interval.ts";
import type { Shape } from "../base/shape.ts";
import type { Graph } from "./graph.ts";
import type { Tensor } from "./tensor.ts";

export interface Type {
  readonly shape: Shape;
  readonly dtype: DType;
}

export type Attributes = Readonly<Record<string, unknown>>;

/**
 * - `leaf`: a constant or a variable;
 * - `elementwise`: one output element from one element of each input, broadcasting;
 * - `movement`: each output element is a copy of one input element, or a fixed number;
 * - `routine`: anything else with one result;
 * - `control`: holds graphs of its own, several results.
 */
export type Kind = "leaf" | "elementwise" | "movement" | "routine" | "control";

/** ∂output/∂input as a tensor, or a number where it is the same everywhere. */
export type PartialRule = (output: Tensor, ...inputs: readonly Tensor[]) => Tensor | number;

/** A set of points at which a derivative does not exist. */
export interface UndefinedRule {
  /** True where the derivative does not exist. */
  at(...inputs: readonly Tensor[]): Tensor;
  /** The same where it takes more than the inputs: the axes, or which elements of the output have influence (> 0). */
  within?(inputs: readonly Tensor[], output: Tensor, attributes: Attributes, influence: Tensor): Tensor;
  /** The input by which there is no derivative, if there is one by the others: the rule holds where it varies. */
  readonly by?: number;
  readonly why: string;
  /** What the gradient uses there instead. */
  readonly convention: string;
  /** Derivative from the left and from the right with respect to the first input, where they exist. */
  sides?(...inputs: readonly number[]): readonly [number | undefined, number | undefined];
}

/**
 * Bounds of the result from bounds of the inputs: they hold the exact value and what float64 makes of it. Inputs that
 * are one and the same value have one and the same bounds.
 */
export type IntervalRule = (
  inputs: readonly Bounds[],
  types: readonly Type[],
  attributes: Attributes,
  result: Type,
) => Bounds;

/** For each element the set of independent variables that it depends on, as a number in a pool of sets; 0: of none. */
export type Supports = Int32Array;

/** Of the inputs or the results of an operation; undefined: they depend on nothing. */
export type SupportList = readonly (Supports | undefined)[];

/** The elements of a value that is known before the program runs; what does not need them does not compute them. */
export type Known = () => Data | undefined;

/** What a rule of supports may use. */
export interface SupportContext {
  /** The union of two sets of the pool. */
  union(a: number, b: number): number;
  readonly types: readonly Type[];
  readonly known: readonly Known[];
  readonly result: Type;
  /** The same for the outputs of a graph. */
  follow(
    graph: Graph,
    inputs: SupportList,
    known: readonly Known[],
  ): { readonly outputs: SupportList; readonly known: readonly Known[] };
}

/** One value of a fused loop while code is generated: a vector of lanes, opaque to operations. */
export interface Lane {
  readonly dtype: DType;
}

/** The arithmetic in which an elementwise operation states its code, the same for every code generator. */
export interface Lanes {
  constant(value: number, dtype: DType): Lane;
  /** The same value, computed once however often it is used: other results are code that is written again. */
  hold(a: Lane): Lane;
  add(a: Lane, b: Lane): Lane;
  sub(a: Lane, b: Lane): Lane;
  mul(a: Lane, b: Lane): Lane;
  div(a: Lane, b: Lane): Lane;
  /** NaN if either is NaN (floats). */
  min(a: Lane, b: Lane): Lane;
  max(a: Lane, b: Lane): Lane;
  neg(a: Lane): Lane;
  abs(a: Lane): Lane;
  sqrt(a: Lane): Lane;
  floor(a: Lane): Lane;
  ceil(a: Lane): Lane;
  trunc(a: Lane): Lane;
  /** Half to even. */
  nearest(a: Lane): Lane;
  and(a: Lane, b: Lane): Lane;
  or(a: Lane, b: Lane): Lane;
  xor(a: Lane, b: Lane): Lane;
  not(a: Lane): Lane;
  shiftLeft(a: Lane, b: Lane): Lane;
  shiftRight(a: Lane, b: Lane): Lane;
  equal(a: Lane, b: Lane): Lane;
  notEqual(a: Lane, b: Lane): Lane;
  less(a: Lane, b: Lane): Lane;
  lessEqual(a: Lane, b: Lane): Lane;
  select(condition: Lane, a: Lane, b: Lane): Lane;
  cast(a: Lane, dtype: DType): Lane;
  /** A function of the vector library by its name: `call("exp", x)`. */
  call(name: string, ...args: readonly Lane[]): Lane;
}

/** How a movement reads its input: output element (i₀, …) is input element offset + Σ iₖ·strideₖ. */
export interface View {
  readonly offset: number;
  readonly strides: readonly number[];
}

export interface Operation {
  readonly name: string;
  readonly kind: Kind;
  /** Type of the result (of each result, for `control`); throws a NablaError on wrong inputs. */
  infer(inputs: readonly Type[], attributes: Attributes): Type | readonly Type[];
  /** The reference meaning. */
  evaluate(values: readonly Data[], inputs: readonly Type[], attributes: Attributes, result: Type): Data;
  evaluateAll?(values: readonly Data[], inputs: readonly Type[], attributes: Attributes): readonly Data[];

  // — the derivative, stated once, in one of three forms; none of them: the derivative is zero —
  /** Elementwise: one rule an input. */
  readonly partials?: readonly (PartialRule | undefined)[];
  /**
   * Linear in each of these inputs (`separately`: a product) or in all of them together (`jointly`: a sum):
   * then `transpose` gives the cotangent of one of them.
   */
  readonly linear?: { readonly how: "separately" | "jointly"; readonly inputs?: readonly number[] };
  transpose?(
    cotangent: Tensor,
    index: number,
    inputs: readonly Tensor[],
    attributes: Attributes,
    output: Tensor,
  ): Tensor | undefined;
  /** A linear operation that picks a block of its input: where it begins. Its transpose lays the cotangent there. */
  block?(attributes: Attributes): readonly number[] | undefined;
  /** Tangent of the result from tangents of the inputs (undefined: zero), in terms of other operations. */
  jvp?(
    tangents: readonly (Tensor | undefined)[],
    inputs: readonly Tensor[],
    output: Tensor,
    attributes: Attributes,
  ): Tensor | undefined;

  // — the same for several results —
  jvpAll?(
    tangents: readonly (Tensor | undefined)[],
    inputs: readonly Tensor[],
    outputs: readonly Tensor[],
    attributes: Attributes,
  ): readonly (Tensor | undefined)[];
  /** Cotangents of the inputs marked linear, from those of the results. */
  transposeAll?(
    cotangents: readonly (Tensor | undefined)[],
    linear: readonly boolean[],
    inputs: readonly Tensor[],
    attributes: Attributes,
  ): readonly (Tensor | undefined)[];

  /** Batched inputs have the batch as axis 0, and so has the result. Elementwise operations need no rule. */
  batch?(inputs: readonly Tensor[], batched: readonly boolean[], size: number, attributes: Attributes): Tensor;
  batchAll?(
    inputs: readonly Tensor[],
    batched: readonly boolean[],
    size: number,
    attributes: Attributes,
  ): { readonly outputs: readonly Tensor[]; readonly batched: readonly boolean[] };

  // — what the result of a linear operation depends on (derivative/sparse/) —
  /**
   * Supports of the result from those of the inputs (undefined: of none). Elementwise operations and movements need no
   * rule; others without one are taken to depend on everything that their inputs depend on.
   */
  supports?(inputs: SupportList, context: SupportContext, attributes: Attributes): Supports | undefined;
  supportsAll?(inputs: SupportList, context: SupportContext, attributes: Attributes): SupportList;

  readonly undefinedAt?: readonly UndefinedRule[];

  // — what certificates are made of (analyze/) —
  readonly interval?: IntervalRule;
  /** Convex in all inputs together, or concave, and increasing in each: where the second derivative cannot show it. */
  readonly curvature?: "convex" | "concave";

  // — code generation —
  /** Elementwise. */
  lower?(lanes: Lanes, inputs: readonly Lane[], attributes: Attributes, result: Type): Lane;
  /** Movement without copying, if the input's strides allow it. */
  view?(input: Type, view: View, attributes: Attributes, result: Type): View | undefined;
  /** Reductions, products and routines: the name and parameters of a kernel of the backend. */
  kernel?(inputs: readonly Type[], attributes: Attributes, result: Type): KernelRequest;
  /**
   * About how many nanoseconds the reference takes, where that is much more than the kernel would: much work on
   * constants is then done by the kernel too.
   */
  work?(inputs: readonly Type[], attributes: Attributes, result: Type): number;

  /** What the laws feed it. */
  readonly laws?: Laws;
}

/** What a backend is asked to make for an operation that is no loop of lanes. */
export interface KernelRequest {
  readonly name: string;
  readonly parameters: Readonly<Record<string, number | string | boolean | readonly number[]>>;
  /**
   * The kernel reads its inputs through strides, which it gets as the parameter `strides`: any, or `rows`, any of which the
   * last is 1.
   */
  readonly strided?: boolean | "rows";
  /** The result may be written over this input. */
  readonly inPlace?: number;
}

export interface LawCase {
  /** Builds the result from float inputs of these shapes. */
  readonly shapes: readonly Shape[];
  apply(...inputs: readonly Tensor[]): Tensor;
  /** Interval of the random elements of each input; default [-2, 2]. */
  readonly ranges?: readonly (readonly [number, number])[];
  readonly label?: string;
  /** Whether jvp and vjp are compared with finite differences (default: yes). */
  readonly differentiable?: boolean;
  /** Tolerance factor of the finite-difference comparison, with its reason. */
  readonly loose?: readonly [number, string];
}

export interface Laws {
  readonly cases: readonly LawCase[];
  /** Edge inputs, one list of scalars an input tuple, on which backends must agree. */
  readonly edges?: readonly (readonly number[])[];
  /** The dtype of the inputs, where they are no floats. */
  readonly dtype?: DType;
  /** Dtypes beside the floats on which the cases also run. */
  readonly integer?: boolean;
}
