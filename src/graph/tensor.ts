/**
 * The node of the computational graph, which is also the only array type.
 *
 * A node whose inputs are all constants is computed at once and forgets them (level 0). A node that
 * depends on a variable keeps its inputs; its level is that of the innermost variable it depends on.
 */
import { allocate, type Data, type DType, dtypeOf } from "../base/dtype.ts";
import { NablaError, userFrame } from "../base/error.ts";
import { type Shape, showShape, sizeOf, stridesOf } from "../base/shape.ts";
import { evaluate, evaluateAll } from "./evaluate.ts";
import type { TensorMethods } from "./methods.ts";
import type { Attributes, Operation, Type } from "./operation.ts";

/** Anything that an operation accepts where it accepts a tensor. */
export type TensorLike = Tensor | number | boolean | NestedArray | Data;
export type NestedArray = readonly (number | boolean | NestedArray)[];

let nextId = 0;
/** How many traces are open; variables of the innermost have this level. */
let depth = 0;
let sources = false;
/** Told of every value that is computed at once. */
let observer: ((operation: Operation, inputs: readonly Tensor[], results: readonly Tensor[]) => void) | undefined;

/** Values that live elsewhere until someone reads them: in a compiled program's arena, here and there among examples. */
export interface Resident {
  /** In an array of their own. */
  read(): Data;
  /** Into one that is there. */
  write(to: Data): void;
}

/** Nothing yet: ops/methods.ts, which comes after this folder, puts the methods on the prototype of Tensor. */
const WithMethods = class {} as new () => TensorMethods;

/**
 * A tensor: a node of the computational graph, and an array of numbers once its value is known. `tensor`, `zeros`, …
 * and the operations make them; all of its fields are read-only to users.
 *
 * @example
 * const x = tensor([[1, 2], [3, 4]]);
 * x.mul(2).sum({ axis: 0 }).toArray() // [8, 12]
 * x.shape // [2, 2]
 */
export class Tensor extends WithMethods {
  readonly id: number;
  readonly operation: Operation;
  readonly inputs: readonly Tensor[];
  readonly attributes: Attributes;
  readonly shape: Shape;
  readonly dtype: DType;
  readonly level: number;
  /** For an operation with several results: their types. Such a node is read through `pick`. */
  readonly results: readonly Type[] | undefined;
  /** The user's line that made the node, where it was asked for; a node made in its stead takes it over. */
  source: string | undefined;
  /** The value, once known. */
  cached: Data | undefined;
  /** The value, still elsewhere. */
  resident: Resident | undefined;

  constructor(
    operation: Operation,
    inputs: readonly Tensor[],
    attributes: Attributes,
    type: Type,
    level: number,
    cached?: Data,
    results?: readonly Type[],
  ) {
    super();
    this.id = nextId++;
    this.operation = operation;
    this.inputs = inputs;
    this.attributes = attributes;
    this.shape = type.shape;
    this.dtype = type.dtype;
    this.level = level;
    this.results = results;
    this.source = sources && level > 0 ? userFrame() : undefined;
    this.cached = cached;
    this.resident = undefined;
  }

  get rank(): number {
    return this.shape.length;
  }

  get size(): number {
    return sizeOf(this.shape);
  }

  /** The elements in row-major order. Not to be written to; the buffer behind them may be shared. */
  get data(): Data {
    return valueOf(this);
  }

  /** The only element, as a number (bool: 0 or 1). */
  item(): number {
    if (this.size !== 1) {
      throw new NablaError(
        "E-SHAPE",
        `item: a tensor of shape ${showShape(this.shape)} has ${this.size} elements, not one`,
        "toArray() for all of them",
      );
    }
    return valueOf(this)[0] as number;
  }

  /** Nested arrays of numbers (bool: booleans); a number for a scalar. */
  toArray(): unknown {
    const data = valueOf(this);
    const element = (i: number): unknown => (this.dtype === "bool" ? data[i] !== 0 : data[i]);
    const strides = stridesOf(this.shape);
    const build = (axis: number, offset: number): unknown =>
      axis === this.rank
        ? element(offset)
        : Array.from({ length: this.shape[axis] as number }, (_, i) =>
            build(axis + 1, offset + i * (strides[axis] as number)),
          );
    return build(0, 0);
  }

