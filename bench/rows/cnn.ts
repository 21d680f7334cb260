import type { Tensor } from "nabla";
import { labels, oneHot, uniform32 } from "../harness/numbers.ts";
import { type JaxArray, row } from "../harness/row.ts";

interface Size {
  readonly batch: number;
  readonly side: number;
}

const rate = 0.05;
const classes = 10;
const [first, second] = [8, 16]; // channels
const kernel = 3;

/** The same numbers for every layout: kernels [out, in, 3, 3], dense weights [second · (side/4)², classes]. */
const parameters = ({ side }: Size) => ({
  k1: uniform32(1, first * kernel ** 2, 0.4),
  k2: uniform32(2, second * first * kernel ** 2, 0.2),
  w: uniform32(3, second * (side / 4) ** 2 * classes, 0.06),
});

export default row<Size>({
  name: "cnn",
  title: "CNN (conv 8 – pool – conv 16 – pool – dense) 28², batch 32, SGD step",
  cases: [{ name: "float32", size: { batch: 32, side: 28 }, target: "≤ 5 / 3 ms" }],

  nabla({ compile, conv2d, logSoftmax, maxPool2d, oneHot, relu, tensor, valueAndGrad }, size, options) {
    const { batch, side } = size;
    type Network = { k1: Tensor; b1: Tensor; k2: Tensor; b2: Tensor; w: Tensor; b: Tensor };
    const initial = (): Network => {
      const { k1, k2, w } = parameters(size);
      return {
        k1: tensor(k1, { shape: [first, 1, kernel, kernel] }),
        b1: tensor(new Float32Array(first), { shape: [first, 1, 1] }),
        k2: tensor(k2, { shape: [second, first, kernel, kernel] }),
        b2: tensor(new Float32Array(second), { shape: [second, 1, 1] }),
        w: tensor(w, { shape: [w.length / classes, classes] }),
        b: tensor(new Float32Array(classes)),
      };
    };
    const x = tensor(uniform32(4, batch * side ** 2), { shape: [batch, 1, side, side] });
    const y = tensor(labels(batch, classes));

    const block = (x: Tensor, k: Tensor, b: Tensor): Tensor =>
      maxPool2d(relu(conv2d(x, k, { padding: "same" }).add(b)), 2);
    const cost = ({ k1, b1, k2, b2, w, b }: Network, x: Tensor, y: Tensor): Tensor => {
      const features = block(block(x, k1, b1), k2, b2).reshape([batch, -1]);
      return logSoftmax(features.matmul(w).add(b))
        .mul(oneHot(y, classes, { dtype: "float32" }))
        .sum({ axis: 1 })
        .mean()
        .neg();
    };
    const step = compile(
      (p: Network, x: Tensor, y: Tensor): [Network, Tensor] => {
        const [loss, g] = valueAndGrad(cost)(p, x, y);
        const next = (name: keyof Network): Tensor => p[name].sub(g[name].mul(rate));
        const network = { k1: next("k1"), b1: next("b1"), k2: next("k2"), b2: next("b2"), w: next("w"), b: next("b") };
        return [network, loss];
      },
      { ...options, state: true },
    );
    const value = compile(cost, options);

    let network = initial();
    const fixed = initial();
    const run = (): Tensor => {
      const [next, loss] = step(network, x, y);
      network = next;
      return loss;
    };
    return {
      run,
      check: () => [run(), run(), run()].map((loss) => loss.item()),
      value: () => value(fixed, x, y),
      inspect: () => step.inspect(initial(), x, y),
    };
  },

  tensorflowCpu: true, // its wasm backend has no gradient of conv2d
  tensorflow(tf, size) {
    const { batch, side } = size;
    const { k1, k2, w } = parameters(size);
    const kernelOf = (k: Float32Array, out: number, channels: number) =>
      tf.variable(
        tf.tensor4d(k, [out, channels, kernel, kernel]).transpose<ReturnType<typeof tf.tensor4d>>([2, 3, 1, 0]),
      );
    const v = {
      k1: kernelOf(k1, first, 1),
      b1: tf.variable(tf.zeros([first])),
      k2: kernelOf(k2, second, first),
      b2: tf.variable(tf.zeros([second])),
      w: tf.variable(
        tf
          .tensor(w, [second, side / 4, side / 4, classes])
          .transpose([1, 2, 0, 3])
          .reshape([-1, classes]),
      ),
      b: tf.variable(tf.zeros([classes])),
    };
    const x = tf.tensor4d(uniform32(4, batch * side ** 2), [batch, side, side, 1]);
    const y = tf.tensor2d(oneHot(batch, classes), [batch, classes]);
    const block = (input: typeof x, k: typeof v.k1, b: typeof v.b1) =>
      tf.maxPool(tf.relu(tf.conv2d(input, k, 1, "same").add<typeof x>(b)), 2, 2, "valid");
    const scores = () => {
      const features = block(block(x, v.k1, v.b1), v.k2, v.b2);
      return features.reshape([batch, -1]).matMul(v.w).add(v.b);
    };
    const optimizer = tf.train.sgd(rate);
    const run = (): number =>
      tf.tidy(() => {
        const loss = optimizer.minimize(() => tf.losses.softmaxCrossEntropy(y, scores()).asScalar(), true);
        return loss?.dataSync()[0] ?? Number.NaN;
      });
    return { run, check: () => [run(), run(), run()] };
  },

  jax({ jit, lax, nn, numpy: np, tree, valueAndGrad }, size) {
    const { batch, side } = size;
    const array = (data: Float32Array<ArrayBuffer>, shape: number[]) => np.array(data).reshape(shape);
    type Network = { k1: JaxArray; b1: JaxArray; k2: JaxArray; b2: JaxArray; w: JaxArray; b: JaxArray };
    const { k1, k2, w } = parameters(size);
    let network: Network = {
      k1: array(k1, [first, 1, kernel, kernel]),
      b1: np.zeros([first, 1, 1]),
      k2: array(k2, [second, first, kernel, kernel]),
      b2: np.zeros([second, 1, 1]),
      w: array(w, [w.length / classes, classes]),
      b: np.zeros([classes]),
    };
    const x = array(uniform32(4, batch * side ** 2), [batch, 1, side, side]);
    const y = array(oneHot(batch, classes), [batch, classes]);
    const block = (x: JaxArray, k: JaxArray, b: JaxArray): JaxArray => {
      const z = nn.relu(lax.conv(x, k, [1, 1], "SAME").add(b));
      const [n, channels, rows, columns] = z.shape as [number, number, number, number];
      return np.max(z.reshape([n, channels, rows / 2, 2, columns / 2, 2]), [3, 5]);
    };
    const cost = ({ k1, b1, k2, b2, w, b }: Network, x: JaxArray, y: JaxArray): JaxArray => {
      const features = block(block(x, k1, b1), k2, b2).reshape([batch, -1]);
      return nn
        .logSoftmax(np.matmul(features, w).add(b))
        .mul(y)
        .sum()
        .mul(-1 / batch);
    };
    const step = jit((p: Network, x: JaxArray, y: JaxArray): [Network, JaxArray] => {
      const [loss, g] = valueAndGrad(cost)(tree.ref(p), x, y);
      const next = (name: keyof Network): JaxArray => p[name].sub(g[name].mul(rate));
      return [{ k1: next("k1"), b1: next("b1"), k2: next("k2"), b2: next("b2"), w: next("w"), b: next("b") }, loss];
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
    batch, side = size["batch"], size["side"]
    features = ${second} * (side // 4) ** 2
    model = torch.nn.Sequential(
        torch.nn.Conv2d(1, ${first}, ${kernel}, padding="same"), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(${first}, ${second}, ${kernel}, padding="same"), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
        torch.nn.Flatten(), torch.nn.Linear(features, ${classes}),
    )
    with torch.no_grad():
        model[0].weight.copy_(tensor(1, (${first}, 1, ${kernel}, ${kernel}), 0.4))
        model[3].weight.copy_(tensor(2, (${second}, ${first}, ${kernel}, ${kernel}), 0.2))
        model[7].weight.copy_(tensor(3, (features, ${classes}), 0.06).T)
        for i in (0, 3, 7):
            model[i].bias.zero_()
    x = tensor(4, (batch, 1, side, side))
    y = torch.arange(batch) % ${classes}
    optimizer = torch.optim.SGD(model.parameters(), lr=${rate})

    def run():
        optimizer.zero_grad(set_to_none=True)
        loss = torch.nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return run, lambda: [run().item() for _ in range(3)]
`,
});
