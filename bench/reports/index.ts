import type { ReportDefinition } from "../harness/report.ts";
import firstCalls from "./first-calls.ts";
import graphSize from "./graph-size.ts";
import kernels from "./kernels.ts";
import programs from "./programs.ts";

export const reports: readonly ReportDefinition[] = [programs, graphSize, firstCalls, kernels];
