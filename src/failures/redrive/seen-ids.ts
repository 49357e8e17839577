/** Whether a machine id was asked about before. */
export type SeenIds = { readonly isRepeat: (id: string) => boolean };

/**
 * Remembers machine ids in 4 bytes each: their place in the table and 32 further bits. Among ten million ids less than one in a
 * hundred million is taken for another. @param count the most ids that will be asked about.
 */
export function createSeenIds(count: number): SeenIds {
  const places = 2 ** Math.ceil(Math.log2(Math.max(16, count * 1.5)));
  const table = new Uint32Array(places);
  return {
    isRepeat: (id) => {
      // The digits of a machine id are those of a SHA-256, but for the version digit at 14 and the variant digit at 19.
      let place = Number.parseInt(id.slice(0, 8), 16) % places;
      const mark = (Number.parseInt(id.slice(24, 32), 16) || 1) >>> 0;
      for (;;) {
        const there = table[place];
        if (there === mark) return true;
        if (there === 0) break;
        place = (place + 1) % places;
      }
      table[place] = mark;
      return false;
    },
  };
}
