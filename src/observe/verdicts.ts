import type { Logger, FieldsOf } from "./log/logger.ts";
import { createSummaries, type Later } from "./log/summaries.ts";
import { added, BATCHES_EVERY_MS } from "./streams.ts";

/** A verdict that was given over HTTP, as it is logged: never the payload, nor who sent it. */
export type LoggedVerdict = {
  readonly route: string;
  readonly contract: { readonly subject: string; readonly version: number; readonly digest: string } | null;
  readonly status: "PASSED" | "FAILED";
  /** Of the failure; null when the payload passed, as is the fingerprint. */
  readonly code: string | null;
  readonly fingerprint: string | null;
};

/**
 * Logs verdicts of the validator: the first of a route and contract at once, then one line with their number by outcome for the last ten
 * seconds. At debug level each verdict has a line besides.
 */
export function logVerdicts(log: Logger, later: Later): (verdict: LoggedVerdict) => void {
  const summaries = createSummaries(
    { everyMs: BATCHES_EVERY_MS, later },
    (before: FieldsOf<"verdicts.given">, after) => ({
      ...after,
      "sigma.count": before["sigma.count"] + after["sigma.count"],
      "sigma.verdicts": added(before["sigma.verdicts"], after["sigma.verdicts"]),
    }),
    (line) => log.write("verdicts.given", line),
  );
  return ({ route, contract, status, code, fingerprint }) => {
    const name = contract === null ? undefined : `${contract.subject}@${contract.version}`;
    const where = { "http.route": route, "sigma.contract": name };
    log.write("verdict.given", {
      ...where,
      "sigma.status": status,
      "sigma.contract.digest": contract?.digest,
      "error.type": code ?? undefined,
      "sigma.fingerprint": fingerprint ?? undefined,
    });
    summaries.add(`${route} ${name ?? ""}`, { ...where, "sigma.count": 1, "sigma.verdicts": { [code ?? status]: 1 } });
  };
}
