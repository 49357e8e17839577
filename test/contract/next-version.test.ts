import { describe, expect, test } from "vitest";
import { nextSchemaName, withNextId, withNextVersion } from "../../src/contract/next-version.ts";

describe("the next version in a contract.yaml", () => {
  test("says what the other says, with its comments, and stands behind the last", () => {
    const text = `versions: # all of them
    1:
        # who
        identity: [/a] # the id
        status: deprecated
        deprecated: 2026-01-01
        rules:
          # the first
          - id: r
            expression: |
              a > 1.0 &&
              b < 2.0
            message: m

        schema: v1.schema.json
# end
`;
    expect(withNextVersion(text, 1, 2, "v2.schema.json")).toBe(
      text.replace(
        "# end",
        `    2:
        status: draft
        schema: v2.schema.json
        # who
        identity: [/a] # the id
        rules:
          # the first
          - id: r
            expression: |
              a > 1.0 &&
              b < 2.0
            message: m
# end`,
      ),
    );
  });

  test("is written out where the other is one line, and leaves what follows alone", () => {
    const text =
      "versions:\n  1: { status: active, schema: v1.json, identity: [/a], formats: annotate }\n\n# tail\nother: 1\n";
    expect(withNextVersion(text, 1, 2, "v2.json")).toBe(
      text.replace(
        "}\n",
        "}\n  2:\n    status: draft\n    schema: v2.json\n    identity: [/a]\n    formats: annotate\n",
      ),
    );
  });

  test("comes after the last line of a file that does not end it", () => {
    expect(withNextVersion("versions:\n  1:\n    schema: v1.json", 1, 2, "v2.json")).toBe(
      "versions:\n  1:\n    schema: v1.json\n  2:\n    status: draft\n    schema: v2.json\n",
    );
  });

  test.each([
    ["versions: { 1: { status: draft } }", 1],
    ["versions:\n  1: { status: draft }\n", 3],
    ["versions: 1\n", 1],
    ["subject: x\n", 1],
  ])("is not written into %j", (text, from) => {
    expect(withNextVersion(text, from, 9, "v9.json")).toBe(null);
  });
});

test.each([
  ["v1.schema.json", "v2.schema.json"],
  ["schemas/order-1.json", "schemas/order-2.json"],
  ["order.json", "v2.schema.json"],
  ["v11.json", "v2.schema.json"],
])("the schema of version 2 beside %s is %s", (name, expected) => {
  expect(nextSchemaName(name, 1, 2)).toBe(expected);
});

test.each([
  ['{"$id": "https://e.com/versions/1/schema"}', '{"$id": "https://e.com/versions/2/schema"}'],
  ['{"$id":"sigma:order@1"}', '{"$id":"sigma:order@2"}'],
  ['{"$id": "https://e.com/v1.json"}', '{"$id": "https://e.com/v2.json"}'],
  ['{"$id": "https://e1.com/x"}', '{"$id": "https://e1.com/x"}'],
  ['{"title": "1"}', '{"title": "1"}'],
])("the id in %s of version 2", (text, expected) => {
  expect(withNextId(text, 1, 2)).toBe(expected);
});
