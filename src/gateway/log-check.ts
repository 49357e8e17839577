import { logIdOf, type Source, type Stream } from "../source/source.ts";
import { lackOf, otherLogs, shownTo } from "../store/known-logs.ts";
import type { LedgerEntry } from "../store/ledger.ts";
import type { StoreReads } from "../store/store.ts";
import type { Halt } from "./event.ts";

/**
 * Why a stream that has no ledger yet may not begin: the store has decided records of other logs and of none of this one, and
 * no operator said that it takes over.
 */
export async function refuseOtherLog(
  reads: Pick<StoreReads, "streams" | "operatorLog">,
  { id, topic, partition }: Stream,
): Promise<Halt | null> {
  const log = logIdOf(id);
  const others = await otherLogs(reads, log);
  if (others.length === 0) return null;
  return {
    code: "LOG_REPLACED",
    message: `Cannot begin ${topic}/${partition}: its log ${log} is not one that the store knows, which is ${others.join(", ")}; what was acknowledged there and is not decided would be lost`,
    remedy:
      "put the log back: log.db and log.db-wal together, or the brokers of before; or record the loss with `sigma streams accept-log`",
  };
}

/** Why a stream may not go on: its log ends before what was decided of it, or before what was acknowledged. */
export async function refuseShortLog(
  reads: Pick<StoreReads, "logEnds">,
  source: Pick<Source, "bounds">,
  stream: Stream,
  tail: Pick<LedgerEntry, "to">,
): Promise<Halt | null> {
  const place = `${stream.topic}/${stream.partition}`;
  // Before the end: others append meanwhile, and tell the store so.
  const shown = await shownTo(reads, stream.id);
  const { end } = await source.bounds(stream);
  const lack = lackOf(end, { decided: tail.to, acknowledged: shown ?? 0n });
  if (lack === null) return null;
  if (lack === "decided") {
    return {
      code: "LOG_TRUNCATED",
      message: `Cannot read ${place} on from offset ${tail.to}: its log ends at ${end}`,
      remedy:
        "the log lost records that were already decided: put it back, log.db and log.db-wal together; or move it away and run `sigma streams accept-log`",
    };
  }
  return {
    code: "LOG_TRUNCATED",
    message: `Cannot read ${place} on from offset ${tail.to}: its log ends at ${end}, and records up to ${shown} were acknowledged`,
    remedy:
      "put the log back, log.db and log.db-wal together; or record the loss with `sigma streams accept-gap`, which lets it go on behind them",
  };
}
