import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { onTestFinished } from "vitest";
import { openEmbeddedLog, type EmbeddedLog, type EmbeddedLogOptions } from "../../../src/source/embedded/log.ts";
import type { Fetched, NewRecord, Stream } from "../../../src/source/source.ts";
import { temporaryDirectory } from "../../embedded.ts";
import { LAW_TOPIC } from "../law-topic.ts";

/** Where the log of a test lives. */
export function logPath(): string {
  return join(temporaryDirectory(), "log.db");
}

/** Opens a log that is closed when the test ends. */
export function openLog(path: string, changes: Partial<EmbeddedLogOptions> = {}): EmbeddedLog {
  const log = openEmbeddedLog({
    path,
    topics: [LAW_TOPIC],
    now: () => 1_700_000_000_000,
    randomBytes,
    busyTimeoutMs: 0,
    ...changes,
  });
  onTestFinished(log.close);
  return log;
}

/** The file itself, as something other than the gateway would open it. */
export function openRaw(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  onTestFinished(() => {
    if (db.isOpen) db.close();
  });
  return db;
}

export function recordsOf(...values: readonly (string | Uint8Array)[]): readonly NewRecord[] {
  return values.map((value) => ({ key: null, headers: [], value: Buffer.from(value), partition: 0 }));
}

/** The stream of partition 0. */
export async function firstStream(log: EmbeddedLog): Promise<Stream> {
  const [stream] = await log.streams();
  if (stream === undefined) throw new Error("the log has no stream");
  return stream;
}

export async function fetchNow(log: EmbeddedLog, from: bigint, recordsMax = 100_000): Promise<Fetched> {
  const limits = { bytesMax: 1e9, recordsMax, waitMs: 0 };
  return log.fetch(await firstStream(log), from, limits, new AbortController().signal);
}
