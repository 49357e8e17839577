import type { IncomingHttpHeaders } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { Unavailable } from "../../core/unavailable.ts";
import { hashBytes, wasErased } from "../../gateway/decided.ts";
import { isDropped } from "../../gateway/fate.ts";
import { unlessAborted, within } from "../../gateway/within.ts";
import type { Appended } from "../../source/source.ts";
import type { SettledRow } from "../../store/store.ts";
import { rowView, type DecisionAnswer } from "../decisions/decision.ts";
import { LIMITS, type HttpDeps } from "../deps.ts";
import { withDeprecation } from "../negotiation.ts";

/** The records that a request appended to a topic. `rawHashes`: SHA-256 of the bytes of each, in the same order. */
type Asked = {
  readonly topic: string;
  readonly appended: readonly Appended[];
  readonly rawHashes: readonly string[];
};

/** The seconds of `Prefer: wait=N` (RFC 7240), at most {@link LIMITS.waitSeconds}; null when the client does not wait. */
export function preferredWait(headers: IncomingHttpHeaders): number | null {
  const prefer = headers["prefer"];
  const match = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,6})"?/i.exec(Array.isArray(prefer) ? prefer.join(",") : (prefer ?? ""));
  return match === null ? null : Math.min(Number(match[1]), LIMITS.waitSeconds);
}

/** How often the store is asked for what another gateway of the group is to decide. */
const ASK_AGAIN_MS = 50;
/** So long the store may take for the last look, after the time that the client waits. */
const LAST_LOOK_MS = 1_000;

/**
 * The decisions of records, as soon as each has one. This gateway knows when it has settled its own streams; of a stream that
 * another gateway reads, the decision is looked up in the store that both share.
 * @returns null when the signal aborts first, as while the store is away, and when the decision of a record is not kept any more
 * (`evidence: drop`).
 * @throws Unavailable when a position has the decision of other bytes.
 */
export async function waitForDecisions(
  deps: HttpDeps,
  asked: Asked,
  signal: AbortSignal,
): Promise<readonly DecisionAnswer[] | null> {
  const owned = new Set(deps.gateway.streams().map(({ stream }) => stream.id));
  const waits = [...lastOfEach(asked.appended)]
    .filter(([stream]) => owned.has(stream))
    .map(async ([stream, offset]) => deps.gateway.settled(stream, offset, signal));
  await Promise.all(waits);
  const count = Math.min(asked.appended.length, LIMITS.positions);
  for (;;) {
    const decisions = await decisionsOf(deps, asked, signal);
    if (decisions.length === count) return decisions;
    if (signal.aborted || (await isForgotten(deps, asked, signal))) return null;
    await delay(ASK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Whether the decision of a record is not kept any more. Entries are dropped oldest first, so the first record of a stream tells. */
async function isForgotten(deps: HttpDeps, { appended }: Asked, signal: AbortSignal): Promise<boolean> {
  const firstOfEach = new Map(appended.toReversed().map(({ stream, offset }) => [stream, offset]));
  for (const [stream, offset] of firstOfEach)
    if ((await ifThere(isDropped(deps, stream, offset), signal)) === true) return true;
  return false;
}

/** The decisions that there are by now. Each is of the stream that the record was appended to, and of the same bytes. */
async function decisionsOf(
  deps: HttpDeps,
  { topic, appended, rawHashes }: Asked,
  signal: AbortSignal,
): Promise<readonly DecisionAnswer[]> {
  const asked = appended.slice(0, LIMITS.positions);
  const found = new Map<string, SettledRow>();
  const read = async (stream: string): Promise<void> => {
    const offsets = asked.filter((one) => one.stream === stream).map(({ offset }) => offset);
    const [first, last] = [offsets[0], offsets.at(-1)];
    if (first === undefined || last === undefined) return;
    const rows = await ifThere(deps.lookup.rows(stream, first, last + 1n, new Set(offsets)), signal);
    for (const row of rows ?? []) found.set(`${stream}@${row.position.offset}`, row);
  };
  await Promise.all([...new Set(asked.map(({ stream }) => stream))].map(read));
  return asked.flatMap(({ stream, offset }, index) => {
    const row = found.get(`${stream}@${offset}`);
    if (row === undefined) return [];
    if (!wasErased(row) && hashBytes(row.raw) !== rawHashes[index]) throw otherBytes(topic, row);
    return [withDeprecation(deps, row.contract, rowView(row, deps.redaction))];
  });
}

/**
 * What the store answers while the client waits; null when it is away. The records are in the log, so they are acknowledged whether the
 * store is there or not.
 */
async function ifThere<T>(asked: Promise<T>, signal: AbortSignal): Promise<T | null> {
  try {
    return await (signal.aborted ? within(LAST_LOOK_MS, asked) : unlessAborted(signal, asked));
  } catch (error) {
    if (error instanceof Unavailable) return null;
    throw error;
  }
}

/** The log gave a position twice: the record that was decided there is not the one that was appended now. */
function otherBytes(topic: string, { position: { partition, offset } }: SettledRow): Unavailable {
  return new Unavailable(
    "LOG_DIVERGED",
    `Offset ${offset} of ${topic}/${partition} has the decision of other bytes: what was sent is not acknowledged`,
    "restore the log; sigma audit --source and sigma doctor say what it lacks",
  );
}

function lastOfEach(appended: readonly Appended[]): ReadonlyMap<string, bigint> {
  return new Map(appended.map(({ stream, offset }) => [stream, offset]));
}
