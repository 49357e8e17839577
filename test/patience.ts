import { setTimeout as delay } from "node:timers/promises";

/**
 * How long a test waits for a state that does not come, in milliseconds; also what the product's own clocks are set to
 * where a test is not about them. Only who waits in vain waits so long: a busy machine may take its time.
 */
export const PATIENCE_MS = 120_000;

const LOOK_AFTER_MS = 5;
const LOOK_EVERY_MS_MAX = 250;
/** A look at servers or at a program costs CPU that what is waited for needs: looks may take a third of the time. */
const LOOK_SHARE = 2;

/** Waits for a state. @throws when it never comes, with what `describe` says of it then. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  describe: () => string = () => "it never came to that",
): Promise<void> {
  const began = performance.now();
  for (;;) {
    const asked = performance.now();
    if (await holds()) return;
    const answered = performance.now();
    if (answered - began > PATIENCE_MS) throw new Error(describe());
    const slower = Math.min((answered - began) / 10, LOOK_EVERY_MS_MAX);
    await delay(Math.max(LOOK_AFTER_MS, slower, LOOK_SHARE * (answered - asked)));
  }
}
