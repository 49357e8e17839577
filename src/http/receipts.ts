import { setTimeout as delay } from "node:timers/promises";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Appended } from "../source/source.ts";
import { LIMITS, type HttpDeps } from "./deps.ts";
import { withDeprecation } from "./negotiation.ts";
import { rowView } from "./views.ts";

/** What was appended; `told`: what the answer says besides. */
type Receipt = {
  readonly topic: string;
  readonly appended: readonly Appended[];
  readonly told: { readonly deprecation?: object };
};

/**
 * Answers what was appended: positions at once, or the decisions when the client waits for them (`Prefer: wait=N`) and they
 * come in time.
 */
export async function answerPositions(
  deps: HttpDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  { topic, appended, told }: Receipt,
): Promise<FastifyReply> {
  const positions = appended
    .slice(0, LIMITS.positions)
    .map(({ partition, offset }) => ({ partition, offset: Number(offset) }));
  const accepted = { topic, count: appended.length, positions, ...told };
  const seconds = preferredWait(request);
  if (seconds === null || appended.length === 0) return reply.code(202).send(accepted);
  const signal = AbortSignal.timeout(seconds * 1_000);
  reply.header("preference-applied", `wait=${seconds}`);
  const decisions = await decisionsWithin(deps, topic, appended, signal);
  if (decisions === null) return reply.code(202).send(accepted);
  return reply.code(200).send({ topic, count: appended.length, decisions, ...told });
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
  const streams = await deps.source.streams();
  const views = await Promise.all(
    appended.slice(0, LIMITS.positions).map(async ({ partition, offset }) => {
      const stream = streams.find((one) => one.topic === topic && one.partition === partition);
      const [row] = stream === undefined ? [] : await deps.reads.rows(stream.id, offset, offset + 1n);
      return row === undefined ? [] : [withDeprecation(deps, rowView(row))];
    }),
  );
  return views.flat();
}

/** `Prefer: wait=N` (RFC 7240), bounded; null when the client does not wait. */
function preferredWait({ headers }: FastifyRequest): number | null {
  const prefer = headers["prefer"];
  const match = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,6})"?/i.exec(Array.isArray(prefer) ? prefer.join(",") : (prefer ?? ""));
  return match === null ? null : Math.min(Number(match[1]), LIMITS.waitSeconds);
}

function lastOfEach(appended: readonly Appended[]): readonly Appended[] {
  const last = new Map<number, Appended>();
  for (const one of appended) last.set(one.partition, one);
  return [...last.values()];
}