  override toString(): string {
    const type = `${this.dtype}${showShape(this.shape)}`;
    if (this.level > 0 && this.cached === undefined) return `Tensor(${this.operation.name}: ${type})`;
    const data = valueOf(this);
    const shown = Array.from(data.subarray(0, 8), (v) => (this.dtype === "bool" ? String(v !== 0) : formatNumber(v)));
    return `Tensor(${type}: ${shown.join(", ")}${data.length > 8 ? ", …" : ""})`;
  }

  /** What Node's console shows. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString();
  }

  toJSON(): unknown {
    return this.toArray();
  }

  /** JavaScript's own `-x`, `2 * x`, `x > 0` know no tensors: without this they would be NaN or false, silently. */
  [Symbol.toPrimitive](hint: "string" | "number" | "default"): string {
    if (hint !== "number") return this.toString();
    throw new NablaError(
      "E-VALUE",
      `a tensor ${this.dtype}${showShape(this.shape)} stands where JavaScript computes with numbers`,
      "neg(x), mul(x, y), less(x, y), …, or x.item() for the number itself; a number that is passed as an argument becomes a tensor, one that is closed over stays",
    );
  }
}

const formatNumber = (v: number): string => (Number.isInteger(v) ? String(v) : String(Number(v.toPrecision(6))));

const leafOperation = (name: string): Operation => ({
  name,
  kind: "leaf",
  infer: () => {
    throw new NablaError("E-INTERNAL", `${name} is not applied`);
  },
  evaluate: () => {
    throw new NablaError("E-INTERNAL", `${name} has no inputs`);
  },
});

const constantOperation = leafOperation("constant");
const variableOperation = leafOperation("variable");
/** One result of a node that has several. */
const pickOperation = leafOperation("pick");

export const isConstant = (t: Tensor): boolean => t.operation === constantOperation;
export const isVariable = (t: Tensor): boolean => t.operation === variableOperation;
export const isPick = (t: Tensor): boolean => t.operation === pickOperation;

const none: readonly Tensor[] = [];
const plain: Attributes = {};

export function constant(data: Data, shape: Shape, dtype: DType = dtypeOf(data)): Tensor {
  return new Tensor(constantOperation, none, plain, { shape, dtype }, 0, data);
}

/** A constant whose elements stay where they are until they are read. */
export function residentConstant(type: Type, resident: Resident): Tensor {
  const t = new Tensor(constantOperation, none, plain, type, 0);
  t.resident = resident;
  return t;
}

export const scalar = (value: number, dtype: DType = "float64"): Tensor => filled(value, [], dtype);

export function filled(value: number, shape: Shape, dtype: DType = "float64"): Tensor {
  const data = allocate(dtype, sizeOf(shape));
  if (data.length === 1) data[0] = value;
  else if (!Object.is(value, 0)) data.fill(value);
  return constant(data, shape, dtype);
}

const uniform = new WeakMap<Tensor, { readonly value: number | undefined }>();

/** The one value of all elements of a constant, where they are equal. */
export function uniformValue(t: Tensor): number | undefined {
  if (!isConstant(t) || t.size === 0) return undefined;
  const data = valueOf(t);
  const first = data[0] as number;
  if (data.length === 1) return first;
  let known = uniform.get(t);
  if (known === undefined) {
    known = { value: data.every((v) => Object.is(v, first)) ? first : undefined };
    uniform.set(t, known);
  }
  return known.value;
}

/** A leaf of the innermost open trace. With an alias it has that tensor's value; without, it has none. */
export function variable(type: Type, maker: string, alias?: Tensor): Tensor {
  return new Tensor(variableOperation, [], alias ? { maker, alias } : { maker }, type, depth);
}

export const currentDepth = (): number => depth;

/** Runs `f` one level deeper. */
export function deeper<R>(f: () => R): R {
  depth++;
  try {
    return f();
  } finally {
    depth--;
  }
}

/** Runs `f` while every new node notes the user's line that made it. */
export function withSources<R>(f: () => R, on = true): R {
  const before = sources;
  sources = on;
  try {
    return f();
  } finally {
    sources = before;
  }
}

/** Runs `f` while `observe` is told of every value that is computed at once, for f's trace has no node of it. */
export function observing<R>(f: () => R, observe: NonNullable<typeof observer>): R {
  const before = observer;
  observer = observe;
  try {
    return f();
  } finally {
    observer = before;
  }
}

