/**
 * The index of the first byte that does not begin a UTF-8 character (Unicode 16, table 3-7: no overlong form, no
 * surrogate, nothing beyond U+10FFFF); -1 when all bytes are valid. For a truncated character it is the index of its
 * first byte.
 */
export function firstInvalidByte(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    const size = characterSize(bytes, at);
    if (size === 0) return at;
    at += size;
  }
  return -1;
}

/** The length of the character that begins here, in bytes; 0 when none does. */
function characterSize(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const second = bytes[at + 1] ?? 0;
  if (first >= 0xc2 && first <= 0xdf) return isTrail(second) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const isAllowed = (first !== 0xe0 || second >= 0xa0) && (first !== 0xed || second <= 0x9f);
    return isAllowed && isTrail(second) && isTrail(bytes[at + 2] ?? 0) ? 3 : 0;
  }
  if (first < 0xf0 || first > 0xf4) return 0;
  const isAllowed = (first !== 0xf0 || second >= 0x90) && (first !== 0xf4 || second <= 0x8f);
  const isWhole = isTrail(second) && isTrail(bytes[at + 2] ?? 0) && isTrail(bytes[at + 3] ?? 0);
  return isAllowed && isWhole ? 4 : 0;
}

function isTrail(byte: number): boolean {
  return byte >= 0x80 && byte <= 0xbf;
}
