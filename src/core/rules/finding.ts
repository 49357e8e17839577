/**
 * What is wrong with a rule: `unusable` (it does not parse, or yields no boolean), `unknown-name` (no such field or
 * function), `wrong-type`, `may-be-missing`, `pattern` (a regular expression that is not a literal), `time-zone` (the
 * result would depend on the machine), `too-costly` (its time could grow with the square of the payload).
 */
export type FindingKind =
  | "unusable"
  | "unknown-name"
  | "wrong-type"
  | "may-be-missing"
  | "pattern"
  | "time-zone"
  | "too-costly";

/** One fault that keeps a rule from being frozen. */
export type RuleFinding = {
  readonly kind: FindingKind;
  /** Index of the character in the expression, 0-based. */
  readonly position: number;
  /** For people; names parts of the expression and of the schema, never a payload. */
  readonly message: string;
  readonly remedy: string;
  /** An unknown name, and the known names. */
  readonly unknown?: { readonly name: string; readonly among: readonly string[] };
};

/** A regular expression in a rule, which is still to be checked for safety. It is compiled without flags. */
export type RulePattern = { readonly pattern: string; readonly position: number };
