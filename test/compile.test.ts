/** Compiled programs: state, caching, memory, errors, and the cases that decide whether the design holds. */
import {
  arange,
  cast,
  compile,
  concatenate,
  cond,
  cumsum,
  dot,
  exp,
  full,
  grad,
  greater,
  less,
  type NablaError,
  ones,
  scan,
  sin,
  softmax,
  stack,
  sum,
  type Tensor,
  take,
  tensor,
  valueAndGrad,
  vmap,
  whileLoop,
  zeros,
} from "nabla";
import { describe, expect, test } from "vitest";
import { assemble } from "../src/backend/wasm/assemble.ts";
import { alignedSize, type Life, lives } from "../src/compile/lives.ts";

const numbers = (t: Tensor): number[] => Array.from(t.data);
const codeOf = (f: () => unknown): string => {
  try {
    f();
  } catch (error) {
    return (error as NablaError).code;
  }
  return "no error";
};

describe("the hardest case first", () => {
  // A gradient descent inside a loop inside a differentiated, batched, compiled function.
  const descend = (a: Tensor): Tensor =>
    whileLoop<[Tensor, Tensor]>(
      ([i]) => less(i, 5),
      ([i, x]) => [i.add(1), x.sub(grad((y) => y.sub(a).square().mul(a))(x).mul(0.1))],
      [0, tensor(1)],
    )[1];
  const plain = (a: number): number => {
    let x = 1;
    for (let i = 0; i < 5; i++) x -= 0.1 * 2 * (x - a) * a;
    return x;
  };

  test("grad in whileLoop under grad under vmap, compiled", () => {
    const points = [0.7, 0.3, -0.2];
    const result = numbers(compile(vmap(grad(descend)))(points));
    const h = 1e-5;
    points.forEach((a, i) => {
      expect(result[i]).toBeCloseTo((plain(a + h) - plain(a - h)) / (2 * h), 9);
    });
    expect(result).toEqual(numbers(vmap(grad(descend))(points)));
  });

  test("second derivative through a loop of unknown length", () => {
    const f = (x: Tensor): Tensor =>
      whileLoop<[Tensor, Tensor]>(
        ([i]) => less(i, 30),
        ([i, c]) => [i.add(1), sin(c.mul(x)).add(c.mul(0.5))],
        [0, x],
      )[1];
    expect(compile(grad(grad(f)))(1.3).item()).toBeCloseTo(grad(grad(f))(1.3).item(), 12);
  });
});

describe("state", () => {
  const step = () =>
    compile(
      (state: { w: Tensor; n: Tensor }, x: Tensor): [{ w: Tensor; n: Tensor }, Tensor] => {
        const [loss, g] = valueAndGrad((w: Tensor) => w.sub(x).square().sum())(state.w);
        return [{ w: state.w.sub(g.mul(0.1)), n: state.n.add(1) }, loss];
      },
      { state: true },
    );

  test("stays in the arena and gives the same numbers as plain calls", () => {
    const f = step();
    let state: { w: Tensor; n: Tensor } = { w: zeros([3]), n: tensor(0) };
    let w = [0, 0, 0];
    for (let i = 0; i < 5; i++) {
      [state] = f(state, [1, 2, 3]);
      w = w.map((v, k) => v - 2 * (v - (k + 1)) * 0.1);
    }
    expect(numbers(state.w)).toEqual(w);
    expect(state.n.item()).toBe(5);
  });

  test("a state that was passed on says so when it is read", () => {
    const f = step();
    const first = { w: zeros([3]), n: tensor(0) };
    const [second] = f(first, [1, 2, 3]);
    const [third] = f(second, [1, 2, 3]);
    expect(codeOf(() => second.w.data)).toBe("E-CONSUMED");
    expect(numbers(first.w)).toEqual([0, 0, 0]);
    expect(third.n.item()).toBe(2);
  });

  test("a state that was not passed on keeps its value", () => {
    const f = step();
    const start = { w: zeros([3]), n: tensor(0) };
    const [a] = f(start, [1, 2, 3]);
    const [b] = f(start, [4, 5, 6]);
    expect(numbers(a.w)).toEqual([0.2, 0.4, 0.6000000000000001]);
    expect(numbers(b.w)).toEqual([0.8, 1, 1.2000000000000002]);
  });

  test("must come out as it went in", () => {
    expect(codeOf(() => compile((s: Tensor) => [s.reshape([3, 1])], { state: true })([1, 2, 3]))).toBe("E-SHAPE");
    expect(codeOf(() => compile((s: Tensor) => s, { state: true })([1, 2, 3]))).toBe("E-TREE");
  });
});

