import { logIdOf, type Source, type Stream } from "../source/source.ts";
import { describeStanding, standingOf } from "../operator/known-logs.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import { describeLack, lackOf, type Lack } from "../operator/losses.ts";
import type { StoreReads } from "../store/store.ts";
import type { Halt } from "./event.ts";

type Reads = Pick<StoreReads, "streams" | "operatorLog" | "logEnds">;

/**
 * Checks the log of a stream against the store, before the stream begins or continues behind its tail.
 * @param tail last entry of the stream; null when it has none.
 * @returns a halt when the log is not the accepted one, or lacks records that were decided or acknowledged; otherwise null.
 */
export async function refuseLog(
  reads: Reads,
  source: Pick<Source, "bounds" | "skipped">,
  stream: Stream,
  tail: Pick<LedgerEntry, "to"> | null,
): Promise<Halt | null> {
  return (await refuseOtherLog(reads, stream)) ?? refuseShortLog(reads, source, stream, tail?.to ?? 0n);
}

async function refuseOtherLog(reads: Reads, { id, topic, partition }: Stream): Promise<Halt | null> {
  const log = logIdOf(id);
  const standing = await standingOf(reads, log);
  if (standing.kind === "accepted") return null;
  return {
    code: "LOG_REPLACED",
    message: `Cannot read ${topic}/${partition}: its log ${log} ${describeStanding(standing)}. What was acknowledged there and is not decided would be lost`,
    remedy:
      "put the right log back: log.db and log.db-wal together, or the brokers of before; or let this one take its place with `sigma streams accept-log`, which records the loss",
  };
}

async function refuseShortLog(
  reads: Reads,
  source: Pick<Source, "bounds" | "skipped">,
  stream: Stream,
  decided: bigint,
): Promise<Halt | null> {
  const lack = await lackOf(reads, source, stream, decided);
  if (lack === null) return null;
  const { topic, partition } = stream;
  return {
    code: "LOG_TRUNCATED",
    message: `Cannot read ${topic}/${partition} on from offset ${decided}: ${describeLack(stream, decided, lack)}`,
    remedy: REMEDY[lack.kind],
  };
}

const REMEDY: Readonly<Record<Lack["kind"], string>> = {
  decided:
    "the log lost records that were already decided: put it back, log.db and log.db-wal together; or move it away and run `sigma streams accept-log`",
  acknowledged:
    "put the log back, log.db and log.db-wal together; or record the loss with `sigma streams accept-gap`, which lets it go on behind them",
  "put-back":
    "put a newer log back; or record the loss with `sigma streams accept-gap`, and let the producers send those records again",
};
