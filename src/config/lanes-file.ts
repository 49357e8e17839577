import { describeTree, type YamlMapping, type YamlTree } from "../contract/yaml-tree.ts";
import { didYouMean, shorten } from "../contract/yaml-fields.ts";
import { faultAt, placeText, type ConfigFault } from "./fault.ts";
import { laneOf, type LanePart } from "./lanes.ts";
import type { LaneSetting } from "./setting-row.ts";

const KEYS: readonly LanePart[] = [
  "lane",
  "source",
  "subject",
  "versions",
  "bytes_min",
  "priority",
  "priority_field",
  "in_flight",
  "failed_percent",
  "consecutive",
];
const EXAMPLE = "Write - lane: rest, and its conditions below it";

/** Reads the list of lanes of a `sigma.yaml`; null when it has a fault. */
export function readLanes(tree: YamlTree, faults: ConfigFault[]): readonly LaneSetting[] | null {
  if (tree.kind !== "list") {
    const message = `Setting lanes must be a list of lanes, found ${describeTree(tree)}`;
    faults.push(faultAt(tree.place, "SIG-S-004", message, EXAMPLE));
    return null;
  }
  const before = faults.length;
  const lanes: LaneSetting[] = [];
  for (const item of tree.items) {
    if (item.kind === "map") {
      const lane = readLane(item, faults);
      if (lane !== null) lanes.push(lane);
    } else {
      faults.push(faultAt(item.place, "SIG-S-004", `A lane must be a mapping, found ${describeTree(item)}`, EXAMPLE));
    }
  }
  return faults.length === before ? lanes : null;
}

function readLane(item: YamlMapping, faults: ConfigFault[]): LaneSetting | null {
  const before = faults.length;
  const parts = new Map<LanePart, readonly string[]>();
  for (const { key, keyPlace, value } of item.entries) {
    const part = KEYS.find((one) => one === key);
    const texts = textsOf(value);
    if (part === undefined) {
      const message = `Unknown key "${shorten(key)}" of a lane${didYouMean(key, KEYS)}`;
      faults.push(faultAt(keyPlace, "SIG-S-003", message, `Known keys are ${KEYS.join(", ")}`));
    } else if (texts === null) {
      const message = `Key "${key}" of a lane must be one value or a list of values, found ${describeTree(value)}`;
      faults.push(faultAt(value.place, "SIG-S-004", message, "Write one value, or [1, 2]"));
    } else parts.set(part, texts);
  }
  if (faults.length > before) return null;
  const made = laneOf(parts, placeText(item.place));
  if (!("faults" in made)) return made;
  for (const { part, message, remedy } of made.faults) {
    const at = item.entries.find(({ key }) => key === part)?.value.place ?? item.place;
    faults.push(faultAt(at, "SIG-S-031", message, remedy));
  }
  return null;
}

/** The texts of a value or of a list of values; null for anything else. */
function textsOf(tree: YamlTree): readonly string[] | null {
  const items = tree.kind === "list" ? tree.items : [tree];
  const values = items.map((item) => (item.kind === "scalar" && item.value !== null ? String(item.value) : null));
  return values.every((value) => value !== null) ? values : null;
}
