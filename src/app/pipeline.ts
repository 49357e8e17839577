import { setTimeout as delay } from "node:timers/promises";
import type { Config } from "../config/config.ts";
import type { LiveContracts } from "../contract/live-contracts.ts";
import type { CompiledContractSet } from "../core/compiled.ts";
import { contentsOf } from "../core/contents.ts";
import { CLOCK } from "./clock.ts";
import type { AnchorEvent, ContractsEvent, Observe } from "../gateway/event.ts";
import type { TraceCall } from "../core/trace-context.ts";
import type { TraceBatch } from "../gateway/batch-trace.ts";
import type { Gateway, GatewayDeps } from "../gateway/gateway.ts";
import { openAnchors } from "./anchoring.ts";
import { decidingWith, openLookup, type Deciding } from "./deciding.ts";
import { laneLimits } from "./lane-limits.ts";
import { FETCH_WAIT_MS } from "./logs.ts";
import { openEngine, type Engine } from "./engine.ts";
import { type LoadedContracts } from "./contracts.ts";
import { followFiles } from "./following.ts";
import { diagnoseToo } from "./diagnosing.ts";
import { startRetaining, type Retaining } from "./retaining.ts";
import { countObjectives } from "./objectives.ts";
import { notifyToo } from "./notifying.ts";
import { openBatchObservers, type Watchers } from "./observers.ts";
import type { ReportDiagnosis } from "../diagnosis/event.ts";
import type { DiagnosisQueue } from "../diagnosis/queue.ts";
import type { ReportNotify } from "../notify/sink.ts";
import type { Objectives } from "../slo/objectives.ts";
import type { Shadow } from "../rejudge/shadow/shadow.ts";
import type { Pool } from "../pool/pool.ts";
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
  /** Null when this process decides by itself. */
  readonly pool: Pick<Pool, "validators"> | null;
  /** Null when no language model is configured. */
  readonly diagnosis: DiagnosisQueue | null;
  readonly retaining: Pick<Retaining, "state">;
  /** Null when nothing is promised. */
  readonly objectives: Objectives | null;
  readonly stop: () => Promise<void>;
};

/** What watches batches, besides the observers of the settings. */
export type Watching = Watchers & {
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
  watching: Watching = {},
): Promise<Pipeline> {
  const { traceBatch } = watching;
  const collections = [...new Set([...first.set.bySubject.values()].map(({ collection }) => collection))];
  const engine = await openEngine(config, collections, "gateway");
  try {
    const { BATCHES_AT_ONCE, startGateway } = await import("../gateway/gateway.ts");
    const { holdContracts } = await import("../contract/live-contracts.ts");
    const contracts = holdContracts(first);
    const shadow = await openShadows(config, first.set);
    const lookup = await openLookup(config, contracts, observeContracts);
    const observers = await openBatchObservers(config, engine, contracts, shadow, observeContracts, watching);
    const anchors = await openAnchors(config, engine, observe, observeAnchors);
    const heard = await notifyToo(config, engine, anchors, tell);
    const { diagnosis, ...asked } = await diagnoseToo(config, engine.store, contracts.current, heard, tell);
    const told = await countObjectives(config, engine.store, asked);
    const deciding = await decidingWith(config, lookup, engine.log);
    const pool = await openValidators(config, contracts, observeContracts);
    const gateway = await startGateway({
      source: engine.log,
      store: engine.store,
      contracts: contracts.current,
      ...deciding,
      ...(pool === null ? {} : { decideElsewhere: pool.decide }),
      ...batchesOf(config),
      evidence: config.evidence,
      breaker: config.breaker,
      laneOf: laneLimits(config, BATCHES_AT_ONCE * config.batch.recordsMax),
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
    const following = followFiles(config, contracts, first.seen, { lookup, shadow, observe: observeContracts });
    const closing = [observers, ends, retention, retaining, told, pool ?? NOTHING];
    const stop = stopperOf(following, gateway, closing, [shadow, engine]);
    const { heads: observeHeads } = anchors;
    const running = {
      gateway,
      deciding,
      observeHeads,
      shadow,
      pool,
      diagnosis,
      retaining,
      objectives: told.objectives,
    };
    return { ...engine, log, contracts, refusedContracts: following.refused, ...running, stop };
  } catch (error) {
    await engine.close();
    throw error;
  }
}

/** How large batches are, and how many of them there are at a time. */
function batchesOf({
  batch,
  inFlightBytesMax,
  settleGoalMs,
  mongodbUri,
}: Config): Pick<GatewayDeps, "limits" | "inFlightBytesMax" | "settleGoalMs"> {
  // An embedded store writes in this process: nothing is on the way, and a larger batch only holds up requests.
  const goal = mongodbUri === null || settleGoalMs === null ? {} : { settleGoalMs };
  return { limits: { ...batch, waitMs: FETCH_WAIT_MS }, inFlightBytesMax, ...goal };
}

type Closing = { readonly close: () => Promise<void> };

/** What stops a pipeline: first what decides, then what waits for decisions, at last what they are in. */
function stopperOf(
  following: Closing,
  gateway: Gateway,
  users: readonly Closing[],
  used: readonly (Closing | null)[],
): () => Promise<void> {
  return async () => {
    try {
      const followed = following.close();
      await gateway.stop();
      await followed;
      for (const { close } of users) await close();
    } finally {
      for (const one of used) await one?.close();
    }
  };
}

const NOTHING = { close: async (): Promise<void> => undefined };

/** The log as the gateway guards it; the ends of the embedded log are noted in the store. */
export async function guarded(
  { kafka }: Config,
  { log, store }: Engine,
  gateway: Gateway,
): Promise<{ readonly log: Engine["log"]; readonly ends: Closing }> {
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

/** Opens the pool of validators; loads nothing where this process decides by itself. */
async function openValidators(
  { pool }: Config,
  contracts: LiveContracts,
  report: (event: ContractsEvent) => void,
): Promise<Pool | null> {
  if (pool === null) return null;
  const { openPool } = await import("../pool/pool.ts");
  return openPool({ ...pool, contracts: contracts.current, report, sleep });
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
