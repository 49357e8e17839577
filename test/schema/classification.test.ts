import { describe, expect, test } from "vitest";
import { compareVersions } from "../../src/inclusion/inclusion.ts";
import type { JsonObject } from "../../src/json/json.ts";
import { NOTHING_MARKED } from "../../src/json/marks.ts";
import { CLASSIFICATION, classifiedBy } from "../../src/schema/classification.ts";
import { refuseSchema } from "../../src/schema/schema-lint.ts";
import { compileSchema } from "../../src/schema/schema.ts";

const PLAIN: JsonObject = { type: "object", properties: { a: { type: "integer" } }, additionalProperties: false };
const CLASSIFIED: JsonObject = { ...PLAIN, properties: { a: { type: "integer", [CLASSIFICATION]: "personal" } } };

// What it marks is in test/failures/redact.test.ts.
describe("the classification of a value", () => {
  test("is a note: nothing is linted, judged, explained or compared otherwise", () => {
    expect(refuseSchema(CLASSIFIED)).toEqual([]);
    const payloads = [{ a: 1 }, { a: "x" }, { b: 1 }, 7];
    const verdicts = ({ accepts, explain }: ReturnType<typeof compileSchema>) =>
      payloads.map((one) => [accepts(one), accepts(one) ? [] : explain(one)]);
    expect(verdicts(compileSchema(CLASSIFIED))).toEqual(verdicts(compileSchema(PLAIN)));
    const side = (schema: JsonObject) => ({ schema, rules: [], identity: [] });
    const sides = [side(PLAIN), side(CLASSIFIED)] as unknown as Parameters<typeof compareVersions>;
    const { backward, forward, changes } = compareVersions(sides[0], sides[1], { seed: 1 });
    expect([backward.kind, forward.kind, changes.map(({ rule }) => rule)]).toEqual([
      "compatible",
      "compatible",
      ["annotation-changed"],
    ]);
  });

  test.each([[true], [{ [CLASSIFICATION]: 7 }], [{ [CLASSIFICATION]: [null] }], [{ type: "string" }]])(
    "of the schema %j is none",
    (schema) => {
      expect(classifiedBy(schema, ["personal", "7", "null"])).toBe(NOTHING_MARKED);
    },
  );
});
