/** Datasets made of others: some of their examples, examples changed, one after the other, weighted. */
import { allocate } from "../base/dtype.ts";
import { NablaError } from "../base/error.ts";
import { checkSameStructure } from "../base/tree.ts";
import { constant, type Tensor } from "../graph/tensor.ts";
import { type FlatArguments, flattenArguments } from "../graph/trees.ts";
import { check, checkDataset, checkPlaces, func } from "./check.ts";
import type { Dataset } from "./dataset.ts";

const after = <A, B>(value: A | Promise<A>, f: (value: A) => B | Promise<B>): B | Promise<B> =>
  value instanceof Promise ? value.then(f) : f(value);

/**
 * The examples at these places, in this order; a place may come more than once.
 *
 * @example
 * subset(arrays([10, 20, 30]), [2, 0]).size // 2
 */
export function subset<E>(data: Dataset<E>, places: ArrayLike<number>): Dataset<E> {
  checkDataset("subset", data);
  checkPlaces("subset", places, data.size);
  const own = Uint32Array.from(places);
  // So many neighbours here as there are of a block there, if the places are spread over all.
  const block = Math.max(1, Math.round((data.block * own.length) / Math.max(1, data.size)));
  const take = (at: Uint32Array): E | Promise<E> => {
    checkPlaces("subset", at, own.length);
    return data.take(Uint32Array.from(at, (place) => own[place] as number));
  };
  return { size: own.length, block, take };
}

/**
 * Each batch of examples through a function as it is taken: examples stacked along the first axis come in and go out.
 *
 * @example
 * map(arrays({ x: [1, 2, 3] }), ({ x }) => ({ x: x.mul(10) })).size // 3
 */
export function map<E, R>(data: Dataset<E>, f: (examples: E) => R | Promise<R>): Dataset<R> {
  checkDataset("map", data);
  check("map", "f", f, func);
  return { size: data.size, block: data.block, take: (places) => after(data.take(places), f) };
}

/**
 * The examples of one dataset and then those of others, of the same tree.
 *
 * @example
 * concat(arrays({ x: [1, 2] }), arrays({ x: [3] })).size // 3
 */
export function concat<E>(...datasets: readonly Dataset<E>[]): Dataset<E> {
  if (datasets.length === 0) throw new NablaError("E-VALUE", "concat: there are no datasets", "concat(one, other)");
  const starts: number[] = [];
  let size = 0;
  for (const data of datasets) {
    checkDataset("concat", data);
    starts.push(size);
    size += data.size;
  }
  const take = (places: Uint32Array): E | Promise<E> => {
    checkPlaces("concat", places, size);
    const owners = Array.from(places, (place) => starts.findLastIndex((start) => start <= place));
    const used = datasets.map((_, i) => owners.flatMap((owner, at) => (owner === i ? [at] : [])));
    const taken = datasets.flatMap((data, i) => {
      const at = used[i] as number[];
      if (at.length === 0) return [];
      const own = Uint32Array.from(at, (k) => (places[k] as number) - (starts[i] as number));
      return [after(data.take(own), (examples) => ({ examples, at }))];
    });
    if (taken.length === 0) return (datasets[0] as Dataset<E>).take(places);
    if (!taken.some((one) => one instanceof Promise)) return merged(taken as Piece<E>[], places.length);
    return Promise.all(taken).then((pieces) => merged(pieces, places.length));
  };
  return { size, block: Math.max(1, ...datasets.map(({ block }) => block)), take };
}

interface Piece<E> {
  readonly examples: E;
  /** Where they belong in the batch. */
  readonly at: readonly number[];
}

function merged<E>(pieces: readonly Piece<E>[], size: number): E {
  const flat = pieces.map(({ examples }) => flattenArguments("concat", examples, "examples"));
  const [first, ...rest] = flat as [FlatArguments, ...FlatArguments[]];
  for (const { structure } of rest) checkSameStructure("concat", first.structure, structure);
  const tensors = first.tensors.map((like, leaf) => {
    const row = like.size / Math.max(1, like.shape[0] as number);
    const out = allocate(like.dtype, size * row);
    flat.forEach(({ tensors, paths }, i) => {
      const { data, dtype, shape } = tensors[leaf] as Tensor;
      if (dtype !== like.dtype || String(shape.slice(1)) !== String(like.shape.slice(1)))
        throw new NablaError("E-SHAPE", `concat: ${paths[leaf]} differs in shape or dtype`, "datasets of one kind");
      pieces[i]?.at.forEach((place, k) => {
        for (let j = 0; j < row; j++) out[place * row + j] = data[k * row + j] as number;
      });
    });
    return constant(out, [size, ...like.shape.slice(1)], like.dtype);
  });
  return first.rebuild(tensors) as E;
}
