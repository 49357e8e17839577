import type { Redaction } from "../../failures/redact.ts";
import type { Decided } from "../../gateway/decided.ts";
import type { GatewayEvent } from "../../gateway/event.ts";
import type { FailedRow } from "../../store/store.ts";
import { eventText } from "./event-text.ts";
import { liveRow, matchesOf, verdictOf, type LiveFilter, type LiveRow, type Matches } from "./row.ts";
import type { LiveReader } from "./reader.ts";
import { createSample, type Sample } from "./sample.ts";

/** What bounds it; every number is in docs/http.md. */
export const LIVE = {
  /** Between two frames. */
  everyMs: 500,
  /** Rows of a frame. */
  rows: 50,
  /** Readers at a time, over all. */
  readers: 64,
  /** Frames that a reader who comes back is given again. */
  kept: 10,
  /** So long is kept what the last reader of a filter left: who comes back goes on. */
  graceMs: 5_000,
  /** A line without meaning is sent when nothing else was for so long. */
  silentMs: 10_000,
  /** A reader who takes nothing for so long is let go. */
  slowMs: 10_000,
} as const;

/** Watches one batch for those who look. */
export type LiveBatch = {
  readonly see: (row: Decided) => void;
  /** @param conflicts records that passed and turned out to be conflicts. */
  readonly stored: (conflicts: readonly FailedRow[]) => void;
};

/** What is decided, as it is decided: a sample for people, twice a second. */
export type Live = {
  /** Null while nobody looks: then nothing is paid. */
  readonly batch: (stream: { readonly topic: string; readonly partition: number }) => LiveBatch | null;
  readonly observe: (event: GatewayEvent) => void;
  /** Whether another may read. */
  readonly hasRoom: () => boolean;
  /**
   * Gives frames to a reader, who is sent away at once where there is no room.
   * @param last the id of the last frame that the reader has; null: it begins.
   * @returns ends that.
   */
  readonly open: (
    asked: { readonly filter: LiveFilter; readonly redaction: Redaction; readonly last: string | null },
    reader: LiveReader,
  ) => () => void;
  /** Ends every reader with a word, and takes no other. */
  readonly close: () => void;
};

/** Records that were stored since the frame before, whatever the filter. */
type Counts = { decided: number; passed: number; failed: number; duplicates: number };

/** Those who look through one filter: they get the same frames. */
type Channel = {
  readonly filter: LiveFilter;
  readonly redaction: Redaction;
  readonly matches: Matches;
  /** Names the frames of this channel: a channel that is opened again has other frames. */
  readonly epoch: string;
  readonly readers: Set<LiveReader>;
  frames: readonly { readonly number: number; readonly text: string }[];
  number: number;
  sample: Sample<LiveRow>;
  /** Records that match since the frame before. */
  matched: number;
  counts: Counts;
  /** When the last reader left, and when something was sent last. */
  leftMs: number | null;
  sentMs: number;
};

/** @param now milliseconds since the epoch. @param everyMs see {@link LIVE}. */
export function createLive({ now, everyMs = LIVE.everyMs }: { now: () => number; everyMs?: number }): Live {
  const channels = new Map<string, Channel>();
  let timer: ReturnType<typeof setInterval> | null = null;
  let opened = 0;
  let isClosed = false;
  const hasRoom = (): boolean =>
    !isClosed && [...channels.values()].reduce((sum, { readers }) => sum + readers.size, 0) < LIVE.readers;
  const tick = (): void => {
    for (const [key, channel] of channels) {
      turn(channel, now());
      if (channel.leftMs !== null && now() - channel.leftMs >= LIVE.graceMs) channels.delete(key);
    }
    if (channels.size > 0 || timer === null) return;
    clearInterval(timer);
    timer = null;
  };
  return {
    batch: ({ topic, partition }) => {
      if (channels.size === 0) return null;
      const watching = [...channels.values()].filter(({ filter }) => isOf(filter, topic, partition)).map(watch);
      return watching.length === 0 ? null : together(watching);
    },
    observe: (event) => {
      if (event.kind !== "batch-settled" || channels.size === 0 || event.measures.isRedrive) return;
      const failed = [...event.failures.values()].reduce((sum, count) => sum + count, 0);
      for (const { counts } of channels.values()) {
        counts.decided += event.count;
        counts.passed += event.stored;
        counts.failed += failed;
        counts.duplicates += event.duplicates;
      }
    },
    hasRoom,
    open: ({ filter, redaction, last }, reader) => {
      if (!hasRoom()) {
        reader.end("closing");
        return () => undefined;
      }
      const key = JSON.stringify(filter);
      const channel = channels.get(key) ?? begin(filter, redaction, `${now()}.${opened++}`, now());
      channels.set(key, channel);
      channel.readers.add(reader);
      channel.leftMs = null;
      welcome(channel, reader, last);
      timer ??= setInterval(tick, everyMs).unref();
      return () => {
        if (channel.readers.delete(reader) && channel.readers.size === 0) channel.leftMs = now();
      };
    },
    close: () => {
      isClosed = true;
      for (const { readers } of channels.values()) for (const reader of readers) reader.end("closing");
      channels.clear();
      if (timer !== null) clearInterval(timer);
      timer = null;
    },
  };
}

