import type { GroupUse } from "../access/group-use.ts";
import type { Config } from "../config/config.ts";
import type { LiveContracts } from "../contract/live-contracts.ts";
import type { TraceContext } from "../core/trace-context.ts";
import type { ContractsEvent } from "../gateway/event.ts";
import type { IngestDeps } from "../gateway/ingest-deps.ts";
import type { Live } from "../http/live/live.ts";
import type { FailureLog } from "../observe/failures.ts";
import { isRedrive } from "../ledger/redrive-stream.ts";
import type { SettledRow } from "../store/store.ts";
import type { HotKeys } from "../traffic/hot-keys.ts";
import type { Sighting } from "../traffic/sightings.ts";
import type { Engine } from "./engine.ts";
import { observeWithShadow, type Shadow } from "../rejudge/shadow/shadow.ts";

/** Who watches batches besides the observers of the settings. */
export type Watchers = {
  /** Null or absent: failures have no lines of their own. */
  readonly failureLog?: FailureLog | null;
  /** Counts the keys of records; absent: nobody does. */
  readonly hotKeys?: Pick<HotKeys, "of">;
  /** Shows what is decided to those who look; absent: nobody does. */
  readonly live?: Pick<Live, "batch">;
  /** Counts which groups of failures each producer opens; absent: nobody does. */
  readonly groupUse?: Pick<GroupUse, "note">;
};

/** The observers of settled batches; no decision depends on them. */
export type BatchObservers = {
  readonly observeBatch: NonNullable<IngestDeps["observeBatch"]>;
  /** Waits for the advisories that are still being sent. */
  readonly close: () => Promise<void>;
};

/**
 * Opens seven observers of settled batches. The first notes in the store which producer sends which version; `sigma
 * contract retire` checks these notes before it retires a version. The second sends advisories to producers of
 * deprecated versions. The third lets shadow versions judge the records too. The fourth logs failures, where that is
 * wanted. The fifth shows a sample to those who look. The sixth counts which groups each producer opens, the seventh keys.
 */
export async function openBatchObservers(
  config: Config,
  { log, store }: Engine,
  contracts: LiveContracts,
  shadow: Shadow | null,
  observe: (event: ContractsEvent) => void,
  { failureLog = null, live, groupUse, hotKeys }: Watchers,
): Promise<BatchObservers> {
  const { createSightings, createTrafficNotes } = await import("../traffic/sightings.ts");
  const notesOf = createTrafficNotes(Date.now);
  const advise = await openAdvisories(config.kafka?.advisoryTopic ?? null, log, contracts, observe);
  return {
    observeBatch: (stream, subject, trace) => {
      const sightings = createSightings();
      const judging = shadow === null ? null : observeWithShadow(shadow, stream, subject);
      const logging = failureLog?.batch();
      const showing = live?.batch(stream) ?? null;
      const opened = new Map<string, Set<string>>();
      const keys = isRedrive(stream.id) ? undefined : hotKeys?.of(stream.id);
      return {
        see: (row) => {
          sightings.see(row);
          judging?.see(row);
          if (row.kind === "failed") logging?.see(row);
          showing?.see(row);
          keys?.see(row.key, row.key === null ? idOf(row) : null);
          if (groupUse === undefined || row.kind !== "failed") return;
          const groups = opened.get(row.producer ?? "") ?? new Set();
          opened.set(row.producer ?? "", groups.add(row.fingerprint));
        },
        stored: async (conflicts) => {
          logging?.stored(conflicts);
          showing?.stored(conflicts);
          for (const [producer, groups] of opened)
            for (const fingerprint of groups) groupUse?.note(producer, fingerprint, Date.now());
          const seen = sightings.all();
          const notes = notesOf(seen);
          if (notes.length > 0) await store.noteTraffic(notes);
          advise?.notify(seen, trace);
          await judging?.stored();
        },
      };
    },
    close: async () => advise?.close(),
  };
}

/** The machine id that a record has, or repeats. */
function idOf(row: SettledRow): string | null {
  return row.kind === "receipt" ? row.duplicateOf : row.kind === "failed" ? row.machineId : row.id;
}

type Advisories = {
  readonly notify: (sightings: readonly Sighting[], trace: TraceContext | null) => void;
  readonly close: () => Promise<void>;
};

/** Opens the sender of advisories. Nothing waits for an advisory; one that cannot be sent is reported and dropped. */
async function openAdvisories(
  topic: string | null,
  log: Engine["log"],
  contracts: LiveContracts,
  observe: (event: ContractsEvent) => void,
): Promise<Advisories | null> {
  if (topic === null) return null;
  const { advisoryRecord, createAdvisories } = await import("../gateway/advisory.ts");
  const { withTrace } = await import("../gateway/mirror.ts");
  const { standingOf } = await import("../contract/negotiation.ts");
  const due = createAdvisories(Date.now);
  let last = Promise.resolve();
  return {
    notify: (sightings, trace) => {
      const advisories = due(sightings, ({ contract: { subject, version } }) => {
        const contract = contracts.current().bySubject.get(subject);
        return contract === undefined ? null : standingOf(contract, contracts.about(), version);
      });
      if (advisories.length === 0) return;
      const records = advisories.map((advisory) => advisoryRecord(advisory, Date.now())).map(withTrace(trace));
      last = last
        .then(async () => void (await log.append(topic, records)))
        .catch((error: unknown) => {
          observe({ kind: "advisories-lost", count: records.length, why: (error as Error).message });
        });
    },
    close: async () => last,
  };
}
