/** Bytes of WebAssembly, as its specification writes them (3.0, chapter 5), in the parts that they were made of. */
type Code = readonly (number | Code)[];

/** Where the module finds things in its memory, in bytes. A column is a hash of its own: four are worked at side by side. */
export const LAYOUT = {
  columns: 4,
  /** The blocks of each column, one column after the other. */
  blocksAt: 0,
  columnBytes: 256,
  blockBytes: 64,
  /** The texts that `texts` writes. */
  textsAt: 1_024,
  textStride: 48,
  /** The constants of the 64 rounds, each four times. */
  constantsAt: 2_048,
  /** The states: eight words of four columns, before the first block and after each. */
  statesAt: 3_072,
  stateBytes: 128,
} as const;

/** What the module exports. */
export type Sha256Module = {
  readonly memory: { readonly buffer: ArrayBuffer };
  /**
   * Compresses one block of each column (FIPS 180-4, section 6.2.2).
   * @param block address of the first column's block.
   * @param state address of the state before it; the one after it is written behind.
   */
  readonly compress: (block: number, state: number) => void;
  /** Writes the first 16 bytes of each column's digest as a UUID of version 8. @param state address of the state. */
  readonly texts: (state: number) => void;
};

/**
 * Builds the module that computes four SHA-256 at a time with the instructions for vectors of four words. A hash of a short
 * name takes a third of the time that one call of `node:crypto` takes, most of which is the way there and back.
 */