function isOf(filter: LiveFilter, topic: string, partition: number): boolean {
  return (filter.topic ?? topic) === topic && (filter.partition ?? partition) === partition;
}

function begin(filter: LiveFilter, redaction: Redaction, epoch: string, nowMs: number): Channel {
  const matches = matchesOf(filter);
  const readers = new Set<LiveReader>();
  const sample = createSample<LiveRow>(LIVE.rows);
  const sent = { frames: [], number: 0, sentMs: nowMs, leftMs: null };
  return { filter, redaction, matches, epoch, readers, sample, matched: 0, counts: noCounts(), ...sent };
}

function noCounts(): Counts {
  return { decided: 0, passed: 0, failed: 0, duplicates: 0 };
}

/** Says whether the reader goes on where it was, and gives what it missed. */
function welcome(channel: Channel, reader: LiveReader, last: string | null): void {
  const [epoch, number = ""] = (last ?? "").split("-");
  const has = epoch === channel.epoch && /^\d{1,15}$/.test(number) ? Number(number) : null;
  const oldest = channel.frames[0]?.number ?? channel.number + 1;
  const resumed = has !== null && has + 1 >= oldest && has <= channel.number;
  reader.send(eventText("hello", null, { resumed, everyMs: LIVE.everyMs, rows: LIVE.rows }));
  if (resumed) for (const frame of channel.frames) if (frame.number > has) reader.send(frame.text);
}

/** Sends what came since the frame before, and lets go who takes nothing. */
function turn(channel: Channel, nowMs: number): void {
  for (const reader of channel.readers) if (reader.blockedMs(nowMs) >= LIVE.slowMs) reader.end("too-slow");
  const text = frameOf(channel, nowMs);
  if (text === null && nowMs - channel.sentMs < LIVE.silentMs) return;
  channel.sentMs = nowMs;
  for (const reader of channel.readers) reader.send(text ?? ": still here\n\n");
}

/** The next frame; null when nothing was decided. The sample begins anew. */
function frameOf(channel: Channel, nowMs: number): string | null {
  const { sample, matched, counts, epoch } = channel;
  const rows = sample.kept();
  // Where few came, the next ones need not be thinned; where many did, most need not be looked at.
  channel.sample = createSample(
    LIVE.rows,
    rows.length < LIVE.rows ? Math.max(1, sample.stride() / 2) : sample.stride(),
  );
  if (matched === 0 && counts.decided === 0) return null;
  channel.matched = 0;
  channel.counts = noCounts();
  channel.number += 1;
  const { number } = channel;
  const data = { at: new Date(nowMs).toISOString(), matched, shown: rows.length, decided: counts, rows };
  const text = eventText("frame", `${epoch}-${number}`, data);
  channel.frames = [...channel.frames, { number, text }].slice(-LIVE.kept);
  return text;
}

/** Watches a batch for a channel. Rows are looked at when the batch is stored: what is not stored was not decided. */
function watch(channel: Channel): LiveBatch {
  const { matches, redaction } = channel;
  const picked = createSample<Decided>(LIVE.rows, channel.sample.stride());
  return {
    see: (row) => {
      if (matches(row, verdictOf(row))) picked.add(row);
    },
    stored: (conflicts) => {
      const overturned = new Set(conflicts.map(({ position }) => position.offset));
      const rows = picked.kept().filter(({ kind, position }) => kind === "failed" || !overturned.has(position.offset));
      const failed = conflicts.filter((row) => matches(row, "FAILED"));
      const passed = conflicts.filter((row) => matches(row, "PASSED"));
      channel.matched += picked.seen() + failed.length - passed.length;
      for (const row of [...rows, ...failed]) channel.sample.add(liveRow(row, redaction));
    },
  };
}

function together(batches: readonly LiveBatch[]): LiveBatch {
  const [first] = batches;
  if (first !== undefined && batches.length === 1) return first;
  return {
    see: (row) => {
      for (const batch of batches) batch.see(row);
    },
    stored: (conflicts) => {
      for (const batch of batches) batch.stored(conflicts);
    },
  };
}
