import type { LoadedContract } from "../contract/files.ts";
import { didYouMean } from "../contract/yaml-fields.ts";
import type { ConfigFault } from "./fault.ts";
import type { SourceSetting } from "./setting-row.ts";
import type { SettingsByKey } from "./settings.ts";

/** A topic that is the source of two contracts. */
export function sourceFaults({ values, origins }: SettingsByKey): readonly ConfigFault[] {
  const topics = values.sources.map(({ topic }) => topic);
  const twice = topics.find((topic, index) => topics.indexOf(topic) !== index);
  if (twice === undefined) return [];
  const message = `Topic "${twice}" stands twice`;
  return [{ place: origins.sources, code: "SIG-S-006", message, remedy: "Keep one source for each topic" }];
}

/** Sources that name a contract that does not exist, or that accept or default to a version that does not exist. */
export function checkSources(
  sources: readonly SourceSetting[],
  contracts: readonly LoadedContract[],
): readonly ConfigFault[] {
  const faults: ConfigFault[] = [];
  const subjects = contracts.map(({ subject }) => subject);
  for (const { topic, subject, accepts, defaultVersion } of sources) {
    const place = "setting sources";
    const contract = contracts.find((one) => one.subject === subject);
    if (contract === undefined) {
      const message = `Source "${topic}" names contract "${subject}", which does not exist${didYouMean(subject, subjects)}`;
      faults.push({ place, code: "SIG-S-008", message, remedy: `Use one of ${subjects.join(", ")}` });
      continue;
    }
    const numbers = contract.versions.map(({ version }) => version);
    for (const [role, version] of [["default", defaultVersion], ...(accepts ?? []).map((one) => ["accepts", one])]) {
      if (version === null || numbers.includes(Number(version))) continue;
      const message = `Source "${topic}" has ${role} version ${version}, and contract "${subject}" has no such version`;
      faults.push({ place, code: "SIG-S-008", message, remedy: `Use one of ${numbers.join(", ")}` });
    }
  }
  return faults;
}

/** A setting `http.validate_subject` that names a contract or a version that does not exist. */
export function checkValidated(
  validate: { readonly subject: string; readonly version: number | null } | null,
  contracts: readonly LoadedContract[],
): readonly ConfigFault[] {
  if (validate === null) return [];
  const place = "setting http.validate_subject";
  const subjects = contracts.map(({ subject }) => subject);
  const contract = contracts.find(({ subject }) => subject === validate.subject);
  if (contract === undefined) {
    const message = `It names contract "${validate.subject}", which does not exist${didYouMean(validate.subject, subjects)}`;
    return [{ place, code: "SIG-S-008", message, remedy: `Use one of ${subjects.join(", ")}` }];
  }
  const numbers = contract.versions.map(({ version }) => version);
  if (validate.version === null || numbers.includes(validate.version)) return [];
  const message = `It names ${validate.subject}@${validate.version}, and the contract has no such version`;
  return [{ place, code: "SIG-S-008", message, remedy: `Use one of ${numbers.join(", ")}` }];
}

/** The contract that judges a payload at `POST /api/validate` which declares no contract; null when no contract does. */
export function validatedBy(
  validate: { readonly subject: string; readonly version: number | null } | null,
  sources: readonly SourceSetting[],
): { readonly subject: string; readonly version: number | null } | null {
  const source = validate === null ? sources[0] : sources.find(({ subject }) => subject === validate.subject);
  const subject = validate?.subject ?? source?.subject;
  return subject === undefined ? null : { subject, version: validate?.version ?? source?.defaultVersion ?? null };
}
