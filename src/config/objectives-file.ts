import { describeTree, type YamlMapping, type YamlTree } from "../contract/yaml-tree.ts";
import { didYouMean, shorten } from "../contract/yaml-fields.ts";
import { faultAt, placeText, type ConfigFault } from "./fault.ts";
import { objectiveOf, type ObjectivePart } from "./objectives.ts";
import type { ObjectiveSetting } from "./setting-row.ts";

const KEYS: readonly ObjectivePart[] = ["name", "kind", "contract", "target", "window", "within"];
const EXAMPLE = "Write - name: shipment-quality, and kind, contract, target and window below it";

/** Reads the list of objectives of a `sigma.yaml`; null when it has a fault. */
export function readObjectives(tree: YamlTree, faults: ConfigFault[]): readonly ObjectiveSetting[] | null {
  if (tree.kind !== "list") {
    const message = `Setting objectives must be a list of objectives, found ${describeTree(tree)}`;
    faults.push(faultAt(tree.place, "SIG-S-004", message, EXAMPLE));
    return null;
  }
  const before = faults.length;
  const objectives: ObjectiveSetting[] = [];
  for (const item of tree.items) {
    if (item.kind === "map") {
      const objective = readObjective(item, faults);
      if (objective !== null) objectives.push(objective);
    } else {
      const message = `An objective must be a mapping, found ${describeTree(item)}`;
      faults.push(faultAt(item.place, "SIG-S-004", message, EXAMPLE));
    }
  }
  return faults.length === before ? objectives : null;
}

function readObjective(item: YamlMapping, faults: ConfigFault[]): ObjectiveSetting | null {
  const before = faults.length;
  const texts = new Map<ObjectivePart, string>();
  for (const { key, keyPlace, value } of item.entries) {
    const part = KEYS.find((one) => one === key);
    if (part === undefined) {
      const message = `Unknown key "${shorten(key)}" of an objective${didYouMean(key, KEYS)}`;
      faults.push(faultAt(keyPlace, "SIG-S-003", message, `Known keys are ${KEYS.join(", ")}`));
    } else if (value.kind !== "scalar" || value.value === null) {
      const message = `Key "${key}" of an objective must be one value, found ${describeTree(value)}`;
      faults.push(faultAt(value.place, "SIG-S-004", message, "Write one value"));
    } else texts.set(part, String(value.value));
  }
  if (faults.length > before) return null;
  const text = (part: ObjectivePart): string | undefined => texts.get(part);
  const made = objectiveOf({
    name: text("name"),
    kind: text("kind"),
    contract: text("contract"),
    target: text("target"),
    window: text("window"),
    within: text("within"),
  });
  if (!("faults" in made)) return { ...made, place: placeText(item.place) };
  for (const { part, message, remedy } of made.faults) {
    const at = item.entries.find(({ key }) => key === part)?.value.place ?? item.place;
    faults.push(faultAt(at, "SIG-S-020", message, remedy));
  }
  return null;
}
