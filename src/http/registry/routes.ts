import type { FastifyError, FastifyInstance, FastifyRequest } from "fastify";
import { servedBy, type Served } from "../../registry/served.ts";
import { contentsOf } from "../../core/contents.ts";
import type { HttpDeps } from "../deps.ts";
import { leaveBody, problemOf } from "../problems/errors.ts";
import type { ProblemError } from "../problems/problem.ts";
import type { SchemaTypes } from "../route-types.ts";
import { openAsking } from "./asking.ts";
import { registerCompatibility } from "./compatibility.ts";
import { registerSchemas } from "./schemas.ts";
import { REGISTRY_TYPE, RegistryError } from "./errors.ts";
import { registerSettings } from "./settings.ts";
import { registerSubjects } from "./subjects.ts";

/** Where the registry is mounted: serializers are given `http://host:port/registry` as the registry's URL. */
const PREFIX = "/registry";

/** After so long another question has ended: each takes two seconds of CPU at most. */
const RETRY_AFTER_SECONDS = 2;

/**
 * The gateway's contracts as a schema registry, for serializers that look schemas up. It has the routes of the Confluent schema
 * registry that read; those that write are refused, with the code that the registry has for it.
 */
export async function registerRegistry(app: FastifyInstance, deps: HttpDeps): Promise<void> {
  await app.register(
    async (scope) => {
      const served = servedNow(deps);
      scope.addHook("onSend", async (_request, reply, payload) => {
        void reply.header("content-type", REGISTRY_TYPE);
        return payload;
      });
      scope.setErrorHandler((error: FastifyError | ProblemError | RegistryError, request, reply) => {
        leaveBody(request, reply);
        const { status, code, message } = describe(error, deps.now(), request);
        if (status === 503) void reply.header("retry-after", RETRY_AFTER_SECONDS);
        return reply.code(status).send({ error_code: code, message });
      });
      scope.setNotFoundHandler((_request, reply) => {
        return reply.code(404).send({ error_code: 404, message: "HTTP 404 Not Found" });
      });
      const asking = openAsking(scope, deps.limits?.questions);
      const routed = scope.withTypeProvider<SchemaTypes>();
      registerSubjects(routed, served, asking);
      registerSchemas(routed, served);
      registerCompatibility(routed, served, asking);
      registerSettings(routed);
    },
    { prefix: PREFIX },
  );
}

/** The contracts as they are served; they are worked out once for each contract set. */
function servedNow({ contracts }: HttpDeps): () => Served {
  let last: { readonly digest: string; readonly served: Served } | null = null;
  return () => {
    const set = contracts();
    const { digest } = set;
    if (last?.digest !== digest) last = { digest, served: servedBy(contentsOf(set)) };
    return last.served;
  };
}

type Answered = { readonly status: number; readonly code: number; readonly message: string };

/** An error as registries answer it. Errors that are not the registry's have their status as their code. */
function describe(
  error: FastifyError | ProblemError | RegistryError,
  nowMs: number,
  request: FastifyRequest,
): Answered {
  if (error instanceof RegistryError) return { status: error.status, code: error.errorCode, message: error.message };
  const { status, detail } = problemOf(error, nowMs, request);
  return { status, code: status === 500 ? 50001 : status, message: detail };
}
