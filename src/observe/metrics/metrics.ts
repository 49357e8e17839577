import type { Family } from "./family.ts";
import { createGatewayMetrics, type GatewayMetrics } from "./gateway.ts";
import { createDiagnosisMetrics, type DiagnosisMetrics } from "./diagnosis.ts";
import { createHttpMetrics, type HttpMetrics } from "./http.ts";
import { createNotifyMetrics, type NotifyMetrics } from "./notify.ts";
import { byWorker, type Worked } from "./by-worker.ts";
import { createRouterMetrics, type RouterMetrics } from "./router.ts";
import { metricsPage, type MetricsPage } from "./page.ts";
import type { EndOf } from "./streams.ts";
import { createTlsMetrics, type TlsMetrics } from "./tls.ts";

/** The value of the label `worker` for the process that watches over the workers. */
const SUPERVISOR = "supervisor";

/** All metrics of a process: what its parts report, and the page that a collector reads. */
export type Metrics = {
  readonly gateway: Pick<GatewayMetrics, "observe" | "observeContracts" | "observeAnchors">;
  readonly diagnosis: Pick<DiagnosisMetrics, "observe">;
  readonly router: Pick<RouterMetrics, "observe">;
  readonly tls: Pick<TlsMetrics, "observe">;
  readonly http: Pick<HttpMetrics, "answered" | "verdict" | "limited">;
  readonly notify: Pick<NotifyMetrics, "observe">;
  /** The families of this process. The arguments are those of `page`. */
  readonly families: (endOf: EndOf, nowMs: number, others: readonly Family[]) => Promise<readonly Family[]>;
  /**
   * Makes the page.
   * @param accept the header of the request; absent: the text format.
   * @param endOf the ends of the logs of the streams that are read, for the lag.
   * @param others families that are read at the scrape.
   */
  readonly page: (
    accept: string | undefined,
    endOf: EndOf,
    nowMs: number,
    others: readonly Family[],
  ) => Promise<MetricsPage>;
};

/** Processes that work for this one, and how many there are. */
export type WorkersMetrics = {
  /** The families of each one that answers. */
  readonly families: () => Promise<readonly Worked[]>;
  readonly own: () => readonly Family[];
};

/**
 * @param fixed families of the process itself; none when absent.
 * @param workers whose families the page shows beside those of this process; null: no series says a worker.
 */
export function createMetrics(
  fixed: () => Promise<readonly Family[]> = async () => [],
  workers: WorkersMetrics | null = null,
): Metrics {
  const gateway = createGatewayMetrics();
  const http = createHttpMetrics();
  const diagnosis = createDiagnosisMetrics();
  const router = createRouterMetrics();
  const tls = createTlsMetrics();
  const notify = createNotifyMetrics();
  const families: Metrics["families"] = async (endOf, nowMs, others) => [
    ...(await gateway.families(endOf, nowMs)),
    ...(await router.families(endOf, nowMs)),
    ...http.families(),
    ...diagnosis.families(),
    ...tls.families(),
    ...notify.families(),
    ...others,
    ...(await fixed()),
  ];
  return {
    gateway,
    http,
    diagnosis,
    router,
    tls,
    notify,
    families,
    page: async (accept, endOf, nowMs, others) => {
      const own = await families(endOf, nowMs, others);
      if (workers === null) return metricsPage(own, accept);
      const all = [{ worker: SUPERVISOR, families: own }, ...(await workers.families())];
      return metricsPage([...workers.own(), ...byWorker(all)], accept);
    },
  };
}
