/** In which order an epoch meets its examples: a function of seed and epoch, so that it can be met again. */
import { random } from "../ops/random.ts";

/** Which epoch of which run. */
export interface Epoch {
  readonly seed: number;
  readonly epoch: number;
}

/** All places from 0 to size − 1, each once, every order as likely as another. */
export function shuffled(size: number, { seed, epoch }: Epoch): Uint32Array {
  const key = random.foldIn(random.key(seed), epoch);
  return Uint32Array.from(random.permutation(key, size).data);
}
