/**
 * Collects offsets, in any order and any number of times each. Those of one range of 65,536 are kept together, in 2 bytes each, or
 * in one bit for each offset of the range where they are many: ten million neighbours take 1.3 MB, ten million of which every
 * thousandth offset is one 35 MB.
 */
export type OffsetSet = {
  readonly add: (offset: bigint) => void;
  /** The distinct offsets. Nothing may be added afterwards. @throws when there are none. */
  readonly end: () => OffsetList;
};

/** Distinct offsets, at least one. */
export type OffsetList = {
  readonly count: number;
  readonly first: bigint;
  readonly last: bigint;
  /** The offsets, ascending, in slices of a size, the last of which may be shorter. */
  readonly slices: (size: number) => Generator<BigUint64Array>;
};

const RANGE_BITS = 16n;
const RANGE = 65_536;
const WITHIN = BigInt(RANGE - 1);
/** Above it the bits of a range take less than the offsets themselves. */
const LISTED_MAX = RANGE / 16;

type Range = { listed: Uint16Array; used: number; bits: Uint8Array | null };

export function createOffsetSet(): OffsetSet {
  const ranges = new Map<bigint, Range>();
  return {
    add: (offset) => {
      const key = offset >> RANGE_BITS;
      let range = ranges.get(key);
      if (range === undefined) {
        range = { listed: new Uint16Array(8), used: 0, bits: null };
        ranges.set(key, range);
      }
      put(range, Number(offset & WITHIN));
    },
    end: () => {
      const keys = [...ranges.keys()].toSorted((a, b) => (a < b ? -1 : 1));
      let count = 0;
      for (const range of ranges.values()) count += finish(range);
      const at = (key: bigint | undefined, place: number): bigint => {
        const within = key === undefined ? undefined : [...offsetsOf(ranges.get(key))].at(place);
        if (key === undefined || within === undefined) throw new Error("Cannot list offsets: there are none");
        return (key << RANGE_BITS) | BigInt(within);
      };
      return {
        count,
        first: at(keys[0], 0),
        last: at(keys.at(-1), -1),
        slices: function* slices(size) {
          let [slice, used, left] = [new BigUint64Array(Math.min(size, count)), 0, count];
          for (const key of keys) {
            const base = key << RANGE_BITS;
            for (const within of offsetsOf(ranges.get(key))) {
              slice[used] = base | BigInt(within);
              used += 1;
              if (used < slice.length) continue;
              yield slice;
              left -= used;
              [slice, used] = [new BigUint64Array(Math.min(size, left)), 0];
            }
          }
        },
      };
    },
  };
}

function put(range: Range, within: number): void {
  if (range.bits !== null) return mark(range.bits, within);
  if (range.used === LISTED_MAX) {
    const bits = new Uint8Array(RANGE / 8);
    for (const one of range.listed) mark(bits, one);
    mark(bits, within);
    range.bits = bits;
    range.listed = NOTHING;
    return;
  }
  if (range.used === range.listed.length) {
    const longer = new Uint16Array(range.used * 2);
    longer.set(range.listed);
    range.listed = longer;
  }
  range.listed[range.used] = within;
  range.used += 1;
}

const NOTHING = new Uint16Array(0);

function mark(bits: Uint8Array, within: number): void {
  bits[within >> 3] = (bits[within >> 3] ?? 0) | (1 << (within & 7));
}

/** Puts what is listed in order, each once. @returns how many offsets the range has. */
function finish(range: Range): number {
  if (range.bits !== null) {
    let count = 0;
    for (const _ of offsetsOf(range)) count += 1;
    return count;
  }
  range.listed = Uint16Array.from(new Set(range.listed.subarray(0, range.used))).toSorted();
  range.used = range.listed.length;
  return range.used;
}

/** The offsets of a finished range within it, ascending. */
function* offsetsOf(range: Range | undefined): Generator<number> {
  if (range === undefined) return;
  if (range.bits === null) {
    yield* range.listed;
    return;
  }
  for (const [place, byte] of range.bits.entries())
    for (let bit = 0; bit < 8 && byte >> bit !== 0; bit += 1) if ((byte >> bit) & 1) yield place * 8 + bit;
}
