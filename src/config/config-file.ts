import { parseYamlTree, describeTree, type YamlMapping, type YamlTree } from "../contract/yaml-tree.ts";
import { didYouMean, shorten } from "../contract/yaml-fields.ts";
import type { Place } from "../contract/fault.ts";
import { createSourceText, decodeText, readBytes } from "../contract/source-text.ts";
import { faultAt as fault, placeText, type ConfigFault } from "./fault.ts";
import { readLanes } from "./lanes-file.ts";
import { readObjectives } from "./objectives-file.ts";
import type { SettingValue, SourceSetting } from "./setting-row.ts";
import { SETTINGS, type Setting, type SettingKey } from "./settings.ts";
import { parseScalar, sourceOf } from "./values.ts";
import { readWebhooks } from "./webhooks-file.ts";

/** A value in the file; its place is `file:line:column`. */
export type Written = { readonly value: SettingValue; readonly place: string };

export type ReadFile = { readonly values: ReadonlyMap<SettingKey, Written>; readonly faults: readonly ConfigFault[] };

/** Reads the settings of a `sigma.yaml`. Every fault of the file is reported, and the settings without a fault are returned. */
export function readConfigFile(file: string): ReadFile {
  const values = new Map<SettingKey, Written>();
  const faults: ConfigFault[] = [];
  const tree = readTree(file, faults);
  if (tree === null || (tree.kind === "scalar" && tree.value === null)) return { values, faults };
  if (tree.kind !== "map") {
    const message = `The configuration must be a mapping of keys to values, found ${describeTree(tree)}`;
    faults.push(fault(tree.place, "SIG-S-004", message, "Write lines of the form key: value"));
    return { values, faults };
  }
  for (const { key, keyPlace, value } of tree.entries) readGroup(key, keyPlace, value, values, faults);
  return { values, faults };
}

function readTree(file: string, faults: ConfigFault[]): YamlTree | null {
  const read = readBytes(file);
  const decoded = read.ok ? decodeText(read.bytes) : read;
  if (!decoded.ok) {
    const problem = read.ok ? `it ${decoded.problem}` : decoded.problem;
    const message = `Cannot read configuration "${file}": ${problem}`;
    faults.push({
      place: file,
      code: "SIG-S-001",
      message,
      remedy: "Name a readable file with -c, or make one with sigma init",
    });
    return null;
  }
  const { tree, faults: yamlFaults } = parseYamlTree(createSourceText(file, decoded.text));
  for (const { code, message, remedy, ...place } of yamlFaults) {
    faults.push(fault(place, code === "SIG-C-003" ? "SIG-S-002" : "SIG-S-003", message, remedy));
  }
  return tree;
}

const GROUPS: readonly string[] = [...new Set(SETTINGS.map(({ key }) => key.split(".", 1)[0] ?? key))];

/** Reads one key of the top level. It is a group: in `http: {port: 8000}` the part of the setting keys before the first dot. */
function readGroup(
  group: string,
  place: Place,
  tree: YamlTree,
  values: Map<SettingKey, Written>,
  faults: ConfigFault[],
): void {
  if (!GROUPS.includes(group)) {
    // "http.port: 8000" on one line is a common slip, so that the fault says how the key is nested.
    const nested = SETTINGS.find(({ key }) => key === group);
    const hint = nested === undefined ? didYouMean(group, GROUPS) : "";
    const remedy =
      nested === undefined
        ? `Known keys are ${GROUPS.join(", ")}`
        : `Write it nested: ${group.replace(".", ": { ")}: ... }`;
    faults.push(fault(place, "SIG-S-003", `Unknown key "${shorten(group)}"${hint}`, remedy));
    return;
  }
  // A setting whose key has no dot is itself the value of the group.
  const own = SETTINGS.find(({ key }) => key === group);
  if (own !== undefined) {
    readSetting(own, tree, values, faults);
    return;
  }
  const settings = SETTINGS.filter(({ key }) => key.startsWith(`${group}.`));
  if (tree.kind !== "map") {
    const message = `Key "${group}" must be a mapping of keys to values, found ${describeTree(tree)}`;
    const remedy = `Write ${settings.map(({ key }) => key.slice(group.length + 1)).join(", ")} under it`;
    faults.push(fault(tree.place, "SIG-S-004", message, remedy));
    return;
  }
  for (const entry of tree.entries) {
    const found = settings.find(({ key }) => key === `${group}.${entry.key}`);
    if (found === undefined) {
      const names = settings.map(({ key }) => key.slice(group.length + 1));
      const message = `Unknown key "${group}.${shorten(entry.key)}"${didYouMean(entry.key, names)}`;
      faults.push(fault(entry.keyPlace, "SIG-S-003", message, `Known keys of ${group} are ${names.join(", ")}`));
      continue;
    }
    readSetting(found, entry.value, values, faults);
  }
}