describe("results that are lent", () => {
  const f = (x: Tensor) => ({ double: x.mul(2), sum: x.sum() });

  test("are there until the next call, and say so afterwards", () => {
    const lending = compile(f, { lend: true });
    const [first, second] = [lending([1, 2]), lending([3, 4])];
    expect(codeOf(() => first.double.data)).toBe("E-CONSUMED");
    expect(numbers(second.double)).toEqual([6, 8]);
    const other = lending([1, 2, 3]); // another signature, another program
    expect(second.sum.item()).toBe(7);
    lending([5, 6]);
    expect(numbers(second.double)).toEqual([6, 8]); // was read in time
    expect(numbers(other.double)).toEqual([2, 4, 6]);
  });

  test("may be arguments of the next call", () => {
    const doubled = compile((x: Tensor, y: Tensor) => [x.add(y), x.mul(y)], { lend: true });
    let [x, y] = doubled([1, 2], [3, 4]) as [Tensor, Tensor];
    [x, y] = doubled(y, x) as [Tensor, Tensor];
    expect([numbers(x), numbers(y)]).toEqual([
      [7, 14],
      [12, 48],
    ]);
  });

  test("lie beside a state that stays", () => {
    const step = compile((n: Tensor): [Tensor, Tensor] => [n.add(1), n.mul(10)], { state: true, lend: true });
    const [one, ten] = step(1);
    const [two, twenty] = step(one);
    expect([codeOf(() => ten.data), two.item() as unknown, twenty.item()]).toEqual(["E-CONSUMED", 3, 20]);
  });
});

