/** What IDNA2008 asks of a code point that it lets into names (RFC 5892, 5893); all of one kind are the same object. */
export type IdnaCharacter = {
  /** Allowed only where a rule of RFC 5892 appendix A says so: CONTEXTJ or CONTEXTO. */
  readonly contextual: boolean;
  /** Bidi_Class. */
  readonly bidi: "L" | "R" | "AL" | "EN" | "ES" | "AN" | "NSM" | "BN" | "ON";
  /** Joining_Type; U for what RFC 5892 appendix A.1 does not ask for. */
  readonly joining: "L" | "R" | "D" | "T" | "U";
  /** Canonical_Combining_Class is Virama. */
  readonly virama: boolean;
  /** General_Category is Mark, which no label begins with. */
  readonly mark: boolean;
  /** Of the scripts that RFC 5892 appendix A asks for. */
  readonly script: "Greek" | "Hebrew" | "Hiragana, Katakana or Han" | null;
};
