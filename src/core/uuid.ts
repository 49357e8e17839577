/** How many bytes a UUID has. */
export const UUID_BYTES = 16;
const HYPHEN = 0x2d;

/** The value of each lower-case hexadecimal digit by character code; 0xff for every other character. */
const DIGITS: Uint8Array = Uint8Array.from({ length: 128 }, (_, code) => {
  const digit = "0123456789abcdef".indexOf(String.fromCharCode(code));
  return digit === -1 ? 0xff : digit;
});

/**
 * Writes the 16 bytes of a UUID given in its usual lower-case form (RFC 9562, section 4). The digits are converted one
 * by one: Node's own hex conversion needs the hyphens removed first, and takes several times as long.
 * @throws when the text is not such a UUID: this program makes all ids itself.
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

/** The 16 bytes of a UUID, in a new buffer. */
export function uuidBytes(text: string): Buffer {
  const bytes = Buffer.allocUnsafe(UUID_BYTES);
  putUuid(bytes, 0, text);
  return bytes;
}

/** The usual lower-case text of a UUID. @param from where its 16 bytes begin. */
export function uuidText(bytes: Uint8Array, from = 0): string {
  for (let index = 0; index < UUID_BYTES; index += 1) {
    const byte = bytes[from + index] as number;
    const at = DIGITS_AT[index] as number;
    TEXT[at] = DIGIT_CODES[byte >>> 4] as number;
    TEXT[at + 1] = DIGIT_CODES[byte & 0x0f] as number;
  }
  return TEXT.toString("latin1");
}

/** A buffer for {@link uuidText}: a text concatenated from parts would be copied again at each use. */
const TEXT = Buffer.from("00000000-0000-0000-0000-000000000000", "latin1");
/** The text index of the first digit of each byte. */
const DIGITS_AT = Uint8Array.of(0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34);
const DIGIT_CODES = Buffer.from("0123456789abcdef", "latin1");

function noUuid(): Error {
  return new Error("Cannot store an id that is no lower-case UUID");
}
