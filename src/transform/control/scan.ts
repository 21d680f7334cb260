/** A loop of known length: a carry goes from step to step, slices come in, slices go out. */
import { allocate, type Data } from "../../base/dtype.ts";
import { NablaError } from "../../base/error.ts";
import { choose, cut, place } from "../../base/lists.ts";
import { checkOptions } from "../../base/options.ts";
import { sameShape, showShape, sizeOf } from "../../base/shape.ts";
import { checkSameStructure, flatten, type Structure, unflatten } from "../../base/tree.ts";
import { toTensor } from "../../graph/convert.ts";
import { close, Environment, type Graph, replay, trace } from "../../graph/graph.ts";
import type { Operation, Supports, Type } from "../../graph/operation.ts";
import { applyAll, constant, filled, isConstant, type Tensor, type TensorLike } from "../../graph/tensor.ts";
import { callGiven, type Traced } from "../../graph/trees.ts";
import { add } from "../../ops/arithmetic.ts";
import { broadcastTo, moveAxis } from "../../ops/movement.ts";
import { convert, operation } from "../../ops/record.ts";
import { instantiate, type Tangent } from "../linearize.ts";
import { transposeLinear } from "../transpose.ts";
import { activeOutputs, batchedGraph, fixpoint, isDefined, linearCarries, tangentGraph, typesOf } from "./body.ts";

/** Inputs: carries, then slices, then constants. Body: the same → carries, then results of the step. */
export interface ScanAttributes {
  readonly body: Graph;
  readonly carries: number;
  readonly slices: number;
  readonly length: number;
  readonly reverse: boolean;
}

const stacked = ({ shape, dtype }: Type, length: number): Type => ({ shape: [length, ...shape], dtype });

