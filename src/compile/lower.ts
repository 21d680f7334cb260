/** A graph becomes steps over buffers: loops of fused nodes, routines, and the control flow around them. */

import {
  type Buffer,
  type CopyStep,
  type Read,
  type ReduceHow,
  type RepeatStep,
  readsThrough,
  type Step,
} from "../backend/target.ts";
import { NablaError } from "../base/error.ts";
import { cut } from "../base/lists.ts";
import { broadcastStrides, type Shape, sameShape, sizeOf, stridesOf } from "../base/shape.ts";
import type { Graph } from "../graph/graph.ts";
import type { KernelRequest, Type, View } from "../graph/operation.ts";
import { isConstant, isPick, type Tensor, uniformValue } from "../graph/tensor.ts";
import { OpenLoop } from "./fuse.ts";

/** Where a tensor's elements are: in a buffer, seen through strides, since step `at` of its block; or in an open loop. */
type Place =
  | { readonly kind: "array"; readonly buffer: Buffer; readonly view: View; readonly at: number }
  | { readonly kind: "value"; readonly loop: OpenLoop; readonly value: number; readonly at: number };

type OpenStep = Step | OpenLoop;

/** Steps of one graph: the program itself, or the body of a loop or branch. */
interface Block {
  readonly steps: OpenStep[];
  readonly places: Map<Tensor, Place>;
  readonly several: Map<Tensor, readonly Place[]>;
}

/** A program before its memory is planned. */
export interface Steps {
  readonly inputs: readonly Buffer[];
  readonly outputs: readonly Buffer[];
  readonly steps: readonly Step[];
  readonly buffers: readonly Buffer[];
  /** How many operations run again, so that their results need not be kept. */
  readonly recomputed?: number;
}

export interface Lowered extends Steps {
  /** Buffers whose place is settled: inputs, results, carries. */
  readonly fixed: ReadonlySet<Buffer>;
}

const contiguous = (shape: Shape): View => ({ offset: 0, strides: stridesOf(shape) });
const isContiguous = (view: View, shape: Shape): boolean =>
  (view.offset === 0 && stridesOf(shape).every((s, i) => s === view.strides[i] || shape[i] === 1)) ||
  sizeOf(shape) === 0;
const typeOf = ({ shape, dtype }: Type): Type => ({ shape, dtype });
/** Values known from before the block's first step. */
const before = -1;

/** The first `state` outputs end where the first `state` inputs begin: the program's state stays in place. */
export function lower(graph: Graph, state = 0): Lowered {
  return new Lowering().program(graph, state);
}

class Lowering {
  readonly #buffers: Buffer[] = [];
  readonly #constants = new Map<Tensor, Buffer>();
  readonly #fixed = new Set<Buffer>();
  #loops = 0;

  #buffer(type: Type, more: Omit<Partial<Buffer>, "id" | "type"> = {}): Buffer {
    const buffer: Buffer = { id: this.#buffers.length, type: typeOf(type), ...more };
    this.#buffers.push(buffer);
    return buffer;
  }

