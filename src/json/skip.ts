// Functions that skip over parts of a JSON text in bytes. They do not validate the text.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Whether the string skipped last has an escape. The caller reads it right after the skip, which saves a second scan.
 */
export let hadEscape = false;

/** The index after the string that begins here. */
export function skipString(buffer: Buffer, start: number): number {
  hadEscape = false;
  let at = start + 1;
  for (let byte = buffer[at]; byte !== QUOTE && byte !== undefined; byte = buffer[at]) {
    at += 1;
    if (byte !== BACKSLASH) continue;
    at += 1;
    hadEscape = true;
  }
  return at + 1;
}

/** The index of the next byte that is not white space. */
export function skipSpace(buffer: Buffer, start: number): number {
  let at = start;
  for (let byte = buffer[at]; byte !== undefined && byte <= 0x20; byte = buffer[at]) at += 1;
  return at;
}
