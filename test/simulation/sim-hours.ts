import { openGroups } from "../../src/failures/groups.ts";
import { holdsRedriven } from "../../src/failures/redriven.ts";
import { decodeOutcomes } from "../../src/ledger/proof.ts";
import { redriveOf } from "../../src/ledger/redrive-stream.ts";
import type { FailedRow } from "../../src/store/store.ts";
import { volumeReport } from "../../src/volume/volume-report.ts";
import { KINDS, type Kind } from "../../src/volume/volume-query.ts";
import { NOW_MS } from "./sim-operators.ts";
import type { SimStore } from "./sim-store.ts";

/** When a record of the log was sent, in milliseconds. */
type TimeOf = (stream: string, offset: bigint) => number;

const HOUR_MS = 3_600_000;

/**
 * What is counted in another hour, or another number of times, than the ledger and the documents say. The ledger says what was decided,
 * every document that was ever written what came of it (retention takes documents and counts nothing down), and the log when its records
 * were sent. Nothing is decided again here.
 */
export async function wrongHours(store: SimStore, sentMs: TimeOf): Promise<readonly string[]> {
  const notes = await store.reads.streamNotes();
  const byNumber = new Map(notes.map((note) => [note.number, note]));
  /** A redrive's record has its offset in the source stream. */
  const hourAt = (stream: string, offset: bigint): number => {
    const source = byNumber.get(redriveOf(stream)?.source ?? 0)?.stream ?? stream;
    return Math.floor(sentMs(source, offset) / HOUR_MS);
  };
  return [...(await wrongTrends(store, hourAt)), ...(await wrongVolume(store, hourAt))];
}

type HourAt = (stream: string, offset: bigint) => number;

/** The groups' trends, and their totals since each hour, which whole days are a part of. */
async function wrongTrends(store: SimStore, hourAt: HourAt): Promise<readonly string[]> {
  const groups = openGroups(store.reads, holdsRedriven);
  const failed = failuresWritten(store).filter(({ position }) => redriveOf(position.stream) === null);
  const found: string[] = [];
  for (const [fingerprint, rows] of Map.groupBy(failed, (one) => one.fingerprint)) {
    const due = countsOf(rows.map(({ position }) => hourAt(position.stream, position.offset)));
    const trend = new Map((await groups.trend(fingerprint, NOW_MS)).map(({ hour, count }) => [hour, count]));
    if (textOf(trend) !== textOf(due)) found.push(`HOURS: a group counts ${textOf(trend)}, and ${textOf(due)} failed`);
  }
  const hours = failed.map(({ position }) => hourAt(position.stream, position.offset));
  for (const from of new Set(hours)) {
    const recent = (await groups.list(from * HOUR_MS, NOW_MS)).reduce((sum, one) => sum + one.recent, 0);
    const due = hours.filter((hour) => hour >= from).length;
    if (recent !== due) found.push(`DAYS: since hour ${from} groups count ${recent} failures, and ${due} failed`);
  }
  return found;
}

/** The volume of each hour by kind. */
async function wrongVolume(store: SimStore, hourAt: HourAt): Promise<readonly string[]> {
  const due = new Map<string, number>();
  const add = (hour: number, kind: Kind, count: number): void => {
    const key = `${hour} ${kind}`;
    due.set(key, (due.get(key) ?? 0) + count);
  };
  for (const stream of await store.reads.streams()) {
    const plan = redriveOf(stream)?.plan;
    const kind = plan === undefined ? null : kindOf(await store.reads.redrive(plan));
    for (const { from, outcomes } of await store.reads.ledger(stream, 0, 1_000))
      for (const { offset, outcome } of decodeOutcomes(from, outcomes)?.leaves ?? [])
        add(hourAt(stream, offset), kind ?? (outcome === "P" ? "stored" : "failed"), 1);
  }
  for (const { position, reason } of failuresWritten(store))
    if (reason.kind === "conflict" && redriveOf(position.stream) === null) {
      add(hourAt(position.stream, position.offset), "conflict", 1);
      add(hourAt(position.stream, position.offset), "stored", -1);
    }
  for (const { stream, offset } of receiptsWritten(store))
    if (redriveOf(stream) === null) {
      // A receipt does not say which of the two it is: here both are one.
      add(hourAt(stream, offset), "duplicate", 1);
      add(hourAt(stream, offset), "stored", -1);
    }
  const all = { fromHour: 0, toHour: 10_000_000, by: "hour", subject: null, producer: null, kind: null } as const;
  const counted = new Map<string, number>();
  for (const { hour, counts } of (await volumeReport(store.reads, all))?.rows ?? [])
    for (const kind of KINDS) {
      const key = `${hour} ${kind === "redelivery" ? "duplicate" : kind}`;
      counted.set(key, (counted.get(key) ?? 0) + counts[kind]);
    }
  const [is, isDue] = [textOf(counted), textOf(due)];
  return is === isDue ? [] : [`VOLUME: by hour there are counted ${is}, and decided were ${isDue}`];
}

/** @param plan null where there is none: another check finds that. */
function kindOf(plan: string | null): Kind {
  if (plan === null) return "redriven";
  const { selection } = JSON.parse(plan) as { readonly selection: { readonly kind: string } };
  return selection.kind === "range" ? "replayed" : "redriven";
}

/** Every failure that was ever written, as it was at first. */
function failuresWritten(store: SimStore): readonly FailedRow[] {
  const first = new Map<string, FailedRow>();
  for (const write of store.log())
    if (write.table === "failed" && !first.has(write.row.id)) first.set(write.row.id, write.row);
  return [...first.values()];
}

function receiptsWritten(store: SimStore): readonly FailedRow["position"][] {
  const written = store.log().flatMap((write) => (write.table === "receipts" ? [write.receipt.position] : []));
  return [...new Map(written.map((position) => [`${position.stream}@${position.offset}`, position])).values()];
}

function countsOf(hours: readonly number[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const hour of hours) counts.set(hour, (counts.get(hour) ?? 0) + 1);
  return counts;
}

function textOf(counts: ReadonlyMap<number | string, number>): string {
  const some = [...counts].filter(([, count]) => count !== 0).map(([key, count]) => `${key}: ${count}`);
  return some.toSorted().join(", ");
}
