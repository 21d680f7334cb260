/** Decompression that stops where more comes than there should be: a small file can claim to be very large. */

/** The bytes of a stream of "gzip" or "deflate" (zlib); `enough` says after each piece how many at most are wanted in all. */
export async function inflated(
  bytes: Uint8Array,
  format: "gzip" | "deflate",
  enough: (pieces: readonly Uint8Array[], length: number) => number,
): Promise<Uint8Array> {
  const stream = new Blob([bytes as BlobPart]).stream().pipeThrough(new DecompressionStream(format));
  const pieces: Uint8Array[] = [];
  let length = 0;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    pieces.push(value);
    length += value.length;
    if (length > enough(pieces, length)) {
      await reader.cancel().catch(() => {});
      throw new Error("more comes than it says");
    }
  }
  return joined(pieces, length);
}

export function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const out = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}
