const UUID_BYTES = 16;
const HYPHEN = 0x2d;

/** By character code: what a lower-case hexadecimal digit stands for, more than that for any other character. */
const DIGITS: Uint8Array = Uint8Array.from({ length: 128 }, (_, code) => {
  const digit = "0123456789abcdef".indexOf(String.fromCharCode(code));
  return digit === -1 ? 0xff : digit;
});

/**
 * Writes the 16 bytes of a UUID in its usual lower-case form (RFC 9562, section 4). Digit by digit: the runtime's own conversion
 * takes the hyphens out first, in several times the time.
 * @throws when the text is none: ids are made by this program.
 */
export function putUuid(bytes: Uint8Array, at: number, text: string): void {
  let index = 0;
  for (let byte = 0; byte < UUID_BYTES; byte += 1, index += 2) {
    if (index === 8 || index === 13 || index === 18 || index === 23) {
      if (text.charCodeAt(index) !== HYPHEN) throw noUuid();
      index += 1;
    }
    const high = DIGITS[text.charCodeAt(index)];
    const low = DIGITS[text.charCodeAt(index + 1)];
    if (high === undefined || low === undefined || (high | low) > 0xf) throw noUuid();
    bytes[at + byte] = (high << 4) | low;
  }
  if (text.length !== index) throw noUuid();
}

/** The same in bytes of their own. */
export function uuidBytes(text: string): Buffer {
  const bytes = Buffer.allocUnsafe(UUID_BYTES);
  putUuid(bytes, 0, text);
  return bytes;
}

/** The usual form of a UUID. @param bytes 16 of them. */
export function uuidText(bytes: Uint8Array): string {
  for (let index = 0; index < UUID_BYTES; index += 1) {
    const byte = bytes[index] as number;
    const at = DIGITS_AT[index] as number;
    TEXT[at] = DIGIT_CODES[byte >>> 4] as number;
    TEXT[at + 1] = DIGIT_CODES[byte & 0x0f] as number;
  }
  return TEXT.toString("latin1");
}

/** Written into bytes and read from there: a text put together from parts is copied once more wherever it is used. */
const TEXT = Buffer.from("00000000-0000-0000-0000-000000000000", "latin1");
/** Where the two digits of each byte stand. */
const DIGITS_AT = Uint8Array.of(0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34);
const DIGIT_CODES = Buffer.from("0123456789abcdef", "latin1");

function noUuid(): Error {
  return new Error("Cannot store an id that is no lower-case UUID");
}
