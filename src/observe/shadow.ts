import type { ShadowSnapshot } from "../rejudge/shadow/thread.ts";
import type { Logger } from "./log/logger.ts";

/** Writes one line for each candidate: how much of the traffic it judged, and how its verdicts differ. */
export function logShadow(log: Logger, snapshots: readonly ShadowSnapshot[]): void {
  for (const { subject, version, digest, flips, state, seen, judged, dropped, lost, restarts } of snapshots) {
    log.write("shadow.judged", {
      "sigma.contract": `${subject}@${version}`,
      "sigma.contract.digest": digest,
      "sigma.shadow.state": state,
      "sigma.shadow": { seen, judged, dropped, lost, restarts, ...flips.counts },
    });
  }
}
