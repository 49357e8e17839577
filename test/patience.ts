import { setTimeout as delay } from "node:timers/promises";

/**
 * How long a test waits for a state that does not come, in milliseconds; also what the product's own clocks are set to
 * where a test is not about them. Only who waits in vain waits so long: a busy machine may take its time.
 */
export const PATIENCE_MS = 120_000;

const LOOK_EVERY_MS = 5;

/** Waits for a state. @throws when it never comes, with what `describe` says of it then. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  describe: () => string = () => "it never came to that",
): Promise<void> {
  const limit = AbortSignal.timeout(PATIENCE_MS);
  while (!(await holds())) {
    if (limit.aborted) throw new Error(describe());
    await delay(LOOK_EVERY_MS);
  }
}
