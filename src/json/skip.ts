// Steps over the bytes of a JSON text, for what looks for something in it. Whether it is JSON nobody looks.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Whether the string skipped last had an escape in it: asked right behind it, instead of looking twice. */
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

/** The index of the first byte from here on that is no white space. */
export function skipSpace(buffer: Buffer, start: number): number {
  let at = start;
  for (let byte = buffer[at]; byte !== undefined && byte <= 0x20; byte = buffer[at]) at += 1;
  return at;
}
