/** A loop whose number of steps is only known when it runs. */
import { byteSize } from "../../base/dtype.ts";
import { NablaError } from "../../base/error.ts";
import { choose, cut, place } from "../../base/lists.ts";
import { showShape, sizeOf } from "../../base/shape.ts";
import { checkSameStructure, flatten, unflatten } from "../../base/tree.ts";
import { toTensor } from "../../graph/convert.ts";
import { close, type Graph, replay, trace } from "../../graph/graph.ts";
import type { Operation, SupportList } from "../../graph/operation.ts";
import { apply, applyAll, constant, filled, scalar, type Tensor, type TensorLike } from "../../graph/tensor.ts";
import { callGiven, type Traced } from "../../graph/trees.ts";
import {
  add,
  equal,
  floorDivide,
  greater,
  less,
  logicalAnd,
  minimum,
  mul,
  rem,
  sub,
  where,
} from "../../ops/arithmetic.ts";
import { takeOperation, updateOperation } from "../../ops/gather.ts";
import { broadcastTo, reshape } from "../../ops/movement.ts";
import { convert, operation } from "../../ops/record.ts";
import { any } from "../../ops/reduce.ts";
import { instantiate, type Tangent } from "../linearize.ts";
import {
  activeOutputs,
  batchedGraph,
  fixpoint,
  isDefined,
  linearCarries,
  tangentGraph,
  transposedGraph,
  typesOf,
  united,
} from "./body.ts";
import { checkCarry } from "./scan.ts";

/** Inputs: carries, then constants; condition and body read all of them, the body returns the next carries. */
interface WhileAttributes {
  readonly condition: Graph;
  readonly body: Graph;
  readonly carries: number;
}

const count = (marks: readonly boolean[]): number => marks.filter(Boolean).length;

export const whileOperation: Operation = operation<WhileAttributes>({
  name: "while",
  kind: "control",
  infer: (_inputs, { body }) => typesOf(body.outputs),
  evaluateAll: (values, _inputs, { condition, body, carries }) => {
    const leaves = values.map((v, i) =>
      constant(v, (body.inputs[i] as Tensor).shape, (body.inputs[i] as Tensor).dtype),
    );
    let [carry, fixed] = cut(leaves, carries) as [readonly Tensor[], Tensor[]];
    while ((replay(condition, [...carry, ...fixed])[0] as Tensor).item() !== 0)
      carry = replay(body, [...carry, ...fixed]);
    return carry.map((t) => t.data);
  },

  jvpAll: (tangents, inputs, _outputs, { condition, body, carries }) => {
    const given = tangents.map(isDefined);
    const fixedGiven = given.slice(carries);
    const active = fixpoint(given.slice(0, carries), (carry) => activeOutputs(body, [...carry, ...fixedGiven]));
    const marks = [...active, ...fixedGiven];
    const joint = tangentGraph(body, marks, active, true);
    const n = body.inputs.length;
    const regroup = <T>(values: readonly T[], moving: readonly T[]): T[] => {
      const [c, k] = cut(values, carries) as [T[], T[]];
      const [tc, tk] = cut(moving, count(active)) as [T[], T[]];
      return [...c, ...tc, ...k, ...tk];
    };
    const regrouped: Graph = { ...joint, inputs: regroup(joint.inputs.slice(0, n), joint.inputs.slice(n)) };
    const types = typesOf(regrouped.inputs);
    const conditionOf = trace("while", types, (leaves) => {
      const [c, , k] = cut(leaves, carries, count(active)) as Tensor[][];
      return replay(condition, [...(c ?? []), ...(k ?? []).slice(0, n - carries)]);
    });
    const movingInputs = inputs.flatMap((x, i) => (marks[i] ? [instantiate(tangents[i], x)] : []));
    const result = applyAll(whileOperation, regroup(inputs, movingInputs), {
      condition: conditionOf,
      body: regrouped,
      carries: carries + count(active),
    });
    return place(active, result.slice(carries));
  },

  transposeAll: (cotangents, linear, inputs, attributes) => transposeWhile(cotangents, linear, inputs, attributes),

  batchAll: (inputs, batched, size, { condition, body, carries }) => {
    const fixed = batched.slice(carries);
    let carry = fixpoint(batched.slice(0, carries), (c) => batchedGraph(body, [...c, ...fixed], size, []).batched);
    const each = batchedGraph(condition, [...carry, ...fixed], size, []).batched[0] as boolean;
    // Examples that have finished keep their carry while the others go on.
    if (each) carry = carry.map(() => true);
    const flags = [...carry, ...fixed];
    const condition1 = batchedGraph(condition, flags, size, []).graph;
    const body1 = batchedGraph(body, flags, size, carry).graph;
    const types = typesOf(body1.inputs);
    const rewritten = {
      condition: each ? trace("vmap", types, (leaves) => [any(replay(condition1, leaves)[0] as Tensor)]) : condition1,
      body: each
        ? trace("vmap", types, (leaves) => {
            const going = replay(condition1, leaves)[0] as Tensor;
            return replay(body1, leaves).map((next, i) => {
              const mask = reshape(going, [size, ...new Array<number>(next.rank - 1).fill(1)]);
              return where(mask, next, leaves[i] as Tensor);
            });
          })
        : body1,
      carries,
    };
    const args = inputs.map((x, i) =>
      i < carries && carry[i] && !batched[i] ? broadcastTo(x, [size, ...x.shape]) : x,
    );
    return { outputs: applyAll(whileOperation, args, rewritten), batched: carry };
  },

  // However often it runs: until another step adds nothing.
  supportsAll: (inputs, { follow, union }, { body, carries }) => {
    let [carry, fixed] = cut(inputs, carries) as SupportList[] as [SupportList, SupportList];
    const unknown = inputs.map(() => () => undefined);
    for (;;) {
      const next = follow(body, [...carry, ...fixed], unknown).outputs.map((sets, i) => united(sets, carry[i], union));
      if (next.every((sets, i) => sets === carry[i] || sets?.every((set, k) => set === (carry[i]?.[k] ?? 0))))
        return next;
      carry = next;
    }
  },
});

