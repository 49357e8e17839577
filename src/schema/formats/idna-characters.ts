import { IDNA_CHARACTERS, IDNA_RANGES } from "./idna-table.ts";
import type { IdnaCharacter } from "./idna-properties.ts";

/** The character of a code point, or null if it is DISALLOWED or UNASSIGNED, by the Unicode version of the table. */
export function characterOf(codePoint: number): IdnaCharacter | null {
  table ??= readTable();
  const { starts, ends, characters } = table;
  // The last range that begins at or before the code point.
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((starts[middle] ?? 0) <= codePoint) low = middle + 1;
    else high = middle;
  }
  return codePoint <= (ends[low - 1] ?? -1) ? (characters[low - 1] ?? null) : null;
}

type Table = {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly characters: readonly (IdnaCharacter | undefined)[];
};

/** Read on the first name that is not ASCII, since most processes never meet one. */
let table: Table | null = null;

function readTable(): Table {
  const starts: number[] = [];
  const ends: number[] = [];
  const characters: (IdnaCharacter | undefined)[] = [];
  let end = -1;
  for (const range of IDNA_RANGES.join(" ").split(" ")) {
    const [gap = 0, more = 0, character = 0] = range.split(".").map((number) => Number.parseInt(number, 36));
    const start = end + gap;
    end = start + more;
    starts.push(start);
    ends.push(end);
    characters.push(IDNA_CHARACTERS[character]);
  }
  return { starts, ends, characters };
}
