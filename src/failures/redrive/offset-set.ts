/** Collects offsets, in any order and any number of times each. Ten million take 80 MB, and as much again while they are sorted. */
export type OffsetSet = {
  readonly add: (offset: bigint) => void;
  /** The distinct offsets, ascending. Nothing may be added afterwards. */
  readonly end: () => BigUint64Array;
};

/** Offsets in a block. Blocks are filled one after another: growing one array would hold all offsets twice. */
const BLOCK = 65_536;

export function createOffsetSet(): OffsetSet {
  const blocks: BigUint64Array[] = [];
  let used = BLOCK;
  return {
    add: (offset) => {
      if (used === BLOCK) {
        blocks.push(new BigUint64Array(BLOCK));
        used = 0;
      }
      const block = blocks.at(-1);
      if (block !== undefined) block[used] = offset;
      used += 1;
    },
    end: () => {
      const last = blocks.length - 1;
      const all = new BigUint64Array(last < 0 ? 0 : last * BLOCK + used);
      for (let index = 0; index <= last; index += 1) {
        const block = blocks[index] ?? all;
        all.set(index === last ? block.subarray(0, used) : block, index * BLOCK);
        blocks[index] = EMPTY;
      }
      // oxlint-disable-next-line unicorn/no-array-sort -- in place: a copy would hold all offsets once more
      return all.subarray(0, distinct(all.sort()));
    },
  };
}

const EMPTY = new BigUint64Array(0);

/** Moves the distinct ones of ascending offsets to the front. @returns how many there are. */
function distinct(sorted: BigUint64Array): number {
  let count = 0;
  let last: bigint | null = null;
  for (const offset of sorted) {
    if (offset === last) continue;
    sorted[count] = offset;
    last = offset;
    count += 1;
  }
  return count;
}
