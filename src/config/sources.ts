import type { LoadedContract } from "../contract/files.ts";
import { didYouMean } from "../contract/yaml-fields.ts";
import type { SourceSetting } from "./setting.ts";
import type { ConfigFault } from "./settings.ts";

/** Sources that name a contract, or a default version, that does not exist. */
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
