/**
 * Products of Householder reflections as 1 − V·T·Vᵀ, a block of reflections at a time (Schreiber and Van Loan 1989;
 * LAPACK's dlarft and dlarfb).
 */

/** Reflections of a block. */
export const blockSize = 16;

export interface Reflections {
  /** Length of the vectors. */
  readonly rows: number;
  readonly count: number;
  /** Reflection j leaves the rows before j + offset as they are. */
  readonly offset: number;
  /** V by blocks: [rows, blockSize] each, column j for reflection j of the block. */
  readonly panels: Float64Array;
  readonly betas: Float64Array;
  /** T by blocks, upper triangular: [blockSize, blockSize] each. */
  readonly triangles: Float64Array;
}

export function noReflections(rows: number, count: number, offset: number): Reflections {
  const blocks = Math.ceil(count / blockSize);
  const panels = new Float64Array(blocks * rows * blockSize);
  const triangles = new Float64Array(blocks * blockSize * blockSize);
  return { rows, count, offset, panels, betas: new Float64Array(count), triangles };
}

const panelOf = ({ rows, panels }: Reflections, block: number): Float64Array =>
  panels.subarray(block * rows * blockSize, (block + 1) * rows * blockSize);
const triangleOf = ({ triangles }: Reflections, block: number): Float64Array =>
  triangles.subarray(block * blockSize * blockSize, (block + 1) * blockSize * blockSize);
const widthOf = ({ count }: Reflections, block: number): number => Math.min(blockSize, count - block * blockSize);

/** Reflection j is 1 − β·v·vᵀ, v from row j + offset on. */
export function keep(reflections: Reflections, j: number, v: Float64Array, beta: number): void {
  const panel = panelOf(reflections, Math.floor(j / blockSize));
  const first = j + reflections.offset;
  for (let i = 0; i < v.length; i++) panel[(first + i) * blockSize + (j % blockSize)] = v[i] as number;
  reflections.betas[j] = beta;
}

/** T of a block whose reflections are kept: T[r, j] = −βⱼ·Σₛ T[r, s]·(Vᵀ·V)[s, j]. */
export function formTriangle(reflections: Reflections, block: number): void {
  const { rows, offset, betas } = reflections;
  const [v, t, width] = [panelOf(reflections, block), triangleOf(reflections, block), widthOf(reflections, block)];
  for (let j = 0; j < width; j++) {
    const beta = betas[block * blockSize + j] as number;
    const overlap = new Float64Array(j);
    for (let i = block * blockSize + offset; i < rows; i++) {
      for (let s = 0; s < j; s++) {
        overlap[s] = (overlap[s] as number) + (v[i * blockSize + s] as number) * (v[i * blockSize + j] as number);
      }
    }
    for (let r = 0; r < j; r++) {
      let sum = 0;
      for (let s = r; s < j; s++) sum += (t[r * blockSize + s] as number) * (overlap[s] as number);
      t[r * blockSize + j] = -beta * sum;
    }
    t[j * blockSize + j] = beta;
  }
}

export function formTriangles(reflections: Reflections): void {
  for (let block = 0; block * blockSize < reflections.count; block++) formTriangle(reflections, block);
}

/** Columns from `from` on of c, [rows, n], become (1 − V·T·Vᵀ)·c, with Tᵀ if `transpose`. */
export function applyBlock(
  reflections: Reflections,
  block: number,
  transpose: boolean,
  c: Float64Array,
  n: number,
  from: number,
): void {
  const { rows, offset } = reflections;
  const [v, t, width] = [panelOf(reflections, block), triangleOf(reflections, block), widthOf(reflections, block)];
  const first = block * blockSize + offset;
  const along = new Float64Array(width * n);
  for (let i = first; i < rows; i++) {
    for (let r = 0; r < width; r++) {
      const f = v[i * blockSize + r] as number;
      for (let p = from; p < n; p++) along[r * n + p] = (along[r * n + p] as number) + f * (c[i * n + p] as number);
    }
  }
  const change = new Float64Array(width * n);
  for (let r = 0; r < width; r++) {
    for (let s = 0; s < width; s++) {
      const f = t[transpose ? s * blockSize + r : r * blockSize + s] as number;
      for (let p = from; p < n; p++)
        change[r * n + p] = (change[r * n + p] as number) + f * (along[s * n + p] as number);
    }
  }
  for (let i = first; i < rows; i++) {
    for (let r = 0; r < width; r++) {
      const f = v[i * blockSize + r] as number;
      for (let p = from; p < n; p++) c[i * n + p] = (c[i * n + p] as number) - f * (change[r * n + p] as number);
    }
  }
}

/** The first n columns of the product of all reflections, first times second times …, into q: [rows, n]. */
export function formProduct(reflections: Reflections, q: Float64Array, n: number): void {
  q.fill(0);
  for (let j = 0; j < n; j++) q[j * n + j] = 1;
  for (let block = Math.ceil(reflections.count / blockSize) - 1; block >= 0; block--) {
    applyBlock(reflections, block, false, q, n, block * blockSize + reflections.offset);
  }
}
