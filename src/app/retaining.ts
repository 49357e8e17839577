import type { KeptFor, RetentionConfig } from "../config/retention-config.ts";
import type { RetentionState } from "../http/deps.ts";
import type { Policy } from "../retain/policy.ts";
import type { Store } from "../store/store.ts";

/** The policy that the settings say. */
export function policyOf({ failed, receipts, evidence, collections }: RetentionConfig): Policy {
  const term = (setting: string, kept: KeptFor) =>
    kept === null ? null : { ms: kept.ms, says: `${setting} ${kept.text}` };
  return (kind, collection) => {
    switch (kind) {
      case "receipts":
        return term("retention.receipts", receipts);
      case "evidence":
        return term("retention.evidence", evidence);
      case "failed": {
        const own = collections.findLast((one) => one.collection === collection);
        if (own === undefined) return term("retention.failed", failed);
        const { kept } = own;
        return term("retention.collections", kept === null ? null : { ...kept, text: `${collection}=${kept.text}` });
      }
    }
  };
}

/** Whether the settings keep everything for ever. */
export function keepsAll({ failed, receipts, evidence, collections }: RetentionConfig): boolean {
  return failed === null && receipts === null && evidence === null && collections.every(({ kept }) => kept === null);
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
  const { failed, receipts, evidence } = config;
  const terms = { failed: text(failed), receipts: text(receipts), evidence: text(evidence), collections };
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
