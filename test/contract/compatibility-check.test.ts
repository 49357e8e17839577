import { describe, expect, test } from "vitest";
import { checkCompatibility, diffContracts, openingAdvice } from "../../src/contract/compatibility-check.ts";
import type { JsonObject } from "../../src/json/json.ts";
import { contractsDirectory } from "./contract-files.ts";

function directoryOf(before: JsonObject, after: JsonObject, formats = "assert"): string {
  return contractsDirectory({
    "parcel/contract.yaml": `subject: parcel
owner: o
description: d
collection: parcels
identity: [/id]
versions:
  1: { status: active, schema: v1.schema.json }
  2: { status: draft, schema: v2.schema.json, formats: ${formats} }
`,
    "parcel/v1.schema.json": JSON.stringify(before),
    "parcel/v2.schema.json": JSON.stringify(after),
  });
}

const open: JsonObject = { type: "object", required: ["id"], properties: { id: { type: "string" } } };
const described: JsonObject = { ...open, properties: { id: { type: "string" }, note: { type: "string" } } };

describe("an optional property that is added to an open object", () => {
  test("is incompatible, with words on what to do", () => {
    const answer = checkCompatibility(directoryOf(open, described), "parcel@2", null, "backward");
    const findings = answer.ok ? answer.value.findings : [];
    expect(findings.map(({ code, remedy }) => [code, remedy])).toEqual([
      [
        "SIG-C-060",
        'parcel@1 is open, so that "note" can hold anything there: close the old one (additionalProperties: false), or accept that parcel@2 refuses what does not fit',
      ],
    ]);
  });

  test("is told the other way round where one is removed", () => {
    const answer = diffContracts(directoryOf(described, open), "parcel@1", "parcel@2");
    if (!answer.ok) throw new Error(JSON.stringify(answer.faults));
    const { forward, backward } = answer.value.comparison;
    expect(openingAdvice(answer.value, "backward", backward)).toBe(null);
    expect(openingAdvice(answer.value, "forward", forward)).toMatch(/^parcel@2 is open, .+: close the new one/);
  });

  test("is not what is said of another change", () => {
    const narrowed = { ...described, properties: { id: { type: "string", maxLength: 3 }, note: {} } };
    const answer = checkCompatibility(directoryOf(open, narrowed), "parcel@2", null, "backward");
    expect(answer.ok ? answer.value.findings.map(({ remedy }) => remedy) : []).toEqual([
      "Accept what was accepted before, or publish the change as another contract",
    ]);
  });
});

test("formats that become notes are one change, told once, with a payload that only the later version accepts", () => {
  const dated: JsonObject = { ...open, properties: { id: { type: "string", format: "date" } } };
  const answer = diffContracts(directoryOf(dated, dated, "annotate"), "parcel@1", "parcel@2");
  if (!answer.ok) throw new Error(JSON.stringify(answer.faults));
  const { backward, forward, changes } = answer.value.comparison;
  expect([backward.kind, forward.kind]).toEqual(["compatible", "incompatible"]);
  expect(changes).toEqual([
    {
      rule: "formats-annotated",
      effect: "widens",
      pointer: "/formats",
      keyword: "formats",
      before: "assert",
      after: "annotate",
    },
  ]);
});

test.each([
  [{ type: "string" }, { type: "string", format: "date" }, "format-added narrows"],
  [{ type: "string", format: "date" }, { type: "string" }, "format-removed widens"],
  [{ type: "string", format: "date" }, { type: "string", format: "time" }, "format-changed changes"],
  [{ type: "integer", format: "int32" }, { type: "integer", format: "int64" }, "integer-range-changed changes"],
])("%j -> %j is %s", (before, after, expected) => {
  const [one, other] = [before, after].map((id) => ({ ...open, properties: { id: { type: "string" }, f: id } }));
  const answer = diffContracts(directoryOf(one ?? open, other ?? open), "parcel@1", "parcel@2");
  if (!answer.ok) throw new Error(JSON.stringify(answer.faults));
  expect(answer.value.comparison.changes.map(({ rule, effect }) => `${rule} ${effect}`)).toEqual([expected]);
});
