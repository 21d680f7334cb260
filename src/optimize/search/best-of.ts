/** The best of several lengths; of shorter ones, where none is better than staying. */
import type { Trial } from "../line.ts";
import type { Search } from "./search.ts";

export const bestOf =
  (lengths: readonly number[]): Search =>
  (line) => {
    for (let factor = 1; factor > 1e-20; factor *= 1e-4) {
      const trials = lengths.map((t) => line.probe(factor * t));
      const best = trials.reduce<Trial | undefined>(
        (a, b) => (b.point.value < (a?.point.value ?? line.at.value) ? b : a),
        undefined,
      );
      if (best !== undefined) return best;
    }
    return undefined;
  };
