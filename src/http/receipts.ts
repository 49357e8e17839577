import { setTimeout as delay } from "node:timers/promises";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Appended } from "../source/source.ts";
import type { StoredRow } from "../store/store.ts";
import { LIMITS, type HttpDeps } from "./deps.ts";
import { withDeprecation } from "./negotiation.ts";
import { rowView } from "./views.ts";
import { exactInteger } from "../json/exact-integer.ts";

/** What was appended; `told`: what the answer says besides. */
type Receipt = {
  readonly topic: string;
  readonly appended: readonly Appended[];
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
  { topic, appended, told }: Receipt,
  accepted: object = acceptedView({ topic, appended, told }),
): Promise<FastifyReply> {
  const seconds = preferredWait(request);
  if (seconds === null || appended.length === 0) return reply.code(202).send(accepted);
  const signal = AbortSignal.timeout(seconds * 1_000);
  reply.header("preference-applied", `wait=${seconds}`);
  const decisions = await decisionsWithin(deps, topic, appended, signal);
  if (decisions === null) return reply.code(202).send(accepted);
  return reply.code(200).send({ topic, count: appended.length, decisions, ...told });
}

function acceptedView({ topic, appended, told }: Receipt): object {
  const positions = appended
    .slice(0, LIMITS.positions)
    .map(({ partition, offset }) => ({ partition, offset: exactInteger(offset) }));
  return { topic, count: appended.length, positions, ...told };
}

/** How often the store is asked for what another gateway of the group is to decide. */
const ASK_AGAIN_MS = 50;

/**
 * The decisions once every record has one; null when the signal aborts before. This gateway says when it has settled its own
 * streams; a stream that another one owns is looked up in the store they share.
 */
async function decisionsWithin(
  deps: HttpDeps,
  topic: string,
  appended: readonly Appended[],
  signal: AbortSignal,
): Promise<readonly unknown[] | null> {
  const owned = new Set(
    deps.gateway.streams().flatMap(({ stream }) => (stream.topic === topic ? stream.partition : [])),
  );
  const waits = lastOfEach(appended)
    .filter(({ partition }) => owned.has(partition))
    .map(async ({ partition, offset }) => deps.gateway.settled(topic, partition, offset, signal));
  await Promise.all(waits);
  const count = Math.min(appended.length, LIMITS.positions);
  for (;;) {
    const decisions = await decisionsOf(deps, topic, appended);
    if (decisions.length === count) return decisions;
    if (signal.aborted) return null;
    await delay(ASK_AGAIN_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function decisionsOf(deps: HttpDeps, topic: string, appended: readonly Appended[]): Promise<readonly unknown[]> {
  const asked = appended.slice(0, LIMITS.positions);
  const streams = await deps.source.streams();
  const found = new Map<string, object>();
  const read = async (partition: number): Promise<void> => {
    const stream = streams.find((one) => one.topic === topic && one.partition === partition);
    const offsets = asked.filter((one) => one.partition === partition).map(({ offset }) => offset);
    const [first, last] = [offsets[0], offsets.at(-1)];
    if (stream === undefined || first === undefined || last === undefined) return;
    const rows = await rowsOfTopic(deps, topic, stream.id, first, last + 1n);
    for (const row of rows) found.set(`${partition}@${row.position.offset}`, withDeprecation(deps, rowView(row)));
  };
  await Promise.all([...new Set(asked.map(({ partition }) => partition))].map(read));
  return asked.flatMap(({ partition, offset }) => found.get(`${partition}@${offset}`) ?? []);
}

/** Where the topic's contract keeps its decisions; every collection when the topic is bound to none. */
async function rowsOfTopic(
  { contracts, reads }: HttpDeps,
  topic: string,
  stream: string,
  from: bigint,
  to: bigint,
): Promise<readonly StoredRow[]> {
  const collection = contracts().byTopic.get(topic)?.contract.collection;
  return collection === undefined ? reads.rows(stream, from, to) : reads.rowsIn(collection, stream, from, to);
}

/** `Prefer: wait=N` (RFC 7240), bounded; null when the client does not wait. */
export function preferredWait({ headers }: FastifyRequest): number | null {
  const prefer = headers["prefer"];
  const match = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,6})"?/i.exec(Array.isArray(prefer) ? prefer.join(",") : (prefer ?? ""));
  return match === null ? null : Math.min(Number(match[1]), LIMITS.waitSeconds);
}

function lastOfEach(appended: readonly Appended[]): readonly Appended[] {
  const last = new Map<number, Appended>();
  for (const one of appended) last.set(one.partition, one);
  return [...last.values()];
}
