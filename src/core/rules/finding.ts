/**
 * What is wrong with a rule: `unusable` (it does not parse, or yields no boolean), `unknown-name` (no such field or function),
 * `wrong-type`, `may-be-missing`, `pattern` (a regular expression that is no literal), `time-zone` (it would depend on the
 * machine), `too-costly` (its time could grow with the square of the payload).
 */
export type FindingKind =
  | "unusable"
  | "unknown-name"
  | "wrong-type"
  | "may-be-missing"
  | "pattern"
  | "time-zone"
  | "too-costly";

/** One thing that keeps a rule from being frozen. */
export type RuleFinding = {
  readonly kind: FindingKind;
  /** The character in the expression, 0-based. */
  readonly position: number;
  /** For people; names parts of the expression and of the schema, never a payload. */
  readonly message: string;
  readonly remedy: string;
  /** A name that is not known, and those there are. */
  readonly unknown?: { readonly name: string; readonly among: readonly string[] };
};

/** A regular expression a rule matches with, still to be shown safe. It is compiled without flags. */
export type RulePattern = { readonly pattern: string; readonly position: number };
