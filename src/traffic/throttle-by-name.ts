/** Stands for the names beyond what is told apart. */
export const OTHERS = "(others)";

/**
 * Lets each name of a group through at once, and again only after a while. Names are the senders' own words, and there must
 * be an end to them: those beyond `namesMax` of a group share {@link OTHERS}.
 * @returns a function that gives the name to use, or null while it is not due.
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
