/** Room for a batch of 3,000 and some; a larger batch gets its own. */
const SLOTS = 8_192;
/** Of a machine id, at its end, where all of its digits are those of a hash. */
const KEY_DIGITS = 8;

const shared = { places: new Int32Array(SLOTS), keys: new Int32Array(SLOTS) };

/**
 * The places of the ids of one batch, in the order they come. A table over a few of their digits: half the time of a Map, which
 * hashes each text as a whole (measured, Node 24). Ids can be chosen by whoever sends records; such a batch is as slow as a
 * search through a list of numbers, 3,000 of them at most.
 *
 * Nothing may be awaited between the first id of a batch and its last: batches share the table.
 * @param count how many ids there are at most.
 * @returns a function that gives the place of an id that came before, or -1 and the next place to a new one.
 */
export function createFirstSeen(count: number): (id: string) => number {
  let slots = SLOTS;
  while (slots < count * 2) slots *= 2;
  const { places, keys } = slots === SLOTS ? shared : { places: new Int32Array(slots), keys: new Int32Array(slots) };
  places.fill(0);
  const ids: string[] = [];
  return (id) => {
    const key = keyOf(id);
    for (let slot = (key ^ (key >>> 16)) & (slots - 1); ; slot = (slot + 1) & (slots - 1)) {
      const place = (places[slot] as number) - 1;
      if (place < 0) {
        places[slot] = ids.push(id);
        keys[slot] = key;
        return -1;
      }
      if (keys[slot] === key && ids[place] === id) return place;
    }
  };
}

function keyOf(id: string): number {
  let key = 0;
  for (let at = Math.max(0, id.length - KEY_DIGITS); at < id.length; at += 1) {
    key = (Math.imul(key, 31) + id.charCodeAt(at)) | 0;
  }
  return key;
}
