import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { EncryptJWT, jwtDecrypt } from "jose";
import type { Role } from "../roles.ts";

// A session is a sealed text (JWE, A256GCM) in a cookie: the gateway keeps nothing, so that every worker that has the key knows it. Its
// roles are those of the sign-in, until its absolute end.

/** Somebody who signed in. */
export type Session = {
  /** Random; what its CSRF token is made of. */
  readonly id: string;
  readonly subject: string;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly beganMs: number;
  /** When it was used last, to a minute. */
  readonly usedMs: number;
};

export type Limits = { readonly idleMs: number; readonly absoluteMs: number };

/** Seals texts of the gateway's own, each kind apart: an attempt to sign in is no session. */
export type Seal = {
  readonly close: (kind: "session" | "attempt", value: object) => Promise<string>;
  /** Null for what this seal did not close, or closed as another kind. */
  readonly open: (kind: "session" | "attempt", text: string) => Promise<Readonly<Record<string, unknown>> | null>;
  /** What a page must send with a request that changes something, besides its cookie. */
  readonly csrfOf: (session: Pick<Session, "id">) => string;
};

const ENCRYPTION = { alg: "dir", enc: "A256GCM" } as const;

/** @param secret of the client; every process with the same secret opens what another closed. */
export function createSeal(secret: string | Uint8Array): Seal {
  const keyFor = (purpose: string): Uint8Array =>
    new Uint8Array(hkdfSync("sha256", secret, new Uint8Array(), `sigma ${purpose}`, 32));
  const keys = { session: keyFor("session"), attempt: keyFor("attempt"), csrf: keyFor("csrf") };
  return {
    close: async (kind, value) => new EncryptJWT({ value }).setProtectedHeader(ENCRYPTION).encrypt(keys[kind]),
    open: async (kind, text) => {
      try {
        const { payload } = await jwtDecrypt(text, keys[kind], {
          keyManagementAlgorithms: [ENCRYPTION.alg],
          contentEncryptionAlgorithms: [ENCRYPTION.enc],
        });
        return payload["value"] as Readonly<Record<string, unknown>>;
      } catch {
        return null;
      }
    },
    csrfOf: ({ id }) => createHmac("sha256", keys.csrf).update(id).digest("base64url"),
  };
}

/** Whether two secrets are the same, in a time that does not depend on how much of them is. */
export function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** How old a session's note of its last use may be before the cookie is written anew. */
const NOTE_EVERY_MS = 60_000;

/** So far may the clock of a process be behind that of the one where a session began. A clock that goes back makes no session longer. */
const AHEAD_MS = 300_000;

export type SessionState =
  | { readonly kind: "in" }
  /** It goes on, and its cookie is to say that it was used. */
  | { readonly kind: "renew"; readonly session: Session }
  | { readonly kind: "ended" };

/** The state of a session at a time. */
export function judgeSession(session: Session, { idleMs, absoluteMs }: Limits, nowMs: number): SessionState {
  const { beganMs, usedMs } = session;
  if (Math.max(beganMs, usedMs) > nowMs + AHEAD_MS) return { kind: "ended" };
  if (nowMs >= beganMs + absoluteMs || nowMs >= usedMs + idleMs) return { kind: "ended" };
  // An idle limit of a minute is kept to by noting the use more often.
  const every = Math.min(NOTE_EVERY_MS, idleMs / 4);
  return nowMs - usedMs >= every ? { kind: "renew", session: { ...session, usedMs: nowMs } } : { kind: "in" };
}
