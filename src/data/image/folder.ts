/** Images in folders, of which each is a class. */
import { NablaError } from "../../base/error.ts";
import { constant, type Tensor } from "../../graph/tensor.ts";
import { check, checkEach, checkPlaces, oneOf, text } from "../check.ts";
import type { Dataset } from "../dataset.ts";
import { bytesOf, fileError } from "../source.ts";
import { decodeImage, type Picture } from "./decode.ts";

/** Images in files, with the names of their classes by label. */
export interface ImageFolder extends Dataset<{ readonly x: Tensor; readonly y: Tensor }> {
  readonly classes: readonly string[];
  /** The path of each example. */
  readonly files: readonly string[];
}

/** How images are given. */
export interface ImageOptions {
  /** 1 for grey, 3 for colours (default). */
  readonly channels?: 1 | 3;
}

/**
 * The PNG and JPEG files of a folder's folders, sorted by name: x float32 [n, channels, rows, columns] from 0 to 1, y the
 * labels of the folders, int32. Files are read and decoded as they are asked for; transparency is passed over. Needs the
 * packages fast-png and jpeg-js. All images have the size of the first one.
 *
 * @example
 * await readImages("pets").then(({ classes }) => classes, ({ code }) => code) // "E-OPTION"
 */
export async function readImages(folder: string, options: ImageOptions = {}): Promise<ImageFolder> {
  check("readImages", "the folder", folder, text);
  checkEach("readImages", options, { channels: oneOf(1, 3) });
  const { channels = 3 } = options;
  const { readdir } = await import("node:fs/promises");
  const { join } = await import("node:path");
  const list = (path: string) =>
    readdir(path, { withFileTypes: true }).catch((error) => {
      throw fileError(path, error);
    });
  const classes = (await list(folder))
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
  const files: string[] = [];
  const labels: number[] = [];
  for (const [label, name] of classes.entries())
    for (const file of (await list(join(folder, name))).map((entry) => entry.name).sort())
      if (/\.(png|jpe?g)$/i.test(file)) {
        files.push(join(folder, name, file));
        labels.push(label);
      }
  const [first] = files;
  if (first === undefined)
    throw new NablaError(
      "E-VALUE",
      `${folder}: there are no PNG or JPEG files in its folders`,
      "a folder for each class",
    );
  const read = async (file: string): Promise<Picture> => decodeImage(file, await bytesOf(file));
  const { rows, columns } = await read(first);
  const length = channels * rows * columns;
  const take = async (places: Uint32Array) => {
    checkPlaces("readImages", places, files.length);
    const x = new Float32Array(places.length * length);
    const paths = Array.from(places, (place) => files[place] as string);
    const pictures = await Promise.all(paths.map(read));
    pictures.forEach((picture, i) => {
      if (picture.rows !== rows || picture.columns !== columns)
        throw new NablaError(
          "E-SHAPE",
          `${paths[i]}: ${picture.rows} × ${picture.columns} pixels, ${first} has ${rows} × ${columns}`,
          "images of one size",
        );
      x.set(planes(picture, channels), i * length);
    });
    const y = Int32Array.from(places, (place) => labels[place] as number);
    return { x: constant(x, [places.length, channels, rows, columns]), y: constant(y, [places.length]) };
  };
  return { size: files.length, block: 1, take, classes, files };
}

/** The channels one after the other; grey of colours by ITU-R BT.601. */
function planes({ rows, columns, channels: given, samples }: Picture, channels: 1 | 3): Float32Array {
  const size = rows * columns;
  const out = new Float32Array(channels * size);
  const luma = [0.299, 0.587, 0.114];
  for (let i = 0; i < size; i++)
    for (let c = 0; c < given; c++) {
      const value = samples[i * given + c] as number;
      if (given === channels) out[c * size + i] = value;
      else if (given === 3) out[i] = (out[i] as number) + (luma[c] as number) * value;
      else for (let k = 0; k < channels; k++) out[k * size + i] = value;
    }
  return out;
}
