import type { Logger } from "pino";
import { createThrottleByName } from "../traffic/throttle-by-name.ts";
import type { Verdict } from "../http/deps.ts";
import type { Store } from "../store/store.ts";

/** Producers told apart for each version, and how often one that goes on asking is noted again: as for what is stored. */
const NOTED = { everyMs: 60_000, namesMax: 1_000 } as const;

/** Those who want to know of verdicts that were asked for over HTTP. */
export type VerdictNotes = {
  readonly note: (verdict: Verdict) => void;
  /** Waits for what is still to be written. */
  readonly close: () => Promise<void>;
};

/**
 * Logs verdicts, and notes in the store which versions were asked for: who validates by a version uses it, and
 * `sigma contract retire` asks for that. No verdict waits for a note or fails for want of one.
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
