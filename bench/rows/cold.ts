/** A process of its own for every measurement: from its start to the first compiled gradient, and its end. */
import { spawnSync } from "node:child_process";
import { type Contestant, row } from "../harness/row.ts";

/** The gradient of Σ x³ at 1, 2, 3. */
const expected = [3, 12, 27];

function cold(program: string): Contestant {
  const start = (): number[] => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(stderr);
    return JSON.parse(stdout.trim().split("\n").at(-1) as string);
  };
  return { run: start, check: start };
}

export default row({
  name: "cold",
  title: "Cold process to the first compiled gradient (by hand: an empty Node)",
  cases: [{ name: "Σ x³", size: {}, target: "≤ 40 ms over empty Node" }],
  threads: false,

  nabla: (_nabla, _size, options, entry) =>
    cold(`
import { compile, grad, pow, sum, tensor } from ${JSON.stringify(entry)};
const slope = compile(grad((x) => sum(pow(x, 3))), ${JSON.stringify(options)});
console.log(JSON.stringify(slope(tensor([1, 2, 3])).toArray()));`),

  hand: () => cold(`console.log(${JSON.stringify(JSON.stringify(expected))})`),

  tensorflow: () =>
    cold(`
import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-wasm";
await tf.setBackend("wasm");
console.log(JSON.stringify(tf.grad((x) => tf.pow(x, 3).sum())(tf.tensor1d([1, 2, 3])).arraySync()));`),

  jax: () =>
    cold(`
globalThis.Float16Array ??= class Float16Array {};
const { grad, init, jit, numpy: np } = await import("@jax-js/jax");
await init("wasm");
console.log(JSON.stringify(jit(grad((x) => np.power(x, 3).sum()))(np.array([1, 2, 3])).js()));`),

  torch: `
import json, subprocess, sys

def contestant(size):
    program = """
import torch
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
(x ** 3).sum().backward()
print(x.grad.tolist())
"""
    run = lambda: json.loads(subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout)
    return run, run
`,
});