/** The loop on flat lists, for rules that build loops. */
function loop(
  init: readonly Tensor[],
  condition: (state: readonly Tensor[]) => Tensor,
  body: (state: readonly Tensor[]) => readonly Tensor[],
): readonly Tensor[] {
  const types = typesOf(init);
  const { graphs, captured } = close("while", [
    trace("while", types, (leaves) => [condition(leaves)]),
    trace("while", types, body),
  ]);
  const [c, b] = graphs as [Graph, Graph];
  return applyAll(whileOperation, [...init, ...captured], { condition: c, body: b, carries: init.length });
}

/** Memory that the checkpoints of one loop may take, and the bounds on their number. */
const checkpointBytes = 2 ** 22;
const slotsFor = (carry: readonly Tensor[]): number => {
  const bytes = carry.reduce((n, t) => n + sizeOf(t.shape) * byteSize[t.dtype], 8);
  return Math.min(1024, Math.max(16, 2 ** Math.floor(Math.log2(checkpointBytes / bytes))));
};

const int = (value: number): Tensor => scalar(value, "int32");

const buffersFor = (carry: readonly Tensor[], slots: number): Tensor[] =>
  carry.map((t) => filled(0, [slots, ...t.shape], t.dtype));
const read = (buffer: Tensor, slot: Tensor): Tensor => apply(takeOperation, [buffer, slot], { batch: 0 });
const write = (buffer: Tensor, slot: Tensor, value: Tensor): Tensor =>
  apply(updateOperation, [buffer, slot, value], { batch: 0 });

/**
 * Reverse mode in memory that does not grow with the number of steps: every `stride`-th carry is kept in a
 * fixed number of slots; when they are full every other is dropped and the stride doubles (online checkpointing,
 * Stumm and Walther 2010). Backwards, segment by segment: the carries of one segment are computed again into a
 * second set of slots, then the transposed body runs over them. Up to slots² steps that is one further forward run.
 */
