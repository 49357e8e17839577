import type { IncomingMessage } from "node:http";
import swagger from "@fastify/swagger";
import Fastify, { LogController, type FastifyInstance, type FastifyRequest } from "fastify";
import { readWhole } from "./body/read-body.ts";
import { registerAuth } from "./auth/routes.ts";
import { takeTurns } from "./connection.ts";
import type { RouteRole } from "../access/roles.ts";
import { authenticateRequests } from "./access/authenticate.ts";
import { limitSpending, type Spender } from "./access/spend.ts";
import { answerNamedOrigins, answerPreflights } from "./access/cors.ts";
import { serveOnly } from "./access/process-roles.ts";
import { requireRoles } from "./access/route-roles.ts";
import { answerNoPage, registerConsole } from "./console/routes.ts";
import { registerConfig } from "./config/routes.ts";
import { registerDiff } from "./contracts/diff.ts";
import { registerContracts } from "./contracts/routes.ts";
import { registerTraffic } from "./contracts/traffic.ts";
import { registerDecide } from "./decide/routes.ts";
import { registerDecisions } from "./decisions/routes.ts";
import { LIMITS, type HttpDeps } from "./deps.ts";
import type { ProblemsByStatus } from "./problems/codes.ts";
import {
  answerClientError,
  answerCutShort,
  answerRouterError,
  answerStrangeRequests,
} from "./problems/connection-errors.ts";
import { answerErrors, collectRoutes } from "./problems/errors.ts";
import { registerCorrections } from "./failures/correct.ts";
import { registerGroups } from "./failures/groups.ts";
import { registerFailures } from "./failures/routes.ts";
import { registerEvents } from "./events/routes.ts";
import { guardRequests } from "./guard.ts";
import { registerHealth } from "./health/routes.ts";
import { createHeld, type Held, type Lease } from "./body/held.ts";
import { takenAs, type Taken } from "./body/media.ts";
import { createMetrics, type Metrics } from "../observe/metrics/metrics.ts";
import { registerKeys } from "./keys/routes.ts";
import { registerLedger } from "./ledger/routes.ts";
import { registerLive } from "./live/routes.ts";
import { measureAnswers, registerMetrics } from "./metrics/routes.ts";
import { describeRoute, documentOf } from "./docs/document.ts";
import { registerDocs } from "./docs/routes.ts";
import { registerRedrives } from "./redrives/routes.ts";
import { registerOperatorLog } from "./operator-log/routes.ts";
import { registerReference } from "./reference/routes.ts";
import { registerRegistry } from "./registry/routes.ts";
import type { Routes, SchemaTypes } from "./route-types.ts";
import { registerRetention } from "./retention/routes.ts";
import { registerStatus } from "./status/routes.ts";
import { registerShadow } from "./shadow/routes.ts";
import { registerValidate } from "./validate/routes.ts";
import { registerVolume } from "./volume/routes.ts";
import { registerWhatIfs } from "./what-ifs/routes.ts";
import { traceHttp } from "./trace.ts";
import { createUntilOver, type UntilOver } from "./until-over.ts";
import { toJsonText } from "../json/json-text.ts";

declare module "fastify" {
  // oxlint-disable-next-line typescript/consistent-type-definitions -- only an interface is merged
  interface FastifyContextConfig {
    /** Who may use the route. A route without it does not start the server (access/route-roles.ts). */
    readonly role?: RouteRole;
    /**
     * Which of the records a key is for are meant is found by the handler, or none are: contracts are no records. Absent: the parameters
     * `topic` and `subject` of the path say it, and a route without them is about all records.
     */
    readonly scope?: "handler" | "contracts";
    /** The kinds of body that the route reads; absent: it reads none. */
    readonly takes?: readonly Taken[];
    /** A body of lines is read whole, before the handler runs. */
    readonly whole?: boolean;
    /** JSON Schema of the body of a route that takes a document; the route checks it by itself. */
    readonly body?: object;
    /** The problems that the route itself may answer; docs/document.ts adds those of every route. */
    readonly problems?: ProblemsByStatus;
    /** Bytes of the largest body, unpacked; absent: a record in its envelope. */
    readonly bodyBytesMax?: number;
    /** The answer is sent however many bytes are held: it says what was done, or how the gateway is. */
    readonly owesAnswer?: boolean;
  }
}

