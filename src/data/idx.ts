/** IDX, the form of MNIST and Fashion-MNIST (yann.lecun.com/exdb/mnist): a type, axes, big-endian elements. */
import { NablaError } from "../base/error.ts";
import { sizeOf } from "../base/shape.ts";
import { constant, type Tensor } from "../graph/tensor.ts";
import { checkEach, finite } from "./check.ts";
import { inflated, joined } from "./inflate.ts";
import { bytesOf, checkSource, nameOf, type Source } from "./source.ts";

type Element = { readonly bytes: number; readonly read: (view: DataView, at: number) => number };

const elements: Readonly<Record<number, Element>> = {
  8: { bytes: 1, read: (view, at) => view.getUint8(at) },
  9: { bytes: 1, read: (view, at) => view.getInt8(at) },
  11: { bytes: 2, read: (view, at) => view.getInt16(at) },
  12: { bytes: 4, read: (view, at) => view.getInt32(at) },
  13: { bytes: 4, read: (view, at) => view.getFloat32(at) },
  14: { bytes: 8, read: (view, at) => view.getFloat64(at) },
};

/** What the head says, as far as it is there: the shape, the element, all bytes of the file. */
function headOf(bytes: Uint8Array) {
  const [a, b, type = -1, rank = 0] = bytes;
  const element = elements[type];
  if (a !== 0 || b !== 0 || element === undefined || bytes.length < 4 + 4 * rank) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  return { shape, element, type, view, start: 4 + 4 * rank, length: 4 + 4 * rank + sizeOf(shape) * element.bytes };
}

/**
 * The array of an IDX file (a path, a page's file, an answer, an address), gzipped or not: whole numbers as int32, with
 * `scale` as float32, multiplied by it; files of floats as float32 or float64. E-VALUE where it is not whole.
 *
 * @example
 * const labels = new Blob([Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 7, 9)]);
 * (await readIDX(labels)).toArray() // [7, 9]
 */
export async function readIDX(source: Source, options: { readonly scale?: number } = {}): Promise<Tensor> {
  checkSource("readIDX", source);
  checkEach("readIDX", options, { scale: finite });
  const { scale } = options;
  const name = nameOf(source);
  const wrong = (what: string): NablaError =>
    new NablaError("E-VALUE", `${name}: this is no whole IDX file: ${what}`, "a file as MNIST's");
  const raw = await bytesOf(source);
  const most = (pieces: readonly Uint8Array[], length: number): number => {
    const first = pieces[0] as Uint8Array;
    const head = headOf(first.length < 1028 ? joined(pieces, length) : first);
    return head?.length ?? 1028; // the longest head
  };
  const zipped = raw[0] === 0x1f && raw[1] === 0x8b;
  const bytes = !zipped
    ? raw
    : await inflated(raw, "gzip", most).catch((error: Error) => {
        throw wrong(error.message);
      });
  const head = headOf(bytes);
  if (head === undefined) throw wrong("it does not begin like one");
  const { shape, element, type, view, start, length } = head;
  if (bytes.length !== length) throw wrong(`it has ${bytes.length} bytes, its head says ${length}`);
  const size = sizeOf(shape);
  const out =
    type === 14 && scale === undefined
      ? new Float64Array(size)
      : scale !== undefined || type === 13
        ? new Float32Array(size)
        : new Int32Array(size);
  const factor = scale ?? 1;
  for (let i = 0, at = start; i < size; i++, at += element.bytes) out[i] = element.read(view, at) * factor;
  return constant(out, shape);
}
