import type { Config } from "../config/config.ts";
import type { CompiledContractSet } from "../core/compiled.ts";
import { openGroups } from "../failures/groups.ts";
import { createRedaction } from "../failures/redact.ts";
import { openReveals } from "../failures/reveal.ts";
import { holdsRedriven } from "../failures/redriven.ts";
import type { HttpDeps } from "../http/deps.ts";
import type { Store } from "../store/store.ts";

/** What the routes of failures work with, and what no route shows. @param current the live contract set. */
export function failureDeps(
  store: Store,
  { redact }: Config,
  current: () => CompiledContractSet,
): Pick<HttpDeps, "failures" | "redaction" | "reveal"> {
  return {
    failures: { groups: openGroups(store.reads, holdsRedriven), store },
    redaction: createRedaction(redact, current),
    reveal: openReveals(store),
  };
}
