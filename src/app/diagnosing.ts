import { setTimeout as delay } from "node:timers/promises";
import type { Config } from "../config/config.ts";
import type { CompiledContractSet } from "../core/compiled.ts";
import type { DiagnoseDeps } from "../diagnosis/diagnose.ts";
import type { ReportDiagnosis } from "../diagnosis/event.ts";
import type { GatherDeps } from "../diagnosis/gather.ts";
import type { DiagnosisQueue } from "../diagnosis/queue.ts";
import { createRedaction } from "../failures/redact.ts";
import type { Observe } from "../gateway/event.ts";
import { createLookup } from "../gateway/lookup.ts";
import type { Store, StoreReads } from "../store/store.ts";

/** What questions are made of: failures, redacted as the settings say. @param contracts the live contract set. */
export function gatherDeps(
  { redact, diagnosis }: Config,
  reads: StoreReads,
  contracts: () => CompiledContractSet,
): GatherDeps {
  const redaction = createRedaction(redact, contracts);
  return { reads, lookup: createLookup(reads, contracts), redaction, contracts, withExcerpt: diagnosis.withExcerpt };
}

/** What a model is asked with; null when none is configured. @param contracts the live contract set. */
export async function diagnoseDeps(
  config: Config,
  store: Store,
  contracts: () => CompiledContractSet,
): Promise<DiagnoseDeps | null> {
  const { url, model, token, timeoutMs, promptMax } = config.diagnosis;
  if (url === null) return null;
  const { createOllama } = await import("../diagnosis/ollama.ts");
  const diagnoser = createOllama({ url, model, token, timeoutMs });
  return { ...gatherDeps(config, store.reads, contracts), store, diagnoser, promptMax, now: Date.now };
}

type Observing = { readonly observe: Observe; readonly close: () => Promise<void> };

/** `diagnosis`: null when no model is configured. */
type Diagnosing = Observing & { readonly diagnosis: DiagnosisQueue | null };

/**
 * Asks a model about the groups of failures that an observer of the gateway's events hears of, after they are stored.
 * @param heard is called with every event first, and closed last.
 * @param tell where is reported what came of it; null: nobody is asked, whatever is configured.
 */
export async function diagnoseToo(
  config: Config,
  store: Store,
  contracts: () => CompiledContractSet,
  heard: Observing,
  tell: { readonly diagnosed: ReportDiagnosis } | null,
): Promise<Diagnosing> {
  const deps = tell === null ? null : await diagnoseDeps(config, store, contracts);
  if (tell === null || deps === null) return { ...heard, diagnosis: null };
  const { createDiagnosisQueue } = await import("../diagnosis/queue.ts");
  const { diagnoseGroup } = await import("../diagnosis/diagnose.ts");
  const queue = createDiagnosisQueue({
    diagnose: async (...asked) => diagnoseGroup(deps, ...asked),
    adviceSince: store.reads.adviceSince,
    dailyCap: config.diagnosis.dailyCap,
    report: tell.diagnosed,
    now: Date.now,
    sleep,
  });
  return {
    diagnosis: queue,
    close: async () => {
      await queue.close();
      await heard.close();
    },
    observe: (event) => {
      heard.observe(event);
      if (!config.diagnosis.automatic) return;
      if (event.kind === "batch-settled" || event.kind === "tail-redone")
        queue.offer(event.groups.map(({ fingerprint }) => fingerprint));
    },
  };
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal, ref: false }).catch(() => undefined);
}
