import { canonicalText } from "../json/canonical.ts";
import type { JsonValue } from "../json/json.ts";
import type { IdRecipe, MachineId } from "./identity.ts";
import { LAYOUT, sha256Module, type Sha256Module } from "./sha256-module.ts";

/** What an id is made of: the values of the identity's fields, and the recipe of their kind and subject. */
export type Identity = { readonly recipe: IdRecipe; readonly fields: readonly JsonValue[] };

/**
 * Makes the ids of several identities, in their order: each is what `recipe.idOf(fields)` gives. Four are made at a time,
 * which takes a little less than one of `idOf`. A name too long for that, and a machine without these instructions, take
 * the other way.
 */
export function machineIdsOf(identities: readonly Identity[]): readonly MachineId[] {
  const hashes = (sideBySide ??= begin());
  if (hashes === "none") return identities.map(({ recipe, fields }) => recipe.idOf(fields));
  const ids: MachineId[] = [];
  for (let from = 0; from < identities.length; from += LAYOUT.columns) fourFrom(hashes, identities, from, ids);
  return ids;
}

type Hashes = Pick<Sha256Module, "compress" | "texts"> & {
  readonly memory: Buffer;
  /** What each column holds: its name's recipe and length, and its count of blocks. */
  readonly columns: readonly Column[];
};
type Column = { readonly at: number; recipe: IdRecipe | null; length: number; blocks: number };

let sideBySide: Hashes | "none" | null = null;

function begin(): Hashes | "none" {
  const { WebAssembly: wasm } = globalThis as { readonly WebAssembly?: Wasm };
  if (wasm === undefined) return "none";
  try {
    const { memory, compress, texts } = new wasm.Instance(new wasm.Module(sha256Module())).exports;
    const words = new Uint32Array(memory.buffer);
    const primes = firstPrimes(64);
    primes.forEach((prime, n) => fillWord(words, LAYOUT.constantsAt, n, Math.cbrt(prime)));
    primes.slice(0, 8).forEach((prime, n) => fillWord(words, LAYOUT.statesAt, n, Math.sqrt(prime)));
    const columns = Array.from({ length: LAYOUT.columns }, (_, n) => {
      return { at: LAYOUT.blocksAt + n * LAYOUT.columnBytes, recipe: null, length: 0, blocks: 1 };
    });
    return { memory: Buffer.from(memory.buffer), compress, texts, columns };
  } catch {
    // A processor without these instructions.
    return "none";
  }
}

/** What Node's type declarations leave out. Node without a compiler (`--jitless`) does not have it. */
type Wasm = {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Sha256Module };
};

/** The first 32 bits of the fraction, for each column: where SHA-256 takes its constants from (FIPS 180-4, sections 4.2.2, 5.3.3). */
function fillWord(words: Uint32Array, at: number, index: number, root: number): void {
  const from = at / 4 + index * LAYOUT.columns;
  words.fill(Math.floor((root % 1) * 2 ** 32), from, from + LAYOUT.columns);
}

function firstPrimes(count: number): readonly number[] {
  const primes: number[] = [];
  for (let number = 2; primes.length < count; number += 1)
    if (primes.every((prime) => number % prime !== 0)) primes.push(number);
  return primes;
}

function fourFrom(hashes: Hashes, identities: readonly Identity[], from: number, ids: MachineId[]): void {
  const { columns, compress, texts, memory } = hashes;
  const count = Math.min(columns.length, identities.length - from);
  let most = 0;
  for (let n = 0; n < count; n += 1) {
    const [column, identity] = [columns[n] as Column, identities[from + n] as Identity];
    column.blocks = write(memory, column, identity);
    if (column.blocks > most) most = column.blocks;
  }
  for (let block = 1; block <= most; block += 1) {
    const state = LAYOUT.statesAt + (block - 1) * LAYOUT.stateBytes;
    compress(LAYOUT.blocksAt + (block - 1) * LAYOUT.blockBytes, state);
    let isWritten = false;
    for (let n = 0; n < count; n += 1) {
      if ((columns[n] as Column).blocks !== block) continue;
      if (!isWritten) texts(state + LAYOUT.stateBytes);
      isWritten = true;
      const at = LAYOUT.textsAt + n * LAYOUT.textStride;
      ids[from + n] = memory.toString("latin1", at, at + TEXT_LENGTH);
    }
  }
  for (let n = 0; n < count; n += 1) {
    const { recipe, fields } = identities[from + n] as Identity;
    if ((columns[n] as Column).blocks === TOO_LONG) ids[from + n] = recipe.idOf(fields);
  }
}

const TEXT_LENGTH = 36;
const TOO_LONG = 0;
const [QUOTE, BACKSLASH] = [0x22, 0x5c];

/** The end of a message is a bit and its length in eight bytes (FIPS 180-4, section 5.1.1). */
const ENDING = 9;
const NAME_MAX = LAYOUT.columnBytes - ENDING;

/**
 * Writes a name into a column. Of a name of the same recipe and length only the fields are written: the rest stands there.
 * @returns how many blocks it fills, {@link TOO_LONG} where there is no room for it.
 */
function write(memory: Buffer, column: Column, { recipe, fields }: Identity): number {
  const { at } = column;
  const prefix = recipe.prefix.length;
  const isSame = column.recipe === recipe;
  column.recipe = null;
  if (prefix > NAME_MAX) return TOO_LONG;
  if (!isSame) memory.set(recipe.prefix, at);
  const length = prefix + writeFields(memory, at + prefix, NAME_MAX - prefix, fields);
  if (length < prefix) return TOO_LONG;
  column.recipe = recipe;
  const blocks = Math.ceil((length + ENDING) / LAYOUT.blockBytes);
  if (isSame && column.length === length) return blocks;
  column.length = length;
  const end = at + blocks * LAYOUT.blockBytes;
  memory.fill(0, at + length, end);
  memory[at + length] = 0x80;
  memory.writeUInt16BE(length * 8, end - 2);
  return blocks;
}

/** Writes the RFC 8785 form of the fields. @returns its bytes; a negative number where they are more than there is room. */
function writeFields(memory: Buffer, at: number, room: number, fields: readonly JsonValue[]): number {
  const only = fields[0];
  if (fields.length !== 1 || typeof only !== "string" || only.length + 4 > room)
    return writeText(memory, at, room, fields);
  memory[at] = 0x5b;
  memory[at + 1] = QUOTE;
  const from = at + 2;
  for (let index = 0; index < only.length; index += 1) {
    const code = only.charCodeAt(index);
    // Printable ASCII without quote and backslash is the same in JSON.
    if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) return writeText(memory, at, room, fields);
    memory[from + index] = code;
  }
  memory[from + only.length] = QUOTE;
  memory[from + only.length + 1] = 0x5d;
  return only.length + 4;
}

function writeText(memory: Buffer, at: number, room: number, fields: readonly JsonValue[]): number {
  const text = canonicalText(fields);
  const bytes = text.length > room ? text.length : Buffer.byteLength(text, "utf8");
  return bytes > room ? Number.NEGATIVE_INFINITY : memory.write(text, at, bytes, "utf8");
}
