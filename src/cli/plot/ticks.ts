/** Axes: which interval they show, where their ticks are, and how these are written. */

export interface Scale {
  readonly low: number;
  readonly high: number;
  readonly logarithmic: boolean;
  readonly ticks: readonly Tick[];
  /** Where a value lies: 0 at low, 1 at high. */
  at(value: number): number;
}

export interface Tick {
  readonly value: number;
  readonly label: string;
}

/** Below this, a step that is a hundred times smaller has lost digits. */
const smallest = 1e-300;

/** Steps of 1, 2 or 5 times a power of ten, about `count` of them, that hold all values (Heckbert 1990, Graphics Gems I, p. 61). */
export function linearScale(values: Iterable<number>, { count = 6, margin = 0.04 } = {}): Scale {
  const [least, most] = range(values);
  const size = Math.max(Math.abs(least), Math.abs(most));
  // Values that labels of ten digits cannot tell apart are shown as one.
  const apart = most - least > Math.max(1e-9 * size, smallest);
  const spread = apart ? most - least : size > smallest ? 0.2 * size : 1;
  const [low, high] = [least - margin * spread, most + margin * spread];
  const step = niceStep((high - low) / count);
  const first = Math.ceil(low / step);
  const last = Math.floor(high / step);
  const ticks = Array.from({ length: last - first + 1 }, (_, k) => tick((first + k) * step, step, high - low));
  return { low, high, logarithmic: false, ticks, at: (value) => (value - low) / (high - low) };
}

/** Powers of ten; values that are not positive have no place. */
export function logarithmicScale(values: Iterable<number>): Scale {
  const [least, most] = range([...values].flatMap((v) => (v > 0 ? [Math.log10(v)] : [])));
  const [low, high] = [Math.floor(least), Math.max(Math.ceil(most), Math.floor(least) + 1)];
  const every = Math.ceil((high - low) / 7);
  const ticks = Array.from({ length: Math.floor((high - low) / every) + 1 }, (_, k) => {
    const power = low + k * every;
    return {
      value: 10 ** power,
      label: power >= -3 && power <= 4 ? String(Number((10 ** power).toPrecision(1))) : `1e${power}`,
    };
  });
  return {
    low: 10 ** low,
    high: 10 ** high,
    logarithmic: true,
    ticks,
    at: (v) => (Math.log10(v) - low) / (high - low),
  };
}

/** The least and greatest finite value; 0 and 1 if there is none. */
export function range(values: Iterable<number>): [least: number, most: number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const v of values) {
    if (!Number.isFinite(v)) continue;
    if (v < least) least = v;
    if (v > most) most = v;
  }
  return least <= most ? [least, most] : [0, 1];
}

/** The nearest of 1, 2, 5, 10 times a power of ten, on the scale of ratios. */
function niceStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const digit = rough / power;
  return (digit < Math.SQRT2 ? 1 : digit < Math.sqrt(10) ? 2 : digit < Math.sqrt(50) ? 5 : 10) * power;
}

function tick(value: number, step: number, spread: number): Tick {
  const exact = Math.abs(value) < step / 2 ? 0 : Number(value.toPrecision(12));
  const size = Math.max(Math.abs(exact), spread);
  if (size >= 1e6 || size < 1e-3) {
    const digits =
      exact === 0 ? 0 : Math.max(0, Math.floor(Math.log10(Math.abs(exact))) - Math.floor(Math.log10(step)));
    return { value: exact, label: exact === 0 ? "0" : minus(exact.toExponential(digits).replace("e+", "e")) };
  }
  return { value: exact, label: minus(exact.toFixed(Math.max(0, -Math.floor(Math.log10(step) + 1e-9)))) };
}

const minus = (text: string): string => text.replaceAll("-", "−");