describe("programs", () => {
  test("loops that swap their carries", () => {
    const f = (x: Tensor): unknown =>
      whileLoop<[Tensor, Tensor, Tensor]>(
        ([i]) => less(i, 5),
        ([i, a, b]) => [i.add(1), b, a],
        [0, x, x.mul(2)],
      );
    expect((compile(f)(3) as Tensor[]).map((t) => t.item())).toEqual([5, 6, 3]);
  });

  test("results that are inputs, constants or the same tensor twice", () => {
    const f = compile((x: Tensor) => [x, x, x.mul(2), tensor([7, 8])]);
    expect((f([1, 2]) as Tensor[]).map(numbers)).toEqual([
      [1, 2],
      [1, 2],
      [2, 4],
      [7, 8],
    ]);
  });

  test("a long float32 product of vectors keeps five digits", () => {
    const x = full([1_000_000], 0.1, { dtype: "float32" });
    const product = compile((a: Tensor) => dot(a, ones([1_000_000], { dtype: "float32" })))(x).item();
    expect(Math.abs(product / 1e5 - 1)).toBeLessThan(1e-5);
  });

  test("more operands than a WebAssembly function takes", () => {
    const f = (x: Tensor): Tensor => stack(Array.from({ length: 1500 }, (_, i) => x.at(i % 7).mul(i)));
    const x = arange(7);
    expect(numbers(compile(f)(x))).toEqual(numbers(f(x)));
  });

  test("empty arrays", () => {
    const f = compile((x: Tensor) => [x.mul(2), x.sum(), x.sum({ axis: 0 })]);
    expect((f(zeros([0, 3])) as Tensor[]).map(numbers)).toEqual([[], [0], [0, 0, 0]]);
  });

  test("elementwise chains and their reduction are one loop", () => {
    const steps = compile((x: Tensor) => exp(x.mul(2)).add(1).sum()).inspect(ones([100])).program.plan.steps;
    expect(steps.map((s) => s.kind)).toEqual(["loop"]);
  });

  test("a list of more arrays than a WebAssembly function has parameters", () => {
    const size = 3000;
    const f = (x: Tensor): Tensor => stack(Array.from({ length: size }, (_, i) => sin(x.mul(i))));
    const slope = (x: Tensor) => grad((y: Tensor) => f(y).mul(f(y)).sum())(x);
    expect(compile(f)(0.5).shape).toEqual([size]);
    expect(compile(slope)(0.5).item()).toBeCloseTo(slope(tensor(0.5)).item(), 6);
  });

  test("large sums of one dtype, one of them over vectors of float64", () => {
    const size = 1 << 17;
    const f = compile((x: Tensor, y: Tensor) => [sum(cast(x, "float32")), sum(y.mul(y))]);
    const [a, b] = f(ones([size]), ones([size], { dtype: "float32" })) as [Tensor, Tensor];
    expect([a.item(), b.item()]).toEqual([size, size]);
  });

  test("memory is near the bound that liveness gives", () => {
    const deep = compile((x: Tensor) => {
      let y = x;
      for (let i = 0; i < 20; i++) y = softmax(y.add(i));
      return y;
    });
    const { plan } = deep.inspect(ones([64, 64])).program;
    expect(plan.bytes).toBeLessThan(1.2 * plan.lowerBound + 64);
  });

  test("buffers that live at the same time do not overlap, however many there are", () => {
    const wide = (x: Tensor) => {
      let y = x;
      const sums: Tensor[] = [];
      for (let i = 0; i < 1200; i++) {
        y = cumsum(i % 3 === 0 ? concatenate([y, [1]]).slice([[1, null]]) : y.div(y.mul(y).add(1)));
        sums.push(y.sum());
      }
      return stack(sums).sum();
    };
    const { program } = compile(grad(wide)).inspect(ones([7]));
    const lowered = program.plan;
    expect(lowered.buffers.length).toBeGreaterThan(2000);
    const { life } = lives(lowered);
    const placed = lowered.buffers
      .map((b) => ({ from: lowered.address.get(b) as number, size: alignedSize(b), ...(life.get(b) as Life) }))
      .filter(({ size }) => size > 0);
    const clash = placed.some((a, i) =>
      placed
        .slice(i + 1)
        .some((b) => a.from < b.from + b.size && b.from < a.from + a.size && a.first <= b.last && b.first <= a.last),
    );
    expect(clash).toBe(false);
    expect(lowered.bytes).toBeLessThan(1.5 * lowered.lowerBound);
    const expected = numbers(grad(wide)(ones([7])));
    numbers(compile(grad(wide))(ones([7]))).forEach((v, i) => {
      expect(v).toBeCloseTo(expected[i] as number, 10);
    });
  });

  test("reproducible: the program of a host without fused multiply–add", () => {
    const options = { threads: 1, reproducible: true };
    const f = compile((a: Tensor, b: Tensor) => a.matmul(b), options).inspect(ones([9, 9]), ones([9, 9])).program;
    expect(f.bytes).toEqual(assemble(f.plan, { threads: 1, fused: () => false }).bytes);
    expect(f.bytes).not.toEqual(assemble(f.plan, { threads: 1, fused: () => true }).bytes);
  });

  test("one program per signature, the oldest leaves", () => {
    let traces = 0;
    const f = compile(
      (x: Tensor) => {
        traces++;
        return x.add(1);
      },
      { cacheSize: 2 },
    );
    for (const n of [1, 2, 1, 2]) f(ones([n]));
    expect(traces).toBe(2);
    for (const n of [3, 1, 3]) f(ones([n]));
    expect(traces).toBe(4);
  });

  test("inside grad and vmap the compiled function is part of the graph", () => {
    const f = compile((x: Tensor) => sin(x).mul(x));
    expect(grad(f)(1).item()).toBeCloseTo(Math.sin(1) + Math.cos(1), 14);
    expect(numbers(vmap(f)([1, 2]))).toEqual([Math.sin(1), Math.sin(2) * 2]);
  });

  test("nothing is simplified that changes a bit", () => {
    const f = compile((x: Tensor) => [x.add(1e8).sub(1e8), x.mul(0), x.add(0)]);
    const [a, b, c] = f([0.1, Number.NaN, -0, Infinity]) as [Tensor, Tensor, Tensor];
    expect(numbers(a)[0]).toBe(0.1 + 1e8 - 1e8);
    expect(numbers(b)).toEqual([0, Number.NaN, -0, Number.NaN]);
    expect(Object.is(numbers(c)[2], 0)).toBe(true);
  });

  test("a scan over the other view of an array: slices are as large as the body takes them", () => {
    const sums = (xs: Tensor) => scan((c: Tensor, x: Tensor) => [c.add(x), c.add(x)], zeros(xs.shape.slice(1)), xs)[1];
    const x = arange(12);
    for (const f of [
      (t: Tensor) => sums(t.reshape([1, 6, 2]).transpose([1, 0, 2])),
      (t: Tensor) => sums(t.reshape([1, 12]).reshape([4, 3])),
      (t: Tensor) => sums(t.reshape([12, 1]).reshape([2, 6])),
    ])
      expect(compile(f)(x).toArray()).toEqual(f(x).toArray());
    // from an input of another shape, no reshape of which is a copy
    const back = (t: Tensor) => sums(t.transpose([1, 0, 2]));
    const lone = x.reshape([1, 4, 3]);
    expect(compile(back)(lone).toArray()).toEqual(back(lone).toArray());
  });

  test("the results of a scan are not overwritten by the values of its body", () => {
    // Each row of the results is as large as the temporaries of a step, which could take its place.
    const f = (x: Tensor): Tensor =>
      scan(
        (c: Tensor, v: Tensor) => {
          const y = softmax(c.matmul(c).add(v)).sum({ axis: 0 });
          return [c.add(y), y.mul(2)] as const;
        },
        x,
        [
          [1, 2],
          [3, 4],
          [5, 6],
          [7, 8],
        ],
      )[1];
    const start = [
      [0.1, 0.2],
      [0.3, 0.4],
    ];
    const [plain, compiled] = [numbers(f(tensor(start))), numbers(compile(f)(start))];
    compiled.forEach((v, i) => {
      expect(v).toBeCloseTo(plain[i] as number, 12);
    });
  });

  test("a scan and its gradient: one loop forward, one back", () => {
    const f = (w: Tensor, xs: Tensor): Tensor => {
      const step = ([h, c]: readonly [Tensor, Tensor], x: Tensor): [readonly [Tensor, Tensor], Tensor] => {
        const next = h.mul(w).add(x).sin();
        return [[next, c.mul(0.5).add(next)], c.mul(next)];
      };
      const [[, last], ys] = scan(step, [zeros([3]), zeros([3])] as const, xs);
      return ys.sum().add(last.sum());
    };
    const [w, xs] = [tensor([0.1, 0.2, 0.3]), arange(12).reshape([4, 3])];
    const g = compile(valueAndGrad(f));
    expect(g.inspect(w, xs).program.plan.steps.filter((s) => s.kind === "repeat")).toHaveLength(2);
    const [value, slope] = g(w, xs);
    const [expected, expectedSlope] = valueAndGrad(f)(w, xs);
    expect(value.item()).toBeCloseTo(expected.item(), 12);
    numbers(slope).forEach((s, i) => {
      expect(s).toBeCloseTo(numbers(expectedSlope)[i] as number, 12);
    });
  });

  test("scans that differ in a start, a step or their direction stay apart", () => {
    const sums = (start: number, by: number, reverse: boolean) => (xs: Tensor) =>
      scan((c: Tensor, x: Tensor) => [c.add(x.mul(by)), c], start, xs, { reverse })[1];
    const all = [sums(0, 1, false), sums(1, 1, false), sums(0, 2, false), sums(0, 1, true), sums(0, 1, false)];
    const f = (xs: Tensor): Tensor[] => all.map((g) => g(xs));
    const g = compile(f);
    const xs = tensor([1, 2, 3]);
    expect(g(xs).map(numbers)).toEqual(f(xs).map(numbers));
    expect(g.inspect(xs).program.plan.steps.filter((s) => s.kind === "repeat")).toHaveLength(4);
  });

  test("scan and cond inside a scan", () => {
    const f = (x: Tensor): Tensor =>
      scan(
        (c: Tensor, v: Tensor) =>
          [
            cond(
              greater(v, 1.5),
              (a) => a.mul(2),
              (a) => a.add(1),
              c,
            ),
            c,
          ] as const,
        x,
        [1, 2, 3],
      )[0];
    expect(compile(f)(1).item()).toBe(8);
    expect(compile(grad(f))(1).item()).toBe(4);
  });
});

describe("errors", () => {
  test("values do not exist while a function is compiled", () => {
    expect(codeOf(() => compile((x: Tensor) => (x.item() > 0 ? x : x.neg()))(1))).toBe("E-NO-VALUE");
  });
  test("an index outside its axis", () => {
    expect(codeOf(() => compile((x: Tensor, i: Tensor) => take(x, i))([1, 2], new Int32Array([5])))).toBe("E-INDEX");
  });
  test("a variable of an outer function", () => {
    expect(codeOf(() => grad((x) => compile((y: Tensor) => y.mul(x))(1))(2))).toBe("E-LEAKED");
  });
  test("options", () => {
    for (const options of [{ cacheSize: 0 }, { lent: true }, { lend: "no" }, { state: 1 }, null])
      expect(codeOf(() => compile((x) => x, options as never))).toBe("E-OPTION");
  });
});
