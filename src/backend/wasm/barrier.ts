/**
 * Where threads meet. The last to arrive opens the next meeting; the others look for a while, then sleep; the main
 * thread of a page, which must not sleep, goes on looking.
 * Mellor-Crummey and Scott 1991, "Algorithms for scalable synchronization" (§3.1, the centralised barrier).
 */
import { atomic, call, drop, type FunctionReference, i32, type ModuleBuilder, when, whileDo } from "./encode.ts";
import { awakeAddress, barrierAddress } from "./kernel.ts";

const arrived = i32.const(barrierAddress);
const meeting = i32.const(barrierAddress + 4);
const sleepers = i32.const(barrierAddress + 8);
const awake = i32.const(awakeAddress);
/** Some tens of microseconds: longer than most serial stretches, short enough to leave the core to others. */
const looks = 20_000;

/** (thread, threads): returns when so many threads have called it. */
export function barrier(module: ModuleBuilder): FunctionReference<undefined> {
  // Alone in its function: V8 11 (Node 20) loses locals around a wait that its baseline compiler inlines.
  const sleep = module.once("barrier.sleep", () =>
    module.function(["i32"], undefined, (_f, expected) => drop(atomic.wait(meeting, expected.get))),
  );
  return module.once("barrier", () =>
    module.function(["i32", "i32"], undefined, (f, thread, threads) => {
      const now = f.local("i32");
      const left = f.local("i32");
      const same = i32.eq(atomic.load(meeting), now.get);
      const last = i32.eq(atomic.add(arrived, i32.const(1)), i32.sub(threads.get, i32.const(1)));
      const staysAwake = i32.and(i32.eqz(thread.get), atomic.load(awake));
      const goesOn = i32.ne(i32.or(left.get, staysAwake), i32.const(0));
      return [
        now.set(atomic.load(meeting)),
        when(
          last,
          [
            atomic.store(arrived, i32.const(0)),
            drop(atomic.add(meeting, i32.const(1))),
            when(atomic.load(sleepers), drop(atomic.notify(meeting))),
          ],
          [
            left.set(i32.const(looks)),
            whileDo(i32.and(same, goesOn), left.set(i32.sub(left.get, i32.const(1)))),
            when(same, [
              drop(atomic.add(sleepers, i32.const(1))),
              whileDo(same, call(sleep, now.get)),
              drop(atomic.add(sleepers, i32.const(-1))),
            ]),
          ],
        ),
      ];
    }),
  );
}
