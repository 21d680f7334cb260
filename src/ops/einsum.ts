/** Einstein summation: a formula becomes transposes, products and sums. */
import { NablaError } from "../base/error.ts";
import { showShape } from "../base/shape.ts";
import { meet } from "../graph/convert.ts";
import { apply, type Tensor, type TensorLike } from "../graph/tensor.ts";
import { matmulOperation } from "./contract.ts";
import { diagonal, moveAxis, reshape, squeeze, transpose } from "./movement.ts";
import { computeIn, convert } from "./record.ts";
import { sum } from "./reduce.ts";

interface Labelled {
  readonly labels: readonly string[];
  readonly t: Tensor;
}

/**
 * Einstein summation: `einsum("bij,bjk->bik", x, y)`; `…` is written `...`, the result may be left out.
 *
 * @example
 * einsum("ij,kj->ik", [[1, 2]], [[3, 4], [5, 6]]).toArray() // [[11, 17]]
 */
export function einsum(formula: string, ...operands: readonly TensorLike[]): Tensor {
  const { tensors, dtype } = meet("einsum", operands);
  const { inputs, output } = parseEinsum(formula, tensors);
  const sizes = new Map<string, number>();
  tensors.forEach((t, i) => {
    (inputs[i] as string[]).forEach((label, axis) => {
      const n = t.shape[axis] as number;
      const known = sizes.get(label) ?? 1;
      if (known !== 1 && n !== 1 && known !== n) {
        throw new NablaError(
          "E-SHAPE",
          `einsum: "${label}" is ${known} in one operand and ${n} in operand ${i} of shape ${showShape(t.shape)}`,
          "another letter for an axis of another size",
        );
      }
      sizes.set(label, n === 1 ? known : n);
    });
  });
  let terms = tensors.map((t, i) => {
    const given = convert(t, computeIn("einsum", "number", dtype));
    return withoutRepeats(withoutStretched({ labels: inputs[i] as string[], t: given }, sizes));
  });
  output.forEach((label, i) => {
    if (!sizes.has(label))
      throw new NablaError(
        "E-OPTION",
        `einsum: "${label}" of the result is in no operand of "${formula}"`,
        "a letter of an operand, or expandDims of the result",
      );
    if (output.indexOf(label) < i)
      throw new NablaError(
        "E-OPTION",
        `einsum: "${label}" stands twice in the result of "${formula}"`,
        "each letter once; mul by eye(n) makes a diagonal",
      );
  });
  while (terms.length > 1) {
    const [a, b, ...rest] = terms as [Labelled, Labelled, ...Labelled[]];
    const needed = new Set([...output, ...rest.flatMap((r) => r.labels)]);
    terms = [contractPair(a, b, needed), ...rest];
  }
  const { labels, t } = sumAway(terms[0] as Labelled, new Set(output));
  return transpose(
    t,
    output.map((label) => labels.indexOf(label)),
  );
}

function parseEinsum(formula: string, tensors: readonly Tensor[]): { inputs: string[][]; output: string[] } {
  const [left, right, ...more] = formula.replace(/\s/g, "").split("->");
  const parts = (left ?? "").split(",");
  const valid = (text: string): boolean => /^[A-Za-z]*(\.\.\.)?[A-Za-z]*$/.test(text);
  if (more.length > 0 || ![...parts, right ?? ""].every(valid)) {
    throw new NablaError(
      "E-OPTION",
      `einsum: "${formula}" is no formula such as "ij,jk->ik"`,
      'letters for axes, commas between operands: "bij,bjk->bik"',
    );
  }
  if (parts.length !== tensors.length) {
    throw new NablaError(
      "E-OPTION",
      `einsum: "${formula}" names ${parts.length} operands, ${tensors.length} are given`,
      "an operand for each part of the formula",
    );
  }
  const dots = Math.max(
    0,
    ...parts.map((p, i) => (p.includes("...") ? (tensors[i] as Tensor).rank - p.length + 3 : 0)),
  );
  const expand = (text: string, rank: number): string[] => {
    const [before, after] = text.split("...");
    if (after === undefined) return [...text];
    return [...(before as string), ...Array.from({ length: rank }, (_, i) => `.${dots - rank + i}`), ...after];
  };
  const inputs = parts.map((p, i) => {
    const { rank, shape } = tensors[i] as Tensor;
    const labels = expand(p, rank - p.length + 3);
    if (labels.length !== rank) {
      throw new NablaError(
        "E-SHAPE",
        `einsum: operand ${i} of shape ${showShape(shape)} has ${rank} axes, "${p}" names ${labels.length}`,
        "a letter for each axis, or … for those in front",
      );
    }
    return labels;
  });
  if (right !== undefined) return { inputs, output: expand(right, dots) };
  const all = inputs.flat();
  const once = [...new Set(all)].filter((l) => l.startsWith(".") || all.indexOf(l) === all.lastIndexOf(l)).sort();
  return { inputs, output: once };
}

/** An axis of size 1 that stretches to the size in other operands drops out of the product. */
function withoutStretched({ labels, t }: Labelled, sizes: ReadonlyMap<string, number>): Labelled {
  const axis = labels.flatMap((label, i) => (t.shape[i] === 1 && sizes.get(label) !== 1 ? [i] : []));
  return { labels: labels.filter((_, i) => !axis.includes(i)), t: squeeze(t, axis) };
}

/** "ii" takes the diagonal. */
function withoutRepeats({ labels, t }: Labelled): Labelled {
  for (let i = 0; i < labels.length; i++) {
    const j = labels.indexOf(labels[i] as string, i + 1);
    if (j < 0) continue;
    const rest = labels.filter((_, k) => k !== i && k !== j);
    const last = moveAxis(moveAxis(t, i, t.rank - 1), j - 1, t.rank - 1);
    return withoutRepeats({ labels: [...rest, labels[i] as string], t: diagonal(last) });
  }
  return { labels, t };
}

function sumAway({ labels, t }: Labelled, needed: ReadonlySet<string>): Labelled {
  const axis = labels.flatMap((label, i) => (needed.has(label) ? [] : [i]));
  return axis.length === 0 ? { labels, t } : { labels: labels.filter((l) => needed.has(l)), t: sum(t, { axis }) };
}

function contractPair(first: Labelled, second: Labelled, needed: ReadonlySet<string>): Labelled {
  const a = sumAway(first, new Set([...needed, ...second.labels]));
  const b = sumAway(second, new Set([...needed, ...first.labels]));
  const shared = a.labels.filter((l) => b.labels.includes(l));
  const batch = shared.filter((l) => needed.has(l));
  const inner = shared.filter((l) => !needed.has(l));
  const left = a.labels.filter((l) => !shared.includes(l));
  const right = b.labels.filter((l) => !shared.includes(l));
  const size = ({ labels, t }: Labelled, list: readonly string[]): number =>
    list.reduce((n, l) => n * (t.shape[labels.indexOf(l)] as number), 1);
  const arrange = (term: Labelled, groups: readonly (readonly string[])[]): Tensor =>
    reshape(
      transpose(
        term.t,
        groups.flat().map((l) => term.labels.indexOf(l)),
      ),
      groups.map((g) => size(term, g)),
    );
  const product = apply(matmulOperation, [arrange(a, [batch, left, inner]), arrange(b, [batch, inner, right])]);
  const dims = (term: Labelled, list: readonly string[]): number[] =>
    list.map((l) => term.t.shape[term.labels.indexOf(l)] as number);
  return {
    labels: [...batch, ...left, ...right],
    t: reshape(product, [...dims(a, batch), ...dims(a, left), ...dims(b, right)]),
  };
}