/** The HTTP interface over a running gateway; the caller makes it listen and closes it. */
export async function createHttpServer(deps: HttpDeps): Promise<FastifyInstance> {
  const keepAliveMs = deps.limits?.keepAliveMs ?? LIMITS.keepAliveMs;
  const app = Fastify({
    ...(deps.logger === false ? { logger: false } : { loggerInstance: deps.logger }),
    logController: new LogController({ disableRequestLogging: true }),
    frameworkErrors: (error, request, reply) => answerRouterError(error, request, reply, deps.now()),
    clientErrorHandler: answerClientError,
    // Bodies are bounded where they are read (readWhole, wholeLines).
    bodyLimit: Number.MAX_SAFE_INTEGER,
    // A stream of lines may take hours: bodies have their own clocks (bodyMs, lineMs), headers Node's.
    requestTimeout: 0,
    // Longer than keepAliveTimeout: else it would end connections that rest between two requests.
    connectionTimeout: keepAliveMs + LIMITS.silentMs,
    keepAliveTimeout: keepAliveMs,
    forceCloseConnections: "idle",
    return503OnClosing: true,
    routerOptions: { maxParamLength: LIMITS.pathPart },
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } },
    http: {
      headersTimeout: deps.limits?.headersMs ?? LIMITS.headersMs,
      connectionsCheckingInterval: LIMITS.lateEveryMs,
      maxHeaderSize: LIMITS.headerBytes,
      requireHostHeader: false,
    },
  });
  // A client that ends its half of the connection after its request is still answered.
  Object.assign(app.server, { httpAllowHalfOpen: true });
  answerStrangeRequests(app.server);
  app.server.maxConnections = LIMITS.connections;
  // Answers are written as they are: a serializer compiled from a schema would drop what the schema does not name.
  app.setSerializerCompiler(() => (data) => toJsonText(data));
  app.setReplySerializer((data) => toJsonText(data));
  await app.register(swagger, {
    openapi: documentOf(deps.version),
    transform: describeRoute,
  });
  const held = createHeld(LIMITS.inFlightBytes, deps.now);
  const metrics = deps.metrics ?? createMetrics();
  const routes = collectRoutes(app);
  traceHttp(app, deps);
  requireRoles(app);
  serveOnly(app, deps.role ?? "all");
  takeTurns(app, answerCutShort);
  measureAnswers(app, metrics, deps.now);
  keepOut(app, deps);
  const spender = limitSpending(app, deps, metrics.http);
  const untilOver = createUntilOver();
  parseBodies(app, deps, held, untilOver);
  countAnswers(app, held, untilOver);
  answerErrors(app, deps.now, routes, answerNoPage(deps.console ?? null));
  await registerRoutes(app, deps, held, metrics, spender);
  await app.ready();
  return app;
}

