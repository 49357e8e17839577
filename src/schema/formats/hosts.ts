import { DIGIT, isOf, LETTER } from "./characters.ts";
import { areIdnaLabels, isAceLabel } from "./idna.ts";
import { characterOf } from "./idna-characters.ts";

/**
 * `hostname`: labels of letters, digits and inner hyphens (RFC 1123 section 2.1), 63 characters each, 253 in all (RFC
 * 1035). An `xn--` label must be valid by IDNA2008 (RFC 5891 section 4.4). No final dot, no underscore; four numbers
 * are an address and never a host name (RFC 1123 section 2.1).
 */
export function isHostname(text: string): boolean {
  if (!isHostnameBetween(text, 0, text.length)) return false;
  if (!text.includes("--")) return true;
  const labels = text.toLowerCase().split(".");
  return !labels.some(isAceLabel) || areIdnaLabels(labels);
}

/**
 * `idn-hostname`: a host name that may have labels in Unicode, judged by IDNA2008 (RFC 5890 to 5893) after the mapping that
 * RFC 5895 makes of typed text: lower case, ordinary width, NFC, and the ideographic full stops as dots.
 */
export function isIdnHostname(text: string): boolean {
  if (isAscii(text)) return isHostname(text);
  if (text.length > TYPED_MAX) return false;
  const mapped = mapTyped(text);
  return isAscii(mapped) ? isHostname(mapped) : areIdnaLabels(mapped.split("."));
}

const HYPHEN = 0x2d;
const DOT = 0x2e;
const NAME_MAX = 253;
const LABEL_MAX = 63;
/**
 * Longest text in UTF-16 code units that is checked. A character of the mapped name takes at least one of the 253
 * characters of its ASCII form, and NFC and width mapping merge at most four characters, of two units each.
 */
const TYPED_MAX = NAME_MAX * 8;
/** Fullwidth and halfwidth forms; the block's signs and punctuation are mapped to characters that IDNA2008 refuses. */
const WIDTH_FORMS = /[\uff01-\uffee]/g;
const IDEOGRAPHIC_FULL_STOP = "\u3002";

/** Checks the characters from `from` up to `to` by RFC 1123, without decoding `xn--` labels. */
export function isHostnameBetween(text: string, from: number, to: number): boolean {
  if (to - from > NAME_MAX) return false;
  let start = from;
  let labels = 1;
  let numeric = true;
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at);
    if (code === DOT) {
      if (!isLabelShaped(text, start, at)) return false;
      start = at + 1;
      labels++;
    } else if (!isOf(DIGIT, code)) {
      if (!isOf(LETTER, code) && code !== HYPHEN) return false;
      numeric = false;
    }
  }
  return isLabelShaped(text, start, to) && !(numeric && labels === 4);
}

function isLabelShaped(text: string, from: number, to: number): boolean {
  const size = to - from;
  return size > 0 && size <= LABEL_MAX && text.charCodeAt(from) !== HYPHEN && text.charCodeAt(to - 1) !== HYPHEN;
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}

function mapTyped(text: string): string {
  // Cherokee letters are not lower-cased: IDNA2008 allows only their upper-case forms.
  return Array.from(text, (letter) =>
    characterOf(letter.codePointAt(0) ?? 0) === null ? letter.toLowerCase() : letter,
  )
    .join("")
    .replaceAll(WIDTH_FORMS, (form) => form.normalize("NFKC"))
    .normalize("NFC")
    .replaceAll(IDEOGRAPHIC_FULL_STOP, ".");
}
