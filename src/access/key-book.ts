import type { OperatorAction } from "../ledger/operator-log.ts";
import type { ApiKey } from "./api-key.ts";
import { ROLES, type Role } from "./roles.ts";

// Keys are what the operator log says of them: who made one and why is kept for ever, its chain shows whether that was changed, and
// every process that has the store has the keys. The log holds hashes of secrets, never a secret.

/** The detail of "key-new" and "key-rotate": a JSON text. */
export type KeyDetail = Pick<ApiKey, "name" | "hash" | "roles" | "subjects" | "topics" | "endsMs">;

/** The keys of an operator log. */
export type KeyBook = {
  /** Takes every action of the operator log, in order. */
  readonly see: (action: OperatorAction) => void;
  readonly byId: (id: string) => ApiKey | null;
  /** Whether a key was ever made, also one whose action cannot be read: then nobody is let in without one. */
  readonly isNeeded: () => boolean;
  /** In the order in which they were made. */
  readonly all: () => readonly ApiKey[];
};

export function createKeyBook(): KeyBook {
  const keys = new Map<string, ApiKey>();
  let isNeeded = false;
  const change = (id: string, with_: Partial<ApiKey>): void => {
    const key = keys.get(id);
    if (key !== undefined) keys.set(id, { ...key, ...with_ });
  };
  return {
    see: (action) => {
      const { action: what, target, detail, at, actor } = action;
      if (what === "key-revoke") change(target, { revokedAt: at });
      if (what !== "key-new" && what !== "key-rotate") return;
      isNeeded = true;
      const read = readDetail(detail);
      if (read === null) return;
      const { id, replaces, oldEndsMs, ...rest } = read;
      keys.set(id, { ...rest, id, madeAt: at, madeBy: actor, revokedAt: null, replacedBy: null });
      if (replaces === null) return;
      const before = keys.get(replaces)?.endsMs ?? null;
      change(replaces, { replacedBy: id, endsMs: before === null ? oldEndsMs : Math.min(before, oldEndsMs) });
    },
    byId: (id) => keys.get(id) ?? null,
    isNeeded: () => isNeeded,
    all: () => [...keys.values()],
  };
}

type Read = KeyDetail & { readonly id: string; readonly replaces: string | null; readonly oldEndsMs: number };

/** The detail of an action that makes a key. @param replaces the key whose place it takes, and when that one ends. */
export function keyDetail(
  id: string,
  key: KeyDetail,
  replaces: { readonly id: string; readonly endsMs: number } | null,
): string {
  const { name, hash, roles, subjects, topics, endsMs } = key;
  const ends = endsMs === null ? null : timeOf(endsMs);
  const before = replaces === null ? {} : { replaces: replaces.id, which_ends: timeOf(replaces.endsMs) };
  return JSON.stringify({ id, name, roles, subjects, topics, ends, ...before, hash });
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** Null when the detail is not one that {@link keyDetail} writes: such an action makes no key. */
function readDetail(detail: string): Read | null {
  const { id, name, hash, roles, subjects, topics, ends, replaces = null, which_ends: oldEnds } = objectIn(detail);
  const endsMs = msOf(ends);
  const oldEndsMs = msOf(oldEnds);
  if (typeof id !== "string" || typeof name !== "string" || typeof hash !== "string") return null;
  if (!/^[0-9a-f]{64}$/.test(hash) || !areTexts(roles) || !areTexts(subjects) || !areTexts(topics)) return null;
  if (!roles.every((role) => ROLES.includes(role as Role)) || (ends !== null && endsMs === null)) return null;
  const known = { id, name, hash, roles: roles as Role[], subjects, topics, endsMs };
  if (replaces === null) return { ...known, replaces, oldEndsMs: 0 };
  return typeof replaces !== "string" || oldEndsMs === null ? null : { ...known, replaces, oldEndsMs };
}

/** Null for what is no time. */
function msOf(time: unknown): number | null {
  const ms = typeof time === "string" ? Date.parse(time) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}

function areTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}
