import type { Clock } from "../gateway/ingest-deps.ts";

/** The clocks of this process. */
export const CLOCK: Clock = { monotonicMs: () => performance.now(), nowMs: Date.now };
