import { canonicalText } from "../json/canonical.ts";
import type { ContractStatus, FormatsMode, Rule } from "../core/contract-set.ts";
import { isObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { isList, under, type Draft, type Unmapped } from "./draft.ts";
import { objectOf, propertiesOf } from "./odcs-properties.ts";
import { toJsonText } from "../json/json-text.ts";
import { parseJson } from "../json/parse-json.ts";

/** A version to be exported. */
export type Exported = {
  readonly subject: string;
  readonly owner: string;
  readonly description: string;
  readonly version: number;
  readonly status: ContractStatus;
  readonly sunset: string | null;
  readonly digest: string;
  readonly schema: JsonObject | boolean;
  readonly rules: readonly Rule[];
  readonly identity: readonly string[];
  readonly formats?: FormatsMode;
};

/**
 * Exports a version in the Open Data Contract Standard 3.1.0. Parts that the standard cannot express are reported and kept
 * verbatim in `customProperties`, from which {@link fromOdcs} restores them.
 */
export function toOdcs(exported: Exported): { readonly document: JsonObject; readonly unmapped: readonly Unmapped[] } {
  const { subject, owner, description, version, status, sunset, digest, schema, rules, identity, formats } = exported;
  const unmapped: Unmapped[] = [];
  const objects = schemaSection(exported, unmapped);
  for (const { id } of rules) unmapped.push({ path: `rules ${id}`, why: "ODCS has no place for a rule" });
  const custom: Readonly<Record<string, JsonValue>> = {
    "sigma.contract": `${subject}@${version}`,
    "sigma.digest": digest,
    "sigma.identity": JSON.stringify(identity),
    "sigma.rules": JSON.stringify(rules),
    "sigma.schema": toJsonText(schema),
    ...(formats === "annotate" ? { "sigma.formats": formats } : {}),
  };
  const document: JsonObject = {
    apiVersion: "v3.1.0",
    kind: "DataContract",
    id: `urn:sigma:contract:${subject}`,
    name: subject,
    version: String(version),
    status,
    description: { purpose: description },
    team: { name: owner },
    schema: objects,
    ...(sunset === null ? {} : { slaProperties: [{ property: "endOfLife", value: sunset }] }),
    customProperties: Object.entries(custom).map(([property, value]) => ({ property, value })),
  };
  return { document, unmapped };
}

const ROOT_KEYWORDS: readonly string[] = ["$schema", "$id", "title", "description", "type", "properties", "required"];

function schemaSection(
  { subject, schema, identity }: Pick<Exported, "subject" | "schema" | "identity">,
  unmapped: Unmapped[],
): readonly JsonObject[] {
  const root = isObject(schema) ? schema : {};
  for (const keyword of Object.keys(root)) {
    if (!ROOT_KEYWORDS.includes(keyword)) unmapped.push({ path: under("", keyword), why: "ODCS has no place for it" });
  }
  for (const pointer of identity) {
    if (pointer.split("/").length > 2 || pointer === "")
      unmapped.push({ path: pointer, why: "a primary key is a property of the record itself" });
  }
  const { description } = root;
  return [
    {
      name: subject,
      physicalType: "topic",
      logicalType: "object",
      ...(typeof description === "string" ? { description } : {}),
      properties: propertiesOf(root, identity, "", unmapped),
    },
  ];
}

export type FromOdcs =
  | { readonly ok: true; readonly drafts: readonly Draft[]; readonly unmapped: readonly Unmapped[] }
  | { readonly ok: false; readonly why: string };

const KNOWN: readonly string[] = [
  "apiVersion",
  "kind",
  "id",
  "name",
  "version",
  "status",
  "description",
  "team",
  "schema",
  "slaProperties",
  "servers",
  "customProperties",
];

/** Makes a draft from each object of an ODCS document. Parts that a contract cannot express are reported. */
export function fromOdcs(document: JsonObject, subject: string | null): FromOdcs {
  const { kind, apiVersion, schema: objects } = document;
  if (kind !== "DataContract" || typeof apiVersion !== "string" || !apiVersion.startsWith("v3.")) {
    return { ok: false, why: "it is no DataContract of version 3 of the Open Data Contract Standard" };
  }
  if (!isList(objects) || objects.length === 0) return { ok: false, why: "it has no schema with an object" };
  const unmapped: Unmapped[] = [];
  for (const key of Object.keys(document)) {
    if (!KNOWN.includes(key)) unmapped.push({ path: under("", key), why: "a contract has no place for it" });
  }
  const remarks = remarksOf(document, unmapped);
  const drafts = objects.flatMap((object, index): readonly Draft[] => {
    const path = under("/schema", index);
    if (!isObject(object) || typeof object["name"] !== "string") {
      unmapped.push({ path, why: "it is no object with a name" });
      return [];
    }
    const name = subject !== null && objects.length === 1 ? subject : subjectOf(object["name"]);
    return [draftOf(document, object, { name, path, remarks }, unmapped)];
  });
  return { ok: true, drafts, unmapped };
}

function draftOf(
  document: JsonObject,
  object: JsonObject,
  { name, path, remarks }: { readonly name: string; readonly path: string; readonly remarks: readonly string[] },
  unmapped: Unmapped[],
): Draft {
  const { team, description } = document;
  const owner = isObject(team) && typeof team["name"] === "string" ? team["name"] : "unknown";
  const purpose = isObject(description) ? description["purpose"] : undefined;
  const about = { subject: name, owner, description: typeof purpose === "string" ? purpose : `Imported ${name}` };
  const own = carriedIn(document, object, unmapped);
  if (own !== null) return { ...about, ...own, remarks };
  for (const key of Object.keys(object)) {
    const known = ["name", "physicalType", "physicalName", "logicalType", "description", "properties"].includes(key);
    if (!known) unmapped.push({ path: under(path, key), why: "a contract has no place for it" });
  }
  const properties = isList(object["properties"]) ? object["properties"] : [];
  const members = objectOf(properties, under(path, "properties"), (at, why) => unmapped.push({ path: at, why }));
  const keyed = properties
    .filter(isObject)
    .filter((one) => one["primaryKey"] === true && typeof one["name"] === "string");
  const identity = keyed.toSorted((a, b) => positionOf(a) - positionOf(b)).map((one) => under("", nameOf(one)));
  const said = typeof object["description"] === "string" ? { description: object["description"] } : {};
  const schema = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: name,
    ...said,
    type: "object",
    ...members,
  };
  return {
    ...about,
    identity,
    schema,
    rules: [],
    remarks: [...remarks, "ODCS does not say whether other fields may come: this draft takes none."],
  };
}

