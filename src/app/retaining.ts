import type { KeptFor, RetentionConfig } from "../config/retention-config.ts";
import type { RetentionState } from "../http/deps.ts";
import type { Policy } from "../retain/policy.ts";
import type { Store } from "../store/store.ts";

/** The policy that the settings say. */
export function policyOf(config: RetentionConfig): Policy {
  const term = (setting: string, kept: KeptFor) =>
    kept === null ? null : { ms: kept.ms, says: `${setting} ${kept.text}` };
  const ofCollection = (collection: string, kind: "failed" | "facts", all: Terms, name: string) => {
    const own = all.findLast((one) => one.collection === collection);
    if (own === undefined) return term(`retention.${kind}`, config[kind]);
    const { kept } = own;
    return term(name, kept === null ? null : { ...kept, text: `${collection}=${kept.text}` });
  };
  return (kind, collection) => {
    switch (kind) {
      case "receipts":
      case "evidence":
        return term(`retention.${kind}`, config[kind]);
      case "failed":
        return ofCollection(collection, kind, config.collections, "retention.collections");
      case "facts":
        return ofCollection(collection, kind, config.factsCollections, "retention.facts_collections");
    }
  };
}

type Terms = RetentionConfig["collections"];

/** Whether the settings keep everything for ever. */
export function keepsAll({ collections, factsCollections, ...config }: RetentionConfig): boolean {
  const { failed, receipts, facts, evidence } = config;
  const terms = [failed, receipts, facts, evidence, ...[...collections, ...factsCollections].map(({ kept }) => kept)];
  return terms.every((kept) => kept === null);
}

/** Retention in a gateway. */
export type Retaining = {
  readonly state: () => RetentionState;
  readonly close: () => Promise<void>;
};

/** What is kept how long, where nothing was taken away yet. */
export function retentionTerms(config: RetentionConfig): RetentionState {
  const text = (kept: KeptFor): string | null => kept?.text ?? null;
  const collections = config.collections.map(({ collection, kept }) => ({ collection, failed: text(kept) }));
  const factsCollections = config.factsCollections.map(({ collection, kept }) => ({ collection, facts: text(kept) }));
  const { failed, receipts, facts, evidence } = config;
  const shared = { receipts: text(receipts), evidence: text(evidence) };
  const terms = { failed: text(failed), collections, facts: text(facts), factsCollections, ...shared };
  return { terms, everyHours: keepsAll(config) ? null : config.everyHours, lastRun: null };
}

/** Takes away what is too old while the gateway runs; nothing when every term is for ever. */
export function startRetaining(
  config: RetentionConfig,
  store: Store,
  sleep: (ms: number, signal: AbortSignal) => Promise<void>,
): Retaining {
  const terms = retentionTerms(config);
  const { everyHours } = terms;
  let lastRun: RetentionState["lastRun"] = null;
  const state = (): RetentionState => ({ ...terms, lastRun });
  if (everyHours === null) return { state, close: async () => undefined };
  const stopping = new AbortController();
  const kept = import("../retain/schedule.ts").then(async ({ keepTerms }) =>
    keepTerms(
      {
        store,
        policy: policyOf(config),
        everyMs: everyHours * 3_600_000,
        now: Date.now,
        sleep,
        report: ({ atMs, announced, faults }) => {
          lastRun = { at: new Date(atMs).toISOString(), announced, faults };
        },
      },
      stopping.signal,
    ),
  );
  return {
    state,
    close: async () => {
      stopping.abort();
      await kept;
    },
  };
}
