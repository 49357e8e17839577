import { HEX, isOf } from "./characters.ts";

/**
 * `ipv4`: four decimal numbers to 255. A leading zero is refused, as by `dec-octet` of RFC 3986: readers disagree whether
 * 010 is ten or eight.
 */
export function isIpv4(text: string): boolean {
  return isIpv4Between(text, 0, text.length);
}

/** `ipv6`: the text forms of RFC 4291 section 2.2, without a zone (RFC 4007) and without a prefix length. */
export function isIpv6(text: string): boolean {
  return isIpv6Between(text, 0, text.length);
}

const DOT = 0x2e;
const COLON = 0x3a;
/** 255.255.255.255 */
const IPV4_CHARACTERS_MAX = 15;
/** ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255 */
const IPV6_CHARACTERS_MAX = 45;

/** {@link isIpv4} of the characters from `from` up to `to`. */
export function isIpv4Between(text: string, from: number, to: number): boolean {
  if (to - from > IPV4_CHARACTERS_MAX) return false;
  let octets = 0;
  /** Value of the current octet; -1 while it has no digit. */
  let value = -1;
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at);
    if (code === DOT) {
      if (value < 0) return false;
      octets++;
      value = -1;
      continue;
    }
    // A zero followed by another digit is a leading zero.
    if (code < 0x30 || code > 0x39 || value === 0) return false;
    value = (value < 0 ? 0 : value) * 10 + code - 0x30;
    if (value > 255) return false;
  }
  return octets === 3 && value >= 0;
}

/** {@link isIpv6} of the characters from `from` up to `to`. */
export function isIpv6Between(text: string, from: number, to: number): boolean {
  if (to - from < 2 || to - from > IPV6_CHARACTERS_MAX) return false;
  let groups = 0;
  let at = from;
  /** Whether "::" occurred, which replaces one or more groups of zeros. */
  let compressed = text.charCodeAt(at) === COLON;
  if (compressed) {
    if (text.charCodeAt(at + 1) !== COLON) return false;
    at += 2;
  }
  while (at < to) {
    const start = at;
    while (at < to && isOf(HEX, text.charCodeAt(at))) at++;
    if (at < to && text.charCodeAt(at) === DOT)
      return isIpv4Between(text, start, to) && isWhole(groups + 2, compressed);
    if (at === start || at - start > 4) return false;
    groups++;
    if (at === to) break;
    if (text.charCodeAt(at) !== COLON || ++at === to) return false;
    if (text.charCodeAt(at) !== COLON) continue;
    if (compressed) return false;
    compressed = true;
    at++;
  }
  return isWhole(groups, compressed);
}

function isWhole(groups: number, compressed: boolean): boolean {
  return compressed ? groups <= 7 : groups === 8;
}
