/**
 * Which elements of a linear graph's results depend on which elements of its inputs: sets go through the graph as
 * numbers would. What depends only by a factor that happens to be 0 counts as well; the pattern holds at every point.
 */
import type { Data } from "../../base/dtype.ts";
import { NablaError } from "../../base/error.ts";
import { broadcastStrides, sizeOf } from "../../base/shape.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Known, SupportContext, SupportList, Supports } from "../../graph/operation.ts";
import { isConstant, isPick, type Tensor } from "../../graph/tensor.ts";
import { joined, unionOf } from "../../ops/support.ts";
import type { LinearMap } from "../products.ts";
import { type Pool, setPool } from "./pool.ts";

/** Compressed rows: the entries of row i are columns[starts[i]] … columns[starts[i + 1] − 1], in ascending order. */
export interface Pattern {
  readonly starts: Int32Array;
  readonly columns: Int32Array;
  readonly shape: readonly [rows: number, columns: number];
}

/** Of a derivative. Rows are the elements of all outputs in turn, columns those of all inputs. */
export function patternOf({ graph, outputs: values, varies }: LinearMap): Pattern {
  const pool = setPool();
  let width = 0;
  const inputs = graph.inputs.map((leaf) => {
    const sets = new Int32Array(leaf.size);
    for (let i = 0; i < leaf.size; i++) sets[i] = pool.single(width++);
    return sets;
  });
  const { outputs } = follow(
    pool,
    graph,
    inputs,
    graph.inputs.map(() => unknown),
  );
  let next = 0;
  const sets = values.flatMap(({ size }, i) => {
    const own = varies[i] ? outputs[next++] : undefined;
    return Array.from(own ?? new Int32Array(size));
  });
  return fromRows(
    sets.map((set) => pool.elements(set)),
    width,
  );
}

export function fromRows(rows: readonly ArrayLike<number>[], width: number): Pattern {
  const starts = new Int32Array(rows.length + 1);
  rows.forEach((row, i) => {
    starts[i + 1] = (starts[i] as number) + row.length;
  });
  const columns = new Int32Array(starts[rows.length] as number);
  rows.forEach((row, i) => {
    columns.set(row, starts[i]);
  });
  return { starts, columns, shape: [rows.length, width] };
}

export function transposed({ starts, columns, shape: [height, width] }: Pattern): Pattern {
  const ends = new Int32Array(width + 1);
  for (const column of columns) ends[column + 1] = (ends[column + 1] as number) + 1;
  for (let c = 0; c < width; c++) ends[c + 1] = (ends[c + 1] as number) + (ends[c] as number);
  const next = ends.slice();
  const rows = new Int32Array(columns.length);
  for (let row = 0; row < height; row++) {
    for (let k = starts[row] as number; k < (starts[row + 1] as number); k++) {
      const column = columns[k] as number;
      const at = next[column] as number;
      rows[at] = row;
      next[column] = at + 1;
    }
  }
  return { starts: ends, columns: rows, shape: [width, height] };
}

const unknown: Known = () => undefined;

function follow(
  pool: Pool,
  graph: Graph,
  inputs: SupportList,
  knownInputs: readonly Known[],
): ReturnType<SupportContext["follow"]> {
  const found = new Map<Tensor, Supports | undefined>(graph.inputs.map((leaf, i) => [leaf, inputs[i]]));
  const several = new Map<Tensor, SupportList>();
  const known = knowledge(graph, knownInputs);
  for (const node of graph.nodes) {
    if (isPick(node)) {
      found.set(node, several.get(node.inputs[0] as Tensor)?.[node.attributes.index as number]);
      continue;
    }
    const sets = node.inputs.map((input) => found.get(input));
    if (sets.every((s) => s === undefined)) continue;
    const context: SupportContext = {
      union: pool.union,
      types: node.inputs,
      known: node.inputs.map(known),
      result: node,
      follow: (inner, given, values) => follow(pool, inner, given, values),
    };
    if (node.results !== undefined) several.set(node, severalOf(node, node.results, sets, context));
    else found.set(node, oneOf(node, sets, context));
  }
  return { outputs: graph.outputs.map((output) => found.get(output)), known: graph.outputs.map(known) };
}

function oneOf(node: Tensor, sets: SupportList, context: SupportContext): Supports {
  const { operation, attributes, inputs } = node;
  const rule = operation.supports?.(sets, context, attributes);
  if (rule !== undefined) return rule;
  // A movement moves sets as it moves numbers, and fills with the empty one, unless its derivative is stated apart.
  if (operation.kind === "movement" && operation.linear?.inputs === undefined) {
    const given = inputs.map((input, i) => sets[i] ?? new Int32Array(input.size));
    const types = inputs.map(({ shape }) => ({ shape, dtype: "int32" }) as const);
    return operation.evaluate(given, types, attributes, { shape: node.shape, dtype: "int32" }) as Supports;
  }
  if (operation.kind === "elementwise") return elementwise(node, sets, context);
  return new Int32Array(node.size).fill(together(sets, context));
}

function elementwise(node: Tensor, sets: SupportList, { union }: SupportContext): Supports {
  const parts = sets.flatMap((own, i) => {
    const input = node.inputs[i] as Tensor;
    return own === undefined ? [] : [{ sets: own, shape: input.shape }];
  });
  const [first, ...others] = parts as [(typeof parts)[number], ...typeof parts];
  if (others.length === 0 && first.sets.length === node.size) return first.sets;
  const shape = node.shape;
  return joined(
    parts.map((part) => ({ sets: part.sets, strides: broadcastStrides(part.shape, shape) })),
    shape,
    union,
  );
}

function severalOf(
  node: Tensor,
  results: NonNullable<Tensor["results"]>,
  sets: SupportList,
  context: SupportContext,
): SupportList {
  const rule = node.operation.supportsAll?.(sets, context, node.attributes);
  if (rule !== undefined) return rule;
  const all = together(sets, context);
  return results.map(({ shape }) => new Int32Array(sizeOf(shape)).fill(all));
}

/** What any element of these depends on. */
const together = (sets: SupportList, { union }: SupportContext): number =>
  sets.reduce((all, own) => (own === undefined ? all : union(all, unionOf(own, union))), 0);

/**
 * Values that do not depend on what is unknown, computed when they are asked for: places that a `take` reads. What
 * cannot be computed, as an index outside its axis in a branch that is not taken, is unknown as well.
 */
function knowledge(graph: Graph, inputs: readonly Known[]): (t: Tensor) => Known {
  const given = new Map<Tensor, Known>(graph.inputs.map((leaf, i) => [leaf, inputs[i] as Known]));
  const inside = new Set<Tensor>(graph.nodes);
  const memo = new Map<Tensor, Data | undefined>();
  const compute = (t: Tensor): Data | undefined => {
    const leaf = given.get(t);
    if (leaf !== undefined) return leaf();
    if (!inside.has(t) || t.results !== undefined || isPick(t)) return undefined;
    const values = t.inputs.map(valueOf);
    if (!values.every((v) => v !== undefined)) return undefined;
    try {
      return t.operation.evaluate(values as Data[], t.inputs, t.attributes, t);
    } catch (error) {
      if (error instanceof NablaError) return undefined;
      throw error;
    }
  };
  const valueOf = (t: Tensor): Data | undefined => {
    if (isConstant(t)) return t.data;
    if (!memo.has(t)) memo.set(t, compute(t));
    return memo.get(t);
  };
  return (t) => () => valueOf(t);
}