function readSetting(setting: Setting, tree: YamlTree, values: Map<SettingKey, Written>, faults: ConfigFault[]): void {
  if (setting.value.kind === "sources") {
    const sources = readSources(tree, faults);
    if (sources !== null) values.set(setting.key, { value: sources, place: placeText(tree.place) });
    return;
  }
  if (setting.value.kind === "webhooks") {
    const webhooks = readWebhooks(tree, faults);
    if (webhooks !== null) values.set(setting.key, { value: webhooks, place: placeText(tree.place) });
    return;
  }
  if (setting.value.kind === "objectives") {
    const objectives = readObjectives(tree, faults);
    if (objectives !== null) values.set(setting.key, { value: objectives, place: placeText(tree.place) });
    return;
  }
  if (setting.value.kind === "lanes") {
    const lanes = readLanes(tree, faults);
    if (lanes !== null) values.set(setting.key, { value: lanes, place: placeText(tree.place) });
    return;
  }
  const parsed =
    tree.kind === "scalar"
      ? parseScalar(setting.value, tree.value)
      : { ok: false as const, problem: `must be one value, found ${describeTree(tree)}` };
  if (parsed.ok) values.set(setting.key, { value: parsed.value, place: placeText(tree.place) });
  else faults.push(fault(tree.place, "SIG-S-004", `Setting ${setting.key} ${parsed.problem}`, setting.description));
}

const SOURCE_KEYS: readonly string[] = ["topic", "subject", "accepts", "default", "partitions"];

function readSources(tree: YamlTree, faults: ConfigFault[]): readonly SourceSetting[] | null {
  if (tree.kind !== "list" || tree.items.length === 0) {
    const message = `Setting sources must be a list of at least one source, found ${tree.kind === "list" ? "none" : describeTree(tree)}`;
    faults.push(fault(tree.place, "SIG-S-004", message, "Write - topic: orders, and subject: order below it"));
    return null;
  }
  const before = faults.length;
  const sources: SourceSetting[] = [];
  for (const item of tree.items) {
    const source = item.kind === "map" ? readSource(item, faults) : null;
    if (item.kind !== "map") {
      faults.push(
        fault(
          item.place,
          "SIG-S-004",
          `A source must be a mapping, found ${describeTree(item)}`,
          "Write topic: and subject:",
        ),
      );
    } else if (source !== null && sources.some(({ topic }) => topic === source.topic)) {
      faults.push(
        fault(item.place, "SIG-S-006", `Topic "${source.topic}" stands twice`, "Keep one source for each topic"),
      );
    } else if (source !== null) sources.push(source);
  }
  return faults.length === before ? sources : null;
}

function readSource(item: YamlMapping, faults: ConfigFault[]): SourceSetting | null {
  const before = faults.length;
  const fields = new Map<string, string | number | boolean | null>();
  let accepts: readonly number[] | null = null;
  for (const { key, keyPlace, value } of item.entries) {
    if (!SOURCE_KEYS.includes(key)) {
      const message = `Unknown key "${shorten(key)}" of a source${didYouMean(key, SOURCE_KEYS)}`;
      faults.push(fault(keyPlace, "SIG-S-003", message, `Known keys are ${SOURCE_KEYS.join(", ")}`));
    } else if (key === "accepts") accepts = readAccepts(value, faults);
    else if (value.kind === "scalar") fields.set(key, value.value);
    else
      faults.push(
        fault(
          value.place,
          "SIG-S-004",
          `Key "${key}" must be one value, found ${describeTree(value)}`,
          "Write one value",
        ),
      );
  }
  const { topic, subject, default: version = null, partitions = 1 } = Object.fromEntries(fields);
  for (const [key, value] of Object.entries({ topic, subject })) {
    if (value === undefined)
      faults.push(fault(item.place, "SIG-S-006", `Key "${key}" of a source is missing`, `Add ${key}`));
    else if (typeof value !== "string")
      faults.push(fault(item.place, "SIG-S-004", `Key "${key}" of a source must be text`, "Put it in quotes"));
  }
  const numbers = typeof partitions === "number" && (version === null || typeof version === "number");
  if (!numbers)
    faults.push(
      fault(
        item.place,
        "SIG-S-004",
        "Keys default and partitions of a source must be numbers",
        "Write them without quotes",
      ),
    );
  if (faults.length > before || !numbers || typeof topic !== "string" || typeof subject !== "string") return null;
  const source = sourceOf(topic, subject, version, accepts, partitions);
  if (typeof source !== "string") return source;
  faults.push(fault(item.place, "SIG-S-004", `The source is not valid: ${source}`, "Correct it"));
  return null;
}

function readAccepts(tree: YamlTree, faults: ConfigFault[]): readonly number[] | null {
  const items = tree.kind === "list" ? tree.items : [];
  const versions = items.map((item) => (item.kind === "scalar" ? item.value : null));
  if (tree.kind === "list" && versions.every((version) => typeof version === "number")) return versions;
  const message = 'Key "accepts" of a source must be a list of version numbers';
  faults.push(fault(tree.place, "SIG-S-004", message, "Write accepts: [1, 2]"));
  return null;
}
