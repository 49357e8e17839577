import { parseContractName } from "../contract/contract-name.ts";
import type { LoadedContract } from "../contract/files.ts";
import { didYouMean } from "../contract/yaml-fields.ts";
import type { ConfigFault } from "./fault.ts";
import { listOf } from "./list-of.ts";
import type { SettingsByKey } from "./settings.ts";

/** A contract version that judges live traffic beside the version that decides. */
export type ShadowSetting = { readonly subject: string; readonly version: number };

/** Each shadow has a thread of its own and a copy of the records that it judges. */
const SHADOWS_MAX = 8;

/** Parses `shipment@2,order@3`; null when the text is anything else, names a version twice or names more than the maximum. */
export function parseShadow(text: string): readonly ShadowSetting[] | null {
  const found: ShadowSetting[] = [];
  for (const part of listOf(text)) {
    const name = parseContractName(part);
    if (name === null || name.version === null || found.length === SHADOWS_MAX) return null;
    found.push({ subject: name.subject, version: name.version });
  }
  const names = new Set(found.map(({ subject, version }) => `${subject}@${version}`));
  return names.size === found.length ? found : null;
}

/** Versions to shadow that are not written as such, stand twice or are too many. */
export function shadowFaults({ values, origins }: SettingsByKey): readonly ConfigFault[] {
  const text = values["shadow.versions"];
  if (parseShadow(text) !== null) return [];
  const message = `Cannot use "${text.slice(0, 100)}" as versions to shadow: they are no names with a version, or too many`;
  const remedy = `Write shipment@2,order@3; each once, at most ${SHADOWS_MAX}`;
  return [{ place: origins["shadow.versions"], code: "SIG-S-012", message, remedy }];
}

/** Versions to shadow that are in no contract. */
export function checkShadow(
  shadow: readonly ShadowSetting[],
  contracts: readonly LoadedContract[],
): readonly ConfigFault[] {
  const known = contracts.flatMap(({ subject, versions }) => versions.map(({ version }) => `${subject}@${version}`));
  return shadow
    .map(({ subject, version }) => `${subject}@${version}`)
    .filter((name) => !known.includes(name))
    .map((name) => ({
      place: "setting shadow.versions",
      code: "SIG-S-012",
      message: `There is no contract version "${name}" to shadow${didYouMean(name, known)}`,
      remedy: `Use one of ${known.slice(0, 20).join(", ")}`,
    }));
}
