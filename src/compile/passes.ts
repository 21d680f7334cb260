/** From a graph to a plan, pass by pass; each intermediate stays for whoever wants to look. */
import type { Plan } from "../backend/target.ts";
import type { Graph } from "../graph/graph.ts";
import { coalesce } from "./coalesce.ts";
import { epilogues } from "./epilogue.ts";
import { foldProducts } from "./fold-products.ts";
import { type Lowered, lower } from "./lower.ts";
import { plan } from "./memory.ts";
import { merge } from "./merge.ts";

export interface Passes {
  /** Elementwise nodes joined in loops. */
  readonly fused: Lowered;
  /** Loops over the same indices joined. */
  readonly merged: Lowered;
  /** Products joined with the folds that read them. */
  readonly folded: Lowered;
  /** Loops over the elements of a product joined to it. */
  readonly finished: Lowered;
  /** Values made in the places to which they would be copied. */
  readonly coalesced: Lowered;
  /** With addresses. */
  readonly plan: Plan;
}

/** The first `state` outputs end where the first `state` inputs begin; `start` is the first free address. */
export function passes(graph: Graph, state: number, start: number): Passes {
  const fused = lower(graph, state);
  const merged = { ...fused, steps: merge(fused.steps, fused.fixed) };
  const folded = { ...merged, steps: foldProducts(merged.steps, merged.fixed) };
  const finished = { ...folded, steps: epilogues(folded.steps, folded.fixed) };
  const coalesced = { ...finished, steps: coalesce(finished.steps, finished.fixed) };
  return { fused, merged, folded, finished, coalesced, plan: plan(coalesced, start) };
}