export const scanOperation: Operation = operation<ScanAttributes>({
  name: "scan",
  kind: "control",
  infer: (_inputs, { body, carries, length }) =>
    typesOf(body.outputs).map((type, i) => (i < carries ? type : stacked(type, length))),
  evaluateAll: (values, _inputs, { body, carries, slices, length, reverse }) => {
    const leaf = (i: number, data: Data): Tensor =>
      constant(data, (body.inputs[i] as Tensor).shape, (body.inputs[i] as Tensor).dtype);
    const [, xs, constants] = cut(
      values.map((v, i) => ({ v, i })),
      carries,
      slices,
    ) as { v: Data; i: number }[][];
    const fixed = (constants ?? []).map(({ v, i }) => leaf(i, v));
    let carry: readonly Tensor[] = values.slice(0, carries).map((v, i) => leaf(i, v));
    const results = body.outputs.slice(carries).map((t) => allocate(t.dtype, length * sizeOf(t.shape)));
    for (let k = 0; k < length; k++) {
      const step = reverse ? length - 1 - k : k;
      const current = (xs ?? []).map(({ v, i }) => {
        const row = sizeOf((body.inputs[i] as Tensor).shape);
        return leaf(i, v.slice(step * row, (step + 1) * row));
      });
      const out = replay(body, [...carry, ...current, ...fixed]);
      carry = out.slice(0, carries);
      out.slice(carries).forEach((t, i) => {
        results[i]?.set(t.data, step * t.size);
      });
    }
    return [...carry.map((t) => t.data), ...results];
  },

  jvpAll: (tangents, inputs, _outputs, attributes) => {
    const { body, carries, slices } = attributes;
    const given = tangents.map(isDefined);
    const rest = given.slice(carries);
    const active = fixpoint(given.slice(0, carries), (carry) =>
      activeOutputs(body, [...carry, ...rest]).slice(0, carries),
    );
    const marks = [...active, ...rest];
    const wanted = activeOutputs(body, marks).map((w, i) => (i < carries ? (active[i] as boolean) : w));
    // Body inputs: values, tangents; regrouped as carries, slices, constants of both.
    const joint = tangentGraph(body, marks, wanted, true);
    const n = body.inputs.length;
    const regroup = <T>(values: readonly T[], active: readonly T[]): T[] => {
      const [c, x, k] = cut(values, carries, slices) as [T[], T[], T[]];
      const [tc, tx, tk] = cut(
        active,
        count(marks.slice(0, carries)),
        count(marks.slice(carries, carries + slices)),
      ) as [T[], T[], T[]];
      return [...c, ...tc, ...x, ...tx, ...k, ...tk];
    };
    const outputs = joint.outputs;
    const nOut = body.outputs.length;
    const carried = count(active);
    const regrouped: Graph = {
      inputs: regroup(joint.inputs.slice(0, n), joint.inputs.slice(n)),
      nodes: joint.nodes,
      outputs: [...outputs.slice(0, carries), ...outputs.slice(nOut, nOut + carried), ...outputs.slice(nOut + carried)],
    };
    const filledTangents = inputs.flatMap((x, i) => (marks[i] ? [instantiate(tangents[i], x)] : []));
    const result = applyAll(scanOperation, regroup(inputs, filledTangents), {
      ...attributes,
      body: regrouped,
      carries: carries + carried,
      slices: slices + count(marks.slice(carries, carries + slices)),
    });
    return place(wanted, result.slice(carries));
  },

  transposeAll: (cotangents, linear, inputs, attributes) => transposeScan(cotangents, linear, inputs, attributes),

  batchAll: (inputs, batched, size, attributes) => {
    const { body, carries, slices } = attributes;
    const rest = batched.slice(carries);
    const carry = fixpoint(batched.slice(0, carries), (c) =>
      batchedGraph(body, [...c, ...rest], size, []).batched.slice(0, carries),
    );
    const flags = [...carry, ...rest];
    const rewritten = batchedGraph(body, flags, size, carry);
    const args = inputs.map((x, i) => {
      if (i < carries) return carry[i] && !batched[i] ? broadcastFirst(x, size) : x;
      return i < carries + slices && batched[i] ? moveAxis(x, 0, 1) : x;
    });
    const outputs = applyAll(scanOperation, args, { ...attributes, body: rewritten.graph });
    return {
      outputs: outputs.map((t, i) => (i >= carries && rewritten.batched[i] ? moveAxis(t, 1, 0) : t)),
      batched: rewritten.batched,
    };
  },

  supportsAll: (inputs, { follow, known, types }, { body, carries, slices, length, reverse }) => {
    const [, xs, constants] = cut(inputs, carries, slices);
    const [, knownSlices, knownConstants] = cut(known, carries, slices);
    let [carry, knownCarry] = [inputs.slice(0, carries), known.slice(0, carries)];
    const results = body.outputs.slice(carries).map((t) => new Int32Array(length * sizeOf(t.shape)));
    for (let k = 0; k < length; k++) {
      const step = reverse ? length - 1 - k : k;
      const row = (list: Data | undefined, i: number): Data | undefined => {
        const size = sizeOf((types[carries + i] as Type).shape.slice(1));
        return list?.subarray(step * size, (step + 1) * size);
      };
      const out = follow(
        body,
        [...carry, ...(xs ?? []).map((sets, i) => row(sets, i) as Supports | undefined), ...(constants ?? [])],
        [...knownCarry, ...(knownSlices ?? []).map((values, i) => () => row(values(), i)), ...(knownConstants ?? [])],
      );
      [carry, knownCarry] = [out.outputs.slice(0, carries), out.known.slice(0, carries)];
      out.outputs.slice(carries).forEach((sets, i) => {
        if (sets !== undefined) results[i]?.set(sets, step * sets.length);
      });
    }
    return [...carry, ...results];
  },
});

const count = (marks: readonly boolean[]): number => marks.filter(Boolean).length;
const broadcastFirst = (t: Tensor, size: number): Tensor => broadcastTo(t, [size, ...t.shape]);

/**
 * Reverse mode through a scan that is linear in the marked inputs: a first scan runs what is not linear and
 * keeps what the linear part multiplies with; a second, in the other direction, carries the cotangents.
 */
