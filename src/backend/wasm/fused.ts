/** Whether the host has relaxed SIMD: fused multiply–add among others. Node 22, Chrome 114, Firefox 146 have it. */
import { i32x4, ModuleBuilder, relaxed } from "./encode.ts";

let found: boolean | undefined;

export function hasFused(): boolean {
  if (found === undefined) {
    const module = new ModuleBuilder();
    const zero = i32x4.const(0, 0, 0, 0);
    module.function([], "v128", () => relaxed.maddF32x4(zero, zero, zero));
    found = WebAssembly.validate(module.toBytes());
  }
  return found;
}