function nameOf({ name }: JsonObject): string {
  return typeof name === "string" ? name : "";
}

function positionOf(property: JsonObject): number {
  const position = property["primaryKeyPosition"];
  return typeof position === "number" && position > 0 ? position : Number.MAX_SAFE_INTEGER;
}

/** The content that our own export kept in `customProperties`; null when the rest of the document was changed since. */
function carriedIn(
  document: JsonObject,
  object: JsonObject,
  unmapped: Unmapped[],
): Pick<Draft, "schema" | "rules" | "identity" | "formats"> | null {
  const custom = new Map<string, JsonValue>();
  const list = isList(document["customProperties"]) ? document["customProperties"].filter(isObject) : [];
  for (const [index, { property, value }] of list.entries()) {
    if (typeof property === "string" && property.startsWith("sigma.")) custom.set(property, value ?? null);
    else unmapped.push({ path: under("/customProperties", index), why: "a contract has no place for it" });
  }
  const [schema, rules, identity] = ["sigma.schema", "sigma.rules", "sigma.identity"].map((name) =>
    parse(custom.get(name)),
  );
  if (!(isObject(schema) || typeof schema === "boolean") || !isList(rules) || !isList(identity)) return null;
  const formats: FormatsMode = custom.get("sigma.formats") === "annotate" ? "annotate" : "assert";
  const content = { schema, rules: rules as unknown as readonly Rule[], identity: identity as readonly string[] };
  const carried = formats === "annotate" ? { ...content, formats } : content;
  const subject = nameOf(object);
  if (canonicalText(schemaSection({ subject, ...carried }, [])[0] ?? null) === canonicalText(object)) return carried;
  unmapped.push({
    path: "/customProperties",
    why: "sigma.schema is not used: the properties were changed since it was written",
  });
  return null;
}

function parse(value: JsonValue | undefined): JsonValue | undefined {
  if (typeof value !== "string") return undefined;
  try {
    return parseJson(value);
  } catch {
    return undefined;
  }
}

function remarksOf(
  { id, version, status, servers, slaProperties }: JsonObject,
  unmapped: Unmapped[],
): readonly string[] {
  const remarks = [
    `Imported from the data contract ${JSON.stringify(id ?? "?")}, version ${JSON.stringify(version ?? "?")}, which was ${JSON.stringify(status ?? "?")}.`,
  ];
  for (const [index, server] of (isList(servers) ? servers : []).entries()) {
    if (isObject(server) && server["type"] === "kafka")
      remarks.push(
        `Its Kafka is ${JSON.stringify(server["host"] ?? "?")}: see kafka.brokers and sources in sigma.yaml.`,
      );
    else unmapped.push({ path: under("/servers", index), why: "only servers of type kafka are read" });
  }
  for (const [index, sla] of (isList(slaProperties) ? slaProperties : []).entries()) {
    const end = isObject(sla) && (sla["property"] === "endOfLife" || sla["property"] === "endOfSupport");
    if (end)
      remarks.push(
        `Its ${sla["property"] === "endOfLife" ? "end of life" : "end of support"} is ${JSON.stringify(sla["value"] ?? "?")}: give it with sigma contract deprecate --sunset.`,
      );
    else unmapped.push({ path: under("/slaProperties", index), why: "a contract has no place for it" });
  }
  return remarks;
}

/** Makes a subject from a name: letters, digits, dot, dash and underscore. */
function subjectOf(name: string): string {
  return (
    name
      .replaceAll(/[^A-Za-z0-9_.-]+/g, "-")
      .replace(/^[^A-Za-z0-9]+/, "")
      .slice(0, 249) || "imported"
  );
}