function transposeWhile(
  cotangents: readonly Tangent[],
  marks: readonly boolean[],
  inputs: readonly Tensor[],
  { condition, body, carries }: WhileAttributes,
): readonly Tangent[] {
  const linear = linearCarries(body, marks, carries);
  const isHeld = linear.map((l) => !l);
  const heldCarry = isHeld.slice(0, carries);
  const held: Graph = {
    inputs: choose(body.inputs, isHeld),
    nodes: nonlinearNodes(body, linear),
    outputs: choose(body.outputs, heldCarry),
  };
  const heldInputs = choose(inputs, isHeld);
  const nc = count(heldCarry);
  const fixed = heldInputs.slice(nc);
  const start = heldInputs.slice(0, nc);
  const slots = slotsFor(start);

  const advance = (carry: readonly Tensor[]): readonly Tensor[] => replay(held, [...carry, ...fixed]);
  const going = (carry: readonly Tensor[]): Tensor => {
    const args = place(isHeld, [...carry, ...fixed]).map(
      (t, i) => t ?? filled(0, (body.inputs[i] as Tensor).shape, (body.inputs[i] as Tensor).dtype),
    );
    return replay(condition, args)[0] as Tensor;
  };

  // Forward: state = step i, stride, carry, slots.
  const kept = loop(
    [int(0), int(1), ...start, ...buffersFor(start, slots)],
    (state) => going(state.slice(2, 2 + nc)),
    (state) => {
      const [[i, before], carry, buffers] = cut(state, 2, nc) as [[Tensor, Tensor], Tensor[], Tensor[]];
      const full = equal(i, mul(before, slots));
      const stride = where(full, mul(before, 2), before);
      const order = constant(
        Int32Array.from({ length: slots }, (_, k) => k),
        [slots],
      );
      const thinned = where(full, minimum(mul(order, 2), slots - 1), order);
      const compact = buffers.map((b) => apply(takeOperation, [b, thinned], { batch: 0 }));
      const filledSlots = loop(
        [i, ...carry, ...compact],
        ([j, ...rest]) => logicalAnd(going(rest.slice(0, nc)), less(j as Tensor, mul(stride, slots))),
        (inner) => {
          const [[j], c, b] = cut(inner, 1, nc) as [[Tensor], Tensor[], Tensor[]];
          const slot = floorDivide(j, stride);
          const store = equal(rem(j, stride), 0);
          const next = b.map((buffer, k) => write(buffer, slot, where(store, c[k] as Tensor, read(buffer, slot))));
          return [add(j, 1), ...advance(c), ...next];
        },
      );
      return [filledSlots[0] as Tensor, stride, ...filledSlots.slice(1)];
    },
  );
  const [[steps, stride], , buffers] = cut(kept, 2, nc) as [[Tensor, Tensor], Tensor[], Tensor[]];
  const fine = floorDivide(add(stride, slots - 1), slots);

  const linearCarry = choose(body.inputs.slice(0, carries), linear);
  const linearFixed = choose(body.inputs.slice(carries), linear.slice(carries));
  const nl = linearCarry.length;
  const backwards = transposedGraph(body, linear, linear.slice(0, carries));
  const step = (carry: readonly Tensor[], state: readonly Tensor[]): readonly Tensor[] => {
    const [ct, total] = cut(state, nl) as [Tensor[], Tensor[]];
    const back = replay(backwards, [...carry, ...fixed, ...ct]);
    return [...back.slice(0, nl), ...total.map((t, i) => add(t, back[nl + i] as Tensor))];
  };

  const ctStart = choose(cotangents.slice(0, carries), linear.slice(0, carries));
  const first = [
    ...linearCarry.map((leaf, i) => instantiate(ctStart[i], leaf)),
    ...linearFixed.map((leaf) => filled(0, leaf.shape, leaf.dtype)),
  ];

  // Backward: state = steps left, cotangents.
  const result = loop(
    [steps, ...first],
    ([left]) => greater(left as Tensor, 0),
    ([leftOver, ...state]) => {
      const left = leftOver as Tensor;
      const segment = floorDivide(sub(left, 1), stride);
      const origin = mul(segment, stride);
      const length = sub(left, origin);
      const base = buffers.map((b) => read(b, segment));
      const again = loop(
        [int(0), ...base, ...buffersFor(start, slots)],
        ([j]) => less(j as Tensor, length),
        (inner) => {
          const [[j], c, b] = cut(inner, 1, nc) as [[Tensor], Tensor[], Tensor[]];
          const slot = floorDivide(j, fine);
          const store = equal(rem(j, fine), 0);
          const next = b.map((buffer, k) => write(buffer, slot, where(store, c[k] as Tensor, read(buffer, slot))));
          return [add(j, 1), ...advance(c), ...next];
        },
      ).slice(1 + nc);
      const done = loop(
        [length, ...state],
        ([j]) => greater(j as Tensor, 0),
        ([j, ...ct]) => {
          const k = sub(j as Tensor, 1);
          const from = again.map((b) => read(b, floorDivide(k, fine)));
          const [, ...carry] = loop(
            [rem(k, fine), ...from],
            ([m]) => greater(m as Tensor, 0),
            ([m, ...c]) => [sub(m as Tensor, 1), ...advance(c)],
          );
          return [k, ...step(carry, ct)];
        },
      );
      return [origin, ...done.slice(1)];
    },
  );
  return place(linear, result.slice(1));
}

