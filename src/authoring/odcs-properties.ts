import { isObject, type JsonObject, type JsonValue } from "../json/json.ts";
import { isList, under, type Unmapped } from "./draft.ts";

// Converts properties of the Open Data Contract Standard 3.1.0 into JSON Schemas and back. The options of a logical type have
// the names of JSON Schema keywords.

const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  string: ["minLength", "maxLength", "pattern", "format"],
  number: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
  integer: ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
  boolean: [],
  object: ["minProperties", "maxProperties"],
  array: ["minItems", "maxItems", "uniqueItems"],
};

/** Logical types of ODCS that are texts with a format. */
const TEXT_TYPES: Readonly<Record<string, string>> = { date: "date", timestamp: "date-time", time: "time" };

type Note = (path: string, why: string) => void;

/** The schema of an ODCS property. Without `required` a value may be absent or null. */
export function schemaOfProperty(property: JsonObject, path: string, note: Note): JsonObject {
  const { logicalType, logicalTypeOptions, description, examples, required, primaryKey } = property;
  const known = ["name", "logicalType", "logicalTypeOptions", "description", "examples", "required"];
  const keys = ["primaryKey", "primaryKeyPosition", "properties", "items"];
  for (const key of Object.keys(property)) {
    if (![...known, ...keys].includes(key)) note(under(path, key), "a contract has no place for it");
  }
  const type = typeof logicalType === "string" ? logicalType : "";
  const options = isObject(logicalTypeOptions) ? logicalTypeOptions : {};
  const about = {
    ...(typeof description === "string" ? { description } : {}),
    ...(isList(examples) ? { examples } : {}),
  };
  const body = bodyOf(type, property, options, path, note);
  const plain = body["type"];
  const optional = required !== true && primaryKey !== true && typeof plain === "string";
  return { ...about, ...body, ...(optional ? { type: [plain, "null"] } : {}) };
}

function bodyOf(type: string, property: JsonObject, options: JsonObject, path: string, note: Note): JsonObject {
  const at = under(path, "logicalTypeOptions");
  const format = TEXT_TYPES[type];
  if (format !== undefined) {
    for (const option of Object.keys(options)) note(under(at, option), "days and times are texts: it is not judged");
    return { type: "string", format };
  }
  const allowed = OPTIONS[type];
  if (allowed === undefined) {
    note(
      under(path, "logicalType"),
      type === "" ? "there is none: any value is taken" : `"${type}" is not known: any value is taken`,
    );
    return {};
  }
  const kept = Object.entries(options).filter(([option]) => allowed.includes(option));
  for (const option of Object.keys(options)) {
    const known = allowed.includes(option) || (type === "object" && option === "required");
    if (!known) note(under(at, option), "a contract has no place for it");
  }
  const body: JsonObject = { type, ...Object.fromEntries(kept) };
  if (type === "object" && isList(property["properties"])) {
    return { ...body, ...objectOf(property["properties"], under(path, "properties"), note, options["required"]) };
  }
  const items = property["items"];
  return type === "array" && isObject(items)
    ? { ...body, items: schemaOfProperty({ ...items, required: true }, under(path, "items"), note) }
    : body;
}

/**
 * The schema keywords for the members of an object. ODCS does not say whether other members are allowed; the draft forbids
 * them.
 */
export function objectOf(properties: readonly JsonValue[], path: string, note: Note, more?: JsonValue): JsonObject {
  const named = properties.flatMap((one, index): readonly (readonly [string, JsonObject, string])[] => {
    const at = under(path, index);
    if (isObject(one) && typeof one["name"] === "string") return [[one["name"], one, at]];
    note(at, "it is no property with a name");
    return [];
  });
  const required = named
    .filter(([, one]) => one["required"] === true || one["primaryKey"] === true)
    .map(([name]) => name);
  const also = isList(more) ? more.filter((name) => typeof name === "string") : [];
  const all = [...new Set([...required, ...also])];
  return {
    additionalProperties: false,
    ...(all.length === 0 ? {} : { required: all }),
    properties: Object.fromEntries(named.map(([name, one, at]) => [name, schemaOfProperty(one, at, note)])),
  };
}

/** The properties of an object schema in the form of ODCS. Parts that ODCS cannot express are added to `unmapped`. */
export function propertiesOf(
  schema: JsonObject,
  identity: readonly string[],
  path: string,
  unmapped: Unmapped[],
): readonly JsonObject[] {
  const properties = isObject(schema["properties"]) ? schema["properties"] : {};
  const required = isList(schema["required"]) ? schema["required"] : [];
  return Object.entries(properties).map(([name, one]) => {
    const position = identity.indexOf(`/${name}`);
    const key = position < 0 ? {} : { primaryKey: true, primaryKeyPosition: position + 1 };
    const at = under(under(path, "properties"), name);
    return { name, ...propertyOf(isObject(one) ? one : {}, at, unmapped), required: required.includes(name), ...key };
  });
}

function propertyOf(schema: JsonObject, path: string, unmapped: Unmapped[]): JsonObject {
  const { type, description, examples } = schema;
  const lone = isList(type) && type.length === 2 && type.includes("null") ? type.find((one) => one !== "null") : type;
  const format = schema["format"];
  const dated = Object.entries(TEXT_TYPES).find(([, its]) => lone === "string" && its === format)?.[0];
  const logicalType = dated ?? (typeof lone === "string" ? lone : undefined);
  const allowed = dated === undefined ? (OPTIONS[logicalType ?? ""] ?? []) : [];
  const options = Object.entries(schema).filter(([keyword]) => allowed.includes(keyword));
  const said = ["type", "description", "examples", "properties", "required", "items", ...allowed];
  for (const keyword of Object.keys(schema)) {
    const lost = !said.includes(keyword) && !(dated !== undefined && keyword === "format");
    if (lost) unmapped.push({ path: under(path, keyword), why: "ODCS has no place for it" });
  }
  if (isList(type) && logicalType === undefined)
    unmapped.push({ path: under(path, "type"), why: "ODCS has no place for a value of several types" });
  const items = schema["items"];
  return {
    ...(logicalType === undefined ? {} : { logicalType }),
    ...(typeof description === "string" ? { description } : {}),
    ...(isList(examples) ? { examples } : {}),
    ...(options.length === 0 ? {} : { logicalTypeOptions: Object.fromEntries(options) }),
    ...(logicalType === "object" ? { properties: propertiesOf(schema, [], path, unmapped) } : {}),
    ...(logicalType === "array" && isObject(items) ? { items: propertyOf(items, under(path, "items"), unmapped) } : {}),
  };
}
