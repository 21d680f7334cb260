/** Parts, views and weights of datasets, as laws over sizes, shares and seeds. */
import fc from "fast-check";
import type { Tensor } from "nabla";
import {
  arrays,
  classWeights,
  concat,
  type Dataset,
  kFold,
  labelsOf,
  map,
  splitPlaces,
  subset,
  trainTestSplit,
  weightedByClass,
} from "nabla/data";
import { expect, test } from "vitest";

const counted = (size: number) =>
  arrays({
    x: Float32Array.from({ length: size }, (_, i) => i),
    y: Int32Array.from({ length: size }, (_, i) => (i * i) % 3),
  });
const all = (size: number): Uint32Array => Uint32Array.from({ length: size }, (_, i) => i);
const values = async (data: Dataset<{ x: Tensor }>, places = all(data.size)): Promise<number[]> =>
  Array.from((await data.take(places)).x.data);

const seed = fc.integer({ min: 0, max: 1000 });
const share = fc.double({ min: 0, max: 0.45, noNaN: true });

test("parts hold each example once, in the shares asked for", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), share, share, seed, (size, validation, test, seed) => {
      const options = { validation, test, seed };
      // Of few examples rounding may leave none to train on, which is refused.
      if (Math.round(size * (test + validation)) === size) {
        expect(() => splitPlaces(size, options)).toThrow("E-OPTION");
        return;
      }
      const parts = splitPlaces(size, options);
      expect([...parts.train, ...parts.validation, ...parts.test].sort((a, b) => a - b)).toEqual([...all(size)]);
      expect(Math.abs(parts.test.length - test * size)).toBeLessThanOrEqual(0.5);
      expect(Math.abs(parts.validation.length - validation * size)).toBeLessThanOrEqual(1);
      expect(splitPlaces(size, { validation, test, seed })).toEqual(parts);
    }),
  );
});

test("stratified: each part has its share of each class, to one example or so", () => {
  const labels = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(labels, share, seed, (stratify, test, seed) => {
      const parts = splitPlaces(stratify.length, { test, seed, stratify });
      for (const label of new Set(stratify)) {
        const count = (places: ArrayLike<number>) => Array.from(places).filter((p) => stratify[p] === label).length;
        const expected = (count(all(stratify.length)) * parts.test.length) / stratify.length;
        expect(Math.abs(count(parts.test) - expected)).toBeLessThan(2.5);
      }
    }),
  );
});

test("folds hold each example out once", async () => {
  const data = counted(103);
  const labels = await labelsOf(data);
  for (const options of [{}, { seed: 4 }, { stratify: labels }]) {
    const folds = kFold(data, 5, options);
    const held = await Promise.all(folds.map(({ validation }) => values(validation)));
    expect(held.flat().sort((a, b) => a - b)).toEqual([...all(103)]);
    for (const { train, validation } of folds)
      expect([...(await values(train)), ...(await values(validation))].sort((a, b) => a - b)).toEqual([...all(103)]);
  }
});

test("views", async () => {
  const data = counted(6);
  expect(await values(subset(data, [4, 0, 4]))).toEqual([4, 0, 4]);
  expect(await values(subset(subset(data, [5, 3, 1]), [2, 0]))).toEqual([1, 5]);
  expect(await values(map(data, ({ x }) => ({ x: x.mul(2) })))).toEqual([0, 2, 4, 6, 8, 10]);
  const later: Dataset<{ x: Tensor; y: Tensor }> = { ...data, take: async (places) => data.take(places) };
  for (const second of [data, later])
    expect(await values(concat(data, second, subset(data, [3])), Uint32Array.of(12, 1, 7, 0, 11))).toEqual([
      3, 1, 1, 0, 5,
    ]);
  const parts = trainTestSplit(data, { validation: 1 / 3, test: 1 / 6 });
  expect([parts.train.size, parts.validation.size, parts.test.size]).toEqual([3, 2, 1]);
});

test("weights make classes count alike", async () => {
  const labels = Int32Array.of(0, 0, 0, 0, 2, 2, 2, 2, 2, 1);
  const weights = classWeights(labels);
  for (const c of [0, 1, 2])
    expect((weights[c] as number) * labels.filter((label) => label === c).length).toBeCloseTo(10 / 3, 5);
  expect(classWeights([0, 0], 3)).toEqual(Float32Array.of(1, 0, 0));
  const data = weightedByClass(arrays({ x: new Float32Array(10), y: labels }), weights);
  const { weight } = await data.take(Uint32Array.of(9, 0));
  expect(Array.from(weight.data)).toEqual([weights[1], weights[0]]);
});

test.each<[string, () => unknown, string]>([
  ["no options", () => trainTestSplit(counted(3), undefined as never), "trainTestSplit: the options are undefined"],
  ["a share beyond 1", () => trainTestSplit(counted(3), { test: 1.5 }), "trainTestSplit: test is 1.5"],
  [
    "nothing to train on",
    () => trainTestSplit(counted(3), { test: 0.5, validation: 0.5 }),
    "leave nothing to train on",
  ],
  [
    "labels too few",
    () => trainTestSplit(counted(3), { test: 0.5, stratify: [1] }),
    "trainTestSplit: 1 labels for 3 examples",
  ],
  ["one fold", () => kFold(counted(3), 1), "kFold: 1 folds of 3 examples"],
  ["a place beyond", () => subset(counted(3), [3]), "subset: place 3 of 3 examples"],
  ["a label beyond", () => classWeights([5], 2), "classWeights: the label 5 of 2 classes"],
])("%s", (_, run, part) => {
  expect(run).toThrow(part);
});

/** What would give a wrong number, or fill the memory, is an error that says so. */
test.each<[string, () => unknown, string]>([
  ["a place beyond", () => counted(2).take(Uint32Array.of(1, 2)), "E-INDEX arrays: place 2 of 2"],
  ["a place beyond all that follow", () => concat(counted(1), counted(1)).take(Uint32Array.of(2)), "E-INDEX"],
  ["nothing to train on", () => splitPlaces(2, { test: 0.9 }), "leave none to train on"],
  ["a label that is a fraction", () => classWeights([0.5, 0]), "E-INDEX classWeights: the label 0.5"],
  ["a label that is none", () => classWeights([Number.NaN, 0]), "E-INDEX classWeights: the label NaN"],
  ["a label that is a year of seconds", () => classWeights([4e9, 0]), "E-INDEX classWeights: the label 4000000000"],
  ["classes that are no number", () => classWeights([0], 1.5), "E-OPTION classWeights: 1.5"],
  [
    "a label without a weight",
    () => weightedByClass(counted(3), [1]).take(all(3)),
    "E-INDEX weightedByClass: there is no weight for the label 1",
  ],
])("%s", (_, run, part) => {
  expect(run).toThrow(part);
});
