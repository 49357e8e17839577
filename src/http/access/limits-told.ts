import type { FastifyInstance, FastifyRequest } from "fastify";

/** A limit that an answer tells of. */
export type ToldLimit = {
  readonly name: string;
  readonly quota: number;
  readonly left: number;
  /** Seconds until there is as much as that again, or room again. */
  readonly resetSeconds: number;
  /** The time in which the quota may be used; null: it is not one of a time. */
  readonly windowSeconds: number | null;
};

const told = new WeakMap<FastifyRequest, Map<string, ToldLimit>>();

/** Notes how a limit stands behind a request: its answer says so, whatever becomes of it. */
export function tellLimit(request: FastifyRequest, limit: ToldLimit): void {
  const known = told.get(request) ?? new Map<string, ToldLimit>();
  told.set(request, known.set(limit.name, limit));
}

/**
 * Writes what was noted as the fields of draft-ietf-httpapi-ratelimit-headers-10: `RateLimit-Policy` names each limit, `RateLimit` how it
 * stands, the tightest first, so that a client that reads only one item reads that one.
 */
export function sendLimits(app: FastifyInstance): void {
  app.addHook("onSend", async (request, reply) => {
    const limits = told.get(request);
    if (limits !== undefined) void reply.headers(limitFields([...limits.values()]));
  });
}

/** The two fields. The tightest limit is the one of which the smallest share is left; of equal ones, that which lasts longer. */
export function limitFields(limits: readonly ToldLimit[]): Readonly<Record<string, string>> {
  const byShare = limits.toSorted((a, b) => a.left / a.quota - b.left / b.quota || b.resetSeconds - a.resetSeconds);
  const window = ({ windowSeconds }: ToldLimit): string => (windowSeconds === null ? "" : `;w=${windowSeconds}`);
  return {
    "ratelimit-policy": byShare.map((one) => `"${one.name}";q=${one.quota}${window(one)}`).join(", "),
    ratelimit: byShare.map(({ name, left, resetSeconds }) => `"${name}";r=${left};t=${resetSeconds}`).join(", "),
  };
}
