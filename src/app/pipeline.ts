import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import type { Config } from "../config/config.ts";
import type { Copying } from "../config/copying.ts";
import { idleDefaults } from "../contract/idle-defaults.ts";
import type { LiveContracts, Swap } from "../contract/live-contracts.ts";
import type { CompiledContractSet } from "../core/compiled.ts";
import { contentsOf } from "../core/contents.ts";
import { CLOCK } from "./clock.ts";
import type { AnchorEvent, ContractsEvent, Observe } from "../gateway/event.ts";
import type { TraceCall } from "../core/trace-context.ts";
import type { TraceBatch } from "../gateway/batch-trace.ts";
import type { Gateway } from "../gateway/gateway.ts";
import { openAnchors } from "./anchoring.ts";
import { decidingWith, openLookup, type Deciding } from "./deciding.ts";
import { FETCH_WAIT_MS } from "./logs.ts";
import { openEngine, type Engine } from "./engine.ts";
import { type LoadedContracts } from "./contracts.ts";
import type { SchemaLookup } from "../registry/lookup.ts";
import { diagnoseToo } from "./diagnosing.ts";
import { startRetaining, type Retaining } from "./retaining.ts";
import { countObjectives } from "./objectives.ts";
import { notifyToo } from "./notifying.ts";
import { openBatchObservers } from "./observers.ts";
import type { FailureLog } from "../observe/failures.ts";
import type { ReportDiagnosis } from "../diagnosis/event.ts";
import type { DiagnosisQueue } from "../diagnosis/queue.ts";
import type { ReportNotify } from "../notify/sink.ts";
import type { Objectives } from "../slo/objectives.ts";
import type { Shadow } from "../rejudge/shadow/shadow.ts";
import type { Log } from "../source/source.ts";

/** An engine, and a gateway that decides and stores what is appended to its log. */
export type Pipeline = Engine & {
  readonly contracts: LiveContracts;
  /** Why the latest change of the contract files was refused, one sentence each; empty when it was accepted. */
  readonly refusedContracts: () => readonly string[];
  readonly gateway: Gateway;
  /** What decides besides the contracts. */
  readonly deciding: Deciding;
  /** Takes events of streams that are no live ones, for the anchors. */
  readonly observeHeads: Observe;
  /** Null when no shadow version is configured. */
  readonly shadow: Shadow | null;
  /** Null when no language model is configured. */
  readonly diagnosis: DiagnosisQueue | null;
  readonly retaining: Pick<Retaining, "state">;
  /** Null when nothing is promised. */
  readonly objectives: Objectives | null;
  readonly stop: () => Promise<void>;
};

/** What watches batches, besides the observers of the settings. */
export type Watching = {
  /** Null: failures have no lines of their own. */
  readonly failureLog?: FailureLog | null;
  /** Absent: nothing is traced. */
  readonly traceBatch?: TraceBatch;
};

/** Who is told what became of notifications and diagnoses, and the address that links begin with. */
export type Telling = {
  readonly url: string;
  readonly report: ReportNotify;
  readonly diagnosed: ReportDiagnosis;
  /** Traces what webhooks are told; absent: nothing is traced. */
  readonly traceCall?: TraceCall;
};

/**
 * Opens the engine and starts deciding. `stop` finishes the batches in flight and closes everything.
 * @param tell null: nobody is notified and no language model is asked, whatever is configured, and the time of the streams counts in no
 * objective: a command that ends with its input is not there to decide. `url` is that of the API.
 * @param watching what else watches the batches.
 */