function levelOf(operation: Operation, inputs: readonly Tensor[]): number {
  let level = 0;
  for (const input of inputs) if (input.level > level) level = input.level;
  if (level > depth) {
    throw new NablaError(
      "E-LEAKED",
      `${operation.name}: an argument was made inside a function that nabla has finished tracing`,
      "returning it from that function instead of storing it outside",
    );
  }
  return level;
}

/** The one way in which nodes come to be. */
export function apply(operation: Operation, inputs: readonly Tensor[], attributes: Attributes = plain): Tensor {
  const type = operation.infer(inputs, attributes) as Type;
  return make(operation, inputs, attributes, type);
}

/** `apply` where the type is already known. */
export function make(operation: Operation, inputs: readonly Tensor[], attributes: Attributes, type: Type): Tensor {
  const level = levelOf(operation, inputs);
  if (level > 0) return new Tensor(operation, inputs, attributes, type, level);
  const data = evaluate(operation, inputs.map(valueOf), inputs, attributes, type);
  const result = new Tensor(constantOperation, none, plain, type, 0, data);
  observer?.(operation, inputs, [result]);
  return result;
}

/** `apply` for an operation with several results. */
export function applyAll(
  operation: Operation,
  inputs: readonly Tensor[],
  attributes: Attributes = plain,
): readonly Tensor[] {
  const results = operation.infer(inputs, attributes) as readonly Type[];
  const level = levelOf(operation, inputs);
  if (level === 0 && operation.evaluateAll !== undefined) {
    const values = evaluateAll(operation, inputs.map(valueOf), inputs, attributes, results);
    const made = values.map((data, i) => constant(data, (results[i] as Type).shape, (results[i] as Type).dtype));
    observer?.(operation, inputs, made);
    return made;
  }
  const node = new Tensor(operation, inputs, attributes, { shape: [], dtype: "float64" }, level, undefined, results);
  return results.map((type, index) => new Tensor(pickOperation, [node], { index }, type, level));
}

/** The value of a node: computed from its inputs on demand, without recursion, and kept. */
export function valueOf(t: Tensor): Data {
  if (t.cached !== undefined) return t.cached;
  if (t.resident !== undefined) {
    t.cached = t.resident.read();
    t.resident = undefined;
    return t.cached;
  }
  const several = new Map<Tensor, readonly Data[]>();
  const stack: Tensor[] = [t];
  for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
    if (node.cached !== undefined || several.has(node)) {
      stack.pop();
      continue;
    }
    if (node.resident !== undefined) {
      valueOf(node);
      continue;
    }
    const needs = isVariable(node) ? [aliasOf(node)] : node.inputs;
    const missing = needs.filter((input) => input.cached === undefined && !several.has(input));
    if (missing.length > 0) {
      stack.push(...missing);
      continue;
    }
    stack.pop();
    if (isVariable(node)) node.cached = (needs[0] as Tensor).cached;
    else if (isPick(node)) {
      node.cached = several.get(node.inputs[0] as Tensor)?.[node.attributes.index as number];
    } else {
      const values = node.inputs.map((input) => input.cached as Data);
      if (node.results === undefined) {
        node.cached = evaluate(node.operation, values, node.inputs, node.attributes, node);
      } else {
        several.set(node, evaluateAll(node.operation, values, node.inputs, node.attributes, node.results));
      }
    }
  }
  return t.cached as unknown as Data;
}

function aliasOf(leaf: Tensor): Tensor {
  const alias = leaf.attributes.alias as Tensor | undefined;
  if (alias !== undefined) return alias;
  throw new NablaError(
    "E-NO-VALUE",
    `${leaf.attributes.maker}: a value was read inside the traced function, but its arguments have no single value while ${leaf.attributes.maker} traces it`,
    "cond, whileLoop or where instead of an ordinary if or while on values",
  );
}

/** Whether reading the value would succeed. */
export function hasValue(t: Tensor): boolean {
  const seen = new Set<Tensor>();
  const stack = [t];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (seen.has(node) || node.cached !== undefined || node.resident !== undefined) continue;
    seen.add(node);
    if (isVariable(node)) {
      const alias = node.attributes.alias as Tensor | undefined;
      if (alias === undefined) return false;
      stack.push(alias);
    } else stack.push(...node.inputs);
  }
  return true;
}
