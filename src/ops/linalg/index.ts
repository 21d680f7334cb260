/** Linear algebra: factorizations of matrices, batched over leading axes, and what is computed by them. */
export { cholesky } from "./cholesky.ts";
export { det, type SignedLogDeterminant, slogdet } from "./determinant.ts";
export { type Eigen, eigh } from "./eigh.ts";
export { lstsq, pinv, type RankOptions } from "./pseudo-inverse.ts";
export { type QR, qr } from "./qr.ts";
export { inverse, solve } from "./solve.ts";
export { type SVD, svd } from "./svd.ts";
export { matrixPower, trace } from "./trace.ts";
export { type TriangularOptions, triangularSolve } from "./triangular.ts";
