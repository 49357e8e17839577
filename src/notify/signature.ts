import { createHmac } from "node:crypto";

/** How long a key is, in bytes: Standard Webhooks asks for 24 to 64. */
const KEY_BYTES_MIN = 24;
const KEY_BYTES_MAX = 64;

/** Parses `whsec_` and the base64 of a key of 24 to 64 bytes; null for any other text. */
export function parseSecret(text: string): Uint8Array | null {
  const [, base64] = /^whsec_([A-Za-z0-9+/]{32,88}={0,2})$/.exec(text) ?? [];
  if (base64 === undefined) return null;
  const key = Buffer.from(base64, "base64");
  return key.length >= KEY_BYTES_MIN && key.length <= KEY_BYTES_MAX ? key : null;
}

/** Headers of Standard Webhooks. */
export type SignedHeaders = {
  readonly "webhook-id": string;
  /** Seconds since 1970 of this attempt. */
  readonly "webhook-timestamp": string;
  /** One signature for each key, separated by blanks: the receiver takes the message when it knows one of the keys. */
  readonly "webhook-signature": string;
};

/** Signs a message as Standard Webhooks 1.0 says: HMAC-SHA256 of `id.timestamp.body`. */
export function sign(keys: readonly Uint8Array[], id: string, atMs: number, body: string): SignedHeaders {
  const timestamp = String(Math.floor(atMs / 1_000));
  const content = `${id}.${timestamp}.${body}`;
  const signatures = keys.map((key) => `v1,${createHmac("sha256", key).update(content).digest("base64")}`);
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures.join(" ") };
}
