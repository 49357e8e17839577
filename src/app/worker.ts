import type { Config } from "../config/config.ts";
import { createTotalling } from "../gateway/totals.ts";
import { endOf, gatewayFamilies } from "../http/metrics/families.ts";
import type { Logger } from "../observe/log/logger.ts";
import { createHotKeys } from "../traffic/hot-keys.ts";
import type { FromWorker, ToWorker } from "../workers/messages.ts";
import { reportTo, type Reporting } from "../workers/reporting.ts";
import { CLOCK } from "./clock.ts";
import type { LoadedContracts } from "./contracts.ts";
import { callBackLater } from "./fleet.ts";
import { startPipeline, type Pipeline } from "./pipeline.ts";
import { startRedriving } from "./redriving.ts";
import { both, forgetKeys, openReports } from "./reports.ts";
import { openTraces } from "./tracing.ts";

/** A process that decides for another one, which serves HTTP and watches over it. */
export type Worker = {
  readonly pipeline: Pipeline;
  readonly hear: (message: ToWorker) => void;
  /** @param stays its place in the group waits for the process that replaces it. */
  readonly stop: (stays: boolean) => Promise<void>;
};

/** Longest name of a member that brokers take. */
const NAME_MAX = 249;

/**
 * The configuration of a worker: it decides by itself, and has a name in the group that outlives it, made of `kafka.instance_id`, or of
 * machine and port, which no other program on the machine has. Without either a name could be another fleet's, so there is none.
 * @param host name of this machine.
 */
export function workerConfig(config: Config, worker: number, host: string): Config {
  const { kafka, http } = config;
  const base = kafka?.instanceId ?? (http.port === 0 ? null : `${host}-${http.port}`);
  const name = base === null ? null : `${base.replaceAll(/[^A-Za-z0-9._-]/g, "-").slice(0, NAME_MAX - 4)}-${worker}`;
  return {
    ...config,
    process: { role: "worker", workers: 1 },
    // The other process copies the contracts of a web server; this one reads the copy.
    contractsUrl: null,
    kafka: kafka === null ? null : { ...kafka, instanceId: name, staysInGroup: kafka.instanceId !== null },
  };
}

/** Starts to decide, and to tell how that goes. @param onStop called when the other process wants it to end. */
export async function startWorker(
  config: Config,
  contracts: LoadedContracts,
  logger: Logger,
  version: string,
  tell: (message: FromWorker) => void,
  onStop: (stays: boolean) => void,
): Promise<Worker> {
  const reports = await openReports(config, logger, version);
  const { traceBatch, calls = {} } = await openTraces(config, version, logger);
  const totals = createTotalling();
  const hotKeys = createHotKeys(Math.random);
  let changed: Reporting["changed"] = () => undefined;
  const url = `http://${config.http.host}:${config.http.port}`;
  const pipeline = await startPipeline(
    config,
    contracts,
    both(both(both(reports.events, totals.observe), forgetKeys(hotKeys)), ({ kind }) =>
      changed(kind === "batch-settled"),
    ),
    reports.contracts,
    reports.anchors,
    { url, report: reports.notify, diagnosed: reports.diagnosed, ...calls },
    { ...(traceBatch === undefined ? {} : { traceBatch }), failureLog: reports.failures, hotKeys },
  );
  const redriving = await startRedriving(config, pipeline, reports);
  const { gateway, objectives, shadow, log, pool } = pipeline;
  const reporting = reportTo(
    {
      gateway,
      totals,
      loadOf: hotKeys.load,
      families: async () =>
        reports.metrics.families(
          endOf(log),
          Date.now(),
          gatewayFamilies({
            inFlightBytes: gateway.inFlightBytes(),
            objectives: objectives?.totals(),
            shadows: shadow?.snapshot(),
            validators: pool?.validators(),
          }),
        ),
      tell,
      monotonicMs: CLOCK.monotonicMs,
      later: callBackLater,
    },
    onStop,
  );
  ({ changed } = reporting);
  return {
    pipeline,
    hear: reporting.hear,
    stop: async (stays) => {
      if (stays) log.keepPlace?.();
      try {
        await redriving.close();
      } finally {
        await pipeline.stop();
        reporting.close();
      }
    },
  };
}
