/**
 * Reverse mode runs a scan twice: for its value, and for what the way back needs. Compiled they are one: a scan whose
 * every step another one takes too, from the same values on, is left out, and the other hands out its results.
 */
import { Environment, type Graph, trace } from "../../graph/graph.ts";
import { applyAll, type Tensor } from "../../graph/tensor.ts";
import { attributeKey, constantKey } from "../share.ts";
import { type ScanAttributes, scanOperation } from "./scan.ts";

/** A scan and how it stands in for earlier ones. */
interface Stand {
  readonly scan: Tensor;
  readonly attributes: ScanAttributes;
  /** For each scan that it stands in for: the places of its results among the results of this one. */
  readonly places: ReadonlyMap<Tensor, readonly number[]>;
}

export function absorb(graph: Graph): Graph {
  const scans = graph.nodes.filter((node) => node.operation === scanOperation);
  if (scans.length < 2) return graph;
  const order = new Map(graph.nodes.map((node, i) => [node, i]));
  const numbers = new Map<string, number>();
  const stands: Stand[] = [];
  for (const scan of scans) {
    const before = scans.slice(0, scans.indexOf(scan)).filter((a) => !stands.some(({ places }) => places.has(a)));
    const ready = (a: Tensor): boolean =>
      scan.inputs.every((t) => (order.get(t) ?? -1) < (order.get(a) as number)) && !stands.some((s) => s.scan === a);
    const stand = standFor(scan, before.filter(ready), numbers);
    if (stand.places.size > 0) stands.push(stand);
  }
  return stands.length === 0 ? graph : rebuilt(graph, stands);
}

function rebuilt(graph: Graph, stands: readonly Stand[]): Graph {
  return trace("compile", graph.inputs, (leaves) => {
    const values = new Environment(graph, leaves);
    const done = new Set<Tensor>();
    for (const node of graph.nodes) {
      if (done.has(node)) continue;
      const stand = stands.find(({ places }) => places.has(node));
      if (stand === undefined) {
        values.replay(node);
        continue;
      }
      const { scan, attributes, places } = stand;
      const results = applyAll(
        scanOperation,
        scan.inputs.map((t) => values.get(t)),
        { ...attributes },
      );
      for (const [absorbed, list] of places) {
        values.setResults(
          absorbed,
          list.map((i) => results[i] as Tensor),
        );
        done.add(absorbed);
      }
      values.setResults(scan, results);
      done.add(scan);
    }
    return graph.outputs.map((output) => values.get(output));
  });
}

function standFor(scan: Tensor, others: readonly Tensor[], numbers: Map<string, number>): Stand {
  const own = scan.attributes as unknown as ScanAttributes;
  const keys = keysOf(scan, numbers);
  const nodeOf = new Map([...keys].map(([node, key]) => [key, node]));
  const outputs = [...own.body.outputs];
  const places = new Map<Tensor, readonly number[]>();
  for (const other of others) {
    const { body, carries, length, reverse } = other.attributes as unknown as ScanAttributes;
    if (length !== own.length || reverse !== own.reverse) continue;
    const theirs = keysOf(other, numbers);
    const carried = body.inputs.slice(0, carries).map((leaf) => {
      const twin = nodeOf.get(theirs.get(leaf) as number);
      return twin === undefined ? -1 : own.body.inputs.indexOf(twin);
    });
    const sameCarries = carried.every(
      (j, i) =>
        j >= 0 && j < own.carries && keys.get(own.body.outputs[j] as Tensor) === theirs.get(body.outputs[i] as Tensor),
    );
    const found = body.outputs.slice(carries).map((t) => nodeOf.get(theirs.get(t) ?? -1));
    if (!sameCarries || found.includes(undefined)) continue;
    const stacked = found.map((node) => {
      const known = outputs.indexOf(node as Tensor, own.carries);
      return known >= 0 ? known : outputs.push(node as Tensor) - 1;
    });
    places.set(other, [...carried, ...stacked]);
  }
  return { scan, attributes: { ...own, body: { ...own.body, outputs } }, places };
}

/**
 * Numbers for the values of a body: equal numbers, equal values, if equal carries are carried on equally. Carries
 * that begin with the same value are told apart by their order.
 */
function keysOf(scan: Tensor, numbers: Map<string, number>): Map<Tensor, number> {
  const { body, carries, slices } = scan.attributes as unknown as ScanAttributes;
  const numberOf = (key: string): number => {
    const known = numbers.get(key) ?? numbers.size;
    numbers.set(key, known);
    return known;
  };
  const keys = new Map<Tensor, number>();
  const starts = new Map<string, number>();
  body.inputs.forEach((leaf, i) => {
    const from = constantKey(scan.inputs[i] as Tensor);
    const role = i < carries ? `carry ${starts.get(from) ?? 0}` : i < carries + slices ? "slice" : "fixed";
    if (i < carries) starts.set(from, (starts.get(from) ?? 0) + 1);
    keys.set(leaf, numberOf(`${role} ${from}`));
  });
  const outside = (t: Tensor): number => numberOf(`outside ${constantKey(t)}`);
  for (const node of body.nodes) {
    const inputs = node.inputs.map((t) => keys.get(t) ?? outside(t));
    keys.set(node, numberOf(`${node.operation.name}(${inputs})${attributeKey(node)}`));
  }
  // A result may be a constant, or come from outside.
  for (const t of body.outputs) if (!keys.has(t)) keys.set(t, outside(t));
  return keys;
}
