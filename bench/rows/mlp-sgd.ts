import type { Tensor } from "nabla";
import { labels, oneHot, uniform32 } from "../harness/numbers.ts";
import { type JaxArray, row } from "../harness/row.ts";

interface Size {
  readonly inputs: number;
  readonly hidden: number;
  readonly classes: number;
  readonly batch: number;
}

const rate = 0.1;

export default row<Size>({
  name: "mlp-sgd",
  title: "MLP 784-128-10, batch 64, SGD step",
  cases: [
    {
      name: "float32",
      size: { inputs: 784, hidden: 128, classes: 10, batch: 64 },
      target: "≤ 1,000 / 550 µs, relaxed ≤ 800 / 470",
    },
  ],

  nabla({ compile, logSoftmax, oneHot, relu, tensor, valueAndGrad }, { inputs, hidden, classes, batch }, options) {
    type Network = { w1: Tensor; b1: Tensor; w2: Tensor; b2: Tensor };
    const initial = (): Network => ({
      w1: tensor(uniform32(1, inputs * hidden, 0.08), { shape: [inputs, hidden] }),
      b1: tensor(new Float32Array(hidden)),
      w2: tensor(uniform32(2, hidden * classes, 0.2), { shape: [hidden, classes] }),
      b2: tensor(new Float32Array(classes)),
    });
    const x = tensor(uniform32(3, batch * inputs), { shape: [batch, inputs] });
    const y = tensor(labels(batch, classes));

    const cost = ({ w1, b1, w2, b2 }: Network, x: Tensor, y: Tensor): Tensor =>
      logSoftmax(relu(x.matmul(w1).add(b1)).matmul(w2).add(b2))
        .mul(oneHot(y, classes, { dtype: "float32" }))
        .sum({ axis: 1 })
        .mean()
        .neg();
    const step = compile(
      (p: Network, x: Tensor, y: Tensor): [Network, Tensor] => {
        const [loss, g] = valueAndGrad(cost)(p, x, y);
        const next = (w: Tensor, g: Tensor): Tensor => w.sub(g.mul(rate));
        return [{ w1: next(p.w1, g.w1), b1: next(p.b1, g.b1), w2: next(p.w2, g.w2), b2: next(p.b2, g.b2) }, loss];
      },
      { ...options, state: true },
    );
    const value = compile((p: Network, x: Tensor, y: Tensor): [Network, Tensor] => [p, cost(p, x, y)], {
      ...options,
      state: true,
    });

    let network = initial();
    let fixed = initial();
    const run = (): Tensor => {
      const [next, loss] = step(network, x, y);
      network = next;
      return loss;
    };
    return {
      run,
      check: () => [run(), run(), run()].map((loss) => loss.item()),
      value: () => {
        [fixed] = value(fixed, x, y);
      },
      inspect: () => step.inspect(initial(), x, y),
    };
  },

  tensorflow(tf, { inputs, hidden, classes, batch }) {
    const w1 = tf.variable(tf.tensor2d(uniform32(1, inputs * hidden, 0.08), [inputs, hidden]));
    const b1 = tf.variable(tf.zeros([hidden]));
    const w2 = tf.variable(tf.tensor2d(uniform32(2, hidden * classes, 0.2), [hidden, classes]));
    const b2 = tf.variable(tf.zeros([classes]));
    const x = tf.tensor2d(uniform32(3, batch * inputs), [batch, inputs]);
    const y = tf.tensor2d(oneHot(batch, classes), [batch, classes]);
    const optimizer = tf.train.sgd(rate);
    const run = (): number =>
      tf.tidy(() => {
        const loss = optimizer.minimize(
          () => tf.losses.softmaxCrossEntropy(y, tf.relu(x.matMul(w1).add(b1)).matMul(w2).add(b2)).asScalar(),
          true,
        );
        return loss?.dataSync()[0] ?? Number.NaN;
      });
    return { run, check: () => [run(), run(), run()] };
  },

  jax({ jit, nn, numpy: np, valueAndGrad }, { inputs, hidden, classes, batch }) {
    const array = (data: Float32Array<ArrayBuffer>, shape: number[]) => np.array(data).reshape(shape);
    type Network = { w1: JaxArray; b1: JaxArray; w2: JaxArray; b2: JaxArray };
    let network: Network = {
      w1: array(uniform32(1, inputs * hidden, 0.08), [inputs, hidden]),
      b1: np.zeros([hidden]),
      w2: array(uniform32(2, hidden * classes, 0.2), [hidden, classes]),
      b2: np.zeros([classes]),
    };
    const x = array(uniform32(3, batch * inputs), [batch, inputs]);
    const y = array(oneHot(batch, classes), [batch, classes]);
    const cost = ({ w1, b1, w2, b2 }: Network, x: JaxArray, y: JaxArray): JaxArray =>
      nn
        .logSoftmax(np.matmul(nn.relu(np.matmul(x, w1).add(b1)), w2).add(b2))
        .mul(y)
        .sum()
        .mul(-1 / batch);
    const step = jit((p: Network, x: JaxArray, y: JaxArray): [Network, JaxArray] => {
      const { w1, b1, w2, b2 } = p;
      const [loss, g] = valueAndGrad(cost)({ w1: w1.ref, b1: b1.ref, w2: w2.ref, b2: b2.ref }, x, y);
      const next = (w: JaxArray, g: JaxArray): JaxArray => w.sub(g.mul(rate));
      return [{ w1: next(w1, g.w1), b1: next(b1, g.b1), w2: next(w2, g.w2), b2: next(b2, g.b2) }, loss];
    });
    const run = (): number => {
      const [next, loss] = step(network, x.ref, y.ref);
      network = next;
      return loss.item();
    };
    return { run, check: () => [run(), run(), run()] };
  },

  torch: `
def contestant(size):
    inputs, hidden, classes, batch = size["inputs"], size["hidden"], size["classes"], size["batch"]
    model = torch.nn.Sequential(
        torch.nn.Linear(inputs, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, classes)
    )
    with torch.no_grad():
        model[0].weight.copy_(tensor(1, (inputs, hidden), 0.08).T)
        model[2].weight.copy_(tensor(2, (hidden, classes), 0.2).T)
        model[0].bias.zero_()
        model[2].bias.zero_()
    x = tensor(3, (batch, inputs))
    y = torch.arange(batch) % classes
    optimizer = torch.optim.SGD(model.parameters(), lr=${rate})

    def run():
        optimizer.zero_grad(set_to_none=True)
        loss = torch.nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return run, lambda: [run().item() for _ in range(3)]
`,

  numpy: `
def contestant(size):
    inputs, hidden, classes, batch = size["inputs"], size["hidden"], size["classes"], size["batch"]
    w1 = uniform(1, (inputs, hidden), 0.08, np.float32)
    b1 = np.zeros(hidden, np.float32)
    w2 = uniform(2, (hidden, classes), 0.2, np.float32)
    b2 = np.zeros(classes, np.float32)
    x = uniform(3, (batch, inputs), dtype=np.float32)
    rows = np.arange(batch)
    y = rows % classes
    rate = np.float32(${rate})

    def run():
        global loss
        h = np.maximum(x @ w1 + b1, 0)
        z = h @ w2 + b2
        z -= z.max(axis=1, keepdims=True)
        p = np.exp(z)
        total = p.sum(axis=1, keepdims=True)
        loss = float(np.mean(np.log(total[:, 0]) - z[rows, y]))
        p /= total
        p[rows, y] -= 1
        p /= batch
        dh = (p @ w2.T) * (h > 0)
        for w, g in ((w2, h.T @ p), (b2, p.sum(axis=0)), (w1, x.T @ dh), (b1, dh.sum(axis=0))):
            w -= rate * g
        return loss

    return run, lambda: [run() for _ in range(3)]
`,
});
