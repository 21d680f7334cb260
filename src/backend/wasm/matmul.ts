/**
 * Matrix products for WebAssembly SIMD128. The order in which the terms of an element are summed depends on the
 * specification only.
 */
import { type Code, type Expr, type FunctionReference, i32, type ModuleBuilder, memory } from "./encode.ts";
import { blockProduct } from "./matmul/blocks.ts";
import { constant } from "./matmul/lanes.ts";
import { type MatmulSpec, planMatmul, scratchBytes } from "./matmul/plan.ts";
import { vectorProduct } from "./matmul/vector.ts";

export { type MatmulSpec, splitMatmul } from "./matmul/plan.ts";

/** Bytes of scratch memory (16-aligned start) the kernel needs. */
export const matmulScratch = (spec: MatmulSpec): number => scratchBytes(planMatmul(spec));

/** (a, b, out, scratch), byte addresses: out, a contiguous [batch, m, n], becomes a·b. */
export function matmulKernel(module: ModuleBuilder, spec: MatmulSpec): FunctionReference<undefined> {
  const plan = planMatmul(spec);
  const { dtype, batch, m, n, k, a, b, fused = false } = spec;
  const strides = [a.batch, a.row, a.column, b.batch, b.row, b.column];
  return module.once(
    `matmul.${dtype}.${fused ? "fused." : ""}${[batch, m, n, k, spec.outRow ?? n, ...strides].join()}`,
    () =>
      module.function(["i32", "i32", "i32", "i32"], undefined, (f, a, b, out, scratch): Code => {
        if (plan.kind === "nothing") return [];
        if (plan.kind === "zeros") return memory.fill(out.get, constant(0), constant(plan.bytes));
        const { bytes } = plan.lanes;
        const product = (a: Expr<"i32">, b: Expr<"i32">, to: Expr<"i32">): Code =>
          plan.kind === "vector"
            ? vectorProduct(module, f, plan, {
                matrix: plan.matrixFirst ? a : b,
                x: plan.matrixFirst ? b : a,
                out: to,
                scratch: scratch.get,
              })
            : blockProduct(module, f, plan, { a, b, out: to, scratch: scratch.get });
        const folded = plan.kind === "vector" ? plan : plan.spec;
        if (folded.batch === 1) return product(a.get, b.get, out.get);
        const size = plan.kind === "vector" ? plan.count : plan.spec.m * plan.spec.n;
        const next = (address: typeof a, stride: number): Code =>
          address.set(i32.add(address.get, constant(stride * bytes)));
        const [first, second] =
          plan.kind === "blocks"
            ? [plan.spec.a.batch, plan.spec.b.batch]
            : plan.matrixFirst
              ? [plan.matrix.batch, plan.x.batch]
              : [plan.x.batch, plan.matrix.batch];
        return f.for(constant(0), constant(folded.batch), 1, () => [
          product(a.get, b.get, out.get),
          next(a, first),
          next(b, second),
          next(out, size),
        ]);
      }),
  );
}
