import { parseArgs } from "node:util";

export interface Options {
  /** Parts of names of rows and reports; none: all of them. */
  readonly filters: readonly string[];
  /** Few and short rounds. */
  readonly quick: boolean;
  /** The reports' largest sizes too. */
  readonly full: boolean;
  readonly rounds: number;
  /** Milliseconds a contestant and round. */
  readonly budget: number;
  /** Another commit of nabla to measure against. */
  readonly compare: string | undefined;
  /** Another version of Node to run on, from npm. */
  readonly node: string | undefined;
}

export const usage = `npm run bench -- [name …] [options]

  name             rows and reports whose names contain it (default: all)
  --list           their names
  --quick          few and short rounds
  --full           the reports' largest sizes too
  --rounds N       rounds (default 7, quick 3)
  --compare REF    nabla here against nabla at a commit, in turn, instead of the peers
  --node VERSION   on this version of Node, by npx`;

export function optionsOf(argv: readonly string[]): Options & { readonly list: boolean; readonly help: boolean } {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      full: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
      rounds: { type: "string" },
      compare: { type: "string" },
      node: { type: "string" },
    },
  });
  const { quick, full, list, help, compare, node } = values;
  const rounds = Number(values.rounds ?? (quick ? 3 : 7));
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds is ${values.rounds}, not an integer ≥ 1`);
  return { filters: positionals, quick, full, list, help, compare, node, rounds, budget: quick ? 50 : 150 };
}
