import type { ContractStatus, FormatsMode, Rule } from "../core/contract-set.ts";
import { isDay } from "./calendar.ts";
import { faultAt, type ContractCode, type Fault, type Place } from "./fault.ts";
import type { SourceText } from "./source-text.ts";
import {
  asList,
  asMap,
  asText,
  didYouMean,
  readBoolean,
  readFields,
  readText,
  shorten,
  type Located,
} from "./yaml-fields.ts";
import { describeTree, parseYamlTree, type YamlTree } from "./yaml-tree.ts";

type RuleText = Located<Rule> & { readonly placeInside: (position: number) => Place };

export type VersionText = {
  readonly number: number;
  /** Place of the number. */
  readonly place: Place;
  readonly status: ContractStatus | null;
  readonly deprecated: string | null;
  readonly sunset: string | null;
  readonly schema: Located<string> | null;
  readonly rules: readonly RuleText[];
  readonly formats: FormatsMode;
  /** The version's own identity; without one, the contract's; null when it has a fault. */
  readonly identity: readonly Located<string>[] | null;
};

/** A contract.yaml as written; a field is null when a fault was reported for it. */
export type ContractText = {
  readonly subject: Located<string> | null;
  readonly owner: string | null;
  readonly description: string | null;
  readonly collection: string | null;
  readonly versionField: string | null;
  readonly requireWhatIf: boolean;
  readonly versions: readonly VersionText[];
};

/** RFC 6901: "" or "/"-led tokens in which "~" stands only in "~0" and "~1". */
const POINTER = /^(?:\/(?:[^/~]|~[01])*)*$/;
/** Names that the contract version header of a record can hold. */
const SUBJECT = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,248}$/;
/**
 * Names that are valid as a table and a collection in every store. Capitals are refused: SQLite treats "A" and "a" as one
 * table.
 */
const COLLECTION = /^[a-z][a-z0-9_]{0,47}$/;
const RULE_ID = /^[a-z][a-z0-9-]{0,63}$/;
const STATUSES: readonly ContractStatus[] = ["draft", "active", "deprecated", "retired"];

const TEXT_MAX = 1_000;
/** A limit of size only: people read rules, and a rule of 4,096 characters is too long for that. */
const EXPRESSION_MAX = 4_096;
const RULES_MAX = 64;
const IDENTITY_MAX = 16;

const CONTRACT_KEYS = [
  "subject",
  "owner",
  "description",
  "collection",
  "identity",
  "versionField",
  "requireWhatIf",
  "versions",
];
const VERSION_KEYS = ["schema", "rules", "status", "deprecated", "sunset", "identity", "formats"];
const FORMATS_MODES: readonly FormatsMode[] = ["assert", "annotate"];
const RULE_KEYS = ["id", "expression", "message"];

/** Reads a contract.yaml and reports every fault in it. Fields without a fault are returned. */
export function readContractYaml(source: SourceText, faults: Fault[]): ContractText | null {
  const parsed = parseYamlTree(source);
  faults.push(...parsed.faults);
  if (parsed.tree === null) return null;
  if (parsed.tree.kind === "scalar" && parsed.tree.value === null) {
    const remedy = "Write subject, owner, description, collection, identity and versions; sigma init shows an example";
    faults.push(faultAt(parsed.tree.place, "SIG-C-007", "The file says nothing: a contract must be a mapping", remedy));
    return null;
  }
  const map = asMap(parsed.tree, "A contract", faults);
  if (map === null) return null;
  const required = ["subject", "owner", "description", "collection", "versions"];
  const fields = readFields(map, CONTRACT_KEYS, required, faults, { of: "a version", keys: VERSION_KEYS });
  const identity = readIdentity(fields.get("identity"), faults);
  return {
    subject: readName(fields.get("subject"), NAMES.subject, faults),
    owner: readText(fields.get("owner"), TEXT_MAX, faults)?.value ?? null,
    description: readText(fields.get("description"), TEXT_MAX, faults)?.value ?? null,
    collection: readName(fields.get("collection"), NAMES.collection, faults)?.value ?? null,
    versionField: readPointer(fields.get("versionField"), faults)?.value ?? null,
    requireWhatIf: readBoolean(fields.get("requireWhatIf"), faults) ?? false,
    versions: readVersions(fields.get("versions"), { given: fields.has("identity"), identity }, faults),
  };
}

type NameForm = {
  readonly what: string;
  readonly code: ContractCode;
  readonly form: RegExp;
  readonly words: string;
  /** Corrects an invalid name to the valid name that was most likely meant. */
  readonly meant: (name: string) => string;
};

