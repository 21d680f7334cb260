/** The models of the NIST regressions, as nabla functions of the parameters b and the predictor x. */
import { atan, cos, div, exp, pow, ravel, sin, square, sub, type Tensor } from "nabla";

export type Model = (b: readonly Tensor[], x: Tensor) => Tensor;

const gauss: Model = (b, x) => {
  const [b1, b2, b3, b4, b5, b6, b7, b8] = b as Eight;
  const peak = (height: Tensor, at: Tensor, width: Tensor): Tensor =>
    height.mul(exp(square(x.sub(at)).div(square(width)).neg()));
  return b1
    .mul(exp(b2.mul(x).neg()))
    .add(peak(b3, b4, b5))
    .add(peak(b6, b7, b8));
};
type Eight = readonly [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor];

const decays: Model = (b, x) => {
  const [b1, b2, b3, b4, b5, b6] = b as Eight;
  const term = (height: Tensor, rate: Tensor): Tensor => height.mul(exp(rate.mul(x).neg()));
  return term(b1, b2).add(term(b3, b4)).add(term(b5, b6));
};

const chwirut: Model = (b, x) => {
  const [b1, b2, b3] = b as Eight;
  return exp(b1.mul(x).neg()).div(b2.add(b3.mul(x)));
};

const saturation: Model = (b, x) => {
  const [b1, b2] = b as Eight;
  return b1.mul(sub(1, exp(b2.mul(x).neg())));
};

const cubics: Model = (b, x) => {
  const [b1, b2, b3, b4, b5, b6, b7] = b as Eight;
  const horner = (c0: Tensor | number, c1: Tensor, c2: Tensor, c3: Tensor): Tensor =>
    x.mul(c3).add(c2).mul(x).add(c1).mul(x).add(c0);
  return horner(b1, b2, b3, b4).div(horner(1, b5, b6, b7));
};

/** By name. Nelson's x has a row for each of its two predictors, and its response is log y. */
export const models: Readonly<Record<string, Model>> = {
  Misra1a: saturation,
  BoxBOD: saturation,
  Misra1b: ([b1, b2], x) =>
    (b1 as Tensor).mul(
      sub(
        1,
        pow(
          x
            .mul(b2 as Tensor)
            .div(2)
            .add(1),
          -2,
        ),
      ),
    ),
  Misra1c: ([b1, b2], x) =>
    (b1 as Tensor).mul(
      sub(
        1,
        pow(
          x
            .mul(b2 as Tensor)
            .mul(2)
            .add(1),
          -0.5,
        ),
      ),
    ),
  Misra1d: ([b1, b2], x) => {
    const t = x.mul(b2 as Tensor);
    return (b1 as Tensor).mul(t).div(t.add(1));
  },
  Chwirut1: chwirut,
  Chwirut2: chwirut,
  Lanczos1: decays,
  Lanczos2: decays,
  Lanczos3: decays,
  Gauss1: gauss,
  Gauss2: gauss,
  Gauss3: gauss,
  Hahn1: cubics,
  Thurber: cubics,
  DanWood: ([b1, b2], x) => (b1 as Tensor).mul(pow(x, b2 as Tensor)),
  Kirby2: (b, x) => {
    const [b1, b2, b3, b4, b5] = b as Eight;
    return b1
      .add(b2.mul(x))
      .add(b3.mul(square(x)))
      .div(
        b4
          .mul(x)
          .add(b5.mul(square(x)))
          .add(1),
      );
  },
  Nelson: (b, x) => {
    const [b1, b2, b3] = b as Eight;
    const [time, temperature] = [ravel(x.slice([[0, 1]])), ravel(x.slice([[1, 2]]))];
    return b1.sub(b2.mul(time).mul(exp(b3.mul(temperature).neg())));
  },
  MGH17: (b, x) => {
    const [b1, b2, b3, b4, b5] = b as Eight;
    return b1.add(b2.mul(exp(x.mul(b4).neg()))).add(b3.mul(exp(x.mul(b5).neg())));
  },
  Roszman1: (b, x) => {
    const [b1, b2, b3, b4] = b as Eight;
    return b1.sub(b2.mul(x)).sub(atan(b3.div(x.sub(b4))).div(Math.PI));
  },
  ENSO: (b, x) => {
    const [b1, b2, b3, b4, b5, b6, b7, b8, b9] = b as Eight;
    const cycle = (a: Tensor, c: Tensor, period: Tensor | number): Tensor => {
      const angle = x.mul(2 * Math.PI).div(period);
      return a.mul(cos(angle)).add(c.mul(sin(angle)));
    };
    return b1
      .add(cycle(b2, b3, 12))
      .add(cycle(b5, b6, b4))
      .add(cycle(b8, b9, b7));
  },
  MGH09: (b, x) => {
    const [b1, b2, b3, b4] = b as Eight;
    return b1.mul(square(x).add(x.mul(b2))).div(square(x).add(x.mul(b3)).add(b4));
  },
  Rat42: (b, x) => {
    const [b1, b2, b3] = b as Eight;
    return b1.div(exp(b2.sub(b3.mul(x))).add(1));
  },
  MGH10: (b, x) => {
    const [b1, b2, b3] = b as Eight;
    return b1.mul(exp(b2.div(x.add(b3))));
  },
  Eckerle4: (b, x) => {
    const [b1, b2, b3] = b as Eight;
    return b1.div(b2).mul(exp(square(x.sub(b3).div(b2)).mul(-0.5)));
  },
  Rat43: (b, x) => {
    const [b1, b2, b3, b4] = b as Eight;
    return b1.div(pow(exp(b2.sub(b3.mul(x))).add(1), div(1, b4)));
  },
  Bennett5: (b, x) => {
    const [b1, b2, b3] = b as Eight;
    return b1.mul(pow(b2.add(x), div(-1, b3)));
  },
};
