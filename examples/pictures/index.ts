/**
 * Every picture of docs/, drawn by nabla: npm run pictures [-- folder]. A test draws them too and
 * compares; the code beside a picture in a page is that of the file of its name here, up to `// Drawn`.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { main } from "../../src/cli/main.ts";

/** With a file of their own here. */
const named = [
  ...["optimize-methods", "optimize-steps", "optimize-saddle", "optimize-conditioning"],
  ...["fit-bands", "fit-outliers", "fit-ellipse"],
  ...["analyze-kinds", "analyze-step", "analyze-differences", "analyze-lipschitz"],
  "hill-climbing",
];

/** Gauss1 of NIST's Statistical Reference Datasets. */
const gauss = fileURLToPath(new URL("../../test/problems/nist/strd.json", import.meta.url));
const peaks = "b1*exp(-b2*x) + b3*exp(-(x-b4)^2/b5^2) + b6*exp(-(x-b7)^2/b8^2)";
const peaksStart = "b1=97,b2=0.009,b3=100,b4=65,b5=20,b6=70,b7=178,b8=16.5";

/** Those of the command line: what is typed there. */
const commands: Readonly<Record<string, (file: string, data: string) => readonly string[]>> = {
  minimize: (file) => ["minimize", "100*(y-x^2)^2+(1-x)^2", "--start", "x=-1.2,y=1", "--plot", file],
  fit: (file, data) => ["fit", peaks, data, "--start", peaksStart, "--plot", file],
  graph: (file) => ["graph", "exp(-x^2)*sin(y)", "--at", "x=0.5,y=1", "--svg", file],
};

/** The SVG of each picture by its name. */
export async function pictures(): Promise<ReadonlyMap<string, string>> {
  const drawn = new Map<string, string>();
  for (const name of named) {
    const { picture } = (await import(new URL(`./${name}.ts`, import.meta.url).href)) as { picture: string };
    drawn.set(name, picture);
  }
  const folder = await mkdtemp(join(tmpdir(), "nabla-pictures-"));
  const data = join(folder, "gauss.json");
  await writeFile(data, await rowsOf("Gauss1"));
  for (const [name, typed] of Object.entries(commands)) {
    const file = join(folder, `${name}.svg`);
    await main(typed(file, data), { out: () => {}, error: (text) => console.error(text), colour: false });
    drawn.set(name, await readFile(file, "utf8"));
  }
  await rm(folder, { recursive: true });
  return drawn;
}

async function rowsOf(name: string): Promise<string> {
  interface Problems {
    readonly problems: readonly {
      readonly name: string;
      readonly x: readonly number[];
      readonly y: readonly number[];
    }[];
  }
  const { problems } = JSON.parse(await readFile(gauss, "utf8")) as Problems;
  const problem = problems.find((p) => p.name === name);
  return JSON.stringify(problem?.x.map((x, i) => ({ x, y: problem.y[i] })));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const folder = process.argv[2] ?? fileURLToPath(new URL("../../docs/pictures", import.meta.url));
  for (const [name, svg] of await pictures()) {
    await writeFile(join(folder, `${name}.svg`), svg);
    console.log(`${name}.svg  ${(svg.length / 1024).toFixed(1)} kB`);
  }
}