const NAMES: Readonly<Record<"subject" | "collection" | "rule", NameForm>> = {
  subject: {
    what: "a subject",
    code: "SIG-C-008",
    form: SUBJECT,
    words: "letters, digits, dot, dash and underscore, 1 to 249 of them, beginning with a letter or a digit",
    meant: (name) => name.replaceAll(/[^A-Za-z0-9_.-]+/g, "-").replace(/^[^A-Za-z0-9]+/, ""),
  },
  collection: {
    what: "a collection",
    code: "SIG-C-010",
    form: COLLECTION,
    words: "lower-case letters, digits and underscore, 1 to 48 of them, beginning with a letter",
    meant: (name) => name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "_"),
  },
  rule: {
    what: "a rule",
    code: "SIG-C-015",
    form: RULE_ID,
    words: "lower-case letters, digits and dash, 1 to 64 of them, beginning with a letter",
    meant: (name) =>
      name
        .replaceAll(/(?<=[a-z0-9])[A-Z]/g, (letter) => `-${letter}`)
        .toLowerCase()
        .replaceAll(/[^a-z0-9]+/g, "-"),
  },
};

type DefaultIdentity = { readonly given: boolean; readonly identity: readonly Located<string>[] | null };

function readVersions(tree: YamlTree | undefined, whole: DefaultIdentity, faults: Fault[]): readonly VersionText[] {
  if (tree === undefined) return [];
  if (tree.kind !== "map" || tree.entries.length === 0) {
    const nothing = tree.kind === "map" || (tree.kind === "scalar" && tree.value === null);
    const message = nothing
      ? "A contract needs at least one version"
      : `versions must be a mapping of numbers to versions, found ${describeTree(tree)}`;
    const remedy = "Write each version under its number: 1:, and below it status: draft and schema: v1.schema.json";
    faults.push(faultAt(tree.place, nothing ? "SIG-C-006" : "SIG-C-007", message, remedy));
    return [];
  }
  const map = tree;
  const versions: VersionText[] = [];
  for (const { key, keyPlace, value } of map.entries) {
    if (!/^[1-9][0-9]{0,8}$/.test(key)) {
      const message = `Version "${shorten(key)}" is not a whole number from 1 to 999999999`;
      faults.push(
        faultAt(keyPlace, "SIG-C-011", message, "Number the versions 1:, 2:, 3: ..., without letters and dots"),
      );
      continue;
    }
    if (versions.some(({ number }) => number === Number(key))) {
      // parseYamlTree has reported a key that is repeated in the same digits.
      if (!faults.some(({ line, column }) => line === keyPlace.line && column === keyPlace.column))
        faults.push(faultAt(keyPlace, "SIG-C-004", `Version ${key} stands twice`, "Keep one of the two"));
      continue;
    }
    const version = readVersion(Number(key), keyPlace, value, whole, faults);
    if (version !== null) versions.push(version);
  }
  return versions;
}

function readVersion(
  number: number,
  place: Place,
  tree: YamlTree,
  whole: DefaultIdentity,
  faults: Fault[],
): VersionText | null {
  const map = asMap(tree, `Version ${number}`, faults);
  if (map === null) return null;
  const others = { of: "the contract", keys: CONTRACT_KEYS };
  const fields = readFields(map, VERSION_KEYS, ["schema", "status"], faults, others);
  const own = fields.get("identity");
  if (own === undefined && !whole.given) {
    const message = `Version ${number} has no identity, and the contract names none`;
    faults.push(
      faultAt(place, "SIG-C-006", message, "Name the fields that identify the fact, for example identity: [/id]"),
    );
  }
  const status = readChoice(fields.get("status"), "status", STATUSES, faults);
  if (status === "deprecated" && !fields.has("deprecated")) {
    const message = `Version ${number} is deprecated and does not say since when`;
    faults.push(faultAt(place, "SIG-C-006", message, "Add the day, as in deprecated: 2026-11-23"));
  }
  return {
    number,
    place,
    status,
    deprecated: readDay(fields.get("deprecated"), "Deprecated", faults),
    sunset: readDay(fields.get("sunset"), "Sunset", faults),
    schema: readSchemaName(number, fields.get("schema"), faults),
    rules: readRules(fields.get("rules"), faults),
    formats: readChoice(fields.get("formats"), "formats", FORMATS_MODES, faults) ?? "assert",
    identity: own === undefined ? whole.identity : readIdentity(own, faults),
  };
}

function readSchemaName(number: number, tree: YamlTree | undefined, faults: Fault[]): Located<string> | null {
  if (tree === undefined || tree.kind === "scalar") return readText(tree, TEXT_MAX, faults);
  const message = "A schema has a file of its own, and here is the schema itself";
  const remedy = `Put it as JSON into v${number}.schema.json beside contract.yaml, and write schema: v${number}.schema.json`;
  faults.push(faultAt(tree.place, "SIG-C-007", message, remedy));
  return null;
}

