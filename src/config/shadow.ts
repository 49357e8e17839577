import { parseContractName } from "../contract/contract-name.ts";
import type { LoadedContract } from "../contract/files.ts";
import { didYouMean } from "../contract/yaml-fields.ts";
import type { ConfigFault } from "./fault.ts";
import type { SettingsInForce } from "./settings.ts";
import { listOf } from "./values.ts";

/** A version that judges live traffic beside the one that decides. */
export type ShadowSetting = { readonly subject: string; readonly version: number };

/** Each has a thread and copies of what it judges. */
const SHADOWS_MAX = 8;

/** Reads `shipment@2,order@3`; null when it is anything else. */
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
export function shadowFaults({ values, origins }: SettingsInForce): readonly ConfigFault[] {
  const text = values["shadow.versions"];
  if (parseShadow(text) !== null) return [];
  const message = `Cannot use "${text.slice(0, 100)}" as versions to shadow: they are no names with a version, or too many`;
  const remedy = `Write shipment@2,order@3; each once, at most ${SHADOWS_MAX}`;
  return [{ place: origins["shadow.versions"], code: "SIG-S-012", message, remedy }];
}

/** Versions to shadow that do not exist. */
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
