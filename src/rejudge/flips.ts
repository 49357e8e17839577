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

/** Counts flips. */
export type FlipCounter = {
  /**
   * @param position only called for an example that is kept. Positions must come in order, so that the first ones are
   * kept.
   */
  readonly add: (flip: Flip, producer: string | null, position: () => string) => void;
  /** Adds what another counter counted of the records that come next. */
  readonly join: (tally: FlipTally) => void;
  readonly tally: () => FlipTally;
  readonly flips: () => Flips;
};

/** What a counter holds, as plain data. Its groups are in the order in which they were first seen. */
export type FlipTally = Omit<Flips, "otherProducers" | "otherFingerprints">;

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
 * @param groupsMax most groups counted separately, for producers and for fingerprints each. Who counts some records to be
 * joined to others leaves it infinite: which groups are told apart depends on all records.
 */
export function countFlips(
  examplesWanted: number,
  before: Flips | null = null,
  groupsMax: number = GROUPS_MAX,
): FlipCounter {
  const examplesMax = Math.min(examplesWanted, EXAMPLES_MAX);
  const total = openGroup({ name: "", cause: null, counts: before?.counts, examples: before?.examples });
  const declared: MutableCounts = { ...(before?.declared ?? noCounts()) };
  let identityChanged = before?.identityChanged ?? 0;
  const producers = openGroups(groupsMax, before?.producers);
  const fingerprints = openGroups(groupsMax, before?.fingerprints);
  const tally = (): FlipTally => ({
    counts: { ...total.counts },
    examples: examplesOf(total),
    declared: { ...declared },
    identityChanged,
    producers: producers.groups(),
    fingerprints: fingerprints.groups(),
  });

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
    join: (more) => {
      identityChanged += more.identityChanged;
      for (const cell of CELLS) declared[cell] += more.declared[cell];
      joinGroup(total, more, examplesMax);
      for (const group of more.producers) joinGroup(producers.of(group.name, null), group, examplesMax);
      for (const group of more.fingerprints) {
        joinGroup(
          fingerprints.of(group.name, () => group.cause ?? ""),
          group,
          examplesMax,
        );
      }
    },
    tally,
    flips: () => {
      const { producers: named, fingerprints: caused, ...counted } = tally();
      return {
        ...counted,
        producers: named.toSorted(worstFirst),
        fingerprints: caused.toSorted(worstFirst),
        otherProducers: producers.hasOther(),
        otherFingerprints: fingerprints.hasOther(),
      };
    },
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

function joinGroup(group: MutableGroup, more: Pick<Group, "counts" | "examples">, examplesMax: number): void {
  for (const cell of CELLS) {
    group.counts[cell] += more.counts[cell];
    const positions = more.examples[cell] ?? [];
    const kept = group.examples.get(cell) ?? [];
    if (kept.length >= examplesMax || positions.length === 0) continue;
    group.examples.set(cell, [...kept, ...positions].slice(0, examplesMax));
  }
}

type Groups = {
  readonly of: (name: string, cause: (() => string) | null) => MutableGroup;
  readonly groups: () => readonly Group[];
  readonly hasOther: () => boolean;
};

function openGroups(groupsMax: number, before: readonly Group[] = []): Groups {
  const found = new Map(before.map((group) => [group.name, openGroup(group)]));
  const told = (): number => found.size - (found.has(OTHER) ? 1 : 0);
  return {
    of: (name, cause) => {
      const known = found.get(name);
      if (known !== undefined) return known;
      const isOther = told() >= groupsMax;
      const other = isOther ? found.get(OTHER) : undefined;
      if (other !== undefined) return other;
      const made = openGroup({ name: isOther ? OTHER : name, cause: isOther ? null : (cause?.() ?? null) });
      found.set(made.name, made);
      return made;
    },
    groups: () =>
      [...found.values()].map((group) => ({ ...group, counts: { ...group.counts }, examples: examplesOf(group) })),
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
