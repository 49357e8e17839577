import { randomBytes } from "node:crypto";
import { createGroupUse } from "../access/group-use.ts";
import type { Config } from "../config/config.ts";
import type { ShownSetting } from "../config/shown-setting.ts";
import { isLoopback } from "../config/http-config.ts";
import type { Observe } from "../gateway/event.ts";
import { openSignatures } from "./anchor-signatures.ts";
import { warnOfLeftBehind } from "./left-behind.ts";
import { createAnchorNotes } from "../gateway/anchor-notes.ts";
import type { RouterEvent } from "../lanes/event.ts";
import type { Router } from "../lanes/router.ts";
import { createHotKeys } from "../traffic/hot-keys.ts";
import { createTotalling } from "../gateway/totals.ts";
import type { Logger } from "../observe/log/logger.ts";
import { readConsole } from "./console-files.ts";
import { failureDeps } from "./failing.ts";
import { accessBy, hasClientCa, type KeyStore } from "./access.ts";
import { backlogLimit, lanesOf } from "./backlog.ts";
import { both, forgetKeys, later, openReports, type Reports } from "./reports.ts";
import { noteVerdicts } from "./verdicts.ts";
import { checkFiles, refuseDamage } from "./data-directory.ts";
import { type LoadedContracts } from "./contracts.ts";
import type { LateFleet } from "./fleet.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Redriving } from "./redriving.ts";
import { decidesHere, hasStore, openRole, routesHere } from "./roles.ts";
import type { ServedTls } from "./tls.ts";
import { openTraces } from "./tracing.ts";
import type { Unavailable } from "../core/unavailable.ts";
import type { IntegrityCheck } from "../sqlite/integrity.ts";
import type { HttpDeps } from "../http/deps.ts";
import type { Store } from "../store/store.ts";
import type { Shadow } from "../rejudge/shadow/shadow.ts";
import type { WhatIfRuns } from "../rejudge/what-if/runs.ts";

/**
 * A pipeline behind an HTTP server. `url` is its address. `stop` accepts no more requests, answers the open ones,
 * settles and closes.
 */
export type Service = {
  readonly url: string;
  readonly pipeline: Pipeline;
  /** Null where no source has lanes, or another process moves the records to them. */
  readonly router: Pick<Router, "done"> | null;
  /** The damage that the check of log and store found after the start; null when both are sound. */
  readonly damage: Promise<Unavailable | null>;
  readonly stop: () => Promise<void>;
  /** Replaces the workers one after another; does nothing where this process decides by itself. */
  readonly roll: () => Promise<void>;
};

/**
 * Starts a service: reserves the address, starts the streams, then accepts requests.
 * @param observe receives the events of the streams, besides the log.
 * @param tls what `openTls` made of the same settings; null: plain HTTP.
 * @param settings as people may see them.
 * @throws the system's error when the address cannot be used; then nothing else was opened.
 */
