import { CELLS, type Cell, type Counts, type Examples, type Flips, type Group } from "./report.ts";

/** Most groups that are counted separately, for producers and for fingerprints each. */
const GROUPS_MAX = 1_000;

/** Most examples in a cell: 2,000 groups of five cells must stay small. */
const EXAMPLES_MAX = 20;

export const UNKNOWN_PRODUCER = "(unknown)";
const OTHER = "(other)";

/** One rejudged record, to be counted in the matrix. */
export type Flip = {
  readonly cell: Cell;
  /** Why the record fails: by the candidate if it fails there, else as recorded; null when it fails in neither. */
  readonly fingerprint: string | null;
  /** The cause in words; only called for a new fingerprint. */
  readonly cause: () => string;
  /** Whether the record declared the candidate's version itself. */
  readonly declared: boolean;
  readonly identityChanged: boolean;
};

/** Counts flips in bounded memory. */
export type FlipCounter = {
  /**
   * @param position only called for an example that is kept. Positions must come in order, so that the first ones are
   * kept.
   */
  readonly add: (flip: Flip, producer: string | null, position: () => string) => void;
  readonly flips: () => Flips;
};

type MutableCounts = Record<Cell, number>;
type MutableGroup = {
  readonly name: string;
  readonly cause: string | null;
  readonly counts: MutableCounts;
  readonly examples: Map<Cell, string[]>;
};

/**
 * @param examplesWanted positions to keep for each cell, 0 .. 20.
 * @param before counts of an earlier counter to continue from.
 */
export function countFlips(examplesWanted: number, before: Flips | null = null): FlipCounter {
  const examplesMax = Math.min(examplesWanted, EXAMPLES_MAX);
  const total = openGroup({ name: "", cause: null, counts: before?.counts, examples: before?.examples });
  const declared: MutableCounts = { ...(before?.declared ?? noCounts()) };
  let identityChanged = before?.identityChanged ?? 0;
  const producers = openGroups(before?.producers);
  const fingerprints = openGroups(before?.fingerprints);

  return {
    add: (flip, producer, position) => {
      if (flip.identityChanged) identityChanged += 1;
      if (flip.declared) {
        declared[flip.cell] += 1;
        return;
      }
      count(total, flip.cell, position, examplesMax);
      count(producers.of(producer ?? UNKNOWN_PRODUCER, null), flip.cell, position, examplesMax);
      if (flip.fingerprint === null) return;
      count(fingerprints.of(flip.fingerprint, flip.cause), flip.cell, position, examplesMax);
    },
    flips: () => ({
      counts: { ...total.counts },
      examples: examplesOf(total),
      declared: { ...declared },
      identityChanged,
      producers: producers.groups(),
      fingerprints: fingerprints.groups(),
      otherProducers: producers.hasOther(),
      otherFingerprints: fingerprints.hasOther(),
    }),
  };
}

/** An empty matrix. */
export function noCounts(): Counts {
  return { passToPass: 0, passToFail: 0, failToPass: 0, failToFailSame: 0, failToFailChanged: 0 };
}

/** Number of records in a matrix. */
export function sumOf(counts: Counts): number {
  return CELLS.reduce((sum, cell) => sum + counts[cell], 0);
}

function count(group: MutableGroup, cell: Cell, position: () => string, examplesMax: number): void {
  group.counts[cell] += 1;
  if (group.counts[cell] > examplesMax) return;
  const kept = group.examples.get(cell);
  if (kept === undefined) group.examples.set(cell, [position()]);
  else if (kept.length < examplesMax) kept.push(position());
}

type Groups = {
  readonly of: (name: string, cause: (() => string) | null) => MutableGroup;
  readonly groups: () => readonly Group[];
  readonly hasOther: () => boolean;
};

function openGroups(before: readonly Group[] = []): Groups {
  const found = new Map(before.map((group) => [group.name, openGroup(group)]));
  const told = (): number => found.size - (found.has(OTHER) ? 1 : 0);
  return {
    of: (name, cause) => {
      const known = found.get(name);
      if (known !== undefined) return known;
      const isOther = told() >= GROUPS_MAX;
      const other = isOther ? found.get(OTHER) : undefined;
      if (other !== undefined) return other;
      const made = openGroup({ name: isOther ? OTHER : name, cause: isOther ? null : (cause?.() ?? null) });
      found.set(made.name, made);
      return made;
    },
    groups: () =>
      [...found.values()]
        .map((group) => ({ ...group, counts: { ...group.counts }, examples: examplesOf(group) }))
        .toSorted(worstFirst),
    hasOther: () => found.has(OTHER),
  };
}

function openGroup({
  name,
  cause,
  counts = noCounts(),
  examples = {},
}: {
  readonly name: string;
  readonly cause: string | null;
  readonly counts?: Counts | undefined;
  readonly examples?: Examples | undefined;
}): MutableGroup {
  const kept = CELLS.flatMap((cell): [Cell, string[]][] => {
    const positions = examples[cell];
    return positions === undefined ? [] : [[cell, [...positions]]];
  });
  return { name, cause, counts: { ...counts }, examples: new Map(kept) };
}

function examplesOf(group: MutableGroup): Examples {
  return Object.fromEntries([...group.examples].map(([cell, positions]) => [cell, [...positions]]));
}

/** Sorts groups: newly failing records first, then failures with another cause, then repaired records; then by name. */
function worstFirst(a: Group, b: Group): number {
  for (const cell of ["passToFail", "failToFailChanged", "failToPass", "failToFailSame", "passToPass"] as const) {
    if (a.counts[cell] !== b.counts[cell]) return b.counts[cell] - a.counts[cell];
  }
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