function transposeScan(
  cotangents: readonly Tangent[],
  marks: readonly boolean[],
  inputs: readonly Tensor[],
  attributes: ScanAttributes,
): readonly Tangent[] {
  const { body, carries, slices, length, reverse } = attributes;
  const linear = linearCarries(body, marks, carries);
  const dependent = new Set<Tensor>(choose(body.inputs, linear));
  const fixedInputs = new Set<Tensor>(
    body.inputs.slice(carries + slices).filter((_, i) => !linear[carries + slices + i]),
  );
  const invariant = new Set<Tensor>(fixedInputs);
  const held: Tensor[] = [];
  const moving: Tensor[] = [];
  for (const node of body.nodes) {
    if (node.inputs.some((t) => dependent.has(t))) {
      dependent.add(node);
      moving.push(node);
    } else {
      held.push(node);
      if (node.inputs.every((t) => invariant.has(t) || isConstant(t))) invariant.add(node);
    }
  }

  // What the linear part reads from the rest: per step (recorded, or a slice already), or the same for all steps.
  const read = new Set<Tensor>();
  for (const node of moving) for (const t of node.inputs) if (!dependent.has(t) && !isConstant(t)) read.add(t);
  const outside = new Environment(body, inputs);
  for (const node of held) if (invariant.has(node)) outside.replay(node);
  const sliceInputs = new Set<Tensor>(body.inputs.slice(carries, carries + slices));
  const shared = [...read].filter((t) => invariant.has(t));
  const sliced = [...read].filter((t) => sliceInputs.has(t));
  const recorded = [...read].filter((t) => !invariant.has(t) && !sliceInputs.has(t));

  const heldCarry = linear.slice(0, carries).map((l) => !l);
  const heldLeaves = choose(body.inputs, linear, false);
  const forward: Graph = {
    inputs: heldLeaves,
    nodes: held,
    outputs: [...choose(body.outputs.slice(0, carries), heldCarry), ...recorded],
  };
  const records =
    recorded.length === 0
      ? []
      : applyAll(scanOperation, choose(inputs, linear, false), {
          body: forward,
          carries: count(heldCarry),
          slices: count(linear.slice(carries, carries + slices).map((l) => !l)),
          length,
          reverse,
        }).slice(count(heldCarry));

  const linearCarry = choose(body.inputs.slice(0, carries), linear);
  const linearSlices = choose(body.inputs.slice(carries, carries + slices), linear.slice(carries, carries + slices));
  const linearFixed = choose(body.inputs.slice(carries + slices), linear.slice(carries + slices));
  const part: Graph = {
    inputs: [...linearCarry, ...linearSlices, ...linearFixed, ...shared, ...sliced, ...recorded],
    nodes: moving,
    outputs: [...choose(body.outputs.slice(0, carries), linear.slice(0, carries)), ...body.outputs.slice(carries)],
  };
  const varying = part.inputs.map((_, i) => i < linearCarry.length + linearSlices.length + linearFixed.length);
  const given = cotangents
    .slice(carries)
    .map((ct, i) => ct !== undefined && dependent.has(body.outputs[carries + i] as Tensor));
  const givenTypes = choose(body.outputs.slice(carries), given);

  const [nc, nf] = [linearCarry.length, linearFixed.length];
  const back = trace(
    "vjp",
    typesOf([...linearCarry, ...linearFixed, ...sliced, ...recorded, ...givenTypes, ...shared]),
    (leaves) => {
      const [ct, total, sl, rec, cty, sh] = cut(
        leaves,
        nc,
        nf,
        sliced.length,
        recorded.length,
        givenTypes.length,
      ) as Tensor[][];
      const args = [
        ...part.inputs.slice(0, nc + linearSlices.length + nf),
        ...(sh ?? []),
        ...(sl ?? []),
        ...(rec ?? []),
      ];
      const result = transposeLinear(part, varying, args, [...(ct ?? []), ...place(given, cty ?? [])]);
      const [carryBack, sliceBack, fixedBack] = cut(result, nc, linearSlices.length, nf) as Tangent[][];
      return [
        ...linearCarry.map((leaf, i) => instantiate(carryBack?.[i], leaf)),
        ...(total ?? []).map((t, i) => (fixedBack?.[i] === undefined ? t : add(t, fixedBack[i] as Tensor))),
        ...linearSlices.map((leaf, i) => instantiate(sliceBack?.[i], leaf)),
      ];
    },
  );
  const slicedValues = sliced.map((t) => inputs[body.inputs.indexOf(t)] as Tensor);
  const startCarry = choose(cotangents.slice(0, carries), linear.slice(0, carries));
  const result = applyAll(
    scanOperation,
    [
      ...linearCarry.map((leaf, i) => instantiate(startCarry[i], leaf)),
      ...linearFixed.map((leaf) => filled(0, leaf.shape, leaf.dtype)),
      ...slicedValues,
      ...records,
      ...choose(cotangents.slice(carries), given).map((t) => t as Tensor),
      ...shared.map((t) => outside.get(t)),
    ],
    {
      body: back,
      carries: nc + nf,
      slices: sliced.length + recorded.length + givenTypes.length,
      length,
      reverse: !reverse,
    },
  );
  const [ctCarry, ctFixed, ctSlices] = cut(result, nc, nf) as Tensor[][];
  return place(linear, [...(ctCarry ?? []), ...(ctSlices ?? []), ...(ctFixed ?? [])]);
}

export interface ScanOptions {
  /** Number of steps; needed only where there are no slices. */
  readonly length?: number;
  /** From the last slice to the first. */
  readonly reverse?: boolean;
}