  program(graph: Graph, state: number): Lowered {
    const inputs = graph.inputs.map((leaf) => this.#buffer(leaf));
    const block = this.#block(
      graph,
      inputs.map((buffer, i) => whole(buffer, graph.inputs[i] as Tensor)),
    );
    // Every output has a buffer of its own, which no input and no other output shares.
    const taken = new Set<Buffer>([...inputs, ...this.#constants.values()]);
    const results = graph.outputs.slice(state).map((output) => {
      const source = this.#contiguous(block, output);
      if (!taken.has(source) && source.constant === undefined) {
        taken.add(source);
        return source;
      }
      const copy = this.#buffer(output);
      block.steps.push({ kind: "copy", from: source, to: copy });
      return copy;
    });
    const carried = inputs.slice(0, state);
    this.#advance(block, graph.outputs.slice(0, state), carried);
    const outputs = [...carried, ...results];
    for (const buffer of [...inputs, ...results]) this.#fixed.add(buffer);
    return { inputs, outputs, steps: closeSteps(block.steps), buffers: this.#buffers, fixed: this.#fixed };
  }

  #block(graph: Graph, args: readonly Place[]): Block {
    const block: Block = { steps: [], places: new Map(), several: new Map() };
    this.#into(block, graph, args);
    return block;
  }

  #into(block: Block, graph: Graph, args: readonly Place[]): void {
    graph.inputs.forEach((leaf, i) => {
      block.places.set(leaf, args[i] as Place);
    });
    for (const node of graph.nodes) this.#node(block, node);
  }

  #node(block: Block, node: Tensor): void {
    if (isPick(node)) {
      const places = block.several.get(node.inputs[0] as Tensor) as readonly Place[];
      block.places.set(node, places[node.attributes.index as number] as Place);
      return;
    }
    if (node.results !== undefined) {
      block.several.set(node, this.#severalResults(block, node, node.results));
      return;
    }
    block.places.set(node, this.#place(block, node));
  }

  #place(block: Block, node: Tensor): Place {
    const { operation, attributes } = node;
    if (operation.kind === "elementwise") return this.#elementwise(block, node);
    if (operation.view !== undefined) {
      const source = node.inputs[0] as Tensor;
      const { buffer, view, at } = this.#array(block, source);
      const seen = operation.view(source, view, attributes, node);
      if (seen !== undefined) return { kind: "array", buffer, view: seen, at };
      const copy = this.#contiguous(block, source);
      const again = operation.view(source, contiguous(source.shape), attributes, node) as View;
      return { kind: "array", buffer: copy, view: again, at: block.steps.length - 1 };
    }
    const request = this.#request(node, [node]);
    if (request.name === "reduce") return this.#reduce(block, node, request);
    const [place] = this.#routine(block, node, request, [node]) as [Place];
    return place;
  }

  #request(node: Tensor, results: readonly Type[]): KernelRequest {
    const request = node.operation.kernel?.(node.inputs, node.attributes, results[0] as Type);
    if (request === undefined)
      throw new NablaError("E-INTERNAL", `${node.operation.name} has no code for compiled programs`);
    return request;
  }

  // — elementwise nodes and reductions —

  #elementwise(block: Block, node: Tensor): Place {
    // A constant whose elements are all one number needs no memory in a loop.
    const places = node.inputs.map((input) =>
      uniformValue(input) === undefined ? this.#placeOf(block, input) : undefined,
    );
    const at = Math.max(before, ...places.map((p) => p?.at ?? before));
    const latest = block.steps[at];
    const joins =
      latest instanceof OpenLoop &&
      !latest.isFull &&
      sameShape(latest.shape, node.shape) &&
      places.every((p) => p === undefined || p.at < at || (p.kind === "value" && p.loop === latest));
    const loop = joins ? latest : new OpenLoop(node.shape);
    const args = node.inputs.map((input, i) => this.#value(block, loop, input, places[i]));
    if (!joins) block.steps.push(loop);
    return { kind: "value", loop, value: loop.compute(node, args), at: joins ? at : block.steps.length - 1 };
  }

