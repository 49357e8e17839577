import { faultAt, type Fault, type Place } from "./fault.ts";
import { nearestName } from "../json/nearest.ts";
import { describeTree, type YamlMapping, type YamlScalar, type YamlTree } from "./yaml-tree.ts";

/** A value and its place in the file. */
export type Located<T> = { readonly value: T; readonly place: Place };

/** Control characters other than line feed and tab: these texts are printed to terminals and logs. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;

/** A text, with the places of its characters. */
export type TextScalar = Located<string> & Pick<YamlScalar, "placeInside">;

/**
 * Reads a text that is not blank and has at most `lengthMax` UTF-16 units. Null when the key is absent or the text has a fault.
 */
export function readText(tree: YamlTree | undefined, lengthMax: number, faults: Fault[]): TextScalar | null {
  if (tree === undefined) return null;
  const text = asText(tree, faults);
  if (text === null) return null;
  if (text.value.trim() === "") {
    faults.push(faultAt(text.place, "SIG-C-007", "The text is empty", "Write something"));
    return null;
  }
  if (text.value.length > lengthMax) {
    const message = `The text has ${text.value.length} characters; at most ${lengthMax} are read`;
    faults.push(faultAt(text.place, "SIG-C-007", message, "Shorten it"));
    return null;
  }
  return text;
}

/** Reads any text. Numbers and booleans are not converted: `id: 12` may have meant a number or a text. */
export function asText(tree: YamlTree, faults: Fault[]): TextScalar | null {
  if (tree.kind === "scalar" && typeof tree.value === "string") {
    const { value, place, placeInside } = tree;
    if (value.isWellFormed() && !CONTROL.test(value)) return { value, place, placeInside };
    const message = "The text holds a control character or half of a surrogate pair";
    faults.push(faultAt(place, "SIG-C-007", message, "Remove it: the text is printed, logged and stored"));
    return null;
  }
  const message = `Expected text, found ${describeTree(tree)}`;
  const quotable = tree.kind === "scalar" && tree.value !== null;
  faults.push(faultAt(tree.place, "SIG-C-007", message, quotable ? "Put it in quotes" : "Write text"));
  return null;
}

/** Reads true or false. Null when the key is absent or the value has a fault. */
export function readBoolean(tree: YamlTree | undefined, faults: Fault[]): boolean | null {
  if (tree === undefined) return null;
  if (tree.kind === "scalar" && typeof tree.value === "boolean") return tree.value;
  const message = `Expected true or false, found ${describeTree(tree)}`;
  faults.push(faultAt(tree.place, "SIG-C-007", message, "Write true or false, without quotes"));
  return null;
}

/** The items of a list. Reports a fault and returns none for anything else. */
export function asList(tree: YamlTree, itemsMax: number, faults: Fault[]): readonly YamlTree[] {
  if (tree.kind !== "list") {
    faults.push(
      faultAt(
        tree.place,
        "SIG-C-007",
        `Expected a list, found ${describeTree(tree)}`,
        "Write [a, b] or lines that begin with -",
      ),
    );
    return [];
  }
  if (tree.items.length > itemsMax) {
    const message = `The list has ${tree.items.length} items; at most ${itemsMax} are read`;
    faults.push(faultAt(tree.place, "SIG-C-007", message, "Shorten it"));
  }
  return tree.items;
}

/**
 * Returns the tree as a mapping; reports a fault for anything else.
 * @param what the beginning of the sentence "... must be a mapping".
 */
export function asMap(tree: YamlTree, what: string, faults: Fault[]): YamlMapping | null {
  if (tree.kind === "map") return tree;
  const message = `${what} must be a mapping of keys to values, found ${describeTree(tree)}`;
  faults.push(faultAt(tree.place, "SIG-C-007", message, "Write lines of the form key: value"));
  return null;
}

/**
 * The values of the known keys. Reports every unknown key and every missing required key.
 * @param elsewhere keys that belong elsewhere in the file, for the message about a misplaced key.
 */
export function readFields(
  map: YamlMapping,
  known: readonly string[],
  required: readonly string[],
  faults: Fault[],
  elsewhere: { readonly of: string; readonly keys: readonly string[] } = { of: "", keys: [] },
): ReadonlyMap<string, YamlTree> {
  const fields = new Map<string, YamlTree>();
  for (const { key, keyPlace, value } of map.entries) {
    if (known.includes(key)) {
      // The first of two equal keys counts; the parser has reported the second.
      if (!fields.has(key)) fields.set(key, value);
      continue;
    }
    const belongs = elsewhere.keys.includes(key) ? `: it is one of ${elsewhere.of}` : didYouMean(key, known);
    const message = `Unknown key "${shorten(key)}"${belongs}`;
    faults.push(faultAt(keyPlace, "SIG-C-005", message, `Known keys are ${known.join(", ")}`));
  }
  for (const key of required) {
    if (!fields.has(key)) faults.push(faultAt(map.place, "SIG-C-006", `Key "${key}" is missing`, `Add ${key}`));
  }
  return fields;
}

/** ` (did you mean "owner"?)`, or nothing when no candidate is near. */
export function didYouMean(name: string, candidates: readonly string[]): string {
  const nearest = nearestName(name, candidates);
  return nearest === null ? "" : ` (did you mean "${nearest}"?)`;
}

/** Shortens a name for a message, to one line of at most 60 characters. */
export function shorten(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what must not reach a terminal
  const clean = text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, "?");
  return clean.length > 60 ? `${clean.slice(0, 60)}...` : clean;
}
