/** The command line, called in this process. */
import { main } from "../src/cli/main.ts";

export interface Run {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

export async function nabla(...argv: string[]): Promise<Run> {
  let [out, error] = ["", ""];
  const code = await main(argv, {
    out: (text) => {
      out += text;
    },
    error: (text) => {
      error += text;
    },
    colour: false,
  });
  return { code, out, error };
}
