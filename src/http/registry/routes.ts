import type { FastifyError, FastifyInstance } from "fastify";
import { servedBy, type Served } from "../../registry/served.ts";
import { contentsOf } from "../../core/contents.ts";
import type { HttpDeps } from "../deps.ts";
import { leaveBody } from "../problems/errors.ts";
import { ProblemError } from "../problems/problem.ts";
import { notPermitted, REGISTRY_TYPE, RegistryError } from "./answers.ts";
import { openAsking, TAKES } from "./asking.ts";
import { registerCompatibility } from "./compatibility.ts";
import { refusedSchemas, settingSchemas } from "./schemas.ts";
import { registerSchemas } from "./schema-routes.ts";
import { registerSubjects } from "./subjects.ts";

/** Where the registry is mounted: serializers are given `http://host:port/registry` as the registry's URL. */
const PREFIX = "/registry";

/** A question takes two seconds of CPU at most. */
const RETRY_AFTER_SECONDS = 2;

/**
 * The gateway's contracts as a schema registry, for serializers that look schemas up: the part of the Confluent schema
 * registry's REST interface that reads. Every attempt to write is refused with its code for that.
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
        const { status, code, message } = describe(error);
        if (status === 503) void reply.header("retry-after", RETRY_AFTER_SECONDS);
        if (status === 500) request.log.error({ err: error, code: "SIG-H-500" }, "a request failed by a bug");
        return reply.code(status).send({ error_code: code, message });
      });
      scope.setNotFoundHandler((_request, reply) => {
        return reply.code(404).send({ error_code: 404, message: "HTTP 404 Not Found" });
      });
      const asking = openAsking(scope, deps.limits?.questions);
      registerSubjects(scope, served, asking);
      registerSchemas(scope, served);
      registerCompatibility(scope, served, asking);
      registerSettings(scope);
    },
    { prefix: PREFIX },
  );
}

/** What is served, worked out once for each contract set. */
function servedNow({ contracts }: HttpDeps): () => Served {
  let last: { readonly digest: string; readonly served: Served } | null = null;
  return () => {
    const set = contracts();
    const { digest } = set;
    if (last?.digest !== digest) last = { digest, served: servedBy(contentsOf(set)) };
    return last.served;
  };
}

function describe(error: FastifyError | ProblemError | RegistryError): {
  readonly status: number;
  readonly code: number;
  readonly message: string;
} {
  if (error instanceof RegistryError) {
    return { status: error.status, code: error.errorCode, message: error.message };
  }
  const status = error instanceof ProblemError ? error.problem.status : (error.statusCode ?? 500);
  // A bug's own words stay in the log.
  return { status, code: status === 500 ? 50001 : status, message: status === 500 ? "Internal error" : error.message };
}

/** Compatibility and mode are the same for every subject, and nobody changes them here. */
function registerSettings(scope: FastifyInstance): void {
  const config = { compatibilityLevel: "BACKWARD" };
  const mode = { mode: "READONLY" };
  for (const [path, answer] of [
    ["/config", config],
    ["/mode", mode],
  ] as const) {
    scope.get(path, { schema: settingSchemas.whole(path) }, async () => answer);
    scope.get(`${path}/:subject`, { schema: settingSchemas.ofSubject(path) }, async () => answer);
    for (const method of ["PUT", "DELETE"] as const) {
      for (const url of [path, `${path}/:subject`]) {
        const schema = refusedSchemas(method, url);
        scope.route({
          method,
          url,
          schema,
          config: TAKES,
          handler: async () => Promise.reject(notPermitted(`Changing ${path}`)),
        });
      }
    }
  }
}