/** Every route; who may use it stands with each. */
async function registerRoutes(
  app: FastifyInstance,
  deps: HttpDeps,
  held: Held,
  metrics: Metrics,
  spender: Spender,
): Promise<void> {
  const routed = app.withTypeProvider<SchemaTypes>();
  const counting: HttpDeps = {
    ...deps,
    onVerdict: (verdict) => {
      const { route, contract, status } = verdict;
      metrics.http.verdict(route, contract === null ? "" : `${contract.subject}@${contract.version}`, status);
      deps.onVerdict?.(verdict);
    },
  };
  registerReference(routed, counting);
  registerValidate(routed, counting);
  registerDecide(routed, deps);
  registerEvents(routed, deps, held, spender);
  registerDecisions(routed, deps);
  registerFailures(routed, deps);
  registerCorrections(routed, deps);
  registerGroups(routed, deps);
  registerRedrives(routed, deps);
  registerContracts(routed, deps);
  registerDiff(routed, deps);
  registerTraffic(routed, deps);
  registerWhatIfs(routed, deps);
  registerOperatorLog(routed, deps);
  registerAuth(routed, deps);
  registerKeys(routed, deps);
  registerNumbers(routed, deps);
  registerHealth(routed, deps);
  registerMetrics(routed, deps, metrics, held);
  await registerRegistry(app, deps);
  registerDocs(app);
  registerConsole(routed, deps.console ?? null);
}

/** Lets in who may ask: names first, then pages, then keys. */
function keepOut(app: FastifyInstance, deps: HttpDeps): void {
  answerNamedOrigins(app, deps);
  guardRequests(app, deps);
  answerPreflights(app, deps);
  authenticateRequests(app, deps);
}

/** The routes that say in numbers how the gateway and its store are. */
function registerNumbers(routed: Routes, deps: HttpDeps): void {
  registerShadow(routed, deps);
  registerRetention(routed, deps);
  registerVolume(routed, deps);
  registerStatus(routed, deps);
  registerLive(routed, deps);
  registerLedger(routed, deps);
  registerConfig(routed, deps);
}

/** Smaller answers are not counted: on as many connections as there may be they are 8 MiB together. */
const SMALL_ANSWER_BYTES = 4_096;

/** Counts the bytes of answers as those of bodies: an answer stays in memory until its client has read it. */
function countAnswers(app: FastifyInstance, held: Held, untilOver: UntilOver): void {
  app.addHook("onSend", async (request, reply, payload) => {
    if (typeof payload !== "string" && !Buffer.isBuffer(payload)) return payload;
    if (payload.length < SMALL_ANSWER_BYTES || reply.statusCode >= 400) return payload;
    const lease = held.lease();
    untilOver(request.raw, reply.raw, lease.end);
    const bytes = Buffer.byteLength(payload);
    if (request.routeOptions.config.owesAnswer === true) lease.take(bytes);
    else lease.set(bytes);
    return payload;
  });
}

/** Reads bodies: lines stay a stream, others are read whole, within their time. Their bytes are counted until the answer is sent. */
function parseBodies(app: FastifyInstance, deps: HttpDeps, held: Held, untilOver: UntilOver): void {
  const leases = new WeakMap<FastifyRequest, Lease>();
  const bodyBytesMax = deps.contracts().limits.bytesMax + LIMITS.envelopeBytes;
  const withinMs = deps.limits?.bodyMs ?? LIMITS.bodyMs;
  app.addHook("onRequest", async (request, reply) => {
    // Every request has one: Fastify parses a request that has a content type and no body, too.
    const lease = held.lease();
    leases.set(request, lease);
    untilOver(request.raw, reply.raw, lease.end);
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", async (request: FastifyRequest, payload: IncomingMessage): Promise<unknown> => {
    // No route takes the body: the answer is 404 or 405.
    if (request.is404) return null;
    const { takes = [], bodyBytesMax: own = bodyBytesMax, whole = false } = request.routeOptions.config;
    if (takenAs(request.headers, takes) === "lines" && !whole) return payload;
    const lease = leases.get(request);
    if (lease === undefined) throw new Error("Cannot read a body: the request was not counted");
    return readWhole(payload, request.headers, { bytesMax: own, withinMs }, lease);
  });
  // A request without a body, and with a content type, has a body of no bytes.
  app.addHook("preValidation", async (request) => {
    const { takes } = request.routeOptions.config;
    if (takes === undefined || request.body !== undefined || request.is404) return;
    takenAs(request.headers, takes);
    request.body = Buffer.alloc(0);
  });
}
