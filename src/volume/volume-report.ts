import { redriveOf } from "../ledger/redrive-stream.ts";
import { HOUR_MS } from "../store/groups.ts";
import type { StoreReads } from "../store/store.ts";
import type { StreamNote } from "../store/stream-note.ts";
import type { VolumeSum } from "../store/volume.ts";
import { countingOf, type Counting } from "./counting.ts";
import { KINDS, type Kind, type VolumeQuestion } from "./volume-query.ts";

/** Decided records by kind. */
export type Volume = Readonly<Record<Kind, number>>;

/** The records of one contract version and producer in one hour or day. */
export type VolumeRow = {
  /** Hours since 1970: the hour, or the first of the day. */
  readonly hour: number;
  readonly subject: string;
  /** The version that judged; null when none did. */
  readonly version: number | null;
  /** The producer that the records claim; null when they claim none, or are of several. */
  readonly producer: string | null;
  /** Whether these are the producers that are not counted by name. */
  readonly isOthers: boolean;
  readonly counts: Volume;
};

export type VolumeReport = {
  /** By hour, contract, version and producer. */
  readonly rows: readonly VolumeRow[];
  readonly totals: Volume;
  readonly counting: Counting;
};

export type VolumeReportReads = Pick<StoreReads, "volume" | "volumeStarts" | "streamNotes" | "redrive" | "ledger">;

/** The most rows of an answer, and the most sums that are read for it. */
export const ROWS_MAX = 10_000;
const SUMS_MAX = 200_000;

/**
 * Answers what became of the records of some hours. A record that was decided in a plan's stream is `redriven` or `replayed`, whatever
 * came of it; every other one is what the first decision of its position made of it. So each decision counts once.
 * @returns null when there are more than {@link ROWS_MAX} rows.
 */
export async function volumeReport(reads: VolumeReportReads, question: VolumeQuestion): Promise<VolumeReport | null> {
  const { fromHour, toHour, by, subject, producer } = question;
  const hours = by === "day" ? 24 : 1;
  const sums = await reads.volume({
    fromHour,
    toHour,
    hours,
    subject,
    producer,
    byProducer: true,
    limit: SUMS_MAX + 1,
  });
  if (sums.length > SUMS_MAX) return null;
  const notes = await reads.streamNotes();
  const wayOf = await waysOf(reads, notes);
  const rows = rowsOf(sums, wayOf, question.kind);
  if (rows.length > ROWS_MAX) return null;
  const totals = volumeOf((kind) => rows.reduce((sum, { counts }) => sum + counts[kind], 0));
  return { rows, totals, counting: await countingOf(reads, notes) };
}

type Way = "live" | "redriven" | "replayed";

/** How the records of a stream came to be decided: from their log, as failures once more, or as a range once more. */
async function waysOf(
  reads: Pick<StoreReads, "redrive">,
  notes: readonly StreamNote[],
): Promise<(stream: number) => Way> {
  const ways = new Map<number, Way>();
  const ofPlan = new Map<string, Way>();
  for (const { number, stream } of notes) {
    const plan = redriveOf(stream)?.plan;
    if (plan === undefined) continue;
    const known = ofPlan.get(plan) ?? wayOfPlan(await reads.redrive(plan));
    ofPlan.set(plan, known);
    ways.set(number, known);
  }
  return (stream) => ways.get(stream) ?? "live";
}

/** A plan that is damaged is the audit's finding; here its records are redriven. */
function wayOfPlan(text: string | null): Way {
  try {
    const { selection } = JSON.parse(text ?? "") as { readonly selection?: { readonly kind?: unknown } };
    return selection?.kind === "range" ? "replayed" : "redriven";
  } catch {
    return "redriven";
  }
}

type Open = Omit<VolumeRow, "counts"> & { readonly counts: Record<Kind, number> };

function rowsOf(sums: readonly VolumeSum[], wayOf: (stream: number) => Way, only: Kind | null): readonly VolumeRow[] {
  const rows = new Map<string, Open>();
  const rowOf = ({ hour, subject, version, producer, isOthers }: VolumeSum): Open => {
    const key = JSON.stringify([hour, subject, version, producer, isOthers]);
    const known = rows.get(key) ?? { hour, subject, version, producer, isOthers, counts: { ...volumeOf(() => 0) } };
    rows.set(key, known);
    return known;
  };
  for (const sum of sums) {
    const { counts } = rowOf(sum);
    const way = wayOf(sum.stream);
    for (const [kind, count] of partsOf(sum, way)) counts[kind] += count;
  }
  return [...rows.values()]
    .map((row) => narrowed(row, only))
    .filter(hasAny)
    .toSorted(inOrder);
}

/** What a sum adds to which kind. A record that repeats or contradicts a fact was counted as passed, too. */
function partsOf({ kind, count }: VolumeSum, way: Way): readonly (readonly [Kind, number])[] {
  if (way !== "live") return kind === "passed" || kind === "failed" ? [[way, count]] : [];
  if (kind === "passed") return [["stored", count]];
  if (kind === "failed") return [["failed", count]];
  return [
    [kind, count],
    ["stored", -count],
  ];
}

/** While an entry is being stored, what became of its records may be counted before its decisions are. */
function narrowed(row: VolumeRow, only: Kind | null): VolumeRow {
  const counts = volumeOf((kind) => (only === null || only === kind ? Math.max(0, row.counts[kind]) : 0));
  return { ...row, counts };
}

function hasAny({ counts }: VolumeRow): boolean {
  return KINDS.some((kind) => counts[kind] > 0);
}

function inOrder(a: VolumeRow, b: VolumeRow): number {
  return (
    a.hour - b.hour ||
    compareText(a.subject, b.subject) ||
    (a.version ?? 0) - (b.version ?? 0) ||
    Number(a.isOthers) - Number(b.isOthers) ||
    compareText(a.producer ?? "", b.producer ?? "")
  );
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function volumeOf(count: (kind: Kind) => number): Volume {
  return Object.fromEntries(KINDS.map((kind) => [kind, count(kind)])) as Volume;
}

/** The beginning of an hour, in milliseconds. */
export function hourStartMs(hour: number): number {
  return hour * HOUR_MS;
}
