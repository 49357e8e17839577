import { dayOf, resetSecondsOf, type Spent } from "./spending.ts";

/**
 * Which groups of failures the records of each producer opened in a day (UTC). A group is a constraint of a contract, so there are hundreds; a
 * schema that contains itself has as many places as its depth allows, and each group is counted, listed and told of by itself. What was
 * appended is decided and kept whatever it opens; of a producer that opened more than it may nothing further is appended.
 */
export type GroupUse = {
  /** Notes a failure that is stored. @param producer as records name it; "" for none. */
  readonly note: (producer: string, fingerprint: string, nowMs: number) => void;
  /** Whether the producer may append. */
  readonly judge: (producer: string, nowMs: number) => Spent;
};

/** So many producers are kept apart. Whoever failed longest ago is forgotten, and begins anew. */
const KNOWN_MAX = 10_000;

/** @param quota groups that one producer may open in a day; null: as many as it likes. It is kept in memory, by each process for itself. */
export function createGroupUse(quota: number | null): GroupUse {
  const known = new Map<string, { readonly day: number; readonly groups: Set<string> }>();
  const of = (producer: string, nowMs: number): ReadonlySet<string> | null => {
    const found = known.get(producer);
    return found === undefined || found.day < dayOf(nowMs) ? null : found.groups;
  };
  return {
    note: (producer, fingerprint, nowMs) => {
      if (quota === null) return;
      const before = known.get(producer);
      const day = Math.max(dayOf(nowMs), before?.day ?? 0);
      const groups = before?.day === day ? before.groups : new Set<string>();
      // One more than there may be says that there are too many.
      if (groups.size <= quota) groups.add(fingerprint);
      known.delete(producer);
      known.set(producer, { day, groups });
      if (known.size > KNOWN_MAX) for (const [oldest] of known) return void known.delete(oldest);
    },
    judge: (producer, nowMs) => {
      if (quota === null) return { kind: "spent", left: null };
      const used = of(producer, nowMs)?.size ?? 0;
      const resetSeconds = resetSecondsOf(dayOf(nowMs), nowMs);
      const left = { quota, left: Math.max(0, quota - used), resetSeconds };
      return used <= quota
        ? { kind: "spent", left }
        : { kind: "refused", limit: "groups", left, retrySeconds: resetSeconds };
    },
  };
}
