import swagger from "@fastify/swagger";
import Fastify, {
  LogController,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from "fastify";
import { Unavailable } from "../core/unavailable.ts";
import { registerContracts } from "./contracts.ts";
import { registerDecisions } from "./decisions.ts";
import { LIMITS, type HttpDeps } from "./deps.ts";
import { bodyTooLarge, LINE_TYPES, registerEvents } from "./events.ts";
import { registerHealth } from "./health.ts";
import { registerMetrics } from "./metrics.ts";
import { ProblemError, sendProblem, unavailableProblem, type Problem } from "./problem.ts";
import { registerRegistry } from "./registry/routes.ts";
import { registerShadow } from "./shadow.ts";
import { registerValidate } from "./validate.ts";
import { toJsonText } from "../json/json-text.ts";

/** The HTTP interface over a running gateway; the caller makes it listen and closes it. */
export async function createHttpServer(deps: HttpDeps): Promise<FastifyInstance> {
  const bodyLimit = deps.contracts().limits.bytesMax + LIMITS.envelopeBytes;
  const app = Fastify({
    ...(deps.logger === false ? { logger: false } : { loggerInstance: deps.logger }),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    // A stream of lines may take hours: bodies have their own clocks (bodyMs, lineMs), headers Node's.
    requestTimeout: 0,
    connectionTimeout: 60_000,
    keepAliveTimeout: 5_000,
    maxRequestsPerSocket: 1_000,
    forceCloseConnections: "idle",
    return503OnClosing: true,
    routerOptions: { maxParamLength: 250 },
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } },
    http: { headersTimeout: 10_000, maxHeaderSize: 16_384 },
  });
  app.server.maxConnections = 2_048;
  // Answers are written as they are: a serializer compiled from a schema would drop what the schema does not name.
  app.setSerializerCompiler(() => (data) => toJsonText(data));
  app.setReplySerializer((data) => toJsonText(data));
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: { title: "SIGMA-AETL gateway", version: deps.version },
    },
  });
  const routes = collectRoutes(app);
  parseBodies(app, bodyLimit);
  guardRequests(app, deps);
  answerErrors(app, deps, routes, bodyLimit);
  registerValidate(app, deps);
  registerEvents(app, deps);
  registerDecisions(app, deps);
  registerContracts(app, deps);
  registerShadow(app, deps);
  registerHealth(app, deps);
  registerMetrics(app, deps);
  await registerRegistry(app, deps);
  app.get("/openapi.json", { schema: { hide: true } }, async () => ({
    // The plugin leaves this member of OpenAPI 3.1 out.
    jsonSchemaDialect: "https://json-schema.org/draft/2020-12/schema",
    ...app.swagger(),
  }));
  await app.ready();
  return app;
}

/** Lines stay a stream; every other body is read whole, as bytes, within its time. */
function parseBodies(app: FastifyInstance, bodyLimit: number): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser([...LINE_TYPES], (_request, payload, done) => done(null, payload));
  app.addContentTypeParser("*", { parseAs: "buffer", bodyLimit }, (_request, body, done) => done(null, body));
  // A request without a body has one of no bytes.
  app.addHook("preValidation", async (request) => {
    if (request.method === "POST" && request.body === undefined) request.body = Buffer.alloc(0);
  });
  app.addHook("onRequest", async (request) => {
    const { headers, raw } = request;
    if (request.method !== "POST" || LINE_TYPES.some((type) => headers["content-type"]?.startsWith(type) === true))
      return;
    const timer = setTimeout(() => raw.destroy(), LIMITS.bodyMs);
    timer.unref();
    raw.once("end", () => clearTimeout(timer));
    raw.once("close", () => clearTimeout(timer));
  });
}

/** Names under which a loopback server is asked; a page on another site that resolves its own name to 127.0.0.1 is not. */
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i;

function guardRequests(app: FastifyInstance, { anyHost = false }: HttpDeps): void {
  app.addHook("onRequest", async (request) => {
    if (anyHost || LOOPBACK.test(request.headers.host ?? "")) return;
    throw new ProblemError({
      status: 421,
      code: "foreign-host",
      title: "Misdirected request",
      detail: "This server answers only under a loopback name",
      remedy: "ask for http://localhost or http://127.0.0.1",
    });
  });
  app.addHook("onSend", async (_request, reply, payload) => {
    void reply.headers({
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
      "cross-origin-resource-policy": "same-origin",
    });
    return payload;
  });
}

type Route = { readonly method: string; readonly pattern: RegExp };

function collectRoutes(app: FastifyInstance): readonly Route[] {
  const routes: Route[] = [];
  app.addHook("onRoute", ({ method, url }) => {
    const pattern = new RegExp(`^${url.replaceAll(".", "\\.").replaceAll(/:[a-z]+/g, "[^/]+")}$`);
    for (const one of [method].flat()) routes.push({ method: one, pattern });
  });
  return routes;
}

function answerErrors(app: FastifyInstance, deps: HttpDeps, routes: readonly Route[], bodyLimit: number): void {
  app.setNotFoundHandler(async (request, reply) => {
    const path = request.url.split("?", 1)[0] ?? "";
    const methods = routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
    if (methods.length === 0) {
      return sendProblem(reply, {
        status: 404,
        code: "no-route",
        title: "Not found",
        detail: "There is nothing at this path",
        remedy: "see /openapi.json",
      });
    }
    const allow = [...new Set(methods)].toSorted().join(", ");
    return sendProblem(reply, {
      status: 405,
      code: "method",
      title: "Method not allowed",
      detail: `This path takes ${allow}`,
      headers: { allow },
    });
  });
  app.setErrorHandler<FastifyError>(async (error, request, reply) =>
    sendProblem(reply, problemOf(error, deps, request, reply, bodyLimit)),
  );
}

function problemOf(
  error: FastifyError | Error,
  deps: HttpDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  bodyLimit: number,
): Problem {
  if (error instanceof ProblemError) return error.problem;
  const { appended } = error as { appended?: Readonly<Record<string, unknown>> };
  const extra = appended === undefined ? {} : { extra: appended };
  if (error instanceof Unavailable) return { ...unavailableProblem(error, deps.now()), ...extra };
  const { code, statusCode = 500, validation } = error as FastifyError;
  if (validation !== undefined) {
    const detail = validation
      .map(({ instancePath, message }) => `${instancePath.slice(1)} ${message ?? ""}`.trim())
      .join("; ");
    return { status: 400, code: "bad-parameter", title: "Bad request", detail };
  }
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") return bodyTooLarge(bodyLimit).problem;
  if (code === "FST_ERR_CTP_INVALID_CONTENT_LENGTH" || code === "ECONNRESET" || code === "ERR_STREAM_PREMATURE_CLOSE") {
    return {
      status: 400,
      code: "body-cut-short",
      title: "Bad request",
      detail: "The body ended before its announced length",
      ...extra,
    };
  }
  if (statusCode >= 400 && statusCode < 500) {
    return { status: statusCode, code: "bad-request", title: "Bad request", detail: "The request cannot be read" };
  }
  request.log.error({ err: error, code: "SIG-H-500" }, "a request failed by a bug");
  void reply;
  return {
    status: 500,
    code: "internal",
    title: "Internal error",
    detail: "The request failed by a bug of the gateway; its log says more",
    ...extra,
  };
}