export async function startService(
  config: Config,
  contracts: LoadedContracts,
  logger: Logger,
  version: string,
  observe: Observe,
  tls: ServedTls | null = null,
  settings: readonly ShownSetting[] = [],
): Promise<Service> {
  const { createHttpServer } = await import("../http/server.ts");
  const { openDoor } = await import("../http/listen.ts");
  const fleet = await fleetFor(config, logger);
  const reports = await openReports(config, logger, version, fleet);
  const { traceRequest, calls = {}, ...traces } = await openTraces(config, version, logger);
  if (contracts.stale !== null) reports.contracts({ kind: "contracts-stale", why: contracts.stale });
  const door = await openDoor({ ...config.http, tls: tls?.door ?? null });
  const unfollow = tls?.follow(door, reports.tls) ?? (async () => undefined);
  const opened = [unfollow];
  const shown = await openShown(config);
  const check = await (config.process.role === "all" ? checkFiles(config) : NOTHING_TO_CHECK);
  try {
    if (await refuseDamage(check)) logger.write("gateway.checking", {});
    const pipeline = await openRole(
      fleet?.start ?? null,
      config,
      contracts,
      both(reports.events, both(shown.observe, observe)),
      reports.contracts,
      both(reports.anchors, shown.observeAnchors),
      { url: door.url, report: reports.notify, diagnosed: reports.diagnosed, ...calls },
      { ...traces, failureLog: reports.failures, ...shown.watchers },
    );
    opened.push(pipeline.stop);
    const { store, shadow, contracts: live } = pipeline;
    await warnOfLeftBehind(config, pipeline, logger);
    const reporting = await reportShadow(shadow, logger);
    const redriving = await openRedriving(config, pipeline, reports, opened);
    const router = await openRouter(config, pipeline, reports.router, opened);
    const noted = hasStore(config) ? store : UNNOTED;
    const verdicts = noteVerdicts(noted, { log: logger, later, failureLog: reports.failures, now: Date.now });
    const http = await createHttpServer({
      ...(await routeDeps(config, pipeline)),
      redrives: redriving.routes,
      ...failureDeps(store, config, live.current),
      ...(await accessTo(config, store, logger)),
      console: await readConsole(),
      metrics: reports.metrics,
      ...shown.routes,
      ...(fleet === null ? {} : { totals: fleet.totals, loadOf: fleet.loadOf }),
      ...(router === null ? {} : { routed: router }),
      logger: reports.framework,
      version,
      ...(await settingsOf(config, settings)),
      onVerdict: verdicts.note,
      ...(traceRequest === undefined ? {} : { traceRequest }),
    });
    door.open(http);
    logger.write("gateway.listening", { "url.full": door.url });
    const besides = [async () => router?.stop(), check.stop, unfollow].map((close) => ({ close }));
    const stop = stopperOf(reporting, [door, http], [verdicts, redriving, ...besides], pipeline);
    const roll = async (): Promise<void> => fleet?.roll();
    return { url: door.url, pipeline, router, damage: check.damage, stop, roll };
  } catch (error) {
    await check.stop();
    await door.close();
    for (const close of opened.toReversed()) await close();
    throw error;
  }
}

/** The workers of a configuration; loads nothing where this process decides by itself. */
async function fleetFor(config: Config, logger: Logger): Promise<LateFleet | null> {
  if (config.process.workers === 1) return null;
  const { fleetOf } = await import("./fleet.ts");
  return fleetOf(config, logger);
}

/**
 * Who may ask. A process without a store knows no keys: then whoever reaches it may ask what its role answers, unless certificates of
 * clients are asked for.
 */
async function accessTo(config: Config, store: Store, logger: Logger): Promise<Pick<HttpDeps, "access">> {
  if (!hasStore(config) && !hasClientCa(config)) return {};
  return { access: await accessBy(config, hasStore(config) ? store : NO_KEYS, logger, Date.now) };
}

/** Where nothing is noted of verdicts. */
const UNNOTED: Pick<Store, "noteTraffic"> = { noteTraffic: async () => undefined };

/** What a process without a store knows of keys. */
const NO_KEYS: KeyStore = { ...UNNOTED, reads: { operatorLog: async () => [] } };

/** Where no files are this process's own. */
const NOTHING_TO_CHECK: Promise<IntegrityCheck> = Promise.resolve({
  damage: Promise.resolve(null),
  stop: async () => undefined,
});

/** What routes show of what this process does: counts, anchors, records as they are decided. */
async function openShown(config: Config) {
  const { createLive } = await import("../http/live/live.ts");
  const totals = createTotalling();
  const anchors = createAnchorNotes(Date.now);
  const live = createLive({ now: Date.now });
  const quota = config.http.quotas.groups;
  const groups = quota === null ? {} : { groupUse: createGroupUse(quota) };
  const hotKeys = createHotKeys(Math.random);
  return {
    observe: both(both(totals.observe, live.observe), forgetKeys(hotKeys)),
    observeAnchors: anchors.observe,
    watchers: { live, hotKeys, ...groups },
    routes: {
      totals,
      anchors,
      anchorSignature: openSignatures(config, Date.now),
      ...groups,
      ...(decidesHere(config) ? { live, loadOf: hotKeys.load } : {}),
    },
  };
}

