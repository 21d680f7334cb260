/** One image as numbers, by fast-png and jpeg-js, of which neither is asked before the size is known to be bearable. */
import { NablaError } from "../../base/error.ts";
import { inflated, joined } from "../inflate.ts";

/** Samples from 0 to 1, row by row, the channels of a pixel (1 grey, 3 red, green, blue) side by side. */
export interface Picture {
  readonly rows: number;
  readonly columns: number;
  readonly channels: 1 | 3;
  readonly samples: Float32Array;
}

/** No picture of more pixels is decoded. */
const mostPixels = 2 ** 26;

interface PNG {
  decode(
    bytes: Uint8Array,
    options: { readonly checkCrc: boolean },
  ): {
    readonly width: number;
    readonly height: number;
    readonly depth: number;
    readonly channels: number;
    readonly data: ArrayLike<number>;
    readonly palette?: readonly (readonly number[])[];
  };
}
interface JPEG {
  decode(
    bytes: Uint8Array,
    options: {
      readonly useTArray: true;
      readonly formatAsRGBA: false;
      readonly maxResolutionInMP: number;
      readonly maxMemoryUsageInMB: number;
    },
  ): { readonly width: number; readonly height: number; readonly data: Uint8Array };
}

async function load<T>(what: string, name: string): Promise<T> {
  try {
    const loaded = (await import(name)) as T & { readonly default?: T };
    return loaded.default ?? loaded;
  } catch {
    throw new NablaError(
      "E-OPTION",
      `${what}: this needs the package ${name}, which is not there`,
      `npm install ${name}`,
    );
  }
}

const names = { png: "fast-png", jpeg: "jpeg-js" };
const isPNG = (bytes: Uint8Array): boolean =>
  [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10].every((byte, i) => bytes[i] === byte);

/** E-VALUE where the bytes are no whole PNG or JPEG, E-LIMIT where there are too many pixels. */
export async function decodeImage(name: string, bytes: Uint8Array): Promise<Picture> {
  const png = isPNG(bytes);
  if (!png && !(bytes[0] === 0xff && bytes[1] === 0xd8))
    throw new NablaError("E-VALUE", `${name}: this is neither PNG nor JPEG`, "PNG or JPEG files");
  const library = await load<PNG & JPEG>(name, png ? names.png : names.jpeg);
  try {
    return png ? await pngOf(library, bytes) : jpegOf(library, bytes);
  } catch (error) {
    if (error instanceof NablaError) throw error;
    throw new NablaError("E-VALUE", `${name}: this is no whole picture: ${(error as Error).message}`, "another file");
  }
}

function jpegOf(library: JPEG, bytes: Uint8Array): Picture {
  const limits = { maxResolutionInMP: mostPixels / 1e6, maxMemoryUsageInMB: 1024 };
  const { width, height, data } = library.decode(bytes, { useTArray: true, formatAsRGBA: false, ...limits });
  return { rows: height, columns: width, channels: 3, samples: Float32Array.from(data, (v) => v / 255) };
}

/** The chunks that say what the pixels are (PNG specification, third edition, § 11), and no other. */
const needed = ["IHDR", "PLTE", "tRNS", "IDAT", "IEND"];

async function pngOf(library: PNG, bytes: Uint8Array): Promise<Picture> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kept: Uint8Array[] = [bytes.subarray(0, 8)];
  const pixels: Uint8Array[] = [];
  let head: DataView | undefined;
  for (let at = 8; at < bytes.length; ) {
    const end = at + 12 + view.getUint32(at);
    if (end > bytes.length) throw new Error("it is cut off");
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (needed.includes(type)) kept.push(bytes.subarray(at, end));
    if (type === "IHDR") head = new DataView(bytes.buffer, bytes.byteOffset + at + 8, end - at - 12);
    if (type === "IDAT") pixels.push(bytes.subarray(at + 8, end - 4));
    at = end;
  }
  if (head === undefined || head.byteLength !== 13) throw new Error("it has no head");
  const [columns, rows] = [head.getUint32(0), head.getUint32(4)];
  if (columns === 0 || rows === 0 || columns * rows > mostPixels)
    throw new NablaError("E-LIMIT", `a picture of ${columns} × ${rows} pixels`, `at most ${mostPixels} pixels`);
  // At most 4 channels of 2 bytes, a byte a row for the filter; interlaced there are 7 pictures, of at most 2 rows more each.
  const most = rows * columns * 8 + 15 * (rows + 1);
  const total = pixels.reduce((sum, { length }) => sum + length, 0);
  await inflated(joined(pixels, total), "deflate", () => most);
  const whole = joined(
    kept,
    kept.reduce((sum, { length }) => sum + length, 0),
  );
  return pictureOf(library.decode(whole, { checkCrc: true }));
}

function pictureOf({ width, height, depth, channels, data, palette }: ReturnType<PNG["decode"]>): Picture {
  const colours = palette !== undefined || channels >= 3 ? 3 : 1;
  const samples = new Float32Array(width * height * colours);
  const rowLength = depth < 8 ? Math.ceil((width * depth) / 8) : width * channels;
  const greatest = 2 ** depth - 1;
  const sample = (row: number, i: number): number => {
    if (depth >= 8) return data[row * rowLength + i] as number;
    const bit = i * depth;
    return ((data[row * rowLength + (bit >> 3)] as number) >> (8 - depth - (bit & 7))) & greatest;
  };
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++)
      for (let c = 0; c < colours; c++) {
        const value = sample(row, column * channels + (palette === undefined ? c : 0));
        const colour = palette === undefined ? value / greatest : (palette[value]?.[c] ?? 0) / 255;
        samples[(row * width + column) * colours + c] = colour;
      }
  return { rows: height, columns: width, channels: colours, samples };
}
