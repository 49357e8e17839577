import { note } from "./output.ts";

/** Nobody wonders about a shorter wait. */
const TOLD_AFTER_MS = 1_000;

/** Waits, and says on standard error what for where it takes longer than a second. @param what continues "waiting: "; null: nothing is said. */
export async function tellWait<Value>(what: string | null, waited: Promise<Value>): Promise<Value> {
  if (what === null) return waited;
  const timer = setTimeout(() => note(`waiting: ${what}`), TOLD_AFTER_MS);
  try {
    return await waited;
  } finally {
    clearTimeout(timer);
  }
}
