import type { Logger } from "pino";
import { isLoopback, type Config } from "./config.ts";
import type { Observe } from "./gateway/event.ts";
import type { LoadedContracts } from "./main.ts";
import { startPipeline, type Pipeline } from "./pipeline.ts";
import type { Shadow } from "./shadow/shadow.ts";

/** A pipeline behind an HTTP server. `url` is where it listens. `stop`: accept nothing more, answer, settle, close. */
export type Service = { readonly url: string; readonly pipeline: Pipeline; readonly stop: () => Promise<void> };

/**
 * The address first, then the streams, then whoever asks.
 * @param observe told of what the streams do, besides the log.
 * @throws the system's error when the address cannot be listened on: nothing was opened then.
 */
export async function startService(
  config: Config,
  contracts: LoadedContracts,
  logger: Logger,
  version: string,
  observe: Observe,
): Promise<Service> {
  const { logContracts, logEvents } = await import("./observe/log.ts");
  const { createHttpServer } = await import("./http/server.ts");
  const { openDoor } = await import("./http/listen.ts");
  const { noteVerdicts } = await import("./verdicts.ts");
  const tellContracts = logContracts(logger);
  if (contracts.stale !== null) tellContracts({ kind: "contracts-stale", why: contracts.stale });
  const logEvent = logEvents(logger);
  const door = await openDoor(config.http);
  const opened: Pipeline[] = [];
  try {
    const pipeline = await startPipeline(
      config,
      contracts,
      (event) => {
        logEvent(event);
        observe(event);
      },
      tellContracts,
    );
    opened.push(pipeline);
    const { log, store, gateway, shadow, contracts: inForce } = pipeline;
    const reporting = await reportShadow(shadow, logger);
    const verdicts = noteVerdicts(store, logger, Date.now);
    const { hosts, keepAliveMs, validate, setAside } = config.http;
    const http = await createHttpServer({
      log,
      source: log,
      reads: store.reads,
      gateway,
      contracts: inForce.current,
      about: inForce.about,
      refusedContracts: pipeline.refusedContracts,
      ...(shadow === null ? {} : { shadow: shadow.snapshot }),
      now: Date.now,
      logger,
      version,
      hosts,
      remote: !isLoopback(config.http.host),
      reference: { contract: validate, setAside },
      onVerdict: verdicts.note,
      limits: { keepAliveMs },
    });
    door.open(http);
    logger.info({ url: door.url }, "listening");
    const stop = async (): Promise<void> => {
      try {
        clearInterval(reporting);
        await Promise.all([door.close(), http.close()]);
        await verdicts.close();
      } finally {
        await pipeline.stop();
      }
    };
    return { url: door.url, pipeline, stop };
  } catch (error) {
    await Promise.all([door.close(), ...opened.map(async (pipeline) => pipeline.stop())]);
    throw error;
  }
}

const SHADOW_LOG_EVERY_MS = 60_000;

async function reportShadow(shadow: Shadow | null, logger: Logger): Promise<NodeJS.Timeout | undefined> {
  if (shadow === null) return undefined;
  const { logShadow } = await import("./observe/shadow.ts");
  return setInterval(() => logShadow(logger, shadow.snapshot()), SHADOW_LOG_EVERY_MS).unref();
}

/** A logger to standard error as the configuration wants it. */
export async function openLogger({ log }: Config): Promise<Logger> {
  const { createLogger } = await import("./observe/log.ts");
  const format = log.format === "auto" ? (process.stderr.isTTY ? "pretty" : "json") : log.format;
  return createLogger({ level: log.level, format, destination: process.stderr });
}
