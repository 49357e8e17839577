import type { FormatsMode } from "../core/contract-set.ts";

/**
 * Escaping can double the length of a JSON text inside another JSON text; a schema has at most a million characters
 * (`refuseSchema`).
 */
export const BODY_BYTES_MAX = 2_162_688;

/** Questions about a schema that a client sent, by kind. They are plain data, so that they can be sent to another thread. */
export type Questions = {
  /** The digest of the schema in a body. */
  readonly name: { readonly body: Uint8Array };
  /** Whether the schema in a body accepts every payload that each of these versions accepts. */
  readonly compare: { readonly body: Uint8Array; readonly against: readonly Against[] };
};

export type Answers = {
  readonly name: { readonly kind: "named"; readonly digest: string } | Refused;
  /**
   * One sentence for each version that the schema is not proved to be compatible with; empty when compatibility with all is
   * proved.
   */
  readonly compare: { readonly kind: "compared"; readonly complaints: readonly string[] } | Refused;
};

export type Kind = keyof Questions;

/** A version that a schema is compared with. */
export type Against = {
  /** The name for people, as `shipment@2`. */
  readonly name: string;
  /** JSON text. */
  readonly schema: string;
  readonly formats: FormatsMode;
};

export type Refused =
  /** The body is not a valid request. */
  | { readonly kind: "unreadable"; readonly message: string }
  /** The schema in the body could not be the schema of a version. */
  | { readonly kind: "invalid"; readonly message: string };

/** The sentence for a version whose compatibility is neither proved nor refuted. */
export function undecided(name: string, why: string): string {
  return `${name}: neither proved nor refuted: ${why}`;
}
