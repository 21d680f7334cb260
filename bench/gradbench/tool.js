// node bench/gradbench/tool.js [--threads N]: the tool of GradBench's protocol (tool.ts), after npm install.
import { fileURLToPath } from "node:url";
import { register } from "tsx/esm/api";

register({ tsconfig: fileURLToPath(new URL("../../tsconfig.json", import.meta.url)) });
await import("./tool.ts");
