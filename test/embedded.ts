import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { audit } from "../src/audit/audit.ts";
import type { AuditReport } from "../src/audit/report.ts";
import { compileContractSet } from "../src/core/compile.ts";
import { type CompiledContractSet } from "../src/core/compiled.ts";
import { DEFAULT_LIMITS, sealContractSet, versionDigest } from "../src/core/contract-set.ts";
import type { JsonObject } from "../src/json/json.ts";
import type { GatewayEvent } from "../src/gateway/event.ts";
import { startGateway, type Gateway, type GatewayDeps, type StreamState } from "../src/gateway/gateway.ts";
import type { IngestDeps } from "../src/gateway/ingest-deps.ts";
import { createLookup, type Lookup } from "../src/gateway/lookup.ts";
import { openEmbeddedLog, type EmbeddedLog } from "../src/source/embedded/log.ts";
import { openSqliteStore } from "../src/store/sqlite/store.ts";
import type { SettledRow, Store } from "../src/store/store.ts";
import { PATIENCE_MS, until } from "./patience.ts";

export const TOPIC = "shipments";

/** A fresh directory that is removed when the test ends. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), "sigma-test-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** The shipment contract with a rule of our choice, bound to {@link TOPIC}. */
export function shipmentContracts(weightMax = 1_000): CompiledContractSet {
  const schema = JSON.parse(
    readFileSync(new URL("../contracts/shipment/v1.schema.json", import.meta.url), "utf8"),
  ) as JsonObject;
  const rules = [
    { id: "max-weight", expression: `weight_kg <= ${weightMax}.0`, message: "weight_kg exceeds maximum allowed limit" },
  ];
  const content = { version: 1, schema, rules, identity: ["/shipment_id"] };
  const version = { ...content, status: "active" as const, digest: versionDigest("shipment", content) };
  return compileContractSet(
    sealContractSet({
      limits: DEFAULT_LIMITS,
      contracts: [{ subject: "shipment", collection: "shipments", versionField: null, versions: [version] }],
      bindings: [{ topic: TOPIC, subject: "shipment", defaultVersion: 1 }],
    }),
  );
}

export function shipment(id: string, weightKg = 15.2): string {
  return `{"shipment_id":"${id}","weight_kg":${weightKg},"destination":"Dublin","priority":2}`;
}

/** The embedded engine on real files, without a gateway yet. */
export type Embedded = {
  readonly directory: string;
  readonly log: EmbeddedLog;
  readonly store: Store;
  readonly lookup: Lookup;
  readonly events: GatewayEvent[];
  readonly deps: IngestDeps;
  readonly append: (...texts: readonly string[]) => Promise<void>;
  /** Runs a gateway until everything in the log is settled or the stream stands, then stops it. */
  readonly settle: (deps?: Partial<GatewayDeps>) => Promise<Gateway>;
  /** What became of the records of `[from, to)` of its one stream. */
  readonly rows: (from?: bigint, to?: bigint) => Promise<readonly SettledRow[]>;
  readonly audit: (withSource?: boolean) => Promise<AuditReport>;
};

export async function openEmbedded(directory: string = temporaryDirectory(), partitions = 1): Promise<Embedded> {
  const log = openEmbeddedLog({
    path: join(directory, "log.db"),
    topics: [{ name: TOPIC, partitions }],
    now: () => 1_700_000_000_000,
    randomBytes,
    busyTimeoutMs: PATIENCE_MS,
  });
  const store = openSqliteStore({
    path: join(directory, "store.db"),
    collections: ["shipments"],
    busyTimeoutMs: PATIENCE_MS,
  });
  onTestFinished(async () => {
    await store.close();
    await log.close();
  });
  const contracts = shipmentContracts();
  const lookup = createLookup(store.reads);
  const events: GatewayEvent[] = [];
  const deps: IngestDeps = {
    source: log,
    store,
    contracts: () => contracts,
    limits: { bytesMax: 1_000_000, recordsMax: 5, waitMs: 20 },
    observe: (event) => events.push(event),
    sleep: async (_, signal) => (signal.aborted ? undefined : new Promise((resolve) => setTimeout(resolve, 1))),
    clock: { monotonicMs: () => performance.now(), nowMs: Date.now },
    random: () => 0.5,
  };
  return {
    directory,
    log,
    store,
    lookup,
    events,
    deps,
    append: async (...texts) => {
      await log.append(
        TOPIC,
        texts.map((text) => ({ key: null, headers: [], value: Buffer.from(text), partition: null })),
      );
    },
    settle: async (changes = {}) => {
      const gateway = await startGateway({ ...deps, ...changes });
      const ends = new Map<string, bigint>();
      for (const stream of await log.streams()) ends.set(stream.id, (await log.bounds(stream)).end);
      let broken = false;
      gateway.done.catch(() => (broken = true));
      await until(() => {
        const isOver = ({ state, stream, settledTo }: StreamState): boolean =>
          state === "halted" || (settledTo ?? -1n) >= (ends.get(stream.id) ?? 0n);
        return broken || gateway.streams().every(isOver);
      });
      await gateway.stop();
      return gateway;
    },
    rows: async (from = 0n, to = 1_000n) => {
      const [stream] = await log.streams();
      return lookup.rows(stream?.id ?? "", from, to);
    },
    audit: async (withSource = false) =>
      audit(store.reads, {
        ...(withSource ? { source: log } : {}),
        tailMayBeIncomplete: false,
        findingsMax: 100,
        signal: new AbortController().signal,
      }),
  };
}
