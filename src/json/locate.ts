/** First byte, and the byte after the last. */
export type ByteRange = readonly [from: number, to: number];

/** Where a pointer leads in the bytes of a JSON text. */
export type Located = {
  readonly value: ByteRange;
  /** From the first byte of its key to the last of its value; the same as `value` for items and for the root. */
  readonly member: ByteRange;
  /** False where the pointer leads nowhere: the ranges are those of the deepest value on its way. */
  readonly isThere: boolean;
};

/** Pointers by their steps. */
type Wanted = { readonly pointers: string[]; readonly below: Map<string, Wanted> };

/**
 * Finds values in a JSON text by their RFC 6901 pointers, in one pass over the bytes: texts of several bytes a character and
 * escaped keys included. Of a key that stands twice the last is meant, as `JSON.parse` has it.
 * @param bytes valid JSON in UTF-8; white space around it is no part of the root.
 */
export function locate(bytes: Uint8Array, pointers: readonly string[]): ReadonlyMap<string, Located> {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const root = createWanted();
  for (const pointer of pointers) add(root, pointer);
  const found = new Map<string, Located>();
  const start = skipSpace(buffer, 0);
  const end = find(buffer, start, start, root, found);
  for (const pointer of pointers) {
    if (!found.has(pointer)) found.set(pointer, nearest(pointer, found, [start, end]));
  }
  return found;
}

function createWanted(): Wanted {
  return { pointers: [], below: new Map() };
}

/** Asks for every place on the way too: what is missing is told by what is around it. */
function add(root: Wanted, pointer: string): void {
  let node = root;
  let path = "";
  root.pointers[0] ??= "";
  for (const step of pointer.split("/").slice(1)) {
    path = `${path}/${step}`;
    const name = step.replaceAll("~1", "/").replaceAll("~0", "~");
    const next = node.below.get(name) ?? createWanted();
    node.below.set(name, next);
    next.pointers[0] ??= path;
    node = next;
  }
}

function nearest(pointer: string, found: ReadonlyMap<string, Located>, whole: ByteRange): Located {
  for (let path = pointer; path !== "";) {
    path = path.slice(0, path.lastIndexOf("/"));
    const around = found.get(path);
    if (around !== undefined) return { ...around, isThere: false };
  }
  return { value: whole, member: whole, isThere: false };
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const COMMA = 0x2c;

/** Notes the value that begins here, and what is wanted inside it. @returns the index after it. */
function find(buffer: Buffer, start: number, keyStart: number, wanted: Wanted, found: Map<string, Located>): number {
  const first = buffer[start];
  let end: number;
  if (wanted.below.size > 0 && first === OPEN_OBJECT) end = findInObject(buffer, start, wanted, found);
  else if (wanted.below.size > 0 && first === OPEN_ARRAY) end = findInArray(buffer, start, wanted, found);
  else end = skipValue(buffer, start);
  for (const pointer of wanted.pointers) {
    found.set(pointer, { value: [start, end], member: [keyStart, end], isThere: true });
  }
  return end;
}

function findInObject(buffer: Buffer, start: number, wanted: Wanted, found: Map<string, Located>): number {
  let at = skipSpace(buffer, start + 1);
  if (buffer[at] === CLOSE_OBJECT) return at + 1;
  while (at < buffer.length) {
    const keyStart = at;
    const keyEnd = skipString(buffer, at);
    const name = JSON.parse(buffer.toString("utf8", keyStart, keyEnd)) as string;
    // Past the colon.
    at = skipSpace(buffer, skipSpace(buffer, keyEnd) + 1);
    const below = wanted.below.get(name);
    at = skipSpace(buffer, below === undefined ? skipValue(buffer, at) : find(buffer, at, keyStart, below, found));
    if (buffer[at] !== COMMA) return at + 1;
    at = skipSpace(buffer, at + 1);
  }
  return at;
}

function findInArray(buffer: Buffer, start: number, wanted: Wanted, found: Map<string, Located>): number {
  let at = skipSpace(buffer, start + 1);
  if (buffer[at] === CLOSE_ARRAY) return at + 1;
  for (let index = 0; at < buffer.length; index += 1) {
    const below = wanted.below.get(String(index));
    at = skipSpace(buffer, below === undefined ? skipValue(buffer, at) : find(buffer, at, at, below, found));
    if (buffer[at] !== COMMA) return at + 1;
    at = skipSpace(buffer, at + 1);
  }
  return at;
}

/** The index after the value that begins here; without recursion, however deep it is. */
function skipValue(buffer: Buffer, start: number): number {
  let depth = 0;
  let at = start;
  do {
    const byte = buffer[at];
    if (byte === QUOTE) at = skipString(buffer, at);
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      depth += 1;
      at += 1;
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      depth -= 1;
      at += 1;
    } else if (depth > 0) at += 1;
    else return skipWord(buffer, at);
  } while (depth > 0 && at < buffer.length);
  return at;
}

/** The index after a number or a word. */
function skipWord(buffer: Buffer, start: number): number {
  let at = start;
  while (at < buffer.length && !isEndOfWord(buffer[at] ?? 0)) at += 1;
  return at;
}

function isEndOfWord(byte: number): boolean {
  return byte === COMMA || byte === CLOSE_OBJECT || byte === CLOSE_ARRAY || byte <= 0x20;
}

function skipString(buffer: Buffer, start: number): number {
  let at = start + 1;
  while (at < buffer.length && buffer[at] !== QUOTE) at += buffer[at] === BACKSLASH ? 2 : 1;
  return at + 1;
}

function skipSpace(buffer: Buffer, start: number): number {
  let at = start;
  while (at < buffer.length && (buffer[at] ?? 0) <= 0x20) at += 1;
  return at;
}
