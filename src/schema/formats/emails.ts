import { isIpv4Between, isIpv6Between } from "./addresses.ts";
import { ATEXT_MARK, DIGIT, isOf, LETTER } from "./characters.ts";
import { isHostnameBetween, isIdnHostname } from "./hosts.ts";

/**
 * `email`: Mailbox of RFC 5321 section 4.1.2. Local part: a dot-string or a quoted string, 64 octets at most; domain: a host
 * name, also of one label (`root@localhost`), or `[192.0.2.1]` or `[IPv6:::1]`; 254 octets in all (section 4.5.3.1).
 */
export function isEmail(text: string): boolean {
  if (text.length > MAILBOX_MAX) return false;
  const at = afterLocalPart(text, false);
  if (at < 1 || at > LOCAL_PART_MAX || text.charCodeAt(at) !== AT_SIGN) return false;
  return isHostnameBetween(text, at + 1, text.length) || isAddressLiteral(text, at + 1);
}

/**
 * `idn-email`: as {@link isEmail}, with the local part of RFC 6531 section 3.3, where every character beyond ASCII is allowed,
 * and an `idn-hostname` for a domain. Octets are those of UTF-8.
 */
export function isIdnEmail(text: string): boolean {
  // UTF-8 has at least one byte for each UTF-16 unit; a lone surrogate has no UTF-8 form.
  if (text.length > MAILBOX_MAX || !text.isWellFormed()) return false;
  const at = afterLocalPart(text, true);
  if (at < 1 || text.charCodeAt(at) !== AT_SIGN || octets(text, at) > LOCAL_PART_MAX) return false;
  if (octets(text, text.length) > MAILBOX_MAX) return false;
  return isIdnHostname(text.slice(at + 1)) || isAddressLiteral(text, at + 1);
}

const LOCAL_PART_MAX = 64;
/** Most octets of a mailbox: a path has 256 with its angle brackets. */
const MAILBOX_MAX = 254;
const SPACE = 0x20;
const QUOTE = 0x22;
const DOT = 0x2e;
const AT_SIGN = 0x40;
const OPENING_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSING_BRACKET = 0x5d;
const TILDE = 0x7e;
const IPV6_TAG = "ipv6:";

/** The index after the local part, or -1. */
function afterLocalPart(text: string, wide: boolean): number {
  if (text.charCodeAt(0) === QUOTE) return afterQuotedString(text, wide);
  let afterDot = true;
  let at = 0;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isOf(LETTER | DIGIT | ATEXT_MARK, code) || (wide && code > 0x7f)) {
      afterDot = false;
    } else if (code === DOT && !afterDot) {
      afterDot = true;
    } else {
      break;
    }
  }
  return afterDot ? -1 : at;
}

function afterQuotedString(text: string, wide: boolean): number {
  for (let at = 1; at < text.length; at++) {
    let code = text.charCodeAt(at);
    if (code === QUOTE) return at + 1;
    // A quoted pair may hold any graphic ASCII character or a space, but nothing beyond ASCII (RFC 6531 extends qtext
    // only).
    const quoted = code === BACKSLASH;
    if (quoted) code = text.charCodeAt(++at);
    const good = (code >= SPACE && code <= TILDE) || (wide && !quoted && code > 0x7f);
    if (!good) return -1;
  }
  return -1;
}

/**
 * Whether the text from `from` is an address literal. Tags other than IPv6 must be registered, and none is (RFC 5321
 * section 4.1.3).
 */
function isAddressLiteral(text: string, from: number): boolean {
  const to = text.length - 1;
  if (text.charCodeAt(from) !== OPENING_BRACKET || text.charCodeAt(to) !== CLOSING_BRACKET) return false;
  if (text.slice(from + 1, from + 1 + IPV6_TAG.length).toLowerCase() !== IPV6_TAG) {
    return isIpv4Between(text, from + 1, to);
  }
  return isIpv6Between(text, from + 1 + IPV6_TAG.length, to);
}

/** Number of UTF-8 bytes before `end`. */
function octets(text: string, end: number): number {
  let count = 0;
  for (let at = 0; at < end; at++) {
    const code = text.charCodeAt(at);
    const surrogate = code >= 0xd800 && code <= 0xdfff;
    if (code < 0x80) count += 1;
    // Each surrogate accounts for two of the pair's four bytes.
    else count += code < 0x800 || surrogate ? 2 : 3;
  }
  return count;
}
