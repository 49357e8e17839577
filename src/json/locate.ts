import { unescapeStep } from "./pointer.ts";
import { hadEscape, skipSpace, skipString } from "./skip.ts";

/** The index of the first byte, and the one after the last byte. */
export type ByteRange = readonly [from: number, to: number];

/** The place of a pointer's value in the bytes of a JSON text. */
export type Located = {
  readonly value: ByteRange;
  /** From the first byte of its key to the last of its value; the same as `value` for items and for the root. */
  readonly member: ByteRange;
  /**
   * False when the value does not exist: the ranges are then those of the deepest existing value on the pointer's path.
   */
  readonly isThere: boolean;
};

type Found = { readonly pointers: readonly string[]; readonly located: Located[] };

/** A tree of the wanted pointers. `slots` are the indexes of the pointers that pass through this value or end at it. */
type Wanted = { readonly path: string; readonly slots: number[]; readonly below: Step[] };
type Step = { readonly name: string; readonly bytes: Buffer; readonly wanted: Wanted };

/**
 * Finds values in a JSON text by their RFC 6901 pointers, in one pass over the bytes; handles multi-byte characters and
 * escaped keys.
 * @param bytes valid JSON in UTF-8 without duplicate keys; white space around it does not belong to the root.
 * @returns one result for each pointer, in the given order.
 */
export function locate(bytes: Uint8Array, pointers: readonly string[]): readonly Located[] {
  return locateWanted(bytes, pointers, wantedFor(pointers));
}

/**
 * Compiles {@link locate} for pointers that are looked up in many texts. For bytes that are not JSON the result is
 * meaningless, but takes no longer.
 * @throws SyntaxError when a key of such bytes cannot be read.
 */
export function compileLocate(pointers: readonly string[]): (bytes: Uint8Array) => readonly Located[] {
  const wanted = wantedOf(pointers);
  return (bytes) => locateWanted(bytes, pointers, wanted);
}

function locateWanted(bytes: Uint8Array, pointers: readonly string[], wanted: Wanted): readonly Located[] {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const located: Located[] = [];
  const start = skipSpace(buffer, 0);
  find(buffer, start, start, wanted, { pointers, located });
  return located;
}

/** A cache of the last pointers: a faulty producer violates the same constraints a million times. */
let last: { readonly pointers: readonly string[]; readonly wanted: Wanted } = {
  pointers: [],
  wanted: createWanted(""),
};

function wantedFor(pointers: readonly string[]): Wanted {
  const known = last.pointers;
  if (known.length === pointers.length && known.every((pointer, index) => pointer === pointers[index]))
    return last.wanted;
  const wanted = wantedOf(pointers);
  last = { pointers, wanted };
  return wanted;
}

function wantedOf(pointers: readonly string[]): Wanted {
  const wanted = createWanted("");
  for (const [slot, pointer] of pointers.entries()) add(wanted, pointer, slot);
  return wanted;
}

function createWanted(path: string): Wanted {
  return { path, slots: [], below: [] };
}

/** Adds a pointer: every value on its path is the fallback when the value below it is missing. */
function add(root: Wanted, pointer: string, slot: number): void {
  let node = root;
  node.slots.push(slot);
  for (const step of pointer.split("/").slice(1)) {
    const name = unescapeStep(step);
    let next = node.below.find((one) => one.name === name);
    if (next === undefined) {
      next = { name, bytes: Buffer.from(name, "utf8"), wanted: createWanted(`${node.path}/${step}`) };
      node.below.push(next);
    }
    node = next.wanted;
    node.slots.push(slot);
  }
}

const QUOTE = 0x22;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const COMMA = 0x2c;

/**
 * Fills in the value that begins here as the result of its pointers; deeper values overwrite it.
 * @returns the index after the value.
 */
function find(buffer: Buffer, start: number, keyStart: number, wanted: Wanted, found: Found): number {
  const { slots, below, path } = wanted;
  const first = buffer[start];
  let end: number;
  if (below.length > 0 && first === OPEN_OBJECT) end = findInObject(buffer, start, below, found);
  else if (below.length > 0 && first === OPEN_ARRAY) end = findInArray(buffer, start, below, found);
  else end = skipValue(buffer, start);
  for (let index = 0; index < slots.length; index += 1) {
    const slot = slots[index] as number;
    if (found.located[slot] !== undefined) continue;
    found.located[slot] = { value: [start, end], member: [keyStart, end], isThere: found.pointers[slot] === path };
  }
  return end;
}

function findInObject(buffer: Buffer, start: number, steps: readonly Step[], found: Found): number {
  let at = skipSpace(buffer, start + 1);
  if (buffer[at] === CLOSE_OBJECT) return at + 1;
  while (at < buffer.length) {
    const keyStart = at;
    const keyEnd = skipString(buffer, at);
    const step = stepNamed(buffer, keyStart, keyEnd, steps);
    // +1 skips the colon.
    at = skipSpace(buffer, skipSpace(buffer, keyEnd) + 1);
    at = step === undefined ? skipValue(buffer, at) : find(buffer, at, keyStart, step.wanted, found);
    at = skipSpace(buffer, at);
    if (buffer[at] !== COMMA) return at + 1;
    at = skipSpace(buffer, at + 1);
  }
  return at;
}

/** Finds the step that the skipped key names. A key without escapes is compared by its bytes. */
function stepNamed(buffer: Buffer, start: number, end: number, steps: readonly Step[]): Step | undefined {
  if (hadEscape) {
    const name: unknown = JSON.parse(buffer.toString("utf8", start, end));
    return steps.find((step) => step.name === name);
  }
  const length = end - start - 2;
  for (let index = 0; index < steps.length; index += 1) {
    const step = steps[index] as Step;
    if (step.bytes.length === length && isAt(buffer, start + 1, step.bytes)) return step;
  }
  return undefined;
}

/** Compares byte by byte: names are short, and a call into the runtime costs as much as thirty bytes. */
function isAt(buffer: Buffer, start: number, bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += 1) if (buffer[start + at] !== bytes[at]) return false;
  return true;
}

function findInArray(buffer: Buffer, start: number, steps: readonly Step[], found: Found): number {
  let at = skipSpace(buffer, start + 1);
  if (buffer[at] === CLOSE_ARRAY) return at + 1;
  for (let index = 0; at < buffer.length; index += 1) {
    const name = String(index);
    const step = steps.find((one) => one.name === name);
    at = skipSpace(buffer, step === undefined ? skipValue(buffer, at) : find(buffer, at, at, step.wanted, found));
    if (buffer[at] !== COMMA) return at + 1;
    at = skipSpace(buffer, at + 1);
  }
  return at;
}

/** The index after the value that begins here; without recursion, so any depth is safe. */
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
