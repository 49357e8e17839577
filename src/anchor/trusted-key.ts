import { Unavailable } from "../core/unavailable.ts";
import { readKey, readPublicKey } from "./keys.ts";

/** Whose signature on anchors is trusted: the id of a public key, or why there is none. */
export type TrustedKey =
  | { readonly kind: "trusted"; readonly id: string }
  /** What was given is neither a public key nor a file that holds one. */
  | { readonly kind: "no-public-key" }
  /** No public key was given, and the key of the gateway cannot be read. */
  | { readonly kind: "no-key-file"; readonly trouble: Unavailable };

/**
 * Chooses the key whose signature on anchors is trusted: the public key that an auditor gives, otherwise the public half of the
 * gateway's own key.
 * @param publicKey the key as text, or a file that holds it as text or in PEM; undefined when none is given.
 */
export async function chooseTrustedKey(keyFile: string, publicKey: string | undefined): Promise<TrustedKey> {
  if (publicKey !== undefined) {
    const id = readPublicKey(publicKey);
    return id === null ? { kind: "no-public-key" } : { kind: "trusted", id };
  }
  try {
    return { kind: "trusted", id: (await readKey(keyFile)).id };
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return { kind: "no-key-file", trouble: error };
  }
}
