import type { JsonObject, JsonValue } from "../json/json.ts";
import { stepsIn, valueAt } from "../json/pointer-steps.ts";
import { FORMATS } from "../schema/formats/formats.ts";
import { KEYWORDS } from "../schema/keywords.ts";
import type { Refusal } from "../schema/schema-lint.ts";
import { nearestName } from "./nearest.ts";

/** What to do about a construct that a version may not be frozen with. */
export function remedyFor({ code, pointer }: Refusal, schema: JsonObject | boolean): string {
  const keyword = lastStep(pointer);
  switch (code) {
    case "dialect":
      return "Rewrite it for 2020-12; sigma contract import FILE does so for older drafts";
    case "unknown-keyword":
      return (
        OLDER[keyword] ??
        `${meant(nearestName(keyword, Object.keys(KEYWORDS)))}begin the name with "x-" to keep it as a note`
      );
    case "unknown-format":
      return `${meant(nearestFormat(valueAt(schema, stepsIn(pointer))))}say formats: annotate in the version to keep formats as notes`;
    case "invalid":
      return remedyForMeaningless(pointer, schema);
    case "remote-ref":
      return "Bundle it: sigma contract import FILE --ref URI=FILE puts what it refers to under $defs";
    case "unresolved-ref":
      return "Correct the pointer; what it names stands under $defs, as in #/$defs/address";
    case "pattern-syntax":
      return "Correct the pattern at that character";
    case "forbidden-property":
      return "Rename the field";
    case "too-large":
    case "too-deep":
      return "Split it into smaller contracts";
    case "does-not-compile":
      return "Write the constraint in another way";
  }
}

/** Keywords that older drafts had, and what they are called now. */
const OLDER: Readonly<Record<string, string>> = {
  id: "Write $id",
  dependencies: "Write dependentRequired for names, dependentSchemas for schemas",
  additionalItems: "Write prefixItems for the first items, and items for those after them",
  $recursiveRef: "Write $dynamicRef",
  $recursiveAnchor: "Write $dynamicAnchor",
  nullable: 'Add "null" to the type, as in ["string", "null"]',
  example: "Write examples, a list",
  discriminator: "Leave it out: a field with const in each branch tells branches apart",
};

function nearestFormat(name: JsonValue | undefined): string | null {
  return typeof name === "string" ? nearestName(name, [...FORMATS.keys()]) : null;
}

function meant(name: string | null): string {
  return name === null ? "Correct the name, or " : `Write ${name}, or `;
}

function remedyForMeaningless(pointer: string, schema: JsonObject | boolean): string {
  const value: JsonValue | undefined = valueAt(schema, stepsIn(pointer));
  switch (lastStep(pointer)) {
    case "items":
      return "Write prefixItems for a list of schemas, and items for those after them";
    case "exclusiveMinimum":
    case "exclusiveMaximum":
      return "Write the bound itself, as in exclusiveMinimum: 0";
    case "required":
      return typeof value === "boolean"
        ? "List the name under required of the object around it"
        : 'Write a list of names, as in "required": ["id"]';
    case "multipleOf":
      return "Write a number above 0, or leave it out";
    case "type":
      return Array.isArray(value) && value.length === 0
        ? "Name a type, or leave the keyword out"
        : 'Name types of JSON, each once, as in "string" or ["string", "null"]';
    default:
      return "Write the keyword as JSON Schema 2020-12 has it, or leave it out";
  }
}

function lastStep(pointer: string): string {
  return stepsIn(pointer).at(-1) ?? "";
}
