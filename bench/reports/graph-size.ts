/** How compile time grows with the graph: the gradient of a chain y ← sin(y)·x + y over 16 numbers. */
import type { Tensor } from "nabla";
import type { Line, ReportDefinition } from "../harness/report.ts";
import type { Nabla } from "../harness/row.ts";
import { bytes, duration } from "../harness/text.ts";

function measure(line: string, { compile, grad, linspace, sin, sum }: Nabla): Line {
  const operations = Number(line);
  const chain = (x: Tensor): Tensor => {
    let y = x;
    for (let i = 0; i < operations; i += 3) y = sin(y).mul(x).add(y);
    return sum(y);
  };
  const x = linspace(0, 1, 16);
  const slope = compile(grad(chain), { threads: 1 });
  const start = performance.now();
  const { graph, program } = slope.inspect(x);
  const compiled = performance.now();
  slope(x);
  const ran = performance.now();
  for (let i = 0; i < 9; i++) slope(x);
  const nodes = graph.nodes.length;
  const time = (compiled - start) * 1e6;
  return {
    cells: [
      `${nodes}`,
      duration(time),
      duration(time / nodes),
      bytes(program.bytes.length),
      duration((ran - compiled) * 1e6),
      duration(((performance.now() - ran) / 9) * 1e6),
    ],
    point: [nodes, time / 1e6],
  };
}

export default {
  name: "graph-size",
  title: "Compile time by the size of the graph: the gradient of a chain of operations",
  columns: ["operations", "nodes", "compile", "a node", "module", "first call", "next calls"],
  lines: (full) => ["100", "1000", "10000", "100000", ...(full ? ["1000000"] : [])],
  measure,
} satisfies ReportDefinition;
