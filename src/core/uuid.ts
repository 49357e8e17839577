const TEXT = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The 16 bytes of a UUID in its usual lower-case form (RFC 9562, section 4). @throws when it is none: ids are made by this program. */
export function uuidBytes(text: string): Buffer {
  const bytes = text.length === 36 ? Buffer.from(text.replaceAll("-", ""), "hex") : Buffer.alloc(0);
  // Other digits end the conversion early; capitals would come back as others than they were.
  if (bytes.length !== 16 || !TEXT.test(text)) throw new Error("Cannot store an id that is no lower-case UUID");
  return bytes;
}

/** The usual form of a UUID. @param bytes 16 of them. */
export function uuidText(bytes: Uint8Array): string {
  const digits = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("hex");
  const parts = [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)];
  return parts.join("-");
}
