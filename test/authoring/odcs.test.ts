import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { draftFiles } from "../../src/authoring/draft.ts";
import { fromOdcs, toOdcs, type Exported } from "../../src/authoring/odcs.ts";
import { versionDigest } from "../../src/core/contract-set.ts";
import type { JsonObject } from "../../src/json/json.ts";
import { loaded } from "../contract/contract-files.ts";

const [SHIPMENT] = loaded("contracts");
const VERSIONS: readonly Exported[] = (SHIPMENT?.versions ?? []).map((version) => ({
  ...version,
  subject: "shipment",
  owner: SHIPMENT?.owner ?? "",
  description: SHIPMENT?.description ?? "",
}));

function imported(document: JsonObject, subject: string | null = null) {
  const result = fromOdcs(document, subject);
  if (!result.ok) throw new Error(result.why);
  return result;
}

function through(text: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(text)) as JsonObject;
}

const HARD: JsonObject = {
  type: "object",
  required: ["id"],
  properties: {
    id: { type: "string" },
    tags: { type: "array", items: { type: ["string", "integer"] }, uniqueItems: true, maxItems: 9 },
    at: { type: "string", format: "date-time" },
    kind: { const: "x" },
  },
  if: { required: ["at"] },
  then: { required: ["tags"] },
  oneOf: [{ required: ["kind"] }, { required: ["at"] }],
};

describe("a version as a data contract", () => {
  test.each([...VERSIONS, { ...VERSIONS[0], schema: HARD, identity: ["/id"], rules: [] } as Exported])(
    "comes back the very same, with its digest: version $version",
    (exported) => {
      const { document } = toOdcs(exported);
      const { drafts, unmapped } = imported(through(document));
      const { schema, rules, identity } = exported;
      expect(unmapped).toEqual([]);
      expect(drafts).toMatchObject([{ subject: "shipment", owner: exported.owner, schema, rules, identity }]);
      const content = { version: exported.version, schema, rules, identity };
      const [draft] = drafts;
      expect(versionDigest("shipment", { ...content, ...(draft === undefined ? {} : { schema: draft.schema }) })).toBe(
        versionDigest("shipment", content),
      );
    },
  );

  test("whose formats are notes says so, and comes back so", () => {
    const exported = {
      ...VERSIONS[0],
      schema: { ...HARD, format: "colour" },
      identity: ["/id"],
      rules: [],
      formats: "annotate",
    };
    const { drafts } = imported(through(toOdcs(exported as Exported).document));
    expect(drafts).toMatchObject([{ formats: "annotate" }]);
    expect(drafts.map((draft) => draftFiles(draft).get("contract.yaml"))).toEqual([
      expect.stringContaining("    formats: annotate\n"),
    ]);
  });

  test("names each thing the standard has no place for", () => {
    const { unmapped } = toOdcs({ ...VERSIONS[0], schema: HARD, identity: ["/id", "/a/b"] } as Exported);
    expect(unmapped.map(({ path }) => path)).toEqual([
      "/if",
      "/then",
      "/oneOf",
      "/a/b",
      "/properties/tags/items/type",
      "/properties/kind/const",
      "rules max-weight",
    ]);
  });

  test("has the members the standard asks for", () => {
    expect(toOdcs(VERSIONS[1] as Exported).document).toMatchObject({
      apiVersion: "v3.1.0",
      kind: "DataContract",
      id: "urn:sigma:contract:shipment",
      version: "2",
      status: "draft",
      schema: [{ name: "shipment", physicalType: "topic", logicalType: "object" }],
    });
  });

  test("once somebody changed its properties, they count, and not what was carried along", () => {
    const document = through(toOdcs(VERSIONS[0] as Exported).document) as {
      schema: { properties: { name: string }[] }[];
    };
    document.schema[0]?.properties.pop();
    const { drafts, unmapped } = imported(document);
    expect(unmapped).toMatchObject([{ path: "/customProperties" }]);
    expect(drafts[0]?.identity).toEqual(["/shipment_id"]);
    expect(drafts[0]?.schema).toMatchObject({ required: ["shipment_id", "weight_kg", "destination"] });
    expect(drafts[0]?.schema).not.toHaveProperty("properties.priority");
  });
});

