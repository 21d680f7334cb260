/**
 * Matrix products for WebAssembly SIMD128. The order in which the terms of an element are summed depends on the
 * specification only.
 */
import { NablaError } from "../../base/error.ts";
import { type Code, type FunctionReference, i32, type Local, type ModuleBuilder, memory } from "./encode.ts";
import { blockProduct } from "./matmul/blocks.ts";
import { bytesAlong, keyOfEpilogue, operandsOf } from "./matmul/epilogue.ts";
import { constant } from "./matmul/lanes.ts";
import { type MatmulSpec, planMatmul, scratchBytes } from "./matmul/plan.ts";
import { vectorProduct } from "./matmul/vector.ts";

export { type MatmulSpec, type PartOfProduct, splitMatmul } from "./matmul/plan.ts";

type Address = Local<"i32">;

/** Bytes of scratch memory (16-aligned start) the kernel needs. */
export const matmulScratch = (spec: MatmulSpec): number => scratchBytes(planMatmul(spec));

/**
 * (a, b, out, scratch), byte addresses: out, a contiguous [batch, m, n], becomes a·b. With an epilogue its operands
 * take the place of out.
 */
export function matmulKernel(module: ModuleBuilder, spec: MatmulSpec): FunctionReference<undefined> {
  const plan = planMatmul(spec);
  const { dtype, batch, m, n, k, a, b, epilogue, fused = false } = spec;
  const operands = epilogue === undefined ? [] : operandsOf(epilogue);
  const strides = [a.batch, a.row, a.column, b.batch, b.row, b.column];
  const key = `matmul.${dtype}.${fused ? "fused." : ""}${[batch, m, n, k, spec.outRow ?? n, ...strides].join()}`;
  if (epilogue !== undefined && plan.kind !== "blocks")
    throw new NablaError("E-INTERNAL", "a product that is not computed in blocks has an epilogue");
  const parameters = new Array<"i32">(3 + Math.max(operands.length, 1)).fill("i32");
  return module.once(epilogue === undefined ? key : `${key}${keyOfEpilogue(epilogue)}`, () =>
    module.function(parameters, undefined, (f, ...all): Code => {
      const [a, b, ...results] = all as [Address, Address, ...Address[]];
      const scratch = results.pop() as Address;
      const out = results[0] as Address;
      if (plan.kind === "nothing") return [];
      if (plan.kind === "zeros") return memory.fill(out.get, constant(0), constant(plan.bytes));
      const { bytes } = plan.lanes;
      const product =
        plan.kind === "vector"
          ? vectorProduct(module, f, plan, {
              matrix: (plan.matrixFirst ? a : b).get,
              x: (plan.matrixFirst ? b : a).get,
              out: out.get,
              scratch: scratch.get,
            })
          : blockProduct(module, f, plan, {
              a: a.get,
              b: b.get,
              out: epilogue === undefined ? out.get : undefined,
              beside: results.map((address) => address.get),
              scratch: scratch.get,
            });
      const folded = plan.kind === "vector" ? plan : plan.spec;
      if (folded.batch === 1) return product;
      const size = plan.kind === "vector" ? plan.count : plan.spec.m * plan.spec.n;
      const next = (address: Address, bytes: number): Code => address.set(i32.add(address.get, constant(bytes)));
      const [first, second] =
        plan.kind === "blocks"
          ? [plan.spec.a.batch, plan.spec.b.batch]
          : plan.matrixFirst
            ? [plan.matrix.batch, plan.x.batch]
            : [plan.x.batch, plan.matrix.batch];
      return f.for(constant(0), constant(folded.batch), 1, () => [
        product,
        next(a, first * bytes),
        next(b, second * bytes),
        epilogue === undefined
          ? next(out, size * bytes)
          : operands.map((operand, i) => next(results[i] as Address, bytesAlong(operand, "batch"))),
      ]);
    }),
  );
}
