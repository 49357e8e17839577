import { failureCode } from "../core/failure.ts";
import { hourOf, type GroupTally } from "../store/groups.ts";
import type { FailedRow } from "../store/store.ts";

/** The failures of a batch by group, while the batch is decided. */
export type GroupTallies = Map<string, Tally>;

type Tally = {
  -readonly [Field in keyof Omit<GroupTally, "hours">]: GroupTally[Field];
} & { readonly hours: Map<number, number> };

/** Counts one failure. */
export function tallyFailure(groups: GroupTallies, row: FailedRow): void {
  const { fingerprint, timestampMs } = row;
  let group = groups.get(fingerprint);
  if (group === undefined) {
    const { reason, contract } = row;
    const code = failureCode(reason);
    group = { fingerprint, code, contract, count: 0, firstMs: timestampMs, lastMs: timestampMs, hours: new Map() };
    groups.set(fingerprint, group);
  }
  group.count += 1;
  if (timestampMs < group.firstMs) group.firstMs = timestampMs;
  if (timestampMs > group.lastMs) group.lastMs = timestampMs;
  const hour = hourOf(timestampMs);
  if (hour !== null) group.hours.set(hour, (group.hours.get(hour) ?? 0) + 1);
}

/** The failures by group. */
export function groupsOf(rows: readonly FailedRow[]): GroupTallies {
  const groups: GroupTallies = new Map();
  for (const row of rows) tallyFailure(groups, row);
  return groups;
}

/** Number of failures by code. */
export function byCode(groups: GroupTallies): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { code, count } of groups.values()) counts.set(code, (counts.get(code) ?? 0) + count);
  return counts;
}
