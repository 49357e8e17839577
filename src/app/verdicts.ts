import { createThrottleByName } from "../traffic/throttle-by-name.ts";
import type { Verdict } from "../http/deps.ts";
import type { FailureLog } from "../observe/failures.ts";
import type { Logger } from "../observe/log/logger.ts";
import type { Later } from "../observe/log/summaries.ts";
import { logVerdicts } from "../observe/verdicts.ts";
import type { Store } from "../store/store.ts";

/** Most producers noted for each version, and how often each is noted again; the same limits as for stored records. */
const NOTED = { everyMs: 60_000, namesMax: 1_000 } as const;

export type VerdictDeps = {
  readonly log: Logger;
  readonly later: Later;
  /** Null: failures have no lines of their own. */
  readonly failureLog: FailureLog | null;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
};

/** The log and the traffic notes of verdicts that HTTP clients asked for. */
export type VerdictNotes = {
  readonly note: (verdict: Verdict) => void;
  /** Waits for the notes that are still being written. */
  readonly close: () => Promise<void>;
};

/**
 * Logs verdicts, and notes in the store which producer validated by which version: `sigma contract retire` counts that
 * as use of the version. A verdict never waits for its note, and never fails when the note does.
 */
export function noteVerdicts(
  store: Pick<Store, "noteTraffic">,
  { log, later, failureLog, now }: VerdictDeps,
): VerdictNotes {
  const logVerdict = logVerdicts(log, later);
  const due = createThrottleByName(now, NOTED);
  let last = Promise.resolve();
  return {
    note: (verdict) => {
      const { contract, producer: name } = verdict;
      logVerdict(verdict);
      if (verdict.status === "FAILED") failureLog?.verdict({ ...verdict, digest: verdict.digestOf() });
      if (contract === null) return;
      const judgedBy = `${contract.subject}@${contract.version}`;
      const producer = due(judgedBy, name);
      if (producer === null) return;
      const { subject, version } = contract;
      const nowMs = now();
      last = last
        .then(async () => store.noteTraffic([{ subject, version, producer, firstMs: nowMs, lastMs: nowMs }]))
        .catch((error: unknown) => {
          log.write("traffic.unnoted", { "sigma.contract": judgedBy, "sigma.why": (error as Error).message });
        });
    },
    close: async () => last,
  };
}
