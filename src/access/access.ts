import { Unavailable } from "../core/unavailable.ts";
import { within } from "../gateway/within.ts";
import { followActions } from "../operator/actions.ts";
import type { StoreReads } from "../store/store.ts";
import { isSecretOf, readKey, stateOf } from "./api-key.ts";
import { certificatesBy, type CertificateRole } from "./certificates.ts";
import { createKeyBook } from "./key-book.ts";
import type { NoteUse } from "./key-use.ts";
import type { People } from "./people/people.ts";
import { LOCAL, type Authenticated } from "./principal.ts";

/** Finds out who asks. */
export type Access = {
  /**
   * @param bearer what the request gives as its credentials; null: nothing.
   * @param without the request is one of those that go on without the store: it looks (a scrape above all), asks for a verdict, or appends
   * to the log. It is let in by what was known an hour ago at most, and soon; where no key was known, by that however old it is.
   * @throws `Unavailable`.
   */
  readonly authenticate: (bearer: string | null, without?: boolean) => Promise<Authenticated>;
  /** Says that this process changed a key: the next request knows of it, and not that of a second later. */
  readonly changed: () => void;
  /** Signing in with a browser; null: nobody does. */
  readonly browser: People["browser"];
  /** Who holds the certificate that a client showed; null: certificates of clients are not asked for. */
  readonly byCertificate: ReturnType<typeof certificatesBy> | null;
};

export type AccessDeps = {
  readonly reads: Pick<StoreReads, "operatorLog">;
  readonly now: () => number;
  readonly noteUse: NoteUse;
  /** People whom a provider vouches for; absent: there are keys alone. */
  readonly people?: People;
  /** What holders of certificates may do; absent: no certificate is asked for. */
  readonly certificates?: readonly CertificateRole[];
};

/** So old may be what a process knows of the keys: a key that is revoked is refused from then on. */
const FRESH_MS = 1_000;
/** So long a process goes on with what it knows while the store cannot be asked. */
const STALE_MS = 30_000;
/** The same for what goes on without the store. Nothing of a record is read without it. */
const WITHOUT_STALE_MS = 3_600_000;
/** What goes on without a store that is away waits so long for it. */
const WITHOUT_WAIT_MS = 1_000;

/**
 * Keys as the store has them. They are read when a request needs them, at most once a second, and then what was added to the
 * operator log alone. Without a provider of people and without certificates of clients no key is needed until one was ever made; that the last one ended does not open
 * the gateway again.
 */
export function openAccess({ reads, now, noteUse, people, certificates }: AccessDeps): Access {
  const book = createKeyBook();
  const isClosed = people !== undefined || certificates !== undefined;
  const catchUp = followActions(reads, book.see);
  let readAt = -Infinity;
  let reading: Promise<void> | null = null;
  // The store did not answer lately: what goes on without it waits no more until it does.
  let isLate = false;
  let changes = 0;
  let seen = 0;
  const read = async (): Promise<void> => {
    const [began, before] = [now(), changes];
    await catchUp();
    readAt = began;
    seen = before;
    isLate = false;
  };
  // A clock that went back says nothing of how old it is.
  const ageMs = (): number => (now() < readAt ? Infinity : now() - readAt);
  // Where no key was known there is none that could have been revoked meanwhile.
  const staleMs = (without: boolean): number => {
    if (!without) return STALE_MS;
    return book.isNeeded() || isClosed ? WITHOUT_STALE_MS : Infinity;
  };
  const refresh = async (without: boolean): Promise<void> => {
    if (ageMs() < FRESH_MS && seen === changes) return;
    // What is being read may have been read before the change.
    if (seen !== changes) await reading?.catch(() => undefined);
    reading ??= read().finally(() => (reading = null));
    try {
      if (!without || seen !== changes || ageMs() >= staleMs(true)) return await reading;
      isLate =
        (await within(
          isLate ? 0 : WITHOUT_WAIT_MS,
          reading.then(() => "read"),
        )) === null;
    } catch (error) {
      isLate = true;
      if (!(error instanceof Unavailable) || ageMs() >= staleMs(without)) throw error;
    }
  };
  return {
    changed: () => void (changes += 1),
    browser: people?.browser ?? null,
    byCertificate: certificates === undefined ? null : certificatesBy(certificates, now),
    authenticate: async (bearer, without = false) => {
      await refresh(without);
      if (!book.isNeeded() && !isClosed) return { kind: "known", who: LOCAL };
      if (bearer === null) return { kind: "none" };
      if (bearer.split(".").length === 3 && people?.byToken != null) return people.byToken(bearer);
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
