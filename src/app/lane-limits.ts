import type { Config } from "../config/config.ts";
import type { LaneLimits } from "../gateway/gateway.ts";

/** The limits of each lane's topic, as the settings say; what a lane leaves out is as without lanes. */
export function laneLimits(
  { routes, breaker }: Pick<Config, "routes" | "breaker">,
  inFlightMax: number,
): (topic: string) => LaneLimits | null {
  const lanes = new Map(
    routes.flatMap((route) =>
      route.lanes.map(({ topic, setting: { inFlight, failedPercent, consecutive } }): [string, LaneLimits] => [
        topic,
        {
          inFlight: inFlight ?? inFlightMax,
          breaker: {
            ...breaker,
            ...(failedPercent === null ? {} : { failedRatioMax: failedPercent === 0 ? null : failedPercent / 100 }),
            ...(consecutive === null ? {} : { consecutiveMax: consecutive === 0 ? null : consecutive }),
          },
        },
      ]),
    ),
  );
  return (topic) => lanes.get(topic) ?? null;
}
