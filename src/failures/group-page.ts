import { hash } from "node:crypto";
import type { FailureFilter } from "./filter.ts";
import type { Group, Groups } from "./groups.ts";

export type GroupSort = "first" | "last" | "count" | "recent";

/** A page of groups that pass a filter. */
export type GroupPage = {
  readonly groups: readonly Group[];
  readonly next: string | null;
  /** How many groups pass the filter. */
  readonly total: number;
  /** How many recent failures all of these have. */
  readonly recent: number;
};

export type GroupQuery = {
  /** Its members `fromMs`, `code`, `subject`, `version`, `topic` and `state` count. */
  readonly filter: FailureFilter;
  readonly sort: GroupSort;
  readonly limit: number;
  readonly cursor: string | null;
  readonly nowMs: number;
};

/**
 * Reads pages of groups, the largest by the sort first. All groups are read for each page: a group is a constraint of a contract version
 * that was broken, so there are hundreds, not millions.
 */
export function openGroupPage(groups: Groups): (query: GroupQuery) => Promise<GroupPage | "foreign-cursor"> {
  return async ({ filter, sort, limit, cursor, nowMs }) => {
    const query = hash(
      "sha256",
      JSON.stringify([sort, filter.code, filter.subject, filter.version, filter.topic, filter.state]),
    ).slice(0, 16);
    const after = cursor === null ? null : readCursor(cursor, query);
    if (cursor !== null && after === null) return "foreign-cursor";
    const sinceMs = after === null ? filter.fromMs : after.fromMs;
    const found = (await groups.list(sinceMs, nowMs)).filter((group) => isWanted(filter, group));
    const sorted = found.toSorted((a, b) => compare(placeOf(a, sort), placeOf(b, sort)));
    const rest = after === null ? sorted : sorted.filter((group) => compare(placeOf(group, sort), after.place) > 0);
    const page = rest.slice(0, limit);
    const last = page.at(-1);
    const next = last === undefined || rest.length <= limit ? null : writeCursor(query, placeOf(last, sort), sinceMs);
    const recent = found.reduce((sum, group) => sum + group.recent, 0);
    return { groups: page, next, total: found.length, recent };
  };
}

function isWanted({ code, subject, version, topic, state }: FailureFilter, group: Group): boolean {
  return (
    (code === null || group.code === code) &&
    (subject === null || group.contract?.subject === subject) &&
    (version === null || group.contract?.version === version) &&
    (topic === null || group.topics.includes(topic)) &&
    (state === null || group.state.kind === state)
  );
}

/** The place of a group in the order: what it is sorted by, then its fingerprint. */
type Place = { readonly by: bigint; readonly fingerprint: string };

function placeOf(group: Group, sort: GroupSort): Place {
  const by = { first: group.firstMs, last: group.lastMs, count: group.count, recent: group.recent }[sort];
  return { by: BigInt(by), fingerprint: group.fingerprint };
}

function compare(a: Place, b: Place): number {
  if (a.by !== b.by) return a.by > b.by ? -1 : 1;
  return a.fingerprint < b.fingerprint ? -1 : a.fingerprint > b.fingerprint ? 1 : 0;
}

function writeCursor(query: string, { by, fingerprint }: Place, fromMs: number | null): string {
  return Buffer.from(JSON.stringify([query, String(by), fingerprint, fromMs])).toString("base64url");
}

function readCursor(text: string, query: string): { readonly place: Place; readonly fromMs: number | null } | null {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
    if (!Array.isArray(parts) || parts.length !== 4) return null;
    const [of, by, fingerprint, fromMs] = parts as readonly unknown[];
    if (of !== query || typeof by !== "string" || !/^-?\d{1,19}$/.test(by) || typeof fingerprint !== "string")
      return null;
    if (fromMs !== null && typeof fromMs !== "number") return null;
    return { place: { by: BigInt(by), fingerprint }, fromMs };
  } catch {
    return null;
  }
}