describe("a data contract of another tool", () => {
  const ORDERS: JsonObject = {
    apiVersion: "v3.1.0",
    kind: "DataContract",
    id: "53581432-6c55-4ba2-a65f-72344a91553a",
    version: "1.1.0",
    status: "active",
    domain: "sales",
    description: { purpose: "Orders as they are placed", usage: "any" },
    team: { name: "orders" },
    servers: [
      { server: "prod", type: "kafka", host: "kafka:9092" },
      { server: "lake", type: "s3", location: "s3://x" },
    ],
    slaProperties: [
      { property: "endOfSupport", value: "2027-06-30" },
      { property: "latency", value: 5, unit: "s" },
    ],
    schema: [
      {
        name: "Order lines",
        quality: [{ rule: "rowCount" }],
        properties: [
          {
            name: "line",
            logicalType: "integer",
            primaryKey: true,
            primaryKeyPosition: 2,
            logicalTypeOptions: { minimum: 1 },
          },
          {
            name: "order_id",
            logicalType: "string",
            primaryKey: true,
            primaryKeyPosition: 1,
            logicalTypeOptions: { minLength: 3 },
          },
          { name: "placed", logicalType: "timestamp", required: true, logicalTypeOptions: { timezone: true } },
          { name: "note", logicalType: "string", classification: "restricted", examples: ["a"] },
          {
            name: "tags",
            logicalType: "array",
            items: { logicalType: "string" },
            logicalTypeOptions: { uniqueItems: true, maxItems: 5 },
          },
          {
            name: "address",
            logicalType: "object",
            required: true,
            properties: [{ name: "city", logicalType: "string", required: true }],
          },
        ],
      },
    ],
  };

  test("becomes a draft with its keys as the identity, and what has no place is named by its path", () => {
    const { drafts, unmapped } = imported(ORDERS);
    expect(drafts).toHaveLength(1);
    expect(drafts[0]).toMatchObject({
      subject: "Order-lines",
      owner: "orders",
      description: "Orders as they are placed",
      identity: ["/order_id", "/line"],
    });
    expect(drafts[0]?.schema).toEqual({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      title: "Order-lines",
      type: "object",
      additionalProperties: false,
      required: ["line", "order_id", "placed", "address"],
      properties: {
        line: { type: "integer", minimum: 1 },
        order_id: { type: "string", minLength: 3 },
        placed: { type: "string", format: "date-time" },
        note: { type: ["string", "null"], examples: ["a"] },
        tags: { type: ["array", "null"], uniqueItems: true, maxItems: 5, items: { type: "string" } },
        address: {
          type: "object",
          additionalProperties: false,
          required: ["city"],
          properties: { city: { type: "string" } },
        },
      },
    });
    expect(unmapped.map(({ path }) => path)).toEqual([
      "/domain",
      "/servers/1",
      "/slaProperties/1",
      "/schema/0/quality",
      "/schema/0/properties/2/logicalTypeOptions/timezone",
      "/schema/0/properties/3/classification",
    ]);
    expect(drafts[0]?.remarks.join(" ")).toContain("2027-06-30");
  });

  test.each([
    [{}, "no DataContract"],
    [{ kind: "DataContract", apiVersion: "v2.2.0" }, "no DataContract of version 3"],
    [{ kind: "DataContract", apiVersion: "v3.1.0", schema: [] }, "no schema"],
  ])("%j is refused in words", (document, why) => {
    const result = fromOdcs(document, null);
    expect(result.ok ? "" : result.why).toContain(why);
  });

  test("is the standard that the documents speak of", () => {
    expect(readFileSync("docs/authoring.md", "utf8")).toContain("ODCS) 3.1.0");
  });
});
