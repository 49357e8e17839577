/**
 * The kinds of findings about a rule: `unusable` (it does not parse, or yields no boolean), `unknown-name` (no such field or
 * function), `wrong-type`, `may-be-missing`, `pattern` (a regular expression that is not a literal), `time-zone` (the value
 * would depend on the machine), `too-costly` (its time could grow with the square of the payload).
 */
export type FindingKind =
  | "unusable"
  | "unknown-name"
  | "wrong-type"
  | "may-be-missing"
  | "pattern"
  | "time-zone"
  | "too-costly";

/** A finding: a rule with one cannot be frozen. */
export type RuleFinding = {
  readonly kind: FindingKind;
  /** The index of the character in the expression, 0-based. */
  readonly position: number;
  /** For people. Names parts of the expression and of the schema, never of a payload. */
  readonly message: string;
  readonly remedy: string;
  /** An unknown name, and the names that could be meant. */
  readonly unknown?: { readonly name: string; readonly among: readonly string[] };
};

/** A regular expression of a rule, yet to be checked for safety. It is compiled without flags. */
export type RulePattern = { readonly pattern: string; readonly position: number };
