/** The only list of operations: every record that a family file exports, by itself or on its function. */
import type { Operation } from "../graph/operation.ts";
import * as activation from "./activation.ts";
import * as arithmetic from "./arithmetic.ts";
import * as contract from "./contract.ts";
import * as contraction from "./contraction.ts";
import * as gather from "./gather.ts";
import * as linalg from "./linalg/records.ts";
import * as math from "./math.ts";
import * as movement from "./movement.ts";
import * as random from "./random.ts";
import { castOperation } from "./record.ts";
import * as reduce from "./reduce.ts";
import * as sort from "./sort.ts";
import * as windows from "./windows.ts";

const isOperation = (value: unknown): value is Operation =>
  typeof value === "object" && value !== null && "infer" in value && "kind" in value;

function records(family: object): Operation[] {
  return Object.values(family).flatMap((value: unknown) => {
    const record = typeof value === "function" && "operation" in value ? value.operation : value;
    return isOperation(record) ? [record] : [];
  });
}

export const operations: readonly Operation[] = [
  ...new Set([
    castOperation,
    ...[
      arithmetic,
      math,
      activation,
      movement,
      windows,
      reduce,
      gather,
      sort,
      contract,
      contraction,
      linalg,
      random,
    ].flatMap(records),
  ]),
];
