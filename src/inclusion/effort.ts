/**
 * Steps a comparison may still take, over everything it does: proving, searching patterns, making and judging payloads.
 * Steps and no clock, so that the same question gets the same answer on every machine. A step is less than a microsecond
 * of CPU on a machine of 2024.
 */
export type Effort = { left: number };

/** Takes steps; false when there were not so many left. What asks must then stop, and answer that it does not know. */
export function spend(effort: Effort, steps: number): boolean {
  effort.left -= steps;
  return effort.left >= 0;
}

/** Whether the steps are used up. */
export function isSpent({ left }: Effort): boolean {
  return left < 0;
}

/** For work whose size is bounded otherwise. */
export function unlimited(): Effort {
  return { left: Infinity };
}
