/** Every function of nabla/data and nabla/interop on what it is not made for: a NablaError or an answer, nothing else. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NablaError, random, type Tensor, tensor } from "nabla";
import * as data from "nabla/data";
import * as interop from "nabla/interop";
import { dense } from "nabla/nn";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "nabla-nonsense-"));
const home = process.cwd();
beforeAll(async () => {
  process.chdir(folder); // what takes a text for a path writes here
  writeFileSync("rows.csv", "x,y\n1,2\n3,4\n5,6\n");
  await interop.saveModel("model.safetensors", variables);
  writeFileSync("labels.idx", Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 7, 9));
});
afterAll(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

const nonsense: readonly (readonly [name: string, value: unknown])[] = [
  ["undefined", undefined],
  ["null", null],
  ["5", 5],
  ["-1.5", -1.5],
  ["NaN", Number.NaN],
  ["2⁵³", 2 ** 53],
  ["a text", "nonsense"],
  ["true", true],
  ["3n", 3n],
  ["a symbol", Symbol("nonsense")],
  ["a function", () => 1],
  ["{}", {}],
  ["[]", []],
  ["[undefined]", [undefined]],
  ["[5]", [5]],
  ["an object of another kind", { nonsense: 1 }],
  ["an object without prototype", Object.create(null)],
  ["a length without elements", { length: 3 }],
  ["a tensor", tensor([1, 2])],
];

const rows = data.table({ x: [1, 2, 4], y: [2, 5, 6], w: [1, 1, 2] });
const labels = Int32Array.of(0, 1, 0);
const examples = data.arrays({ x: [1, 2, 3], y: labels });
const encoder = data.encode(rows, { target: "y" });
const places = Uint32Array.of(2, 0);
const layer = dense(2);
const variables = layer.init(random.key(0), [3]);
const file = interop.toONNX((x) => x.mul(2), { x: { shape: [3] } });
const model = interop.fromONNX(file);
const epoch = { seed: 1, epoch: 2 };
const stored = data.spool([{ x: new Float32Array([1, 2]) }], { file: join(folder, "two.spool") });

/** A call that is right; an object in it whose place is among `options` is one of options. */
type Call = readonly [args: readonly unknown[], options?: number];

