/** What compiling each row's program costs, and how near its memory is to the least that could do. */
import { assemble } from "../../src/backend/wasm/assemble.ts";
import { hasFused } from "../../src/backend/wasm/fused.ts";
import type { Line, ReportDefinition } from "../harness/report.ts";
import type { Nabla, Row } from "../harness/row.ts";
import { median } from "../harness/statistics.ts";
import { bytes, duration } from "../harness/text.ts";
import { rows } from "../rows/index.ts";

const nameOf = (row: Row, index: number): string => `${row.name}: ${row.cases[index]?.name}`;

const compiledRows = rows.filter((row) => row.threads !== false && row.solvers === undefined);

function time<T>(f: () => T): [number, T] {
  const start = performance.now();
  const result = f();
  return [(performance.now() - start) * 1e6, result];
}

const again = (f: (i: number) => unknown): string =>
  duration(median(Array.from({ length: 7 }, (_, i) => time(() => f(i))[0])));

/** The same module with a custom section of its own, as V8 keeps what it compiled by its bytes. */
function renamed(module: Uint8Array, tag: number): Uint8Array<ArrayBuffer> {
  const name = 4;
  return new Uint8Array([...module, 0, name + 1, name, ...new TextEncoder().encode(String(tag).padStart(name, "0"))]);
}

async function measure(line: string, nabla: Nabla): Promise<Line> {
  const row = compiledRows.find((r) => line.startsWith(`${r.name}: `)) as Row;
  const size = row.cases.find((_, i) => nameOf(row, i) === line)?.size as never;
  const prepare = async () => {
    const { inspect } = await row.nabla(nabla, size, { threads: 1 }, "");
    if (inspect === undefined) throw new Error(`${line} has no program`);
    return inspect;
  };
  const [cold, { graph, program }] = time(await prepare());
  const warm: number[] = [];
  for (let i = 0; i < 5; i++) warm.push(time(await prepare())[0]);
  const { plan } = program;
  const variants = Array.from({ length: 7 }, (_, i) => renamed(program.bytes, i));
  return {
    cells: [
      `${graph.nodes.length}`,
      duration(cold),
      duration(median(warm)),
      again(() => assemble(plan, { threads: 1, fused: hasFused })),
      again((i) => new WebAssembly.Module(variants[i] as Uint8Array<ArrayBuffer>)),
      bytes(program.bytes.length),
      bytes(plan.bytes),
      `× ${(plan.bytes / plan.lowerBound).toFixed(3)}`,
    ],
  };
}

export default {
  name: "programs",
  title: "Programs: compiling (trace, differentiate, rewrite, plan, emit) and memory, on one thread",
  columns: ["", "nodes", "compile, cold", "again", "emission", "by the engine", "module", "peak", "of lower bound"],
  lines: () => compiledRows.flatMap((row) => row.cases.map((_, i) => nameOf(row, i))),
  measure,
} satisfies ReportDefinition;
