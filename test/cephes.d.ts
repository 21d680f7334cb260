/** The part of the package that the tests use; its own declarations are not found under "exports". */
declare module "cephes" {
  const cephes: {
    readonly compiled: Promise<void>;
    erf(x: number): number;
    erfc(x: number): number;
    lgam(x: number): number;
    psi(x: number): number;
    zeta(s: number, q: number): number;
    stdtr(k: number, t: number): number;
  };
  export default cephes;
}