export async function startPipeline(
  config: Config,
  first: LoadedContracts,
  observe: Observe,
  observeContracts: (event: ContractsEvent) => void = () => undefined,
  observeAnchors: (event: AnchorEvent) => void = () => undefined,
  tell: Telling | null = null,
  { failureLog = null, traceBatch }: Watching = {},
): Promise<Pipeline> {
  const collections = [...new Set([...first.set.bySubject.values()].map(({ collection }) => collection))];
  const engine = await openEngine(config, collections, "gateway");
  try {
    const { startGateway } = await import("../gateway/gateway.ts");
    const { holdContracts } = await import("../contract/live-contracts.ts");
    const contracts = holdContracts(first);
    const shadow = await openShadows(config, first.set);
    const lookup = await openLookup(config, contracts, observeContracts);
    const observers = await openBatchObservers(config, engine, contracts, shadow, observeContracts, failureLog);
    const anchors = await openAnchors(config, engine, observe, observeAnchors);
    const heard = await notifyToo(config, engine, anchors, tell);
    const { diagnosis, ...asked } = await diagnoseToo(config, engine.store, contracts.current, heard, tell);
    const told = await countObjectives(config, engine.store, asked);
    const deciding = await decidingWith(config, lookup, engine.log);
    const gateway = await startGateway({
      source: engine.log,
      store: engine.store,
      contracts: contracts.current,
      ...deciding,
      limits: { ...config.batch, waitMs: FETCH_WAIT_MS },
      evidence: config.evidence,
      breaker: config.breaker,
      observeBatch: observers.observeBatch,
      ...(traceBatch === undefined ? {} : { traceBatch }),
      observe: told.observe,
      sleep,
      clock: CLOCK,
      random: Math.random,
    });
    if (tell !== null) told.begin(gateway);
    const { log, ends } = await guarded(config, engine, gateway);
    const retention = keepRetentionOf(config, engine.log, gateway);
    const retaining = startRetaining(config.retention, engine.store, sleep);
    const following = new AbortController();
    const { refused, onReload } = createReload(contracts, lookup, shadow, observeContracts);
    const followed = follow(config, contracts, first.seen, { onReload, observe: observeContracts }, following.signal);
    const closing = [observers, ends, retention, retaining, told];
    const stop = stopperOf(following, gateway, followed, closing, [shadow, engine]);
    const { heads: observeHeads } = anchors;
    const running = { gateway, deciding, observeHeads, shadow, diagnosis, retaining, objectives: told.objectives };
    return { ...engine, log, contracts, refusedContracts: refused, ...running, stop };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

type Closing = { readonly close: () => Promise<void> };

/** What stops a pipeline: first what decides, then what waits for decisions, at last what they are in. */
function stopperOf(
  following: AbortController,
  gateway: Gateway,
  followed: Promise<void>,
  users: readonly Closing[],
  used: readonly (Closing | null)[],
): () => Promise<void> {
  return async () => {
    try {
      following.abort();
      await gateway.stop();
      await followed;
      for (const { close } of users) await close();
    } finally {
      for (const one of used) await one?.close();
    }
  };
}

/** What is done when the contract files changed. `refused`: why the last change was refused. */
function createReload(
  contracts: LiveContracts,
  lookup: SchemaLookup | null,
  shadow: Shadow | null,
  observe: (event: ContractsEvent) => void,
): { readonly refused: () => readonly string[]; readonly onReload: (outcome: Swap) => void } {
  let refused: readonly string[] = [];
  const reportIdle = idleReporter(contracts, observe);
  reportIdle();
  return {
    refused: () => refused,
    onReload: (outcome) => {
      refused = outcome.kind === "refused" ? outcome.problems : [];
      if (outcome.kind === "refused") observe({ kind: "contracts-refused", problems: refused });
      if (outcome.kind !== "swapped") return;
      lookup?.forget();
      shadow?.update(contentsOf(contracts.current()));
      observe({ ...outcome, kind: "contracts-swapped" });
      reportIdle();
    },
  };
}

const NOTHING = { close: async (): Promise<void> => undefined };

function idleReporter(contracts: LiveContracts, observe: (event: ContractsEvent) => void): () => void {
  return () => {
    for (const idle of idleDefaults(contracts.current())) observe({ kind: "default-idle", ...idle });
  };
}

/** The log as the gateway guards it; the ends of the embedded log are noted in the store. */
async function guarded({ kafka }: Config, { log, store }: Engine, gateway: Gateway) {
  const { guardLog } = await import("../gateway/guarded-log.ts");
  const { startLogEnds } = await import("../gateway/log-ends.ts");
  const ends = kafka === null ? startLogEnds(store) : null;
  const watched = { gateway, reads: store.reads, now: Date.now, sleep: delay };
  return { log: guardLog(log, { ...watched, ...(ends === null ? {} : { note: ends.note }) }), ends: ends ?? NOTHING };
}

/** Deletes settled records from an embedded log when they are older than the retention time. */
function keepRetentionOf(config: Config, log: Log, gateway: Gateway): { readonly close: () => Promise<void> } {
  const { kafka, logRetentionMs: retentionMs } = config;
  if (kafka !== null || retentionMs === null) return { close: async () => undefined };
  const stopping = new AbortController();
  const kept = import("../gateway/retention.ts").then(async ({ keepRetention }) =>
    keepRetention({ log, gateway, retentionMs, now: Date.now, sleep }, stopping.signal),
  );
  return {
    close: async () => {
      stopping.abort();
      await kept;
    },
  };
}

/** Replaces the live contracts when their files change. */
async function follow(
  config: Config,
  live: LiveContracts,
  seen: string,
  callbacks: { readonly onReload: (outcome: Swap) => void; readonly observe: (event: ContractsEvent) => void },
  signal: AbortSignal,
): Promise<void> {
  const { contractsReloadMs: everyMs, contractsDir, sources, shadow, limits, objectives, http } = config;
  if (everyMs === 0) return;
  const { followContracts } = await import("../config/reload.ts");
  const pause = async (): Promise<void> => nextTurn();
  const settings = { contractsDir, sources, shadow, limits, objectives, http };
  let stale: string | null = null;
  const copying = await openCopy(config);
  // A copy that is running when the service stops is aborted.
  signal.addEventListener("abort", () => void copying?.close());
  const refresh = async (): Promise<void> => {
    const why = (await copying?.refresh().catch((error: unknown) => (error as Error).message)) ?? null;
    // Each trouble is reported once, not at each refresh.
    if (why !== null && why !== stale) callbacks.observe({ kind: "contracts-stale", why });
    stale = why;
  };
  const onWeb = copying === null ? {} : { refresh };
  const deps = { settings, live, seen, report: callbacks.onReload, everyMs, sleep, pause, ...onWeb };
  await followContracts(deps, signal);
}

/** Opens the copy of a contracts directory on the web; null when the contracts are local files. */
async function openCopy({ contractsUrl: url, contractsDir: directory }: Config): Promise<Copying | null> {
  if (url === null) return null;
  const { openCopying } = await import("../config/copying.ts");
  const { FILE_TIMEOUT_MS } = await import("../contract/http-directory.ts");
  return openCopying({ url, directory, timeoutMs: FILE_TIMEOUT_MS });
}

/** Opens the shadow versions; loads no module without any. */
async function openShadows({ shadow }: Config, set: CompiledContractSet): Promise<Shadow | null> {
  if (shadow.length === 0) return null;
  const { openShadow } = await import("../rejudge/shadow/shadow.ts");
  const { SHADOW_LIMITS } = await import("../rejudge/shadow/thread.ts");
  return openShadow(shadow, contentsOf(set), SHADOW_LIMITS);
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  // The delay rejects only when the signal aborts, which ends the sleep too.
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
