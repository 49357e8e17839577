import { recordWhen, type Operator } from "../gateway/operate.ts";
import type { OperatorAction } from "../ledger/operator-log.ts";
import { operatorActions } from "../operator/actions.ts";
import type { Store, StoreReads } from "../store/store.ts";
import { isAdmin, newKey, stateOf, type ApiKey } from "./api-key.ts";
import { createKeyBook, keyDetail, type KeyBook, type KeyDetail } from "./key-book.ts";

type Target = Pick<Store, "appendAction"> & { readonly reads: Pick<StoreReads, "operatorLog"> };
type Random = (bytes: number) => Buffer;

/** A key that was made: `key` is shown once, and nowhere kept. */
export type MadeKey = { readonly id: string; readonly key: string };

/** Why a key cannot be changed. `no-admin`: nobody could make another one afterwards. */
export type KeyRefusal = "unknown" | "revoked" | "expired" | "replaced" | "no-admin";

/** Makes a key. It counts when this resolves. */
export async function makeApiKey(
  store: Target,
  wanted: Omit<KeyDetail, "hash">,
  operator: Operator,
  random: Random,
): Promise<MadeKey> {
  const { id, key, hash } = newKey(random);
  const detail = keyDetail(id, { ...wanted, hash }, null);
  await record(store, () => ({ record: { ...operator, action: "key-new" as const, target: id, detail } }));
  return { id, key };
}

/** Makes a key for somebody who needed none. From the first one on everybody does, so that is refused unless there is an admin then. */
export async function makeKeyOfOpenGateway(
  store: Target,
  wanted: Omit<KeyDetail, "hash">,
  operator: Operator,
  random: Random,
): Promise<MadeKey | { readonly refused: KeyRefusal }> {
  const { id, key, hash } = newKey(random);
  const detail = keyDetail(id, { ...wanted, hash }, null);
  const refused = await record(store, (book) =>
    isAdmin(wanted) || hasAdmin(book.all(), Date.parse(operator.at))
      ? { record: { ...operator, action: "key-new" as const, target: id, detail } }
      : { refused: "no-admin" as const },
  );
  return refused === null ? { id, key } : { refused };
}

/** Whether somebody may do everything by one of the keys, which then leaves nobody locked out. */
export function hasAdmin(keys: readonly ApiKey[], nowMs: number): boolean {
  return keys.some((key) => isAdmin(key) && stateOf(key, nowMs) === "active");
}

/**
 * Makes a key that may do what another may, and lets that one end.
 * @param times `endsMs`: when the new key ends; undefined: as late after now as the old one was to live. `oldEndsMs`: when the old one
 * ends, or sooner, where it was to end sooner.
 */
export async function rotateApiKey(
  store: Target,
  old: string,
  times: { readonly endsMs: number | null; readonly oldEndsMs: number; readonly nowMs: number },
  operator: Operator,
  random: Random,
): Promise<MadeKey | { readonly refused: KeyRefusal }> {
  const { id, key, hash } = newKey(random);
  const refused = await record(store, (book) => {
    const before = book.byId(old);
    const why = refusalOf(before, times.nowMs) ?? (before?.replacedBy === null ? null : "replaced");
    if (before === null || why !== null) return { refused: why ?? "unknown" };
    const detail = keyDetail(id, { ...before, hash, endsMs: times.endsMs }, { id: old, endsMs: times.oldEndsMs });
    return { record: { ...operator, action: "key-rotate" as const, target: old, detail } };
  });
  return refused === null ? { id, key } : { refused };
}

/**
 * Revokes a key, for good. Gateways refuse it within a second (access.ts).
 * @param keepsAdmin whether the last key of an admin is left as it is.
 * @returns why not; null: it is revoked.
 */
export async function revokeApiKey(
  store: Target,
  id: string,
  operator: Operator,
  keepsAdmin = false,
): Promise<KeyRefusal | null> {
  return record(store, (book) => {
    const key = book.byId(id);
    if (key === null || key.revokedAt !== null) return { refused: key === null ? "unknown" : "revoked" };
    const [others, nowMs] = [book.all().filter((one) => one.id !== id), Date.parse(operator.at)];
    if (keepsAdmin && hasAdmin([key], nowMs) && !hasAdmin(others, nowMs)) return { refused: "no-admin" };
    return { record: { ...operator, action: "key-revoke" as const, target: id, detail: key.name } };
  });
}

function refusalOf(key: ApiKey | null, nowMs: number): KeyRefusal | null {
  if (key === null) return "unknown";
  const state = stateOf(key, nowMs);
  return state === "active" ? null : state;
}

async function record(
  store: Target,
  decide: (book: KeyBook) => ReturnType<Parameters<typeof recordWhen<KeyRefusal>>[2]>,
): Promise<KeyRefusal | null> {
  const book = createKeyBook();
  return recordWhen<KeyRefusal>(
    store,
    (action: OperatorAction) => book.see(action),
    () => decide(book),
  );
}

/** The keys that there are, in the order in which they were made. */
export async function readApiKeys(reads: Pick<StoreReads, "operatorLog">): Promise<readonly ApiKey[]> {
  const book = createKeyBook();
  for await (const action of operatorActions(reads)) book.see(action);
  return book.all();
}
