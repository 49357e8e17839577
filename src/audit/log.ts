import { logIdOf, type Source } from "../source/source.ts";
import { lackOf, otherLogs } from "../store/known-logs.ts";
import type { StoreReads } from "../store/store.ts";
import type { Finding } from "./finding.ts";

type Reads = Pick<StoreReads, "streams" | "operatorLog" | "logEnds">;

/**
 * Whether a log is the one that a store knows, and reaches as far as what was decided and acknowledged of it.
 * @param settledTo how far each stream is decided, by its id.
 */
export async function checkLog(
  reads: Reads,
  log: Pick<Source, "streams" | "bounds">,
  settledTo: (stream: string) => bigint | undefined,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const shown = new Map((await reads.logEnds()).map(({ stream, end }) => [stream, end]));
  const streams = await log.streams();
  for (const id of new Set(streams.map((stream) => logIdOf(stream.id)))) {
    const others = await otherLogs(reads, id);
    if (others.length > 0)
      findings.push(replaced(`the log ${id} is not one that the store knows: ${others.join(", ")}`));
  }
  for (const stream of streams) {
    const [decided, acknowledged] = [settledTo(stream.id) ?? 0n, shown.get(stream.id) ?? 0n];
    if (decided === 0n && acknowledged === 0n) continue;
    const { end } = await log.bounds(stream);
    const lack = lackOf(end, { decided, acknowledged });
    if (lack === null) continue;
    const lacks = lack === "decided" ? `up to ${decided} is decided` : `up to ${acknowledged} was acknowledged`;
    const message = `the log of ${stream.topic}/${stream.partition} ends at ${end}, and ${lacks}`;
    findings.push({ code: "SOURCE_TRUNCATED", stream: stream.id, seq: null, offset: end, message });
  }
  return findings;
}

/** The log of a store is gone. */
export function logMissing(path: string): Finding {
  return replaced(`the log "${path}" is missing: what was acknowledged and not decided is lost with it`);
}

function replaced(message: string): Finding {
  return { code: "SOURCE_REPLACED", stream: null, seq: null, offset: null, message };
}
