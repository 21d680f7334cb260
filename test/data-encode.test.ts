/** Tables as numbers: what an encoder decides, its formulas, and what it says about rows that do not fit. */
import fc from "fast-check";
import { NablaError } from "nabla";
import {
  completeRows,
  type EncodeOptions,
  encode,
  encoderFromJSON,
  encodeStream,
  parseTable,
  selectRows,
  type Table,
  table,
} from "nabla/data";
import { expect, test } from "vitest";

const message = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof NablaError) return error.message;
    throw error;
  }
  return "none";
};

const people = table([
  { age: 20, city: "Bonn", member: "true", since: "2020-01-01", y: 1 },
  { age: null, city: "Kiel", member: "false", since: "2020-01-03", y: 2 },
  { age: 40, city: "Bonn", member: "true", since: "2020-01-02", y: 4 },
  { age: 30, city: "", member: "true", since: "2020-01-02", y: 5 },
]);

test("each kind of column by its formula", () => {
  const encoder = encode(people, { target: "y" });
  expect(encoder.features).toEqual([
    "age",
    "age is missing",
    "city=Bonn",
    "city=Kiel",
    "city is missing",
    "member",
    "since",
  ]);
  const deviation = Math.sqrt(200 / 3); // of 20, 40, 30
  const day = Math.sqrt(1 / 2); // of days 0, 2, 1, 1
  const expected = [
    [-10 / deviation, 0, 1, 0, 0, 1, -1 / day],
    [0, 1, 0, 1, 0, 0, 1 / day],
    [10 / deviation, 0, 1, 0, 0, 1, 0],
    [0, 0, 1, 0, 1, 1, 0],
  ];
  expect(Array.from(encoder.x(people).data)).toEqual(Array.from(Float32Array.from(expected.flat())));
  expect(encoder.x(people).shape).toEqual([4, 7]);
  const spread = Math.sqrt((4 + 1 + 1 + 4) / 4);
  expect(Array.from(encoder.y(people).data)).toEqual(
    Array.from(Float32Array.of(-2, -1, 1, 2), (v) => Math.fround(v / spread)),
  );
  encoder.decode(encoder.y(people)).forEach((value, i) => {
    expect(value).toBeCloseTo([1, 2, 4, 5][i] as number, 6);
  });
  expect(String(encoder)).toContain("city    category: Bonn, Kiel; missing: Bonn, and marked");
});

test("statistics are those of the chosen rows alone", () => {
  const data = table({ x: [1, 3, 1e9], y: [0, 1, 1e9] });
  const chosen = encode(data, { target: "y", rows: [0, 1] });
  expect(chosen.toJSON()).toEqual(encode(selectRows(data, [0, 1]), { target: "y" }).toJSON());
  expect(chosen.columns[0]).toMatchObject({ mean: 2, deviation: 1 });
});

test.each<[string, unknown[], "regression" | "classification", readonly string[]]>([
  ["numbers", [0.5, 1.5, 2.5], "regression", []],
  ["text", ["b", "a", "b"], "classification", ["a", "b"]],
  ["yes and no", [true, false, "TRUE"], "classification", ["false", "true"]],
  ["digits", Array.from({ length: 200 }, (_, i) => i % 10), "classification", [..."0123456789"]],
  ["whole numbers with gaps", Array.from({ length: 200 }, (_, i) => (i % 10) ** 2), "regression", []],
  ["few whole numbers", [1, 2, 3], "regression", []],
])("the task is told from the target: %s", (_, y, task, classes) => {
  const encoder = encode(table({ x: y.map((_, i) => i), y }), { target: "y" });
  expect([encoder.task, encoder.classes]).toEqual([task, classes]);
  if (task === "classification")
    expect(encoder.decode(encoder.y(table({ y })))).toEqual(y.map((v) => String(v).toLowerCase()));
});

test.each<[string, unknown[], string]>([
  ["constant", Array(30).fill(7), "all values are the same"],
  ["a constant text", Array(30).fill("a"), "all values are the same"],
  ["nothing", Array(30).fill("NA"), "no row has a value"],
  ["free text", Array.from({ length: 30 }, (_, i) => `note ${i}`), "30 different texts in 30 rows: names of rows"],
  [
    "a number that is none",
    Array.from({ length: 30 }, (_, i) => (i === 7 ? "12,5" : i)),
    'its values are numbers, but row 8 holds "12,5"',
  ],
  [
    "infinity",
    Array.from({ length: 30 }, (_, i) => (i === 7 ? 1 / 0 : i)),
    "its values are numbers, but row 8 holds Infinity",
  ],
  ["lists", Array.from({ length: 30 }, (_, i) => [i]), "row 1 holds a list, which is no single value"],
])("left out, with the reason: %s", (_, bad, why) => {
  const y = bad.map((_, i) => i / 3);
  const encoder = encode(table({ bad, good: y, y }), { target: "y" });
  expect(encoder.features).toEqual(["good"]);
  expect(encoder.notes[0]).toContain(`"bad" is left out: ${why}`);
});

