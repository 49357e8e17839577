import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { pydanticType } from "../../src/http/reference/pydantic.ts";
import type { JsonObject, JsonValue } from "../../src/json/json.ts";
import { compileSchema } from "../../src/schema/schema.ts";

type Row = { readonly schema: JsonObject; readonly value?: JsonValue; readonly type: string; readonly coerced?: true };

const { pydantic, rows } = JSON.parse(readFileSync(new URL("pydantic.json", import.meta.url), "utf8")) as {
  readonly pydantic: string;
  readonly rows: readonly Row[];
};

/** The types we give for a row's value: of the first violation, which for a union is the union's own. */
function typesOf({ schema, value }: Row): readonly string[] {
  const whole = { type: "object", required: ["f"], properties: { f: schema } } as const;
  const payload = value === undefined ? {} : { f: value };
  const { format } = schema;
  const compiled = compileSchema(whole);
  const violations =
    format === undefined
      ? compiled.accepts(payload)
        ? []
        : compiled.explain(payload)
      : [{ pointer: "/f", keyword: "format", schemaPath: "/properties/f/format", message: "", expected: "" }];
  return violations.map((one) => pydanticType(one, whole, payload));
}

test(`each type of an error is the one that Pydantic ${pydantic} gives, or that of its strict mode where it would coerce`, () => {
  expect(rows.length).toBeGreaterThan(150);
  const wrong = rows.flatMap((row) => {
    const types = typesOf(row);
    return types.includes(row.type) ? [] : [{ ...row, types }];
  });
  // Integers are numbers to JSON Schema, of any size: these pass here.
  const passes = wrong.filter(({ types }) => types.length === 0);
  expect(passes.map(({ schema, value, type }) => [schema["type"], value, type])).toEqual([
    ["integer", 1e20, "int_parsing_size"],
  ]);
  expect(wrong.filter(({ types }) => types.length > 0)).toEqual([]);
});
