import { HEX, isOf } from "./characters.ts";

/** `uuid`: the text form of RFC 9562 section 4, in either case, of any version and variant; without braces or `urn:uuid:`. */
export function isUuid(text: string): boolean {
  if (text.length !== 36) return false;
  for (let at = 0; at < 36; at++) {
    const code = text.charCodeAt(at);
    const good = at === 8 || at === 13 || at === 18 || at === 23 ? code === HYPHEN : isOf(HEX, code);
    if (!good) return false;
  }
  return true;
}

const HYPHEN = 0x2d;
