/**
 * The properties of a code point that IDNA2008 allows in names (RFC 5892, 5893); code points of one kind share an
 * object.
 */
export type IdnaCharacter = {
  /** Allowed only where a rule of RFC 5892 appendix A says so: CONTEXTJ or CONTEXTO. */
  readonly contextual: boolean;
  /** Bidi_Class. */
  readonly bidi: "L" | "R" | "AL" | "EN" | "ES" | "AN" | "NSM" | "BN" | "ON";
  /** Joining_Type; U for types that RFC 5892 appendix A.1 does not use. */
  readonly joining: "L" | "R" | "D" | "T" | "U";
  /** Canonical_Combining_Class is Virama. */
  readonly virama: boolean;
  /** General_Category is Mark, which no label begins with. */
  readonly mark: boolean;
  /** Its script, if RFC 5892 appendix A uses it. */
  readonly script: "Greek" | "Hebrew" | "Hiragana, Katakana or Han" | null;
};
