import { expect, test } from "vitest";
import { remedyFor } from "../../src/contract/schema-remedy.ts";
import type { JsonObject } from "../../src/json/json.ts";
import { refuseSchema } from "../../src/schema/schema-lint.ts";

test.each<readonly [JsonObject, string]>([
  [{ minimun: 1 }, 'Write minimum, or begin the name with "x-" to keep it as a note'],
  [{ colour: 1 }, 'Correct the name, or begin the name with "x-" to keep it as a note'],
  [{ nullable: true }, 'Add "null" to the type, as in ["string", "null"]'],
  [{ dependencies: {} }, "Write dependentRequired for names, dependentSchemas for schemas"],
  [{ format: "datetime" }, "Write date-time, or say formats: annotate in the version to keep formats as notes"],
  [{ items: [{}] }, "Write prefixItems for a list of schemas, and items for those after them"],
  [{ exclusiveMinimum: true }, "Write the bound itself, as in exclusiveMinimum: 0"],
  [{ properties: { a: { required: true } } }, "List the name under required of the object around it"],
  [{ type: "text" }, 'Name types of JSON, each once, as in "string" or ["string", "null"]'],
  [{ type: [] }, "Name a type, or leave the keyword out"],
  [{ multipleOf: 0 }, "Write a number above 0, or leave it out"],
  [{ $ref: "other.json" }, "Bundle it: sigma contract import FILE --ref URI=FILE puts what it refers to under $defs"],
  [{ $ref: "#/definitions/a" }, "Correct the pointer; what it names stands under $defs, as in #/$defs/address"],
  [
    { $schema: "http://json-schema.org/draft-07/schema#" },
    "Rewrite it for 2020-12; sigma contract import FILE does so for older drafts",
  ],
])("says what to do about %j", (schema, remedy) => {
  expect(refuseSchema(schema).map((refusal) => remedyFor(refusal, schema))).toEqual([remedy]);
});
