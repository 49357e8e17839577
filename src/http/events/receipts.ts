import { setTimeout as delay } from "node:timers/promises";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Unavailable } from "../../core/unavailable.ts";
import { isDropped } from "../../gateway/fate.ts";
import type { Appended } from "../../source/source.ts";
import { hashBytes, wasErased } from "../../gateway/decided.ts";
import type { SettledRow } from "../../store/store.ts";
import { LIMITS, type HttpDeps } from "../deps.ts";
import { withDeprecation } from "../negotiation.ts";
import { rowView } from "../decisions/views.ts";
import { exactInteger } from "../../json/exact-integer.ts";

/** What was appended; `rawHashes`: of its bytes, in the same order; `told`: what the answer says besides. */
type Receipt = {
  readonly topic: string;
  readonly appended: readonly Appended[];
  /** Asked for only when the client waits: each is a SHA-256. */
  readonly rawHashes: () => readonly string[];
  readonly told: { readonly deprecation?: object };
};

/**
 * Answers what was appended: positions at once, or the decisions when the client waits for them (`Prefer: wait=N`) and they
 * come in time.
 * @param accepted what is answered when they do not.
 */
export async function answerPositions(
  deps: HttpDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  { topic, appended, rawHashes, told }: Receipt,
  accepted: object = acceptedView({ topic, appended, told }),
): Promise<FastifyReply> {
  const seconds = preferredWait(request);
  if (seconds === null || appended.length === 0) return reply.code(202).send(accepted);
  const signal = AbortSignal.timeout(seconds * 1_000);
  reply.header("preference-applied", `wait=${seconds}`);
  const decisions = await decisionsWithin(deps, { topic, appended, rawHashes: rawHashes() }, signal);
  if (decisions === null) return reply.code(202).send(accepted);
  return reply.code(200).send({ topic, count: appended.length, decisions, ...told });
}

function acceptedView({ topic, appended, told }: Omit<Receipt, "rawHashes">): object {
  const positions = appended
    .slice(0, LIMITS.positions)
    .map(({ stream, partition, offset }) => ({ stream, partition, offset: exactInteger(offset) }));
  return { topic, count: appended.length, positions, ...told };
}

/** How often the store is asked for what another gateway of the group is to decide. */
const ASK_AGAIN_MS = 50;

type Asked = Pick<Receipt, "topic" | "appended"> & { readonly rawHashes: readonly string[] };

/**
 * The decisions once every record has one; null when the signal aborts before, and when some are not kept any more. This gateway says when it has settled its own
 * streams; a stream that another one owns is looked up in the store they share.
 */
async function decisionsWithin(deps: HttpDeps, asked: Asked, signal: AbortSignal): Promise<readonly unknown[] | null> {
  const owned = new Set(deps.gateway.streams().map(({ stream }) => stream.id));
  const waits = [...lastOfEach(asked.appended)]
    .filter(([stream]) => owned.has(stream))
    .map(async ([stream, offset]) => deps.gateway.settled(stream, offset, signal));
  await Promise.all(waits);
  const count = Math.min(asked.appended.length, LIMITS.positions);
  for (;;) {
    const decisions = await decisionsOf(deps, asked);
    if (decisions.length === count) return decisions;
    if (signal.aborted || (await isForgotten(deps, asked))) return null;
    await delay(ASK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
  }
}

/** Whether what became of a record is not kept any more: only the first of a stream can be of the oldest entry. */
async function isForgotten(deps: HttpDeps, { appended }: Asked): Promise<boolean> {
  const firstOfEach = new Map(appended.toReversed().map(({ stream, offset }) => [stream, offset]));
  for (const [stream, offset] of firstOfEach) if (await isDropped(deps, stream, offset)) return true;
  return false;
}

/** Of the very streams that the records were appended to, and of the very bytes. */
async function decisionsOf(deps: HttpDeps, { topic, appended, rawHashes }: Asked): Promise<readonly unknown[]> {
  const asked = appended.slice(0, LIMITS.positions);
  const found = new Map<string, SettledRow>();
  const read = async (stream: string): Promise<void> => {
    const offsets = asked.filter((one) => one.stream === stream).map(({ offset }) => offset);
    const [first, last] = [offsets[0], offsets.at(-1)];
    if (first === undefined || last === undefined) return;
    const rows = await deps.lookup.rows(stream, first, last + 1n, new Set(offsets));
    for (const row of rows) found.set(`${stream}@${row.position.offset}`, row);
  };
  await Promise.all([...new Set(asked.map(({ stream }) => stream))].map(read));
  return asked.flatMap(({ stream, offset }, index) => {
    const row = found.get(`${stream}@${offset}`);
    if (row === undefined) return [];
    if (!wasErased(row) && hashBytes(row.raw) !== rawHashes[index]) throw otherBytes(topic, row);
    return [withDeprecation(deps, rowView(row))];
  });
}

/** The log gave a position that it had given before: what was decided there is another record. */
function otherBytes(topic: string, { position: { partition, offset } }: SettledRow): Unavailable {
  return new Unavailable(
    "LOG_DIVERGED",
    `Offset ${offset} of ${topic}/${partition} has the decision of other bytes: what was sent is not acknowledged`,
    "restore the log; sigma audit --source and sigma doctor say what it lacks",
  );
}

/** `Prefer: wait=N` (RFC 7240), bounded; null when the client does not wait. */
export function preferredWait({ headers }: FastifyRequest): number | null {
  const prefer = headers["prefer"];
  const match = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,6})"?/i.exec(Array.isArray(prefer) ? prefer.join(",") : (prefer ?? ""));
  return match === null ? null : Math.min(Number(match[1]), LIMITS.waitSeconds);
}

function lastOfEach(appended: readonly Appended[]): ReadonlyMap<string, bigint> {
  return new Map(appended.map(({ stream, offset }) => [stream, offset]));
}