/**
 * `[carry, y] = f(carry, x)` for every slice x of `xs` along axis 0; returns the last carry and the stacked ys.
 *
 * @example
 * const [total, sums] = scan((c, x) => [c.add(x), c.add(x)], 0, [1, 2, 3]);
 * total.item() // 6
 */
export function scan<const I, const X, Y>(
  f: (carry: NoInfer<Traced<I>>, x: NoInfer<Traced<X>>) => readonly [NoInfer<Traced<I>>, Y],
  init: I,
  xs: X,
  options?: ScanOptions,
): [Traced<I>, Y];
export function scan<C, Y>(
  f: (carry: C, x: Tensor) => readonly [C, Y],
  init: unknown,
  xs: TensorLike,
  options?: ScanOptions,
): [C, Y];
export function scan<C, X, Y>(
  f: (carry: C, x: X) => readonly [C, Y],
  init: unknown,
  xs: unknown,
  options?: ScanOptions,
): [C, Y];
export function scan<C, X, Y>(
  f: (carry: C, x: X) => readonly [C, Y],
  init: unknown,
  xs: unknown,
  options: ScanOptions = {},
): [C, Y] {
  checkOptions("scan", options, "{ length: 10 }");
  const carry = flatten(init);
  const slices = flatten(xs ?? []);
  const start = carry.leaves.map((leaf) => toTensor("scan", leaf as TensorLike));
  const columns = slices.leaves.map((leaf) => toTensor("scan", leaf as TensorLike));
  const length = options.length ?? columns[0]?.shape[0];
  if (length === undefined || !Number.isInteger(length) || length < 0) {
    throw new NablaError(
      "E-OPTION",
      "scan: the number of steps is not known",
      "{ length: n }, or xs with at least one axis",
    );
  }
  for (const x of columns) {
    if (x.shape[0] !== length)
      throw new NablaError(
        "E-SHAPE",
        `scan: xs of shape ${showShape(x.shape)} has not ${length} slices along axis 0`,
        "equal lengths along the first axis of all xs",
      );
  }
  let resultStructure: Structure | undefined;
  /** Which leaves of y are something; the others come out as undefined. */
  let present: boolean[] = [];
  const types = [...typesOf(start), ...columns.map((x) => ({ shape: x.shape.slice(1), dtype: x.dtype }))];
  const open = trace("scan", types, (leaves) => {
    const pair = callGiven("scan", f, [
      unflatten(carry.structure, leaves.slice(0, start.length)),
      unflatten(slices.structure, leaves.slice(start.length)),
    ]);
    if (!Array.isArray(pair) || pair.length !== 2)
      throw new NablaError(
        "E-TREE",
        "scan: the step must return [carry, y]",
        "[carry, undefined] if there is no result to stack",
      );
    const next = flatten(pair[0]);
    checkSameStructure("scan: the carry that the step returns", carry.structure, next.structure);
    const ys = flatten(pair[1]);
    resultStructure = ys.structure;
    const carried = next.leaves.map((leaf, i) =>
      checkCarry("scan", toTensor("scan", leaf as TensorLike), start[i] as Tensor),
    );
    present = ys.leaves.map((leaf) => leaf !== undefined && leaf !== null);
    return [...carried, ...choose(ys.leaves, present).map((leaf) => toTensor("scan", leaf as TensorLike))];
  });
  const { graphs, captured } = close("scan", [open]);
  const result = applyAll(scanOperation, [...start, ...columns, ...captured], {
    body: graphs[0] as Graph,
    carries: start.length,
    slices: columns.length,
    length,
    reverse: options.reverse ?? false,
  });
  const last = unflatten(carry.structure, result.slice(0, start.length)) as C;
  return [last, unflatten(resultStructure as Structure, place(present, result.slice(start.length))) as Y];
}

/** The carry keeps its type from step to step. */
export function checkCarry(what: string, next: Tensor, first: Tensor): Tensor {
  if (!sameShape(next.shape, first.shape)) {
    throw new NablaError(
      "E-SHAPE",
      `${what}: the carry starts as ${showShape(first.shape)}, the step returns ${showShape(next.shape)}`,
      "starting with a value of that shape: broadcastTo(x, shape)",
    );
  }
  if (next.dtype === first.dtype) return next;
  if (next.level === 0) return convert(next, first.dtype);
  throw new NablaError(
    "E-DTYPE",
    `${what}: the carry starts as ${first.dtype}, the step returns ${next.dtype}`,
    `starting with a ${next.dtype} value`,
  );
}
