import type { Logger } from "pino";
import type { ShadowSnapshot } from "../rejudge/shadow/thread.ts";

/** Writes one line for each candidate: how much of the traffic it judged, and how its verdicts differ. */
export function logShadow(log: Logger, snapshots: readonly ShadowSnapshot[]): void {
  for (const { subject, version, digest, flips, state, seen, judged, dropped, lost, restarts } of snapshots) {
    const coverage = { seen, judged, dropped, lost, restarts };
    log.info({ candidate: `${subject}@${version}`, digest, state, ...coverage, ...flips.counts }, "shadow");
  }
}
