/** The records of linear algebra, for the table of operations. */
export { choleskyOperation } from "./cholesky.ts";
export { cofactorChangeOperation, cofactorOperation } from "./cofactor.ts";
export { detOperation, logDetOperation } from "./determinant.ts";
export { eighOperation } from "./eigh.ts";
export { luOperation, luSolveOperation } from "./lu.ts";
export { pinvOperation } from "./pseudo-inverse.ts";
export { qrOperation } from "./qr.ts";
export { heldOperation } from "./stated.ts";
export { svdOperation } from "./svd.ts";
export { triangularSolveOperation } from "./triangular.ts";
