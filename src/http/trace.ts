import type { FastifyInstance, FastifyRequest } from "fastify";
import type { HttpDeps } from "./deps.ts";

/**
 * Traces requests. From here on a request's own `traceparent` is that of its span, so that its records, verdicts and lines of the log
 * belong to the span; the answer has it too. Without `traceRequest` there is no hook at all.
 */
export function traceHttp(app: FastifyInstance, { traceRequest }: Pick<HttpDeps, "traceRequest">): void {
  if (traceRequest === undefined) return;
  app.addHook("onRequest", async (request, reply) => {
    const route = request.is404 ? null : (request.routeOptions.url ?? null);
    const { traceparent, end } = traceRequest({ method: methodOf(request), route, traceparent: given(request) });
    reply.raw.once("close", () => end(reply.raw.headersSent ? reply.raw.statusCode : null));
    if (traceparent === null) return;
    request.headers["traceparent"] = traceparent;
    void reply.header("traceparent", traceparent);
  });
}

function given({ headers: { traceparent } }: FastifyRequest): string | null {
  return typeof traceparent === "string" ? traceparent : null;
}

const METHODS = /^(?:GET|HEAD|POST|PUT|DELETE|PATCH|OPTIONS)$/;

/** The method; `_OTHER` for one that a client made up (semantic conventions for HTTP). */
function methodOf({ method }: FastifyRequest): string {
  return METHODS.test(method) ? method : "_OTHER";
}
