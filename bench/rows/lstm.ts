import type { Tensor } from "nabla";
import { probe, uniform32 } from "../harness/numbers.ts";
import { type JaxArray, row, type TensorFlowTensor } from "../harness/row.ts";

interface Size {
  readonly steps: number;
  readonly batch: number;
  readonly inputs: number;
  readonly hidden: number;
  readonly how: "scan" | "loop";
}

const size = { steps: 64, batch: 16, inputs: 64, hidden: 64 };
const scale = 0.12;

const data = ({ steps, batch, inputs, hidden }: Size) => ({
  xs: uniform32(1, steps * batch * inputs),
  wx: uniform32(2, inputs * 4 * hidden, scale),
  wh: uniform32(3, hidden * 4 * hidden, scale),
});

/** Hochreiter and Schmidhuber 1997 with a forget gate (Gers et al. 2000); gates in the order i, f, g, o; cost mean h². */
export default row<Size>({
  name: "lstm",
  title: "LSTM 64 steps, hidden 64, batch 16, value and gradient",
  cases: [
    { name: "nabla by scan", size: { ...size, how: "scan" }, target: "≤ 12 ms, first call < 0.2 s" },
    { name: "nabla by a loop", size: { ...size, how: "loop" }, target: "≤ 12 ms, first call < 0.2 s" },
  ],

  nabla({ at, compile, matmul, mean, scan, sigmoid, split, square, tanh, tensor, valueAndGrad, zeros }, size, options) {
    const { steps, batch, inputs, hidden, how } = size;
    const { xs, wx, wh } = data(size);
    type Weights = { wx: Tensor; wh: Tensor; bias: Tensor };
    type Carry = { h: Tensor; c: Tensor };
    const weights: Weights = {
      wx: tensor(wx, { shape: [inputs, 4 * hidden] }),
      wh: tensor(wh, { shape: [hidden, 4 * hidden] }),
      bias: tensor(new Float32Array(4 * hidden)),
    };
    const sequence = tensor(xs, { shape: [steps, batch, inputs] });
    const zero = zeros([batch, hidden], { dtype: "float32" });

    const cell = ({ wx, wh, bias }: Weights, { h, c }: Carry, x: Tensor): Carry => {
      const [i, f, g, o] = split(matmul(x, wx).add(matmul(h, wh)).add(bias), 4, 1) as [Tensor, Tensor, Tensor, Tensor];
      const next = sigmoid(f)
        .mul(c)
        .add(sigmoid(i).mul(tanh(g)));
      return { h: sigmoid(o).mul(tanh(next)), c: next };
    };
    const cost = (weights: Weights, xs: Tensor): Tensor => {
      let carry: Carry = { h: zero, c: zero };
      if (how === "scan") [carry] = scan((state: Carry, x: Tensor) => [cell(weights, state, x), 0], carry, xs);
      else for (let t = 0; t < steps; t++) carry = cell(weights, carry, at(xs, t));
      return mean(square(carry.h));
    };
    const both = compile(valueAndGrad(cost), options);
    const value = compile(cost, options);
    return {
      run: () => both(weights, sequence),
      value: () => value(weights, sequence),
      check: () => {
        const [value, g] = both(weights, sequence);
        return [value.item(), ...probe(g.wx.data), ...probe(g.wh.data), ...probe(g.bias.data)];
      },
      inspect: () => both.inspect(weights, sequence),
    };
  },

  tensorflow(tf, size) {
    const { steps, batch, inputs, hidden } = size;
    const { xs, wx, wh } = data(size);
    const weights = [
      tf.tensor2d(wx, [inputs, 4 * hidden]),
      tf.tensor2d(wh, [hidden, 4 * hidden]),
      tf.zeros([1, 4 * hidden]),
    ];
    const sequence = tf.unstack(tf.tensor3d(xs, [steps, batch, inputs]));
    const both = tf.valueAndGrads((wx: TensorFlowTensor, wh: TensorFlowTensor, bias: TensorFlowTensor) => {
      let h: TensorFlowTensor = tf.zeros([batch, hidden]);
      let c: TensorFlowTensor = tf.zeros([batch, hidden]);
      for (const x of sequence) {
        const z = tf.matMul(x, wx).add(tf.matMul(h, wh)).add(bias);
        const [i, f, g, o] = tf.split(z, 4, 1) as [
          TensorFlowTensor,
          TensorFlowTensor,
          TensorFlowTensor,
          TensorFlowTensor,
        ];
        c = tf
          .sigmoid(f)
          .mul(c)
          .add(tf.sigmoid(i).mul(tf.tanh(g)));
        h = tf.sigmoid(o).mul(tf.tanh(c));
      }
      return tf.mean(tf.square(h));
    });
    const run = () =>
      tf.tidy(() => {
        const { value, grads } = both(weights);
        return [value.dataSync(), ...grads.map((g) => g.dataSync())];
      });
    return { run, check: () => run().flatMap((x) => (x.length === 1 ? Array.from(x) : probe(x))) };
  },

  jax({ jit, nn, numpy: np, valueAndGrad }, size) {
    const { steps, batch, inputs, hidden } = size;
    const { xs, wx, wh } = data(size);
    const weights = [
      np.array(wx).reshape([inputs, 4 * hidden]),
      np.array(wh).reshape([hidden, 4 * hidden]),
      np.zeros([4 * hidden]),
    ];
    const sequence = np.array(xs).reshape([steps, batch, inputs]);
    // It has no scan.
    const cost = (weights: JaxArray[], xs: JaxArray): JaxArray => {
      const [wx, wh, bias] = weights as [JaxArray, JaxArray, JaxArray];
      let h = np.zeros([batch, hidden]);
      let c = np.zeros([batch, hidden]);
      for (let t = 0; t < steps; t++) {
        const z = np.matmul(xs.ref.slice(t), wx.ref).add(np.matmul(h, wh.ref)).add(bias.ref);
        const [i, f, g, o] = np.split(z, 4, 1) as [JaxArray, JaxArray, JaxArray, JaxArray];
        c = nn
          .sigmoid(f)
          .mul(c)
          .add(nn.sigmoid(i).mul(np.tanh(g)));
        h = nn.sigmoid(o).mul(np.tanh(c.ref));
      }
      for (const x of [xs, wx, wh, bias, c]) x.dispose();
      return np.mean(np.square(h));
    };
    const both = jit(valueAndGrad(cost));
    const run = () => {
      const [value, gradient] = both(
        weights.map((w) => w.ref),
        sequence.ref,
      );
      return [value, ...gradient].map((x) => x.dataSync());
    };
    return { run, check: () => run().flatMap((x) => (x.length === 1 ? Array.from(x) : probe(x))) };
  },

  torch: `
def contestant(size):
    steps, batch, inputs, hidden = size["steps"], size["batch"], size["inputs"], size["hidden"]
    lstm = torch.nn.LSTM(inputs, hidden)
    with torch.no_grad():
        lstm.weight_ih_l0.copy_(tensor(2, (inputs, 4 * hidden), ${scale}).T)
        lstm.weight_hh_l0.copy_(tensor(3, (hidden, 4 * hidden), ${scale}).T)
        lstm.bias_ih_l0.zero_()
        lstm.bias_hh_l0.zero_()
    xs = tensor(1, (steps, batch, inputs))

    def run():
        lstm.zero_grad(set_to_none=True)
        _, (h, _) = lstm(xs)
        value = (h * h).mean()
        value.backward()
        return value.item()

    def check():
        value = run()
        gradients = [lstm.weight_ih_l0.grad.T, lstm.weight_hh_l0.grad.T, lstm.bias_ih_l0.grad]
        return [value, *(x for g in gradients for x in probe(g))]

    return run, check
`,
});
