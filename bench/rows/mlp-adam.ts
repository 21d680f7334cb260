import type { Tensor } from "nabla";
import { labels, oneHot, uniform32 } from "../harness/numbers.ts";
import { type JaxArray, row } from "../harness/row.ts";

interface Size {
  readonly widths: readonly number[];
  readonly batch: number;
}

// Kingma and Ba 2015
const rate = 1e-3;
const [beta1, beta2] = [0.9, 0.999];
const epsilon = 1e-8;

const layers = ({ widths }: Size) =>
  widths.slice(1).map((outputs, i) => {
    const inputs = widths[i] as number;
    return { inputs, outputs, weights: uniform32(i, inputs * outputs, 2 / Math.sqrt(inputs)) };
  });

export default row<Size>({
  name: "mlp-adam",
  title: "MLP 784-512-512-10, batch 128, Adam step",
  cases: [{ name: "float32", size: { widths: [784, 512, 512, 10], batch: 128 }, target: "≤ 13 / 7.5 ms" }],

  nabla({ compile, logSoftmax, oneHot, pow, relu, sqrt, tensor, valueAndGrad, zerosLike }, size, options) {
    const { widths, batch } = size;
    const [inputs, classes] = [widths[0] as number, widths.at(-1) as number];
    type Parameters = Tensor[]; // weights, bias, weights, bias, …
    type State = { parameters: Parameters; first: Parameters; second: Parameters; time: Tensor };
    const initial = (): State => {
      const parameters = layers(size).flatMap(({ inputs, outputs, weights }) => [
        tensor(weights, { shape: [inputs, outputs] }),
        tensor(new Float32Array(outputs)),
      ]);
      const zeros = () => parameters.map((w) => zerosLike(w));
      return { parameters, first: zeros(), second: zeros(), time: tensor(new Float32Array(1), { shape: [] }) };
    };
    const x = tensor(uniform32(9, batch * inputs), { shape: [batch, inputs] });
    const y = tensor(labels(batch, classes));

    const cost = (p: Parameters, x: Tensor, y: Tensor): Tensor => {
      let h = x;
      for (let i = 0; i < p.length; i += 2) {
        const z = h.matmul(p[i] as Tensor).add(p[i + 1] as Tensor);
        h = i + 2 < p.length ? relu(z) : z;
      }
      return logSoftmax(h)
        .mul(oneHot(y, classes, { dtype: "float32" }))
        .sum({ axis: 1 })
        .mean()
        .neg();
    };
    const step = compile(
      (state: State, x: Tensor, y: Tensor): [State, Tensor] => {
        const [loss, gradient] = valueAndGrad(cost)(state.parameters, x, y);
        const time = state.time.add(1);
        const [correct1, correct2] = [pow(beta1, time).neg().add(1), pow(beta2, time).neg().add(1)];
        const moment = (beta: number, old: Parameters, power: number): Parameters =>
          gradient.map((g, i) => (old[i] as Tensor).mul(beta).add(pow(g, power).mul(1 - beta)));
        const first = moment(beta1, state.first, 1);
        const second = moment(beta2, state.second, 2);
        const parameters = state.parameters.map((w, i) => {
          const [m, v] = [first[i] as Tensor, second[i] as Tensor];
          return w.sub(
            m
              .div(correct1)
              .mul(rate)
              .div(sqrt(v.div(correct2)).add(epsilon)),
          );
        });
        return [{ parameters, first, second, time }, loss];
      },
      { ...options, state: true },
    );
    const value = compile((p: Parameters, x: Tensor, y: Tensor): [Parameters, Tensor] => [p, cost(p, x, y)], {
      ...options,
      state: true,
    });

    let state = initial();
    let fixed = initial().parameters;
    const run = (): Tensor => {
      const [next, loss] = step(state, x, y);
      state = next;
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

  tensorflow(tf, size) {
    const { widths, batch } = size;
    const [inputs, classes] = [widths[0] as number, widths.at(-1) as number];
    const parameters = layers(size).map(({ inputs, outputs, weights }) => ({
      w: tf.variable(tf.tensor2d(weights, [inputs, outputs])),
      b: tf.variable(tf.zeros([outputs])),
    }));
    const x = tf.tensor2d(uniform32(9, batch * inputs), [batch, inputs]);
    const y = tf.tensor2d(oneHot(batch, classes), [batch, classes]);
    const optimizer = tf.train.adam(rate, beta1, beta2, epsilon);
    const scores = () =>
      parameters.reduce((h, { w, b }, i) => {
        const z = h.matMul(w).add<typeof x>(b);
        return i < parameters.length - 1 ? tf.relu(z) : z;
      }, x);
    const run = (): number =>
      tf.tidy(() => {
        const loss = optimizer.minimize(() => tf.losses.softmaxCrossEntropy(y, scores()).asScalar(), true);
        return loss?.dataSync()[0] ?? Number.NaN;
      });
    return { run, check: () => [run(), run(), run()] };
  },

  jax({ jit, nn, numpy: np, tree, valueAndGrad }, size) {
    const { widths, batch } = size;
    const [inputs, classes] = [widths[0] as number, widths.at(-1) as number];
    const array = (data: Float32Array<ArrayBuffer>, shape: number[]) => np.array(data).reshape(shape);
    type State = { parameters: JaxArray[]; first: JaxArray[]; second: JaxArray[]; time: JaxArray };
    const parameters = layers(size).flatMap(({ inputs, outputs, weights }) => [
      array(weights, [inputs, outputs]),
      np.zeros([outputs]),
    ]);
    const zeros = () => parameters.map((w) => np.zeros(w.shape));
    let state: State = { parameters, first: zeros(), second: zeros(), time: np.array(0, { dtype: np.float32 }) };
    const x = array(uniform32(9, batch * inputs), [batch, inputs]);
    const y = array(oneHot(batch, classes), [batch, classes]);

    const cost = (p: JaxArray[], x: JaxArray, y: JaxArray): JaxArray => {
      let h = x;
      for (let i = 0; i < p.length; i += 2) {
        const z = np.matmul(h, p[i] as JaxArray).add(p[i + 1] as JaxArray);
        h = i + 2 < p.length ? nn.relu(z) : z;
      }
      return nn
        .logSoftmax(h)
        .mul(y)
        .sum()
        .mul(-1 / batch);
    };
    const step = jit((state: State, x: JaxArray, y: JaxArray): [State, JaxArray] => {
      const [loss, gradient] = valueAndGrad(cost)(tree.ref(state.parameters), x, y);
      const time = state.time.add(1);
      const correct = (beta: number): JaxArray => np.power(beta, time.ref).mul(-1).add(1);
      const [correct1, correct2] = [correct(beta1), correct(beta2)];
      const first = state.first.map((m, i) => m.mul(beta1).add((gradient[i] as JaxArray).ref.mul(1 - beta1)));
      const second = state.second.map((v, i) => v.mul(beta2).add(np.square(gradient[i] as JaxArray).mul(1 - beta2)));
      const parameters = state.parameters.map((w, i) => {
        const [m, v] = [first[i] as JaxArray, second[i] as JaxArray];
        return w.sub(
          m.ref
            .div(correct1.ref)
            .mul(rate)
            .div(np.sqrt(v.ref.div(correct2.ref)).add(epsilon)),
        );
      });
      correct1.dispose();
      correct2.dispose();
      return [{ parameters, first, second, time }, loss];
    });
    const run = (): number => {
      const [next, loss] = step(state, x.ref, y.ref);
      state = next;
      return loss.item();
    };
    return { run, check: () => [run(), run(), run()] };
  },

  torch: `
def contestant(size):
    widths, batch = size["widths"], size["batch"]
    layers = [torch.nn.Linear(a, b) for a, b in zip(widths, widths[1:])]
    with torch.no_grad():
        for i, layer in enumerate(layers):
            inputs, outputs = widths[i], widths[i + 1]
            layer.weight.copy_(tensor(i, (inputs, outputs), 2 / inputs**0.5).T)
            layer.bias.zero_()
    model = torch.nn.Sequential(layers[0], *(m for layer in layers[1:] for m in (torch.nn.ReLU(), layer)))
    x = tensor(9, (batch, widths[0]))
    y = torch.arange(batch) % widths[-1]
    optimizer = torch.optim.Adam(model.parameters(), lr=${rate}, betas=(${beta1}, ${beta2}), eps=${epsilon})

    def run():
        optimizer.zero_grad(set_to_none=True)
        loss = torch.nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    return run, lambda: [run().item() for _ in range(3)]
`,
});
