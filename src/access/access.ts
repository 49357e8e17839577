import { Unavailable } from "../core/unavailable.ts";
import { operatorActions } from "../operator/actions.ts";
import type { StoreReads } from "../store/store.ts";
import { isSecretOf, readKey, stateOf } from "./api-key.ts";
import { createKeyBook } from "./key-book.ts";
import type { NoteUse } from "./key-use.ts";
import { LOCAL, type Principal } from "./principal.ts";

/** Who a request comes from, or why that is not believed. */
export type Authenticated =
  | { readonly kind: "known"; readonly who: Principal }
  /** A key is needed, and none was given. */
  | { readonly kind: "none" }
  /** What was given is no key, or none of this gateway. */
  | { readonly kind: "unknown" }
  /** It was a key. */
  | { readonly kind: "ended"; readonly state: "revoked" | "expired" };

/** Finds out who asks. */
export type Access = {
  /** @param bearer what the request gives as its credentials; null: nothing. @throws `Unavailable`. */
  readonly authenticate: (bearer: string | null) => Promise<Authenticated>;
};

export type AccessDeps = {
  readonly reads: Pick<StoreReads, "operatorLog">;
  readonly now: () => number;
  readonly noteUse: NoteUse;
};

/** So old may be what a process knows of the keys: a key that is revoked is refused from then on. */
const FRESH_MS = 1_000;
/** So long a process goes on with what it knows while the store cannot be asked. */
const STALE_MS = 30_000;

/**
 * Keys as the store has them. They are read when a request needs them, at most once a second, and then what was added to the
 * operator log alone. No key is needed until one was ever made; that the last one ended does not open the gateway again.
 */
export function openAccess({ reads, now, noteUse }: AccessDeps): Access {
  const book = createKeyBook();
  let next = 0;
  let readAt = -Infinity;
  let reading: Promise<void> | null = null;
  const read = async (): Promise<void> => {
    const began = now();
    for await (const action of operatorActions(reads, next)) {
      next = action.seq + 1;
      book.see(action);
    }
    readAt = began;
  };
  const refresh = async (): Promise<void> => {
    if (now() - readAt < FRESH_MS) return;
    reading ??= read().finally(() => (reading = null));
    try {
      await reading;
    } catch (error) {
      if (!(error instanceof Unavailable) || now() - readAt >= STALE_MS) throw error;
    }
  };
  return {
    authenticate: async (bearer) => {
      await refresh();
      if (!book.isNeeded()) return { kind: "known", who: LOCAL };
      if (bearer === null) return { kind: "none" };
      const given = readKey(bearer);
      const key = given === null ? null : book.byId(given.id);
      if (given === null || !isSecretOf(given.secret, key) || key === null) return { kind: "unknown" };
      const state = stateOf(key, now());
      if (state !== "active") return { kind: "ended", state };
      noteUse(key.id, now());
      const { id, name, roles, subjects, topics } = key;
      return { kind: "known", who: { kind: "key", id, name, roles, scope: { subjects, topics } } };
    },
  };
}
