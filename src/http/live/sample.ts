/** Some of many, evenly over all of them. */
export type Sample<Item> = {
  /** Counts an item, and keeps it where it is its turn. */
  readonly add: (item: Item) => void;
  /** How many were added. */
  readonly seen: () => number;
  /** What is kept, in the order of adding. */
  readonly kept: () => readonly Item[];
  /** One of so many is kept by now. */
  readonly stride: () => number;
};

/**
 * Keeps at most `most` items of any number. Every `stride`-th is kept, the first always; whenever more than twice as many are kept as may
 * be, every second one goes and the stride doubles. So what is kept is spread evenly, and adding costs a division.
 * @param stride 1, 2, 4, ...: where it is known that many will come.
 */
export function createSample<Item>(most: number, stride = 1): Sample<Item> {
  let kept: Item[] = [];
  let every = stride;
  let seen = 0;
  return {
    add: (item) => {
      if (seen % every === 0) kept.push(item);
      seen += 1;
      if (kept.length <= 2 * most) return;
      kept = kept.filter((_, index) => index % 2 === 0);
      every *= 2;
    },
    seen: () => seen,
    kept: () => thinned(kept, most),
    stride: () => every,
  };
}

/** At most `most` of the items, evenly, the last one among them. */
export function thinned<Item>(items: readonly Item[], most: number): readonly Item[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, index) => items[Math.ceil(((index + 1) * items.length) / most) - 1] as Item);
}
