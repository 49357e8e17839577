import type { Command } from "commander";
import { hasData } from "../../../app/data-directory.ts";
import { openReadOnly } from "../../../app/engine.ts";
import { EXIT } from "../../../config/codes.ts";
import type { Config } from "../../../config/config.ts";
import type { FailureFilter } from "../../../failures/filter.ts";
import { openGroups, type Group, type Groups } from "../../../failures/groups.ts";
import { parseFilter, type FilterText } from "../../../failures/parse-filter.ts";
import { createRedaction, NO_REDACTION, type Redaction } from "../../../failures/redact.ts";
import { holdsRedriven } from "../../../failures/redriven.ts";
import { createLookup, type Lookup } from "../../../gateway/lookup.ts";
import type { StoreReads } from "../../../store/store.ts";
import { requireContracts } from "../contracts.ts";
import { plainText } from "../../terminal/plain-text.ts";
import { toRun } from "../../terminal/printed-command.ts";
import { Refusal, usage } from "../../terminal/refusal.ts";
import { configFor } from "../../terminal/settings.ts";

/** The store that the commands of failures read. */
export type OpenFailures = {
  readonly reads: StoreReads;
  readonly groups: Groups;
  readonly lookup: Lookup;
  readonly redaction: Redaction;
  readonly nowMs: number;
};

/** Opens the store read-only, beside a gateway that may run on it. @throws Refusal when there is no data. */
export async function withFailures<T>(command: Command, work: (open: OpenFailures) => Promise<T>): Promise<T> {
  const config = await configFor(command);
  if (!hasData(config)) {
    const message = `Cannot look for failures: ${config.dataDir} holds no data yet`;
    throw usage("SIG-I-007", message, `begin with ${toRun("start")}, or name another with --data`);
  }
  const { store, close } = await openReadOnly(config);
  try {
    const { reads } = store;
    const groups = openGroups(reads, holdsRedriven);
    return await work({
      reads,
      groups,
      lookup: createLookup(reads),
      redaction: await redactionOf(config),
      nowMs: Date.now(),
    });
  } finally {
    await close();
  }
}

/** Reads the filter of a command line. @throws Refusal that names the option. */
export function filterOf(options: FilterText, nowMs: number): FailureFilter {
  const parsed = parseFilter(options, nowMs);
  if (parsed.ok) return parsed.filter;
  throw usage("SIG-F-001", `Cannot use --${parsed.parameter}: it ${parsed.message}`, "see sigma failures list --help");
}

/** The one group whose fingerprint begins so. @throws Refusal when there is none, or several. */
export async function groupNamed(
  { groups, nowMs }: Pick<OpenFailures, "groups" | "nowMs">,
  begin: string,
): Promise<Group> {
  const isBeginning = /^[0-9a-f]{4,32}$/.test(begin);
  const found = isBeginning
    ? (await groups.list(null, nowMs)).filter(({ fingerprint }) => fingerprint.startsWith(begin))
    : [];
  const [group] = found;
  if (group !== undefined && found.length === 1) return group;
  const none = isBeginning ? "no group has this fingerprint" : "a fingerprint is named by 4 to 32 of 0-9 and a-f";
  const why = found.length === 0 ? none : `${found.length} groups begin so`;
  throw new Refusal(
    "SIG-F-002",
    `Cannot find group "${plainText(begin, 64)}": ${why}`,
    `see ${toRun("failures groups")}`,
    EXIT.usage,
  );
}

/** What the settings redact. The contracts, which classify values, are read only where something is redacted. */
export async function redactionOf(config: Config): Promise<Redaction> {
  const { pointers, classes } = config.redact;
  if (pointers.length === 0 && classes.length === 0) return NO_REDACTION;
  const { set } = await requireContracts(config);
  return createRedaction(config.redact, () => set);
}
