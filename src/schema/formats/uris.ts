import { isIpv6Between } from "./addresses.ts";
import {
  COLON_OR_AT,
  DIGIT,
  HEX,
  isOf,
  isPercentTriplet,
  isPrivateUse,
  isUcsChar,
  LETTER,
  MARK,
  SUB_DELIM,
} from "./characters.ts";

/**
 * `uri`: URI of RFC 3986 appendix A, with a scheme, in ASCII. Requirements of single schemes (http needs a host) are
 * not checked.
 */
export function isUri(text: string): boolean {
  return isReference(text, true, false);
}

/** `uri-reference`: URI-reference of RFC 3986 section 4.1, so also `/a`, `?b`, `a` and the empty text. */
export function isUriReference(text: string): boolean {
  return isReference(text, false, false);
}

/** `iri`: IRI of RFC 3987 section 2.2: a URI with characters beyond ASCII, but without marks of direction (section 4.1). */
export function isIri(text: string): boolean {
  return isReference(text, true, true);
}

/** `iri-reference`: IRI-reference of RFC 3987 section 2.2. */
export function isIriReference(text: string): boolean {
  return isReference(text, false, true);
}

const HASH = 0x23;
const PERCENT = 0x25;
const PLUS = 0x2b;
const DASH = 0x2d;
const DOT = 0x2e;
const SLASH = 0x2f;
const COLON = 0x3a;
const QUESTION_MARK = 0x3f;
const AT_SIGN = 0x40;
const OPENING_BRACKET = 0x5b;
/** Equals no code unit. */
const NONE = -1;
const UPPER_V = 0x56;
const LOWER_V = 0x76;

const UNRESERVED = LETTER | DIGIT | MARK;
const PCHAR = UNRESERVED | SUB_DELIM | COLON_OR_AT;

/** Which characters beyond ASCII are allowed: none, those of an IRI, or those of its query. */
type Beyond = "none" | "ucschar" | "ucschar or private";

function isReference(text: string, absolute: boolean, international: boolean): boolean {
  const beyond = international ? "ucschar" : "none";
  const schemeEnd = afterScheme(text);
  if (absolute && schemeEnd === 0) return false;
  let at = schemeEnd;
  if (text.charCodeAt(at) === SLASH && text.charCodeAt(at + 1) === SLASH) {
    at = afterAuthority(text, at + 2, beyond);
    if (at < 0) return false;
  } else if (schemeEnd === 0 && hasColonInFirstSegment(text)) {
    return false;
  }
  // After an authority the path is empty or begins with a slash: nothing else than "/", "?" and "#" ends an authority.
  at = skip(text, at, PCHAR, beyond, SLASH);
  if (text.charCodeAt(at) === QUESTION_MARK) {
    at = skip(text, at + 1, PCHAR, international ? "ucschar or private" : "none", SLASH, QUESTION_MARK);
  }
  if (text.charCodeAt(at) === HASH) at = skip(text, at + 1, PCHAR, beyond, SLASH, QUESTION_MARK);
  return at === text.length;
}

/** The index after "scheme:" (RFC 3986 section 3.1); 0 if there is none. */
function afterScheme(text: string): number {
  if (text.length === 0 || !isOf(LETTER, text.charCodeAt(0))) return 0;
  for (let at = 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === COLON) return at + 1;
    if (!isOf(LETTER | DIGIT, code) && code !== PLUS && code !== DASH && code !== DOT) return 0;
  }
  return 0;
}

/**
 * Whether the first path segment has a colon: a reference without a scheme must not have one, or `a:b` would be read as
 * having a scheme (RFC 3986 section 4.2).
 */
function hasColonInFirstSegment(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === COLON) return true;
    if (code === SLASH || code === QUESTION_MARK || code === HASH) return false;
  }
  return false;
}

/**
 * The index after `[ userinfo "@" ] host [ ":" port ]` (RFC 3986 section 3.2): at "/", "?", "#" or the end of the text;
 * -1 when it is invalid.
 */
function afterAuthority(text: string, from: number, beyond: Beyond): number {
  // The characters of a host are allowed in userinfo too: only the "@" distinguishes them.
  const userEnd = skip(text, from, UNRESERVED | SUB_DELIM, beyond, COLON);
  const host = text.charCodeAt(userEnd) === AT_SIGN ? userEnd + 1 : from;
  let at =
    text.charCodeAt(host) === OPENING_BRACKET
      ? afterIpLiteral(text, host)
      : skip(text, host, UNRESERVED | SUB_DELIM, beyond);
  if (at < 0) return -1;
  if (text.charCodeAt(at) === COLON) {
    do at++;
    while (at < text.length && isOf(DIGIT, text.charCodeAt(at)));
  }
  const end = text.charCodeAt(at);
  return at >= text.length || end === SLASH || end === QUESTION_MARK || end === HASH ? at : -1;
}

/**
 * The index after `"[" ( IPv6address / IPvFuture ) "]"` (RFC 3986 section 3.2.2), without the zones of RFC 6874; -1
 * when there is none.
 */
function afterIpLiteral(text: string, from: number): number {
  const end = text.indexOf("]", from);
  if (end < 0) return -1;
  const first = text.charCodeAt(from + 1);
  const good =
    first === UPPER_V || first === LOWER_V ? isIpvFuture(text, from + 2, end) : isIpv6Between(text, from + 1, end);
  return good ? end + 1 : -1;
}

/** Whether the text after the "v" is `1*HEXDIG "." 1*( unreserved / sub-delims / ":" )`. */
function isIpvFuture(text: string, from: number, to: number): boolean {
  let at = from;
  while (at < to && isOf(HEX, text.charCodeAt(at))) at++;
  if (at === from || text.charCodeAt(at) !== DOT || at + 1 === to) return false;
  for (at++; at < to; at++) {
    const code = text.charCodeAt(at);
    if (!isOf(UNRESERVED | SUB_DELIM, code) && code !== COLON) return false;
  }
  return true;
}

/**
 * Skips characters of the classes in the mask, two further characters, percent triplets, and the allowed ones beyond
 * ASCII; returns the index after them.
 */
function skip(text: string, from: number, mask: number, beyond: Beyond, also = NONE, alsoToo = NONE): number {
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (isOf(mask, code) || code === also || code === alsoToo) at++;
    else if (code === PERCENT && isPercentTriplet(text, at, text.length)) at += 3;
    else if (code > 0x7f && beyond !== "none" && isBeyond(text.codePointAt(at) ?? 0, beyond))
      at += code >= 0xd800 && code < 0xdc00 ? 2 : 1;
    else break;
  }
  return at;
}

function isBeyond(codePoint: number, beyond: Beyond): boolean {
  if (isUcsChar(codePoint)) return !isDirectionMark(codePoint);
  return beyond === "ucschar or private" && isPrivateUse(codePoint);
}

/** LRM, RLM, LRE, RLE, PDF, LRO, RLO, which an IRI must not contain (RFC 3987 section 4.1). */
function isDirectionMark(codePoint: number): boolean {
  return codePoint === 0x200e || codePoint === 0x200f || (codePoint >= 0x202a && codePoint <= 0x202e);
}
