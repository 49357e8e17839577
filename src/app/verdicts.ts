import type { Logger } from "pino";
import { createThrottleByName } from "../traffic/throttle-by-name.ts";
import type { Verdict } from "../http/deps.ts";
import type { Store } from "../store/store.ts";

/** Most producers noted for each version, and how often each is noted again; the same limits as for stored records. */
const NOTED = { everyMs: 60_000, namesMax: 1_000 } as const;

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
export function noteVerdicts(store: Pick<Store, "noteTraffic">, log: Logger, now: () => number): VerdictNotes {
  const due = createThrottleByName(now, NOTED);
  let last = Promise.resolve();
  return {
    note: ({ route, contract, status, code, producer: name }) => {
      const judgedBy = contract === null ? null : `${contract.subject}@${contract.version}`;
      log.debug({ route, contract: judgedBy, status, code, producer: name }, "verdict given");
      if (contract === null || judgedBy === null) return;
      const producer = due(judgedBy, name);
      if (producer === null) return;
      const { subject, version } = contract;
      const nowMs = now();
      last = last
        .then(async () => store.noteTraffic([{ subject, version, producer, firstMs: nowMs, lastMs: nowMs }]))
        .catch((error: unknown) => {
          log.warn({ contract: judgedBy, why: (error as Error).message }, "who asks for verdicts could not be noted");
        });
    },
    close: async () => last,
  };
}
