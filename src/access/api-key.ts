import { hash, timingSafeEqual } from "node:crypto";
import type { Role } from "./roles.ts";
import type { Scope } from "./scope.ts";

// An API key is `sigma_ID_SECRET`. The id names it to people; the secret is 256 random bits, of which only the SHA-256 is kept. A slow
// hash protects what people choose: nobody finds 256 random bits by trying, whatever a try costs, and each request pays for the hash.

/** A key as the operator log tells of it. */
export type ApiKey = Scope & {
  readonly id: string;
  /** What people call it. */
  readonly name: string;
  /** SHA-256 of the secret, hex. */
  readonly hash: string;
  readonly roles: readonly Role[];
  /** ISO 8601. */
  readonly madeAt: string;
  readonly madeBy: string;
  /** From then on it is refused, in milliseconds since the epoch; null: never. */
  readonly endsMs: number | null;
  /** When it was revoked, ISO 8601; null: it was not. */
  readonly revokedAt: string | null;
  /** The key that took its place; null: none did. */
  readonly replacedBy: string | null;
};

const KEY = /^sigma_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;
const SECRET_BYTES = 32;
const ID_BYTES = 6;

/** Makes a key. @param random gives so many random bytes. */
export function newKey(random: (bytes: number) => Buffer): {
  readonly id: string;
  /** The key itself, to be shown once. */
  readonly key: string;
  readonly hash: string;
} {
  const id = random(ID_BYTES).toString("hex");
  const secret = random(SECRET_BYTES).toString("base64url");
  return { id, key: `sigma_${id}_${secret}`, hash: hashOf(secret) };
}

/** The parts of a key; null when the text is none. */
export function readKey(text: string): { readonly id: string; readonly secret: string } | null {
  const [, id, secret] = KEY.exec(text) ?? [];
  return id === undefined || secret === undefined ? null : { id, secret };
}

function hashOf(secret: string): string {
  return hash("sha256", secret);
}

/** Compared with where there is no key of an id, so that the answer takes as long. */
const NO_HASH = "0".repeat(64);

/** Whether a secret is that of a key, in a time that does not depend on how much of it is right. */
export function isSecretOf(secret: string, key: Pick<ApiKey, "hash"> | null): boolean {
  const wanted = Buffer.from(key?.hash ?? NO_HASH, "hex");
  const given = Buffer.from(hashOf(secret), "hex");
  return wanted.length === given.length && timingSafeEqual(wanted, given) && key !== null;
}

/** The state of a key at a time. */
export function stateOf(key: ApiKey, nowMs: number): "active" | "revoked" | "expired" {
  if (key.revokedAt !== null) return "revoked";
  return key.endsMs !== null && key.endsMs <= nowMs ? "expired" : "active";
}

/** Whether somebody may do everything by a key: a limited one may not change keys. */
export function isAdmin({ roles, topics, subjects }: Pick<ApiKey, "roles" | "topics" | "subjects">): boolean {
  return roles.includes("admin") && topics.length === 0 && subjects.length === 0;
}
