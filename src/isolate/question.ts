import type { FormatsMode } from "../core/contract-set.ts";

/** A whole JSON text within another may take twice its bytes; a schema has at most a million (`refuseSchema`). */
export const BODY_BYTES_MAX = 2_162_688;

/** Questions about a schema that somebody sent, by kind: plain data, which crosses to another thread. */
export type Questions = {
  /** Which schema a body brings. */
  readonly name: { readonly body: Uint8Array };
  /** Whether the schema in a body accepts all that each of these versions accepts. */
  readonly compare: { readonly body: Uint8Array; readonly against: readonly Against[] };
};

export type Answers = {
  readonly name: { readonly kind: "named"; readonly digest: string } | Refused;
  /** What keeps the schema from accepting all that the versions accept, a sentence for each version; none: it is proved. */
  readonly compare: { readonly kind: "compared"; readonly complaints: readonly string[] } | Refused;
};

export type Kind = keyof Questions;

/** A version that a schema is compared with. */
export type Against = {
  /** For people, as in `shipment@2`. */
  readonly name: string;
  /** JSON text. */
  readonly schema: string;
  readonly formats: FormatsMode;
};

export type Refused =
  /** The body is no request. */
  | { readonly kind: "unreadable"; readonly message: string }
  /** The schema in it is none that could be a version's. */
  | { readonly kind: "invalid"; readonly message: string };

/** What is said of a version about which nothing is known. */
export function undecided(name: string, why: string): string {
  return `${name}: neither proved nor refuted: ${why}`;
}
