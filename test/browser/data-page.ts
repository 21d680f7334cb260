/** The script of a page that reads files and addresses, without bundler. */
import { readFrom } from "./data.ts";

const built = "/dist/data/index.js";
const report = await import(built)
  .then((data: typeof import("nabla/data")) => readFrom(data, new URL("/rows.csv", location.href)))
  .catch((error: unknown) => String(error));
await fetch("/report", { method: "POST", body: JSON.stringify(report) });