export function sha256Module(): Uint8Array<ArrayBuffer> {
  const types = [2, 0x60, 2, I32, I32, 0, 0x60, 1, I32, 0];
  const exports = [3, name("memory"), 2, 0, name("compress"), 0, 0, name("texts"), 0, 1];
  return Uint8Array.from(
    bytesOf([
      [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      section(1, types),
      section(3, [2, 0, 1]),
      section(5, [1, 0, 1]),
      section(7, exports),
      section(10, [2, sized(compressBody()), sized(textsBody())]),
    ]),
  );
}

const [I32, V128] = [0x7f, 0x7b];
const END = 0x0b;

// Locals of `compress`: its two parameters, the address of the next constants, then vectors: the eight variables of the
// algorithm, the sixteen words of its schedule, and two that nobody keeps.
const [BLOCK, STATE, CONSTANTS, VECTORS] = [0, 1, 2, 3];
const WORDS = 16;
const [VARIABLES, SCHEDULE] = [VECTORS, VECTORS + 8];
const [SPARE, OTHER] = [SCHEDULE + WORDS, SCHEDULE + WORDS + 1];
const STEPS: readonly number[] = Array.from({ length: WORDS }, (_, step) => step);
const FOUR: readonly number[] = [0, 1, 2, 3];

const word = (index: number): number => SCHEDULE + (index % WORDS);

function compressBody(): Code {
  const roundBytes = 16;
  const step = WORDS * roundBytes;
  const variables = STEPS.slice(0, 8);
  return [
    [2, 1, I32, OTHER - VECTORS + 1, V128],
    variables.map((n) => [get(STATE), load(n * 16), set(VARIABLES + n)]),
    [0, 4, 8, 12].map(loadWords),
    [i32(LAYOUT.constantsAt), set(CONSTANTS)],
    STEPS.map(round),
    [0x03, 0x40], // loop
    [get(CONSTANTS), i32(step), 0x6a, set(CONSTANTS)],
    STEPS.map((n) => [nextWord(n), round(n)]),
    // Once more below the address of the last sixteen: i32.lt_u, br_if.
    [get(CONSTANTS), i32(LAYOUT.constantsAt + 3 * step), 0x49, 0x0d, 0, END],
    variables.map((n) => [
      [get(STATE), get(VARIABLES + n), get(STATE), load(n * 16), ADD],
      store(LAYOUT.stateBytes + n * 16),
    ]),
    END,
  ];
}

/** Loads four words of each column: a vector has the same word of all columns, and SHA-256 reads its words big-endian. */
function loadWords(first: number): Code {
  const vectors = FOUR.map((n) => SCHEDULE + first + n);
  const from = (column: number): number => column * LAYOUT.columnBytes + first * 4;
  return [
    vectors.map((local, column) => [get(BLOCK), load(from(column)), set(local)]),
    transpose(vectors),
    vectors.map((local) => [swapped(local), set(local)]),
  ];
}

/** One round: the variables change their names with each, so that none is moved. */
function round(step: number): Code {
  const variable = (n: number): number => VARIABLES + ((n - step + 64) % 8);
  const [a, b, c, d] = [variable(0), variable(1), variable(2), variable(3)];
  const [e, f, g, h] = [variable(4), variable(5), variable(6), variable(7)];
  return [
    [get(h), rotations(e, 6, 11, 25), ADD],
    [get(f), get(g), get(e), BITSELECT, ADD],
    [get(CONSTANTS), load(step * 16), ADD, get(word(step)), ADD, set(SPARE)],
    [get(d), get(SPARE), ADD, set(d)],
    // The majority: where a and b differ it is c, elsewhere b.
    [get(c), get(b), get(a), get(b), XOR, BITSELECT],
    [get(SPARE), ADD, rotations(a, 2, 13, 22), ADD, set(h)],
  ];
}

/** The word sixteen places further on, in the place of this one. */
function nextWord(step: number): Code {
  const [early, late] = [word(step + 1), word(step + 14)];
  return [
    [get(word(step)), get(word(step + 9)), ADD],
    [rotated(early, 7), rotated(early, 18), XOR, shifted(early, 3), XOR, ADD],
    [rotated(late, 17), rotated(late, 19), XOR, shifted(late, 10), XOR, ADD],
    set(word(step)),
  ];
}

// Locals of `texts`: its parameter, then the vectors of the four columns, and four that nobody keeps.
const [COLUMNS, FIRST_HALF, SECOND_HALF] = [1, 5, 6];
const HYPHEN = 0x2d;

function textsBody(): Code {
  const columns = FOUR.map((n) => COLUMNS + n);
  return [
    [1, 8, V128],
    columns.map((local, n) => [get(0), load(n * 16), set(local)]),
    transpose(columns, [5, 6]),
    columns.map((local, n) => textOf(local, LAYOUT.textsAt + n * LAYOUT.textStride)),
    END,
  ];
}

/** Writes one UUID: its version and variant (RFC 9562, section 5.8), its 32 digits, and the hyphens between them. */
function textOf(local: number, at: number): Code {
  const bytes = (n: number, value: number, others: number): Code =>
    Array.from({ length: 16 }, (_, index) => (index === n ? value : others));
  const keep = bytes(6, 0x0f, 0xff).map((mask, n) => (n === 8 ? 0x3f : mask));
  const mark = bytes(6, 0x80, 0).map((mask, n) => (n === 8 ? 0x80 : mask));
  const digits = constant(Array.from(Buffer.from("0123456789abcdef", "latin1")));
  const [high, low] = [7, 8];
  const pairs = (from: number): Code => Array.from({ length: 16 }, (_, n) => from + (n >> 1) + (n % 2) * 16);
  return [
    [swapped(local), constant(keep), AND, constant(mark), OR, set(local)],
    [digits, get(local), i32(4), SHIFT_BYTES, SWIZZLE, set(high)],
    [digits, get(local), constant(bytes(16, 0, 0x0f)), AND, SWIZZLE, set(low)],
    [get(high), get(low), shuffle(pairs(0)), set(FIRST_HALF)],
    [get(high), get(low), shuffle(pairs(8)), set(SECOND_HALF)],
    [i32(at), get(FIRST_HALF), constant(bytes(16, 0, HYPHEN))],
    [shuffle([0, 1, 2, 3, 4, 5, 6, 7, 16, 8, 9, 10, 11, 16, 12, 13]), store(0)],
    [i32(at), get(FIRST_HALF), get(SECOND_HALF)],
    shuffle([14, 15, 0, 16, 17, 18, 19, 0, 20, 21, 22, 23, 24, 25, 26, 27]),
    [i32(HYPHEN), simd(0x17), 2, i32(HYPHEN), simd(0x17), 7, store(16)],
    [i32(at), get(SECOND_HALF), get(SECOND_HALF)],
    [shuffle([12, 13, 14, 15, bytes(16, 0, 0).slice(4)]), store(32)],
  ];
}

const simd = (opcode: number): Code => [0xfd, unsigned(opcode)];
const [AND, OR, XOR, BITSELECT] = [simd(0x4e), simd(0x50), simd(0x51), simd(0x52)];
const [SHIFT_LEFT, SHIFT_RIGHT, ADD] = [simd(0xab), simd(0xad), simd(0xae)];
const [SWIZZLE, SHIFT_BYTES] = [simd(0x0e), simd(0x6d)];

const load = (offset: number): Code => [simd(0x00), 0, unsigned(offset)];
const store = (offset: number): Code => [simd(0x0b), 0, unsigned(offset)];
const constant = (bytes: Code): Code => [simd(0x0c), bytes];
const shuffle = (bytes: Code): Code => [simd(0x0d), bytes];
const i32 = (value: number): Code => [0x41, signed(value)];
const get = (local: number): Code => [0x20, local];
const set = (local: number): Code => [0x21, local];

const shifted = (local: number, by: number): Code => [get(local), i32(by), SHIFT_RIGHT];
const rotated = (local: number, by: number): Code => [shifted(local, by), [get(local), i32(32 - by), SHIFT_LEFT, XOR]];
const rotations = (local: number, one: number, two: number, three: number): Code => [
  [rotated(local, one), rotated(local, two), XOR],
  [rotated(local, three), XOR],
];

const swapped = (local: number): Code => [
  [get(local), get(local)],
  shuffle([3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12]),
];

/** Makes four vectors of columns of four vectors of rows, or the other way round. @param spare two locals to use. */
function transpose([p, q, r, s]: readonly number[], [even, odd]: readonly number[] = [SPARE, OTHER]): Code {
  if (p === undefined || q === undefined || r === undefined || s === undefined)
    throw new Error("Four vectors, no fewer");
  if (even === undefined || odd === undefined) throw new Error("Two spare locals, no fewer");
  const words = (...of: readonly number[]): Code => shuffle(of.map((n) => FOUR.map((byte) => n * 4 + byte)));
  return [
    [get(p), get(q), words(0, 4, 1, 5), set(even)],
    [get(p), get(q), words(2, 6, 3, 7), set(odd)],
    [get(r), get(s), words(0, 4, 1, 5), set(p)],
    [get(r), get(s), words(2, 6, 3, 7), set(s)],
    [get(even), get(p), words(2, 3, 6, 7), set(q)],
    [get(even), get(p), words(0, 1, 4, 5), set(p)],
    [get(odd), get(s), words(0, 1, 4, 5), set(r)],
    [get(odd), get(s), words(2, 3, 6, 7), set(s)],
  ];
}

function section(id: number, content: Code): Code {
  return [id, sized(content)];
}

/** Code behind its length. */
function sized(content: Code): Code {
  const bytes = bytesOf(content);
  return [unsigned(bytes.length), bytes];
}

function bytesOf(code: Code, into: number[] = []): readonly number[] {
  for (const part of code) {
    if (typeof part === "number") into.push(part);
    else bytesOf(part, into);
  }
  return into;
}

function name(text: string): Code {
  return [text.length, Array.from(Buffer.from(text, "latin1"))];
}

/** LEB128 of a number that is not negative. */
function unsigned(value: number): Code {
  const rest = value >>> 7;
  return rest === 0 ? [value] : [(value & 0x7f) | 0x80, unsigned(rest)];
}

/** Signed LEB128. */
function signed(value: number): Code {
  const rest = value >> 7;
  const isLast = rest === (value & 0x40 ? -1 : 0);
  return isLast ? [value & 0x7f] : [(value & 0x7f) | 0x80, signed(rest)];
}
