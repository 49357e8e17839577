import { openGroups } from "../failures/groups.ts";
import { holdsRedriven } from "../failures/redriven.ts";
import type { FailureDeps } from "../http/deps.ts";
import type { Store } from "../store/store.ts";

/** What the routes of failures work with. */
export function failureDeps(store: Store): FailureDeps {
  return { groups: openGroups(store.reads, holdsRedriven), redact: (_, payload) => payload, store };
}
