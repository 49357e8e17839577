import { logIdOf, type Source, type Stream } from "../source/source.ts";
import { describeStanding, standingOf } from "../operator/known-logs.ts";
import { describeLack, lackOf, recordedLosses, subtractRanges } from "../operator/losses.ts";
import { operatorActions } from "../operator/actions.ts";
import type { StoreReads } from "../store/store.ts";
import type { Finding } from "./finding.ts";

type Reads = Pick<StoreReads, "streams" | "operatorLog" | "logEnds">;

/**
 * Checks that a log is the one the store knows, and that it reaches up to what was decided and acknowledged.
 * @param settledTo tells up to which offset a stream is decided, by its id.
 */
export async function checkLog(
  reads: Reads,
  log: Pick<Source, "streams" | "bounds" | "skipped">,
  settledTo: (stream: string) => bigint | undefined,
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const streams = await log.streams();
  for (const id of new Set(streams.map((stream) => logIdOf(stream.id)))) {
    const standing = await standingOf(reads, id);
    if (standing.kind !== "accepted") findings.push(replaced(`the log ${id} ${describeStanding(standing)}`));
  }
  for (const stream of streams) {
    const decided = settledTo(stream.id) ?? 0n;
    const lack = await lackOf(reads, log, stream, decided);
    if (lack === null) continue;
    const offset = lack.kind === "put-back" ? lack.from : lack.end;
    const message = describeLack(stream, decided, lack);
    findings.push({ code: "SOURCE_TRUNCATED", stream: stream.id, seq: null, offset, message });
  }
  const isKnownLog = findings.every(({ code }) => code !== "SOURCE_REPLACED");
  return isKnownLog ? [...findings, ...(await leftBehind(reads, streams, settledTo))] : findings;
}

/** Finds acknowledged but undecided records of streams that the current log lacks, or that are not sources any more. */
export async function leftBehind(
  reads: Pick<Reads, "logEnds" | "operatorLog">,
  streams: readonly Stream[],
  settledTo: (stream: string) => bigint | undefined,
): Promise<readonly Finding[]> {
  const here = new Set(streams.map(({ id }) => id));
  const losses = (await recordedLosses(reads)).filter(({ takenBack }) => !takenBack);
  return (await reads.logEnds()).flatMap(({ stream, topic, partition, end }): readonly Finding[] => {
    if (here.has(stream)) return [];
    const recorded = losses.filter((loss) => loss.stream === stream);
    const [first] = subtractRanges({ from: settledTo(stream) ?? 0n, to: end }, recorded);
    if (first === undefined) return [];
    const message = `offsets [${first.from}, ${first.to}) of ${topic}/${partition} were acknowledged and are not decided, and its stream is none of the sources' now`;
    return [{ code: "SOURCE_UNDECIDED", stream, seq: null, offset: first.from, message }];
  });
}

/**
 * Returns a predicate for the logs whose streams the current log cannot know: logs that an operator accepted before or
 * after it, and every other log when the current one is not the store's log, which is a finding of its own
 * (SOURCE_REPLACED).
 */
export async function logsElsewhere(reads: Reads, source: Pick<Source, "streams">): Promise<(log: string) => boolean> {
  const here = new Set((await source.streams()).map(({ id }) => logIdOf(id)));
  const standings = await Promise.all([...here].map(async (log) => standingOf(reads, log)));
  const isReplaced = standings.some(({ kind }) => kind !== "accepted");
  const accepted = new Set<string>();
  for await (const { action, target } of operatorActions(reads)) if (action === "accept-log") accepted.add(target);
  return (log) => !here.has(log) && (isReplaced || accepted.has(log));
}

/** The finding for a missing log. */
export function logMissing(path: string): Finding {
  return replaced(`the log "${path}" is missing: what was acknowledged and not decided is lost with it`);
}

function replaced(message: string): Finding {
  return { code: "SOURCE_REPLACED", stream: null, seq: null, offset: null, message };
}
