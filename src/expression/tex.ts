/** Names, numbers and functions as TeX writes them. */
import { level, type Printed } from "./print.ts";

const greek = new Set(
  "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega".split(
    " ",
  ),
);

const word = (name: string): string => {
  if (greek.has(name)) return `\\${name}`;
  return [...name].length === 1 ? name : `\\mathrm{${name}}`;
};

/** b1 and b_1 are b₁, alpha is α, rate stays upright. */
export function texName(name: string): string {
  if (name === "inf") return "\\infty";
  const [, head, tail] = /^(.*?[\p{L}\p{M}])_?(\d+|_\p{L}\w*)$/u.exec(name) ?? [];
  if (head === undefined || tail === undefined) return word(name.replaceAll("_", "\\_"));
  return `${word(head.replaceAll("_", "\\_"))}_{${word(tail.replace(/^_/, "").replaceAll("_", "\\_"))}}`;
}

/** 1e-7 is 10⁻⁷. */
export function texNumber(digits: string): string {
  const [mantissa, exponent] = digits.split("e") as [string, string?];
  if (exponent === undefined) return digits;
  return `${mantissa === "1" ? "" : `${mantissa} \\cdot `}10^{${Number(exponent)}}`;
}

const between =
  (left: string, right: string) =>
  ([x]: readonly Printed[]): Printed => ({ text: `\\left${left}${x?.text}\\right${right}`, level: level.atom });

/** Functions that have a notation of their own. */
const special: Readonly<Record<string, (args: readonly Printed[]) => Printed>> = {
  abs: between("|", "|"),
  floor: between("\\lfloor ", "\\rfloor "),
  ceil: between("\\lceil ", "\\rceil "),
  exp: ([x]) => ({ text: `e^{${x?.text}}`, level: level.power }),
  cbrt: ([x]) => ({ text: `\\sqrt[3]{${x?.text}}`, level: level.atom }),
  lgamma: ([x]) => ({ text: `\\ln\\left|\\Gamma\\left(${x?.text}\\right)\\right|`, level: level.power }),
  polygamma: ([n, x]) => ({ text: `\\psi^{\\left(${n?.text}\\right)}\\left(${x?.text}\\right)`, level: level.power }),
  where: ([c, x, y]) => ({
    text: `\\begin{cases}${x?.text} & ${c?.text} \\\\ ${y?.text} & \\text{otherwise}\\end{cases}`,
    level: level.product,
  }),
};

export function texFunction(name: string, command: string | undefined, args: readonly Printed[]): Printed {
  const own = Object.hasOwn(special, name) ? special[name] : undefined;
  if (own !== undefined) return own(args);
  const head = command ?? `\\operatorname{${name}}`;
  const tail = `\\left(${args.map((a) => a.text).join(", ")}\\right)`;
  return { text: head + tail, level: level.atom, split: [head, tail] };
}
