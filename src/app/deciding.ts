import type { Config } from "../config/config.ts";
import type { LiveContracts } from "../contract/live-contracts.ts";
import { contentsOf } from "../core/contents.ts";
import type { ContractsEvent } from "../gateway/event.ts";
import type { IngestDeps } from "../gateway/ingest-deps.ts";
import type { Mirror } from "../gateway/mirror.ts";
import type { SchemaLookup } from "../registry/lookup.ts";
import type { Log } from "../source/source.ts";
import type { LoadedContracts } from "./contracts.ts";

/** What the decisions of live streams and of redrives have in common, besides the contracts. */
export type Deciding = Pick<IngestDeps, "learnSchemaIds" | "mirror">;

/** The contract set that a command decides by, and what else it decides with, as a gateway would. */
export async function openDeciding(
  config: Config,
  loaded: LoadedContracts,
  log: Log,
  observe: (event: ContractsEvent) => void,
): Promise<Deciding & { readonly contracts: LiveContracts["current"] }> {
  const { holdContracts } = await import("../contract/live-contracts.ts");
  const live = holdContracts(loaded);
  const lookup = await openLookup(config, live, observe);
  return { contracts: live.current, ...(await decidingWith(config, lookup, log)) };
}

/** @param lookup null without a registry. */
export async function decidingWith(config: Config, lookup: SchemaLookup | null, log: Log): Promise<Deciding> {
  const learning = lookup === null ? {} : { learnSchemaIds: lookup.learnSchemaIds };
  return { ...learning, ...(await mirrorOf(config, log)) };
}

/** Opens the lookup of schema ids in the configured registry; null without one. */
export async function openLookup(
  { registry }: Config,
  contracts: Pick<LiveContracts, "current" | "learn">,
  observe: (event: ContractsEvent) => void,
): Promise<SchemaLookup | null> {
  if (registry === null) return null;
  const { createSchemaLookup } = await import("../registry/lookup.ts");
  return createSchemaLookup({
    connection: registry,
    contracts: () => contentsOf(contracts.current()),
    learn: contracts.learn,
    report: (id, why) => observe({ kind: "schema-id-unknown", id, why }),
    now: Date.now,
    unknownMs: registry.unknownMs,
  });
}

/** The configured mirror. Its topics must exist, or the gateway would wait for them at its first record. */
async function mirrorOf(config: Config, log: Log): Promise<{ readonly mirror?: Mirror }> {
  const wanted = config.kafka?.mirror ?? "off";
  if (wanted === "off") return {};
  const { failedRecord, MIRROR_TOPICS, validatedRecord, withTrace } = await import("../gateway/mirror.ts");
  return {
    mirror: async (topic, facts, failed, trace) => {
      const traced = withTrace(trace);
      if (failed.length > 0) await log.append(MIRROR_TOPICS.failed(topic), failed.map(failedRecord).map(traced));
      if (wanted === "all" && facts.length > 0) {
        await log.append(MIRROR_TOPICS.validated(topic), facts.map(validatedRecord).map(traced));
      }
    },
  };
}
