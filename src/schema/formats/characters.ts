/** Classes of ASCII characters, to be combined with `|`. The names are those of the grammars (RFC 5234, 3986, 5321, 6570). */
export const DIGIT = 1;
export const LETTER = 2;
/** Either case (RFC 3986 section 2.1). */
export const HEX = 4;
/** `-._~`, which with letters and digits are `unreserved` (RFC 3986 section 2.3). */
export const MARK = 8;
/** `sub-delims` (RFC 3986 section 2.2). */
export const SUB_DELIM = 16;
export const COLON_OR_AT = 32;
/** The characters of `atext` besides letters and digits (RFC 5322 section 3.2.3). */
export const ATEXT_MARK = 64;
/** Literal characters of a URI template (RFC 6570 section 2.1, with erratum 6937: the apostrophe is one). */
export const TEMPLATE_LITERAL = 128;

const CLASSES = classTable([
  [DIGIT | HEX, "0123456789"],
  [LETTER, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"],
  [HEX, "ABCDEFabcdef"],
  [MARK, "-._~"],
  [SUB_DELIM, "!$&'()*+,;="],
  [COLON_OR_AT, ":@"],
  [ATEXT_MARK, "!#$%&'*+-/=?^_`{|}~"],
  [TEMPLATE_LITERAL, "!#$&'()*+,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]_abcdefghijklmnopqrstuvwxyz~"],
]);

function classTable(classes: readonly (readonly [number, string])[]): Uint8Array {
  const table = new Uint8Array(128);
  for (const [bit, characters] of classes) {
    for (let at = 0; at < characters.length; at++) {
      const code = characters.charCodeAt(at);
      table[code] = (table[code] ?? 0) | bit;
    }
  }
  return table;
}

/** Whether a UTF-16 code unit is an ASCII character of one of the classes in the mask. */
export function isOf(mask: number, code: number): boolean {
  return code < 128 && ((CLASSES[code] ?? 0) & mask) !== 0;
}

/** Whether the `%` at `at` is followed by two hexadecimal digits (RFC 3986 section 2.1). */
export function isPercentTriplet(text: string, at: number, end: number): boolean {
  return at + 2 < end && isOf(HEX, text.charCodeAt(at + 1)) && isOf(HEX, text.charCodeAt(at + 2));
}

/** `ucschar` (RFC 3987 section 2.2); lone surrogates are excluded. */
export function isUcsChar(codePoint: number): boolean {
  if (codePoint < 0x10000) {
    return (
      (codePoint >= 0xa0 && codePoint <= 0xd7ff) ||
      (codePoint >= 0xf900 && codePoint <= 0xfdcf) ||
      (codePoint >= 0xfdf0 && codePoint <= 0xffef)
    );
  }
  return codePoint <= 0xefffd && (codePoint & 0xffff) <= 0xfffd && !(codePoint >= 0xe0000 && codePoint < 0xe1000);
}

/** `iprivate` (RFC 3987 section 2.2). */
export function isPrivateUse(codePoint: number): boolean {
  return (codePoint >= 0xe000 && codePoint <= 0xf8ff) || (codePoint >= 0xf0000 && (codePoint & 0xffff) <= 0xfffd);
}