type Closing = { readonly close: () => Promise<void> };

/** Stops a service: first who asks, then what works besides the pipeline, the pipeline whatever happens. */
function stopperOf(
  reporting: ReturnType<typeof setInterval> | undefined,
  doors: readonly Closing[],
  users: readonly Closing[],
  pipeline: Pipeline,
): () => Promise<void> {
  return async () => {
    try {
      clearInterval(reporting);
      await Promise.all(doors.map(async (one) => one.close()));
      for (const { close } of users) await close();
    } finally {
      await pipeline.stop();
    }
  };
}

/** Starts a router; null where no source has lanes, or this process reads some lanes and nothing else. */
async function openRouter(
  config: Config,
  { contracts, deciding: { learnSchemaIds } }: Pipeline,
  observe: (event: RouterEvent) => void,
  opened: (() => Promise<void>)[],
): Promise<Router | null> {
  if (config.routes.length === 0 || !routesHere(config)) return null;
  const { startRouting } = await import("./routing.ts");
  const learning = learnSchemaIds === undefined ? {} : { learnSchemaIds };
  const router = await startRouting(config, { ...learning, contracts: contracts.current, observe });
  if (router !== null) opened.push(router.stop);
  return router;
}

/** Starts to look for redrive plans, which a failed start ends as well. */
async function openRedriving(
  config: Config,
  pipeline: Pipeline,
  reports: Reports,
  opened: (() => Promise<void>)[],
): Promise<Redriving> {
  const { redriveRoutes, startRedriving } = await import("./redriving.ts");
  if (!decidesHere(config)) return { routes: await redriveRoutes(pipeline), close: async () => undefined };
  const redriving = await startRedriving(config, pipeline, reports);
  opened.push(redriving.close);
  return redriving;
}

/** What judges past records when somebody asks; nothing runs before. */
async function openRejudging(config: Config): Promise<WhatIfRuns> {
  const { openWhatIfs } = await import("./what-if.ts");
  return openWhatIfs(config, Date.now);
}

/** What the routes need of the settings. */
async function settingsOf(config: Config, settings: readonly ShownSetting[]) {
  const { http } = config;
  const { host, hosts, tls, corsOrigins, keepAliveMs, quotas, validate, setAside } = http;
  return {
    settings,
    whatIfs: await openRejudging(config),
    role: config.process.role,
    hosts,
    hstsSeconds: tls?.hstsSeconds ?? 0,
    corsOrigins,
    quotas,
    remote: !isLoopback(host),
    reference: { contract: validate, setAside },
    limits: { keepAliveMs },
  };
}

/** What the routes need of a pipeline. */
async function routeDeps(config: Config, pipeline: Pipeline) {
  const { log, store, gateway, shadow, diagnosis, objectives, contracts, refusedContracts, retaining, pool } = pipeline;
  const { createLookup } = await import("../gateway/lookup.ts");
  return {
    log,
    source: log,
    reads: store.reads,
    lookup: createLookup(store.reads, contracts.current),
    tail: store.tail,
    gateway,
    contracts: contracts.current,
    now: Date.now,
    randomBytes,
    about: contracts.about,
    refusedContracts,
    retention: retaining.state,
    lanesOf: lanesOf(config),
    ...(await backlogLimit(config, pipeline)),
    ...(shadow === null ? {} : { shadow: shadow.snapshot }),
    ...(diagnosis === null ? {} : { diagnosis }),
    ...(pool === null ? {} : { pool: pool.validators }),
    ...(objectives === null ? {} : { objectives }),
  };
}

const SHADOW_LOG_EVERY_MS = 60_000;

async function reportShadow(shadow: Shadow | null, logger: Logger): Promise<NodeJS.Timeout | undefined> {
  if (shadow === null) return undefined;
  const { logShadow } = await import("../observe/shadow.ts");
  return setInterval(() => logShadow(logger, shadow.snapshot()), SHADOW_LOG_EVERY_MS).unref();
}
