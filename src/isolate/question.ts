import type { FormatsMode, VersionContent } from "../core/contract-set.ts";
import type { Effect } from "../inclusion/change-rules.ts";
import type { Verdict } from "../inclusion/inclusion.ts";

/**
 * Escaping can double the length of a JSON text inside another JSON text; a schema has at most a million characters
 * (`refuseSchema`).
 */
export const BODY_BYTES_MAX = 2_162_688;

/** Questions about schemas, by kind. They are plain data, so that they can be sent to another thread. */
export type Questions = {
  /** The digest of the schema in a body. */
  readonly name: { readonly body: Uint8Array };
  /** Whether the schema in a body accepts every payload that each of these versions accepts. */
  readonly compare: { readonly body: Uint8Array; readonly against: readonly Against[] };
  /** What changed between two versions of a contract, and what that breaks. */
  readonly diff: { readonly before: VersionContent; readonly after: VersionContent };
};

export type Answers = {
  readonly name: { readonly kind: "named"; readonly digest: string } | Refused;
  /**
   * One sentence for each version that the schema is not proved to be compatible with; empty when compatibility with all is
   * proved.
   */
  readonly compare: { readonly kind: "compared"; readonly complaints: readonly string[] } | Refused;
  readonly diff: Diff;
};

export type Kind = keyof Questions;

/** What changed between two versions of a contract. Values are JSON texts: a number may be one that no double represents. */
export type Diff =
  | {
      readonly kind: "diffed";
      readonly changes: readonly DiffChange[];
      /** Changes that are not listed. */
      readonly omitted: number;
      /** Whether the later version accepts all that the earlier one accepts, and the other way round. */
      readonly backward: DiffVerdict;
      readonly forward: DiffVerdict;
    }
  /** The schemas are too deep, or too large when they are worked out. */
  | { readonly kind: "too-deep" };

export type DiffChange = {
  readonly rule: string;
  readonly effect: Effect;
  /** What the rule means, in a sentence. */
  readonly meaning: string;
  readonly pointer: string;
  readonly keyword: string;
  /** JSON texts, cut where they are long; null where the part did not exist in that version. */
  readonly before: string | null;
  readonly after: string | null;
};

export type DiffVerdict = {
  readonly kind: Verdict["kind"];
  /** JSON text of a payload that one version accepts and the other refuses; null without one, or where it is too long to be sent. */
  readonly witness: string | null;
  /** Why the other version refuses the witness. `pointer` leads into the payload; null for a rule. */
  readonly violations: readonly {
    readonly pointer: string | null;
    readonly detail: string;
    readonly keyword: string | null;
    readonly rule: string | null;
  }[];
  /** What could not be proved, with pointers into the refusing schema. */
  readonly undecided: readonly { readonly pointer: string; readonly reason: string }[];
};

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
