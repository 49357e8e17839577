/**
 * The steps that a comparison may still take, in all its parts: proving, searching patterns, making and judging payloads. Steps
 * are counted instead of time, so that the same question gets the same answer on every machine. A step takes less than a
 * microsecond of CPU on a machine of 2024.
 */
export type Effort = { left: number };

/** Takes steps. Returns false when too few were left: the caller must then stop and answer that it does not know. */
export function spend(effort: Effort, steps: number): boolean {
  effort.left -= steps;
  return effort.left >= 0;
}

/** Whether the steps are used up. */
export function isSpent({ left }: Effort): boolean {
  return left < 0;
}

/** An unlimited effort, for work that is bounded in another way. */
export function unlimited(): Effort {
  return { left: Infinity };
}
