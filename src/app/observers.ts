import type { Config } from "../config/config.ts";
import type { LiveContracts } from "../contract/live-contracts.ts";
import type { ContractsEvent } from "../gateway/event.ts";
import type { IngestDeps } from "../gateway/ingest-deps.ts";
import type { Sighting } from "../traffic/sightings.ts";
import type { Engine } from "./engine.ts";
import { lookOn, type Shadow } from "../rejudge/shadow/shadow.ts";

/** Those who look on when a batch is settled; no decision depends on them. */
export type Onlookers = {
  readonly observeBatch: NonNullable<IngestDeps["observeBatch"]>;
  /** Waits for what is still to be told. */
  readonly close: () => Promise<void>;
};

/**
 * Who sends which version, noted in the store: what `sigma contract retire` asks before it lets a version end. Advisories to
 * those who send a deprecated one. Versions that judge beside the one that decides.
 */
export async function openOnlookers(
  config: Config,
  { log, store }: Engine,
  contracts: LiveContracts,
  shadow: Shadow | null,
  observe: (event: ContractsEvent) => void,
): Promise<Onlookers> {
  const { createSightings, createTrafficNotes } = await import("../traffic/sightings.ts");
  const notesOf = createTrafficNotes(Date.now);
  const advise = await openAdvisories(config.kafka?.advisoryTopic ?? null, log, contracts, observe);
  return {
    observeBatch: (stream, subject) => {
      const sightings = createSightings();
      const judging = shadow === null ? null : lookOn(shadow, stream, subject);
      return {
        see: (row) => {
          sightings.see(row);
          judging?.see(row);
        },
        stored: async () => {
          const seen = sightings.all();
          const notes = notesOf(seen);
          if (notes.length > 0) await store.noteTraffic(notes);
          advise?.tell(seen);
          await judging?.stored();
        },
      };
    },
    close: async () => advise?.close(),
  };
}

type Advisories = { readonly tell: (sightings: readonly Sighting[]) => void; readonly close: () => Promise<void> };

/** Advisories are a courtesy: nothing waits for them, and one that could not be sent is reported and left. */
async function openAdvisories(
  topic: string | null,
  log: Engine["log"],
  contracts: LiveContracts,
  observe: (event: ContractsEvent) => void,
): Promise<Advisories | null> {
  if (topic === null) return null;
  const { advisoryRecord, createAdvisories } = await import("../gateway/advisory.ts");
  const { standingOf } = await import("../contract/negotiation.ts");
  const due = createAdvisories(Date.now);
  let last = Promise.resolve();
  return {
    tell: (sightings) => {
      const advisories = due(sightings, ({ contract: { subject, version } }) => {
        const contract = contracts.current().bySubject.get(subject);
        return contract === undefined ? null : standingOf(contract, contracts.about(), version);
      });
      if (advisories.length === 0) return;
      const records = advisories.map((advisory) => advisoryRecord(advisory, Date.now()));
      last = last
        .then(async () => void (await log.append(topic, records)))
        .catch((error: unknown) => {
          observe({ kind: "advisories-lost", count: records.length, why: (error as Error).message });
        });
    },
    close: async () => last,
  };
}
