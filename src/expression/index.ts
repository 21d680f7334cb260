/** `nabla/expression`: formulas as functions, functions as formulas. */
export { type DeriveOptions, derive, type FormulaOptions, formulaOf, simplify } from "./derive.ts";
export { type Expression, expression } from "./expression.ts";
