/** A formula in its simple form. */
import { NablaError } from "../base/error.ts";
import { Algebra } from "./algebra.ts";
import { type Formula, fold, isCall, namesOf } from "./formula.ts";
import { rewrite } from "./rules.ts";

/** Throws E-FORMULA for sum(x − x), which is 0 only if one forgets how long x is. */
export function simplified(formula: Formula, algebra = new Algebra(rewrite)): Formula {
  const result = fold<Formula>(formula, (f, args) => {
    if (f.kind === "number") return algebra.number(f.value);
    if (f.kind === "name") return algebra.name(f.name);
    if ((isCall(f, "sum") || isCall(f, "prod")) && namesOf(f).length > args.flatMap((arg) => namesOf(arg)).length)
      throw new NablaError(
        "E-FORMULA",
        `simplify: what ${f.name}(…) runs over does not depend on all of its names, and a formula does not know its length`,
        `writing the value of ${f.name}(…) itself`,
      );
    return algebra.call(f.name, args);
  });
  return algebra.settled(result);
}
