import { setImmediate as nextTurn, setTimeout as delay } from "node:timers/promises";
import type { Config } from "../config/config.ts";
import type { Copying } from "../config/copying.ts";
import { idleDefaults } from "../contract/idle-defaults.ts";
import type { LiveContracts, Swap } from "../contract/live-contracts.ts";
import { contentsOf } from "../core/contents.ts";
import type { ContractsEvent } from "../gateway/event.ts";
import type { SchemaLookup } from "../registry/lookup.ts";
import type { Shadow } from "../rejudge/shadow/shadow.ts";

/** Live contracts that follow their files. */
export type Following = {
  /** Why the latest change of the files was refused, one sentence each; empty when it was accepted. */
  readonly refused: () => readonly string[];
  readonly close: () => Promise<void>;
};

/** Who else hears of a change. */
type Told = {
  readonly lookup: SchemaLookup | null;
  readonly shadow: Shadow | null;
  readonly observe: (event: ContractsEvent) => void;
};

/** Begins to follow the contract files. @param seen signature of the files, taken before they were read. */
export function followFiles(config: Config, contracts: LiveContracts, seen: string, told: Told): Following {
  const following = new AbortController();
  const { refused, onReload } = createReload(contracts, told.lookup, told.shadow, told.observe);
  const callbacks = { onReload, observe: told.observe };
  const followed = follow(config, contracts, seen, callbacks, following.signal);
  return {
    refused,
    close: async () => {
      following.abort();
      await followed;
    },
  };
}

/** What is done when the contract files changed. `refused`: why the last change was refused. */
function createReload(
  contracts: LiveContracts,
  lookup: SchemaLookup | null,
  shadow: Shadow | null,
  observe: (event: ContractsEvent) => void,
): { readonly refused: () => readonly string[]; readonly onReload: (outcome: Swap) => void } {
  let refused: readonly string[] = [];
  const reportIdle = idleReporter(contracts, observe);
  reportIdle();
  return {
    refused: () => refused,
    onReload: (outcome) => {
      refused = outcome.kind === "refused" ? outcome.problems : [];
      if (outcome.kind === "refused") observe({ kind: "contracts-refused", problems: refused });
      if (outcome.kind !== "swapped") return;
      lookup?.forget();
      shadow?.update(contentsOf(contracts.current()));
      observe({ ...outcome, kind: "contracts-swapped" });
      reportIdle();
    },
  };
}

function idleReporter(contracts: LiveContracts, observe: (event: ContractsEvent) => void): () => void {
  return () => {
    for (const idle of idleDefaults(contracts.current())) observe({ kind: "default-idle", ...idle });
  };
}

/** Replaces the live contracts when their files change. */
async function follow(
  config: Config,
  live: LiveContracts,
  seen: string,
  callbacks: { readonly onReload: (outcome: Swap) => void; readonly observe: (event: ContractsEvent) => void },
  signal: AbortSignal,
): Promise<void> {
  const { contractsReloadMs: everyMs, contractsDir, sources, routes, shadow, limits, objectives, http } = config;
  if (everyMs === 0) return;
  const { followContracts } = await import("../config/reload.ts");
  const pause = async (): Promise<void> => nextTurn();
  const settings = { contractsDir, sources, routes, shadow, limits, objectives, http };
  let stale: string | null = null;
  const copying = await openCopy(config);
  // A copy that is running when the service stops is aborted.
  signal.addEventListener("abort", () => void copying?.close());
  const refresh = async (): Promise<void> => {
    const why = (await copying?.refresh().catch((error: unknown) => (error as Error).message)) ?? null;
    // Each trouble is reported once, not at each refresh.
    if (why !== null && why !== stale) callbacks.observe({ kind: "contracts-stale", why });
    stale = why;
  };
  const onWeb = copying === null ? {} : { refresh };
  const deps = { settings, live, seen, report: callbacks.onReload, everyMs, sleep, pause, ...onWeb };
  await followContracts(deps, signal);
}

/** Opens the copy of a contracts directory on the web; null when the contracts are local files. */
async function openCopy({ contractsUrl: url, contractsDir: directory }: Config): Promise<Copying | null> {
  if (url === null) return null;
  const { openCopying } = await import("../config/copying.ts");
  const { FILE_TIMEOUT_MS } = await import("../contract/http-directory.ts");
  return openCopying({ url, directory, timeoutMs: FILE_TIMEOUT_MS });
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  // The delay rejects only when the signal aborts, which ends the sleep too.
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
