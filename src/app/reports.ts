import { standardError } from "./standard-error.ts";
import type { HotKeys } from "../traffic/hot-keys.ts";
import type { Config } from "../config/config.ts";
import type { ReportDiagnosis } from "../diagnosis/event.ts";
import type { AnchorEvent, ContractsEvent, Observe, RedriveEvent } from "../gateway/event.ts";
import type { RouterEvent } from "../lanes/event.ts";
import type { ReportNotify } from "../notify/sink.ts";
import type { logFramework } from "../observe/http.ts";
import type { Metrics } from "../observe/metrics/metrics.ts";
import type { Fleet } from "../workers/fleet.ts";
import type { FailureLog } from "../observe/failures.ts";
import type { Logger } from "../observe/log/logger.ts";
import type { TlsEvent } from "../tls/event.ts";

/** What writes to the log and counts, for each kind of event. */
export type Reports = {
  readonly metrics: Metrics;
  readonly events: Observe;
  readonly contracts: (event: ContractsEvent) => void;
  readonly anchors: (event: AnchorEvent) => void;
  readonly redrives: (event: RedriveEvent) => void;
  readonly router: (event: RouterEvent) => void;
  readonly notify: ReportNotify;
  readonly diagnosed: ReportDiagnosis;
  readonly tls: (event: TlsEvent) => void;
  /** For the HTTP framework. */
  readonly framework: ReturnType<typeof logFramework>;
  /** Null: failures have no lines of their own. */
  readonly failures: FailureLog | null;
};

/** Calls both. */
export function both<Event>(first: (event: Event) => void, second: (event: Event) => void): (event: Event) => void {
  return (event) => {
    first(event);
    second(event);
  };
}

/** Calls back once, and keeps no process alive for it. */
export function later(ms: number, callback: () => void): void {
  setTimeout(callback, ms).unref();
}

/** Opens what writes to the log and counts. */
export async function openReports(
  config: Config,
  logger: Logger,
  version: string,
  fleet: Pick<Fleet, "families" | "workers"> | null = null,
): Promise<Reports> {
  const { openMetrics } = await import("./metrics.ts");
  const { logContracts } = await import("../observe/contracts.ts");
  const { logEvents } = await import("../observe/streams.ts");
  const { logFramework: logHttp } = await import("../observe/http.ts");
  const { logAnchors } = await import("../observe/anchors.ts");
  const { logRouter } = await import("../observe/router.ts");
  const { logRedrives } = await import("../observe/redrives.ts");
  const { logDiagnosis } = await import("../observe/diagnosis.ts");
  const { logNotify } = await import("../observe/notify.ts");
  const { logTls } = await import("../observe/tls.ts");
  const metrics = openMetrics(version, fleet);
  const { gateway: counted } = metrics;
  return {
    metrics,
    events: both(logEvents(logger, later), counted.observe),
    contracts: both(logContracts(logger), counted.observeContracts),
    anchors: both(logAnchors(logger), counted.observeAnchors),
    redrives: logRedrives(logger),
    router: both(logRouter(logger), metrics.router.observe),
    notify: both(logNotify(logger), metrics.notify.observe),
    tls: both(logTls(logger), metrics.tls.observe),
    diagnosed: both(logDiagnosis(logger), metrics.diagnosis.observe),
    framework: logHttp(logger),
    failures: await openFailures(config, logger),
  };
}

/** Opens the log of failures; null when they are to have no lines. */
async function openFailures({ log }: Config, logger: Logger): Promise<FailureLog | null> {
  if (log.failures === "off") return null;
  const { openFailureLog } = await import("../observe/failures.ts");
  const { hashBytes } = await import("../gateway/decided.ts");
  return openFailureLog(logger, {
    lines: log.failures,
    perSecond: log.failuresPerSecond,
    later,
    digestOf: hashBytes,
  });
}

/**
 * Opens the logger to standard error.
 * @param reword translates the commands of a remedy into what the user can type.
 * @param worker number of this process among the workers of its machine; absent: it is none.
 */
export async function openLogger(
  { log }: Config,
  reword: (remedy: string) => string,
  worker?: number,
): Promise<Logger> {
  const { createLogger } = await import("../observe/log/logger.ts");
  const format = log.format === "auto" ? (process.stderr.isTTY ? "pretty" : "json") : log.format;
  const tag = worker === undefined ? {} : { worker };
  return createLogger({ level: log.level, format, destination: standardError(), pid: process.pid, reword, ...tag });
}

/** Forgets the keys of a stream that this process no longer reads. */
export function forgetKeys(hotKeys: Pick<HotKeys, "forget">): Observe {
  return (event) => {
    if (event.kind === "stream-stopped") hotKeys.forget(event.stream.id);
  };
}
