import { onTestFinished } from "vitest";
import { startGateway } from "../../src/gateway/gateway.ts";
import type { IngestDeps } from "../../src/gateway/ingest.ts";
import type { HttpDeps } from "../../src/http/deps.ts";
import { createHttpServer } from "../../src/http/server.ts";
import { openEmbedded, type Embedded } from "../embedded.ts";
import { PATIENCE_MS } from "../patience.ts";

/** A running gateway behind a real socket on the loopback interface. */
export type Service = Embedded & { readonly url: string; readonly port: number };

export async function startService(
  changes: { readonly ingest?: Partial<IngestDeps>; readonly http?: Partial<HttpDeps> } = {},
): Promise<Service> {
  const embedded = await openEmbedded();
  const gateway = await startGateway({ ...embedded.deps, ...changes.ingest });
  const app = await createHttpServer({
    log: embedded.log,
    source: embedded.log,
    reads: embedded.store.reads,
    gateway,
    contracts: embedded.deps.contracts,
    about: () => new Map(),
    refusedContracts: () => [],
    now: () => 1_700_000_000_000,
    logger: false,
    version: "0.0.0-test",
    ...changes.http,
    limits: { lineMs: PATIENCE_MS, bodyMs: PATIENCE_MS, ...changes.http?.limits },
  });
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  onTestFinished(async () => {
    await app.close();
    await gateway.stop();
  });
  return { ...embedded, url, port: Number(new URL(url).port) };
}

/** POSTs a body and reads the JSON answer. */
export async function post(
  url: string,
  body: string | Uint8Array | ReadableStream,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly headers: Headers; readonly body: Record<string, unknown> }> {
  const init = { method: "POST", body, headers: { "content-type": "application/json", ...headers }, duplex: "half" };
  const response = await fetch(url, init as RequestInit);
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  };
}
