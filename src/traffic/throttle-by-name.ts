/** The shared name of those beyond `namesMax`. */
export const OTHERS = "(others)";

/**
 * Throttles by name: each name of a group is due at its first call, and again after `everyMs`. Producers choose the names, so their
 * number must have a bound: names of a group beyond `namesMax` share the name {@link OTHERS}.
 * @returns a function that gives the name to use, or null while the name is not due.
 */
export function createThrottleByName(
  now: () => number,
  { everyMs, namesMax }: { readonly everyMs: number; readonly namesMax: number },
): (group: string, name: string) => string | null {
  const lastMs = new Map<string, Map<string, number>>();
  return (group, wanted) => {
    const nowMs = now();
    const known = lastMs.get(group) ?? new Map<string, number>();
    lastMs.set(group, known);
    const name = known.has(wanted) || known.size < namesMax ? wanted : OTHERS;
    if (nowMs - (known.get(name) ?? Number.NEGATIVE_INFINITY) < everyMs) return null;
    known.set(name, nowMs);
    return name;
  };
}