test.each<[string, Table, EncodeOptions, string]>([
  ["an empty file", parseTable("x,y\n", "csv"), { target: "y" }, "table: there are no rows"],
  ["no such target", table({ x: [1] }), { target: "y" }, 'there is no column "y"; other columns there are "x"'],
  ["no such feature", table({ x: [1], y: [1] }), { target: "y", features: ["z"] }, 'there is no column "z"'],
  ["one class", table({ x: [1, 2], y: ["a", "a"] }), { target: "y" }, 'the target "y" has one class, "a"'],
  ["one value", table({ x: [1, 2], y: [3, 3] }), { target: "y" }, 'the target "y" is 3 in every row'],
  ["no value", table({ x: [1, 2], y: ["", null] }), { target: "y" }, 'the target "y" has no value in any row'],
  ["no features", table({ x: [1, 1], y: [1, 2] }), { target: "y" }, 'no column is left to predict "y" from'],
  [
    "a wrong kind",
    table({ x: ["a", "b"], y: [1, 2] }),
    { target: "y", kinds: { x: "number" } },
    'it is to be number, but row 1 holds "a"',
  ],
  [
    "text to regress",
    table({ x: [1, 2], y: ["a", "b"] }),
    { target: "y", task: "regression" },
    'is not a number everywhere: row 1 holds "a"',
  ],
])("nothing can be learned: %s", (_, data, options, part) => {
  expect(message(() => encode(data, options))).toContain(part);
});

test("new rows", () => {
  const encoder = encode(people, { target: "y" });
  const row = { age: 30, city: "Bonn", member: true, since: "2020-01-02", y: 1 };
  const others = (change: object): Table => table([{ ...row, ...change }]);
  expect(Array.from(encoder.x(others({ city: "Rome" })).data)).toEqual([0, 0, 0, 0, 0, 1, 0]);
  expect(encoder.check(others({ city: "Rome", member: null }))).toEqual([
    '"city" has categories that training had not: "Rome" (1)',
    '"member" is missing in 1 rows, and never was in training',
  ]);
  expect(encoder.check(others({}))).toEqual([]);
  const { age, ...rest } = row;
  expect(message(() => encoder.x(table([{ ...rest, years: age }])))).toContain(
    'there is no column "age"; other columns there are "y", "years"',
  );
  expect(message(() => encoder.x(others({ age: "old" })))).toContain('row 1, column "age": "old" is no number');
  expect(message(() => encoder.x(others({ age: null, city: null, member: null, since: null })))).toContain(
    "no row has a value",
  );
  expect(message(() => encoder.y(others({ y: null })))).toContain('row 1, column "y": the target has no value');
  const strict = encode(people, { target: "city", unseen: "error", rows: completeRows(people, ["city"]) });
  expect(strict.classes).toEqual(["Bonn", "Kiel"]);
  expect(message(() => strict.y(others({ city: "Rome" })))).toContain('"Rome" did not occur when the encoder was made');
  expect(completeRows(people, ["city", "age"])).toEqual(Uint32Array.of(0, 2));
});

test("an encoder comes back from its JSON, and nothing else does", () => {
  const encoder = encode(people, { target: "city", rows: [0, 1, 2] });
  const text = JSON.stringify(encoder);
  expect(String(encoderFromJSON(text))).toBe(String(encoder));
  expect(encoderFromJSON(JSON.parse(text)).x(people).toArray()).toEqual(encoder.x(people).toArray());
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.constantFrom("", "0", '"', "{", "-", "null"), (at, put) => {
      const changed = text.slice(0, at) + put + text.slice(at + 1);
      expect(() => {
        try {
          encoderFromJSON(changed).x(people);
        } catch (error) {
          if (!(error instanceof NablaError)) throw error;
        }
      }).not.toThrow();
    }),
    { numRuns: 300 },
  );
});

test("in parts or at once: the same statistics", async () => {
  const n = 5000;
  const rows = Array.from({ length: n }, (_, i) => ({
    x: Math.sin(i) * 1e3 + 1e6,
    c: "abc"[(i * 7) % 3],
    z: i % 11 === 0 ? null : i % 5,
    y: Math.cos(i),
  }));
  const whole = table(rows);
  const places = Uint32Array.from({ length: 3000 }, (_, i) => Math.floor((i * 5) / 3));
  const parts = Array.from({ length: 7 }, (_, k) => table(rows.slice(k * 750, (k + 1) * 750)));
  for (const options of [{}, { rows: places }]) {
    const streamed = await encodeStream(parts, { target: "y", ...options });
    expect(streamed.toJSON()).toEqual(encode(whole, { target: "y", ...options }).toJSON());
  }
  // The witness: two passes.
  const mean = rows.reduce((sum, { x }) => sum + x, 0) / n;
  const variance = rows.reduce((sum, { x }) => sum + (x - mean) ** 2, 0) / n;
  const [column] = encode(whole, { target: "y" }).columns;
  expect((column?.mean ?? 0) / mean).toBeCloseTo(1, 12);
  expect((column?.deviation ?? 0) / Math.sqrt(variance)).toBeCloseTo(1, 10);
});

test("choices that are none, rows that are not there, values that overflow", () => {
  const rows = table(Array.from({ length: 5 }, (_, i) => ({ x: i, y: i * i })));
  const refused = (options: object): string =>
    message(() => encode(rows, { target: "y", ...options } as EncodeOptions));
  expect(refused({ task: "rank" })).toContain('E-OPTION encode: task is "rank"');
  expect(refused({ unseen: "drop" })).toContain('E-OPTION encode: unseen is "drop"');
  expect(refused({ maxCategories: Number.NaN })).toContain("E-OPTION encode: maxCategories is NaN");
  expect(refused({ kinds: { y: "category" } })).toContain('E-OPTION encode: kinds names the target "y"');
  expect(refused({ rows: [0, 5] })).toContain("E-INDEX encode: row 5 of 5");
  const great = table([1e308, -1e308, 1e308].map((v, i) => ({ x: v, z: i, y: i })));
  expect(encode(great, { target: "y" }).notes.join()).toContain('"x" is left out: the squares');
  expect(message(() => encode(great, { target: "x" }))).toContain('the target "x" cannot be standardised');
  for (const form of ["xml", "toString"] as never[])
    expect(message(() => parseTable("x\n1", form))).toContain("E-OPTION table: there is no form");
});