const dataCalls: Readonly<Record<string, Call>> = {
  arrays: [[{ x: [1, 2] }]],
  batchCount: [[10, { batchSize: 4, dropLast: true }], 1],
  batches: [[examples, { batchSize: 2, shuffle: true, from: 0, dropLast: false, buffer: 9, ahead: 1, ...epoch }], 1],
  classWeights: [[[0, 1], 2]],
  completeRows: [[rows, ["x"]]],
  concat: [[examples, examples]],
  encode: [
    [
      rows,
      {
        ...{ target: "y", features: ["x"], exclude: [], task: "auto", kinds: { x: "number" } },
        ...{ weight: "w", maxCategories: 5, unseen: "zeros", rows: [0, 1, 2] },
      },
    ],
    1,
  ],
  encodeFiles: [["rows.csv", { target: "y", split: { test: 0.3 }, file: "rows.spool" }], 1],
  encodeStream: [[[rows], { target: "y", rows: [0, 1] }], 1],
  encoderFromJSON: [[encoder.toJSON()]],
  isMissing: [[null]],
  kFold: [[examples, 3, { seed: 1, stratify: labels }], 2],
  labelsOf: [[examples]],
  map: [[examples, (batch: unknown) => batch]],
  openSpool: [["two.spool", { cache: 10 }], 1],
  parseTable: [["x\n1\n", "csv", "name"]],
  readIDX: [["labels.idx", { scale: 2 }], 1],
  readImages: [["images", { channels: 1 }], 1],
  readParts: [["rows.csv", { sql: "select * from source", memoryLimit: "100MB", threads: 1 }], 1],
  readTable: [["rows.csv", { format: "csv" }], 1],
  selectRows: [[rows, places]],
  shuffled: [[10, epoch], 1],
  shuffledByBlocks: [[10, 2, 4, epoch], 3],
  splitPlaces: [[3, { validation: 0.1, test: 0.2, seed: 1, stratify: labels }], 1],
  spool: [[[{ x: [new Float32Array([1])] }], { file: "one.spool", each: "batch", cache: 10 }], 1],
  subset: [[examples, places]],
  table: [[[{ x: 1 }], "name"]],
  trainTestSplit: [[examples, { validation: 0.1, test: 0.4, seed: 1, stratify: labels }], 1],
  weightedByClass: [[examples, [1, 2]]],
};
const interopCalls: Readonly<Record<string, Call>> = {
  decodeSafetensors: [[interop.encodeSafetensors({ tensors: { w: tensor([1]) } })]],
  encodeSafetensors: [[{ tensors: { w: tensor([1]) }, metadata: { a: "b" } }], 0],
  fromONNX: [[file]],
  loadModel: [["model.safetensors"]],
  modelToONNX: [[layer, variables, [3], { batch: true, metadata: { a: "b" } }], 3],
  saveModel: [["model.safetensors", variables, { a: "b" }]],
  toONNX: [[(x: Tensor) => x.mul(2), { x: { shape: [1, 3] } }, { batch: true, metadata: { a: "b" } }], 2],
};
const methods = {
  "arrays.take": examples.take,
  "subset.take": data.subset(examples, [1, 0]).take,
  "concat.take": data.concat(examples, examples).take,
  "spool.take": async (at: unknown) => (await stored).take(at as Uint32Array),
  "Encoder.x": (given: unknown) => encoder.x(given as data.Table),
  "Encoder.y": (given: unknown) => encoder.y(given as data.Table),
  "Encoder.rows": (given: unknown) => encoder.rows(given as data.Table),
  "Encoder.dataset": (given: unknown) => encoder.dataset(given as data.Table),
  "Encoder.check": (given: unknown) => encoder.check(given as data.Table),
  "Encoder.decode": (given: unknown) => encoder.decode(given as Tensor),
  "OnnxModel.apply": model.apply,
};
const methodCalls: Readonly<Record<keyof typeof methods, Call>> = {
  "arrays.take": [[places]],
  "subset.take": [[Uint32Array.of(0, 1)]],
  "concat.take": [[places]],
  "spool.take": [[Uint32Array.of(0)]],
  "Encoder.x": [[rows]],
  "Encoder.y": [[rows]],
  "Encoder.rows": [[rows]],
  "Encoder.dataset": [[rows]],
  "Encoder.check": [[rows]],
  "Encoder.decode": [[[1, 2]]],
  "OnnxModel.apply": [[{ x: [1, 2, 3] }, {}]],
};

/** The first argument replaced, then the second, …; each option replaced; none given at all. */
function* spoilt([args, options]: Call): Generator<readonly [how: string, args: readonly unknown[]]> {
  yield ["no arguments", []];
  for (const [name, value] of nonsense) {
    yield [`all are ${name}`, args.map(() => value)];
    for (let i = 0; i < args.length; i++) yield [`argument ${i} is ${name}`, args.with(i, value)];
    if (options === undefined) continue;
    for (const key of Object.keys(args[options] as object))
      yield [`${key} is ${name}`, args.with(options, { ...(args[options] as object), [key]: value })];
  }
}

/** What it comes to, gone through as far as a few examples or rows. */
async function used(result: unknown): Promise<void> {
  const value = await result;
  if (typeof value !== "object" || value === null) return;
  if (Symbol.asyncIterator in value) {
    let left = 3;
    for await (const _ of value as AsyncIterable<unknown>) if (--left === 0) break;
  }
  if (Array.isArray(value)) for (const item of value.slice(0, 3)) await used(item);
  if ("take" in value && "size" in value) await (value as data.Dataset<unknown>).take(new Uint32Array(0));
  if ("take" in value && "size" in value && Number(value.size) > 0)
    await (value as data.Dataset<unknown>).take(Uint32Array.of(0));
  if ("cell" in value) (value as data.Table).cell(0, "x");
  if ("close" in value) await (value as data.Spool<unknown>).close();
  if ("data" in value) await used(value.data);
}

type Callable = (...args: readonly unknown[]) => unknown;

