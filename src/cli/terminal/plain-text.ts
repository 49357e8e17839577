/** Characters that a terminal interprets (controls), hides (format characters) or reorders (direction marks). */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]/gu;

/** A text of a record in one line that no terminal interprets. @param max the most characters. */
export function plainText(text: string, max: number = Number.POSITIVE_INFINITY): string {
  const plain = text.toWellFormed().replaceAll(UNSEEN, "·");
  return plain.length <= max ? plain : `${plain.slice(0, max - 1).toWellFormed()}…`;
}