function readRules(tree: YamlTree | undefined, faults: Fault[]): readonly RuleText[] {
  if (tree === undefined) return [];
  if (tree.kind !== "list") {
    const message = `rules must be a list, found ${describeTree(tree)}`;
    const remedy = "Write each rule as - id: ..., and below it expression: ... and message: ...";
    faults.push(faultAt(tree.place, "SIG-C-007", message, remedy));
    return [];
  }
  const items = asList(tree, RULES_MAX, faults);
  const rules: RuleText[] = [];
  for (const item of items) {
    const map = asMap(item, "A rule", faults);
    if (map === null) continue;
    const fields = readFields(map, RULE_KEYS, RULE_KEYS, faults);
    const id = readName(fields.get("id"), NAMES.rule, faults);
    const expression = readText(fields.get("expression"), EXPRESSION_MAX, faults);
    const message = readText(fields.get("message"), TEXT_MAX, faults);
    if (id === null || expression === null || message === null) continue;
    if (rules.some(({ value }) => value.id === id.value)) {
      faults.push(faultAt(id.place, "SIG-C-015", `Rule id "${id.value}" stands twice`, "Give each rule its own id"));
    }
    const value: Rule = { id: id.value, expression: expression.value, message: message.value };
    rules.push({ value, place: expression.place, placeInside: expression.placeInside });
  }
  return rules;
}

function readIdentity(tree: YamlTree | undefined, faults: Fault[]): readonly Located<string>[] | null {
  if (tree === undefined) return null;
  if (tree.kind !== "list") {
    const named = tree.kind === "scalar" && typeof tree.value === "string" ? pointerFor(tree.value) : "/id";
    const message = `identity must be a list of pointers, found ${describeTree(tree)}`;
    faults.push(faultAt(tree.place, "SIG-C-007", message, `Write identity: [${named}]`));
    return null;
  }
  const items = asList(tree, IDENTITY_MAX, faults);
  if (tree.kind === "list" && items.length === 0) {
    const message = "An identity of no fields would make every record the same fact";
    faults.push(faultAt(tree.place, "SIG-C-007", message, "Name at least one field"));
  }
  const pointers: Located<string>[] = [];
  for (const item of items) {
    const pointer = readPointer(item, faults);
    if (pointer === null) continue;
    if (pointers.some(({ value }) => value === pointer.value)) {
      faults.push(
        faultAt(pointer.place, "SIG-C-013", `Pointer "${shorten(pointer.value)}" stands twice`, "Keep one of the two"),
      );
    }
    pointers.push(pointer);
  }
  return pointers.length === 0 || pointers.length < items.length ? null : pointers;
}

function readPointer(tree: YamlTree | undefined, faults: Fault[]): Located<string> | null {
  if (tree === undefined) return null;
  const text = asText(tree, faults);
  if (text === null) return null;
  if (POINTER.test(text.value)) return text;
  const message = `"${shorten(text.value)}" is not a JSON pointer`;
  const remedy = `Begin with a slash and escape "~" as "~0", as in ${pointerFor(text.value)}`;
  faults.push(faultAt(text.place, "SIG-C-013", message, remedy));
  return null;
}

/** The longest pointer that a remedy proposes, in UTF-16 units: a longer text is no pointer that anybody meant. */
const PROPOSED_MAX = 60;

/** The pointer that was most likely meant by a name, by `$.a.b` or by `a.b`. */
function pointerFor(text: string): string {
  if (text.length > PROPOSED_MAX) return "/field";
  if (POINTER.test(text) && text !== "") return text;
  const steps = text
    .replace(/^\$?\.?/, "")
    .replaceAll(/\[(?:'([^']*)'|(\d+))\]/g, ".$1$2")
    .split(".");
  const pointer = `/${steps.filter((step) => step !== "").join("/")}`;
  return POINTER.test(pointer) && pointer !== "/" ? pointer : "/field";
}

function readChoice<T extends string>(
  tree: YamlTree | undefined,
  what: string,
  choices: readonly T[],
  faults: Fault[],
): T | null {
  if (tree === undefined) return null;
  const isOther = tree.kind === "scalar" && tree.value !== null && typeof tree.value !== "string";
  const text = isOther ? { value: String(tree.value), place: tree.place } : asText(tree, faults);
  if (text === null) return null;
  const chosen = choices.find((known) => known === text.value);
  if (chosen !== undefined) return chosen;
  const message = `Unknown ${what} "${shorten(text.value)}"${didYouMean(text.value, choices)}`;
  faults.push(faultAt(text.place, "SIG-C-012", message, `Use one of ${choices.join(", ")}`));
  return null;
}

function readDay(tree: YamlTree | undefined, key: "Deprecated" | "Sunset", faults: Fault[]): string | null {
  if (tree === undefined) return null;
  const text = asText(tree, faults);
  if (text === null) return null;
  if (isDay(text.value)) return text.value;
  const message = `${key} "${shorten(text.value)}" is not a day of the calendar`;
  faults.push(faultAt(text.place, "SIG-C-023", message, "Write it as YYYY-MM-DD"));
  return null;
}

function readName(tree: YamlTree | undefined, name: NameForm, faults: Fault[]): Located<string> | null {
  if (tree === undefined) return null;
  const text = asText(tree, faults);
  if (text === null) return null;
  const { what, code, form, words, meant } = name;
  if (form.test(text.value)) return text;
  const likely = meant(text.value);
  const example = form.test(likely) ? `, as in ${likely}` : "";
  faults.push(
    faultAt(text.place, code, `"${shorten(text.value)}" is not a valid name of ${what}`, `Use ${words}${example}`),
  );
  return null;
}
