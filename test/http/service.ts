import { randomBytes } from "node:crypto";
import type { Server } from "node:http";
import type { FastifyInstance } from "fastify";
import { setTimeout as delay } from "node:timers/promises";
import { expect, onTestFinished } from "vitest";
import { openGroups } from "../../src/failures/groups.ts";
import { holdsRedriven } from "../../src/failures/redriven.ts";
import type { BreakerLimits } from "../../src/gateway/breaker.ts";
import { startGateway, type Gateway } from "../../src/gateway/gateway.ts";
import { guardLog } from "../../src/gateway/guarded-log.ts";
import type { IngestDeps } from "../../src/gateway/ingest-deps.ts";
import type { HttpDeps } from "../../src/http/deps.ts";
import { createHttpServer } from "../../src/http/server.ts";
import { createWhatIfRuns } from "../../src/rejudge/what-if/runs.ts";
import { whatIf } from "../../src/rejudge/what-if/what-if.ts";
import { openEmbedded, type Embedded } from "../embedded.ts";
import { PATIENCE_MS } from "../patience.ts";
import { operationAt, readDocument } from "./openapi-document.ts";

/** A running gateway behind a real socket on the loopback interface. */
export type Service = Embedded & {
  readonly gateway: Gateway;
  readonly url: string;
  readonly port: number;
  readonly server: Server;
};

type Changes = {
  readonly ingest?: Partial<IngestDeps> & { readonly breaker?: BreakerLimits };
  readonly http?: Partial<HttpDeps>;
  /** A free one when absent. */
  readonly port?: number;
};

export async function startService(changes: Changes = {}): Promise<Service> {
  return serve(await openEmbedded(), changes);
}

/** The server of a gateway that does not listen. */
export async function openApp(changes: Changes = {}): Promise<FastifyInstance> {
  const { app, gateway } = await buildApp(await openEmbedded(), changes);
  onTestFinished(async () => {
    await app.close();
    await gateway.stop();
  });
  return app;
}

/** The same over an engine that is open already. */
export async function serve(embedded: Embedded, changes: Changes = {}): Promise<Service> {
  const { app, gateway } = await buildApp(embedded, changes);
  const url = await app.listen({ host: "127.0.0.1", port: changes.port ?? 0 });
  onTestFinished(async () => {
    // A browser opens connections ahead of what it asks.
    app.server.closeAllConnections();
    await app.close();
    await gateway.stop();
  });
  return { ...embedded, gateway, url, port: Number(new URL(url).port), server: app.server };
}

export async function buildApp(
  embedded: Embedded,
  changes: Changes,
): Promise<{ readonly app: FastifyInstance; readonly gateway: Gateway }> {
  const gateway = await startGateway({ ...embedded.deps, ...changes.ingest });
  const app = await createHttpServer({
    log: guardLog(embedded.log, { gateway, reads: embedded.store.reads, now: Date.now, sleep: delay }),
    source: embedded.log,
    reads: embedded.store.reads,
    lookup: embedded.lookup,
    failures: {
      groups: openGroups(embedded.store.reads, holdsRedriven),
      store: embedded.store,
    },
    redrives: { store: embedded.store, newId: () => randomBytes(6).toString("hex") },
    whatIfs: createWhatIfRuns({
      judge: async ({ question, recordsMax }, signal, onProgress) =>
        whatIf(embedded.store.reads, question, { signal, recordsMax, onProgress }),
      newId: () => randomBytes(6).toString("hex"),
      now: Date.now,
    }),
    tail: embedded.store.tail,
    gateway,
    contracts: embedded.deps.contracts,
    about: () => new Map(),
    refusedContracts: () => [],
    now: () => 1_700_000_000_000,
    randomBytes,
    logger: false,
    version: "0.0.0-test",
    ...changes.http,
    limits: { lineMs: PATIENCE_MS, bodyMs: PATIENCE_MS, ...changes.http?.limits },
  });
  return { app, gateway };
}

type Read = ReturnType<typeof readDocument>;

/** What /openapi.json says is the same of every gateway of this build: it is read once. */
let documented: Promise<Read> | null = null;

/** Whoever asks a service in a test asks as well whether it answers as it documents. */
async function expectDocumented(
  method: string,
  url: string,
  { status, headers }: Response,
  text: string,
): Promise<void> {
  documented ??= fetch(new URL("/openapi.json", url)).then(async (answer) =>
    readDocument((await answer.json()) as object),
  );
  const { operations, faultOf } = await documented;
  const operation = operationAt(operations, method, new URL(url).pathname);
  if (operation === undefined) return;
  const mediaType = headers.get("content-type")?.split(";")[0] ?? "";
  const fault = faultOf(operation, { status, mediaType, text });
  expect({ operation: operation.operationId, fault }).toEqual({ operation: operation.operationId, fault: null });
}

/** POSTs a body and reads the JSON answer, which must be as documented. */
export async function post(
  url: string,
  body: string | Uint8Array | ReadableStream,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly headers: Headers; readonly body: Record<string, unknown> }> {
  const init = { method: "POST", body, headers: { "content-type": "application/json", ...headers }, duplex: "half" };
  const response = await fetch(url, init as RequestInit);
  const text = await response.text();
  await expectDocumented("POST", url, response, text);
  return { status: response.status, headers: response.headers, body: JSON.parse(text) as Record<string, unknown> };
}

/** GETs and reads the JSON answer, which must be as documented. */
export async function get(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Record<string, unknown>;
}> {
  const response = await fetch(url, { headers });
  const text = await response.text();
  await expectDocumented("GET", url, response, text);
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>,
  };
}