  /** A tensor as a value of the loop: its own, a constant, or a read that broadcasts to the loop's shape. */
  #value(block: Block, loop: OpenLoop, t: Tensor, place: Place | undefined): number {
    const number = uniformValue(t);
    if (number !== undefined) return loop.constant(number, t.dtype);
    if (place?.kind === "value" && place.loop === loop) return place.value;
    const { buffer, view } = this.#array(block, t);
    const strides = broadcastStrides(t.shape, loop.shape, view.strides);
    return loop.read({ buffer, view: { offset: view.offset, strides } }, t.dtype);
  }

  #reduce(block: Block, node: Tensor, request: KernelRequest): Place {
    const source = node.inputs[0] as Tensor;
    const axes = request.parameters.axes as readonly number[];
    const place = uniformValue(source) === undefined ? this.#placeOf(block, source) : undefined;
    const joins = place?.kind === "value" && place.loop.takesReduction(axes);
    const loop = joins ? place.loop : new OpenLoop(source.shape);
    const value = this.#value(block, loop, source, place);
    if (!joins) block.steps.push(loop);
    const buffer = this.#buffer(node);
    loop.reduce(value, request.parameters.how as ReduceHow, axes, buffer);
    return { ...whole(buffer, node), at: joins ? place.at : block.steps.length - 1 };
  }

  // — arrays —

  #placeOf(block: Block, t: Tensor): Place {
    const place = block.places.get(t);
    if (place !== undefined) return place;
    if (!isConstant(t)) throw new NablaError("E-INTERNAL", `${t.operation.name} is used before it is computed`);
    let buffer = this.#constants.get(t);
    if (buffer === undefined) {
      buffer = this.#buffer(t, { constant: t.data });
      this.#constants.set(t, buffer);
    }
    return whole(buffer, t);
  }

  #array(block: Block, t: Tensor): Extract<Place, { kind: "array" }> {
    const place = this.#placeOf(block, t);
    if (place.kind === "array") return place;
    const buffer = place.loop.write(place.value, () => this.#buffer(t));
    return { ...whole(buffer, t), at: place.at };
  }

  /** A buffer that holds the tensor in row-major order from its start; copied where it does not yet. */
  #contiguous(block: Block, t: Tensor): Buffer {
    const { buffer, view } = this.#array(block, t);
    if (isContiguous(view, t.shape) && sameSize(buffer, t)) return buffer;
    const loop = new OpenLoop(t.shape);
    const value = loop.read({ buffer, view }, t.dtype);
    block.steps.push(loop);
    const place: Place = { kind: "value", loop, value, at: block.steps.length - 1 };
    block.places.set(t, place);
    return this.#array(block, t).buffer;
  }

  #routine(block: Block, node: Tensor, request: KernelRequest, results: readonly Type[]): Place[] {
    const inputs = node.inputs.map((input): Read => {
      const { buffer, view } = this.#array(block, input);
      if (readsThrough(request, view, input.shape)) return { buffer, view };
      return { buffer: this.#contiguous(block, input), view: contiguous(input.shape) };
    });
    const outputs = results.map((type) => this.#buffer(type));
    const [inputTypes, outputTypes] = [node.inputs.map(typeOf), results.map(typeOf)];
    block.steps.push({ kind: "routine", request, inputs, inputTypes, outputs, outputTypes });
    return outputs.map((buffer, i) => ({ ...whole(buffer, results[i] as Type), at: block.steps.length - 1 }));
  }

  // — control flow: told apart by what the attributes hold —

  #severalResults(block: Block, node: Tensor, results: readonly Type[]): readonly Place[] {
    const { attributes } = node;
    if ("graph" in attributes && node.operation.kernel === undefined) {
      const graph = attributes.graph as Graph;
      const args = node.inputs.map((input) => this.#placeOf(block, input));
      // A body may be called twice: its nodes have places of their own.
      const inner: Block = { steps: block.steps, places: new Map(), several: new Map() };
      this.#into(inner, graph, args);
      return graph.outputs.map((output) => this.#placeOf(inner, output));
    }
    if ("branches" in attributes) return this.#branch(block, node, attributes.branches as readonly [Graph, Graph]);
    if ("condition" in attributes) return this.#while(block, node, attributes as unknown as WhileAttributes);
    if ("slices" in attributes) return this.#repeat(block, node, attributes as unknown as ScanAttributes);
    return this.#routine(block, node, this.#request(node, results), results);
  }

  /** Arrays from outside, as the body of a block sees them. */
  #outside(block: Block, inputs: readonly Tensor[]): Place[] {
    return inputs.map((input) => ({ ...this.#array(block, input), at: before }));
  }

  #branch(block: Block, node: Tensor, branches: readonly [Graph, Graph]): readonly Place[] {
    const predicate = this.#contiguous(block, node.inputs[0] as Tensor);
    const args = this.#outside(block, node.inputs.slice(1));
    const outputs = branches[0].outputs.map((t) => this.#buffer(t));
    for (const buffer of outputs) this.#fixed.add(buffer);
    const [yes, no] = branches.map((graph) => {
      const inner = this.#block(graph, args);
      graph.outputs.forEach((t, i) => {
        inner.steps.push({ kind: "copy", from: this.#contiguous(inner, t), to: outputs[i] as Buffer });
      });
      return closeSteps(inner.steps);
    }) as [Step[], Step[]];
    block.steps.push({ kind: "branch", predicate, yes, no });
    return outputs.map((buffer) => ({ ...whole(buffer, buffer.type), at: block.steps.length - 1 }));
  }

  #carries(block: Block, inputs: readonly Tensor[]): Buffer[] {
    return inputs.map((t) => {
      const from = this.#contiguous(block, t);
      const to = this.#buffer(t);
      this.#fixed.add(to);
      block.steps.push({ kind: "copy", from, to });
      return to;
    });
  }

  /** Copies the next carries over the present ones, by way of others where one carry becomes another. */
  #advance(inner: Block, next: readonly Tensor[], carries: readonly Buffer[]): void {
    const moves = next.map(
      (t, i): CopyStep => ({ kind: "copy", from: this.#contiguous(inner, t), to: carries[i] as Buffer }),
    );
    const needed = moves.filter(({ from, to }) => from !== to);
    const safe = needed.map((move) => {
      if (!carries.includes(move.from)) return move;
      const held = this.#buffer(move.from.type);
      inner.steps.push({ kind: "copy", from: move.from, to: held });
      return { ...move, from: held };
    });
    inner.steps.push(...safe);
  }

  #while(block: Block, node: Tensor, { condition, body, carries: count }: WhileAttributes): readonly Place[] {
    const [first, fixed] = cut(node.inputs, count) as [Tensor[], Tensor[]];
    const outside = this.#outside(block, fixed);
    const carries = this.#carries(block, first);
    const args = [...carries.map((buffer) => whole(buffer, buffer.type)), ...outside];
    const test = this.#block(condition, args);
    const going = this.#contiguous(test, condition.outputs[0] as Tensor);
    const inner = this.#block(body, args);
    this.#advance(inner, body.outputs, carries);
    block.steps.push({ kind: "while", condition: closeSteps(test.steps), going, body: closeSteps(inner.steps) });
    return carries.map((buffer) => ({ ...whole(buffer, buffer.type), at: block.steps.length - 1 }));
  }

  #repeat(
    block: Block,
    node: Tensor,
    { body, carries: count, slices, length, reverse }: ScanAttributes,
  ): readonly Place[] {
    const [first, stacked, fixed] = cut(node.inputs, count, slices) as [Tensor[], Tensor[], Tensor[]];
    const loop = this.#loops++;
    const outside = this.#outside(block, fixed);
    const slicesIn = stacked.map((t, i) =>
      this.#slice(this.#contiguous(block, t), body.inputs[count + i] as Tensor, loop),
    );
    const carries = this.#carries(block, first);
    const args = [...[...carries, ...slicesIn].map((buffer) => whole(buffer, buffer.type)), ...outside];
    const inner = this.#block(body, args);
    const results = body.outputs.slice(count).map((t) => this.#buffer({ shape: [length, ...t.shape], dtype: t.dtype }));
    body.outputs.slice(count).forEach((t, i) => {
      inner.steps.push({
        kind: "copy",
        from: this.#contiguous(inner, t),
        to: this.#slice(results[i] as Buffer, t, loop),
      });
    });
    this.#advance(inner, body.outputs.slice(0, count), carries);
    const step: RepeatStep = { kind: "repeat", loop, length, reverse, body: closeSteps(inner.steps) };
    block.steps.push(step);
    return [...carries, ...results].map((buffer) => ({ ...whole(buffer, buffer.type), at: block.steps.length - 1 }));
  }

  /** One of the slices of a type that lie one after the other; the whole may have another shape, such as [1, n, k]. */
  #slice(of: Buffer, { shape, dtype }: Type, loop: number): Buffer {
    return this.#buffer({ shape, dtype }, { slice: { of, loop } });
  }
}

interface WhileAttributes {
  readonly condition: Graph;
  readonly body: Graph;
  readonly carries: number;
}

interface ScanAttributes {
  readonly body: Graph;
  readonly carries: number;
  readonly slices: number;
  readonly length: number;
  readonly reverse: boolean;
}

const sameSize = (buffer: Buffer, t: Tensor): boolean => sizeOf(buffer.type.shape) === t.size;

function whole(buffer: Buffer, type: Type): Extract<Place, { kind: "array" }> {
  return { kind: "array", buffer, view: contiguous(type.shape), at: before };
}

function closeSteps(steps: readonly OpenStep[]): Step[] {
  return steps.flatMap((step): Step[] => {
    if (!(step instanceof OpenLoop)) return [step];
    const closed = step.close();
    return closed === undefined ? [] : [closed];
  });
}