/** What is thrown, now or later. */
async function thrownBy(f: Callable, args: readonly unknown[]): Promise<unknown> {
  try {
    await used(f(...args));
    return undefined;
  } catch (error) {
    return error;
  }
}

const all: Readonly<Record<string, readonly [exports: object, calls: Readonly<Record<string, Call>>]>> = {
  "nabla/data": [data, dataCalls],
  "nabla/interop": [interop, interopCalls],
  "what they give": [methods, methodCalls],
};
describe.each(Object.entries(all))("%s", (_, [exports, calls]) => {
  const functions = Object.entries(exports).filter(([, value]) => typeof value === "function") as [string, Callable][];

  test("no function is missing here", () => {
    expect(functions.map(([name]) => name).sort()).toEqual(Object.keys(calls).sort());
  });

  test.each(functions)("%s", async (name, f) => {
    const call = calls[name] as Call;
    if (name !== "readImages") expect(await thrownBy(f, call[0])).toBeUndefined(); // there are no images
    const raw: string[] = [];
    for (const [how, args] of spoilt(call)) {
      const error = await thrownBy(f, args);
      if (error !== undefined && !(error instanceof NablaError)) raw.push(`${how}: ${String((error as Error).stack)}`);
    }
    expect(raw, raw.join("\n")).toEqual([]);
  });

  test.each(functions.filter(([name]) => calls[name]?.[1] !== undefined))(
    "%s: an option that is none",
    async (name, f) => {
      const [args, at = 0] = calls[name] as Call;
      const error = await thrownBy(f, args.with(at, { ...(args[at] as object), mispelt: 1 }));
      expect(error).toBeInstanceOf(NablaError);
      expect((error as NablaError).message).toContain('"mispelt"');
    },
  );
});

test.each<[what: string, run: () => unknown, part: string]>([
  ["a source of numbers", () => data.spool(5 as never), "E-VALUE spool: the source is 5"],
  ["a text that is none", () => data.parseTable(5 as never, "csv"), "E-VALUE parseTable: the text is 5"],
  ["no source", () => data.readTable(undefined as never), "E-VALUE readTable: the source is nothing"],
  ["nothing to join", () => data.concat(), "E-VALUE concat: there are no datasets"],
  ["a place that is none", () => data.subset(examples, [undefined as never]), "E-INDEX subset: place nothing"],
  ["rows beyond the table", () => data.selectRows(rows, [3]), "E-INDEX selectRows: row 3 of 3"],
  [
    "no labels",
    () => data.labelsOf(data.arrays({ x: [1] }) as never),
    "E-VALUE labelsOf: y of the examples is nothing",
  ],
  [
    "no labels to weigh by",
    () => data.weightedByClass(data.arrays({ x: [1] }) as never, [1]).take(Uint32Array.of(0)),
    "E-VALUE weightedByClass: y of the examples is nothing",
  ],
  ["a scale that is none", () => data.readIDX("labels.idx", { scale: Number.NaN }), "E-OPTION readIDX: scale is NaN"],
  ["a share of a part", () => data.encodeFiles("rows.csv", { target: "y", split: { tset: 0.1 } as never }), '"tset"'],
  [
    "an input named as the result",
    () => interop.toONNX((x) => x.mul(2), { output: { shape: [3] } }),
    'E-OPTION toONNX: an input and a result are both named "output"',
  ],
])("%s", async (_, run, part) => {
  const error = await thrownBy(run, []);
  expect(error).toBeInstanceOf(NablaError);
  expect((error as NablaError).message).toContain(part);
});

test("names of inputs and results are not met by those that the file makes up", () => {
  const read = (name: string): number[] => {
    const f = (x: Tensor): Record<string, Tensor> => ({ [name]: x.mul(2).add(1), tanh_3: x.tanh() });
    const file = interop.toONNX(f, { mul_1: { shape: [2] } });
    return interop
      .fromONNX(file)
      .apply({ mul_1: [1, 2] })
      [name]?.toArray() as number[];
  };
  for (const name of ["mul_2", "add_3", "constant_0", "y"]) expect(read(name)).toEqual([3, 5]);
});