function nonlinearNodes(body: Graph, linear: readonly boolean[]): Tensor[] {
  const dependent = new Set<Tensor>(choose(body.inputs, linear));
  return body.nodes.filter((node) => {
    if (!node.inputs.some((t) => dependent.has(t))) return true;
    dependent.add(node);
    return false;
  });
}

/**
 * Repeats `state = body(state)` while `condition(state)`; the number of steps may depend on the values.
 * Forward and reverse mode, `vmap` and `compile` all go through.
 *
 * @example
 * whileLoop((x) => less(x, 100), (x) => x.mul(2), 3).item() // 192
 */
export function whileLoop<const I>(
  condition: (state: NoInfer<Traced<I>>) => TensorLike,
  body: (state: NoInfer<Traced<I>>) => NoInfer<Traced<I>>,
  init: I,
): Traced<I>;
export function whileLoop<S>(condition: (state: S) => TensorLike, body: (state: S) => S, init: unknown): S;
export function whileLoop<S>(condition: (state: S) => TensorLike, body: (state: S) => S, init: unknown): S {
  const { leaves, structure } = flatten(init);
  const start = leaves.map((leaf) => toTensor("whileLoop", leaf as TensorLike));
  const types = typesOf(start);
  const { graphs, captured } = close("whileLoop", [
    trace("whileLoop", types, (state) => {
      const going = toTensor("whileLoop", callGiven("whileLoop", condition, [unflatten(structure, state)]));
      if (going.size !== 1)
        throw new NablaError(
          "E-NOT-SCALAR",
          `whileLoop: the condition has shape ${showShape(going.shape)}, not one element`,
          "any or all",
        );
      return [convert(reshape(going, []), "bool")];
    }),
    trace("whileLoop", types, (state) => {
      const next = flatten(callGiven("whileLoop", body, [unflatten(structure, state)]));
      checkSameStructure("whileLoop: the state that the body returns", structure, next.structure);
      return next.leaves.map((leaf, i) =>
        checkCarry("whileLoop", toTensor("whileLoop", leaf as TensorLike), start[i] as Tensor),
      );
    }),
  ]);
  const [c, b] = graphs as [Graph, Graph];
  return unflatten(
    structure,
    applyAll(whileOperation, [...start, ...captured], { condition: c, body: b, carries: start.length }),
  ) as S;
}
