import type { Family } from "./family.ts";
import { createGatewayMetrics, type GatewayMetrics } from "./gateway.ts";
import { createDiagnosisMetrics, type DiagnosisMetrics } from "./diagnosis.ts";
import { createHttpMetrics, type HttpMetrics } from "./http.ts";
import { createNotifyMetrics, type NotifyMetrics } from "./notify.ts";
import { metricsPage, type MetricsPage } from "./page.ts";
import type { EndOf } from "./streams.ts";
import { createTlsMetrics, type TlsMetrics } from "./tls.ts";

/** All metrics of a process: what its parts report, and the page that a collector reads. */
export type Metrics = {
  readonly gateway: Pick<GatewayMetrics, "observe" | "observeContracts" | "observeAnchors">;
  readonly diagnosis: Pick<DiagnosisMetrics, "observe">;
  readonly tls: Pick<TlsMetrics, "observe">;
  readonly http: Pick<HttpMetrics, "answered" | "verdict" | "limited">;
  readonly notify: Pick<NotifyMetrics, "observe">;
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

/** @param fixed families of the process itself; none when absent. */
export function createMetrics(fixed: () => Promise<readonly Family[]> = async () => []): Metrics {
  const gateway = createGatewayMetrics();
  const http = createHttpMetrics();
  const diagnosis = createDiagnosisMetrics();
  const tls = createTlsMetrics();
  const notify = createNotifyMetrics();
  return {
    gateway,
    http,
    diagnosis,
    tls,
    notify,
    page: async (accept, endOf, nowMs, others) => {
      const families = [
        ...(await gateway.families(endOf, nowMs)),
        ...http.families(),
        ...diagnosis.families(),
        ...tls.families(),
        ...notify.families(),
        ...others,
        ...(await fixed()),
      ];
      return metricsPage(families, accept);
    },
  };
}
