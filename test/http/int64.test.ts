import { describe, expect, test } from "vitest";
import { compileContractSet } from "../../src/core/compile.ts";
import { DEFAULT_LIMITS, sealContractSet, versionDigest } from "../../src/core/contract-set.ts";
import type { JsonObject } from "../../src/json/json.ts";
import { TOPIC } from "../embedded.ts";
import { startService, type Service } from "./service.ts";

const SCHEMA: JsonObject = {
  type: "object",
  required: ["id"],
  properties: {
    id: { type: "integer", format: "int64", maximum: 9_223_372_036_854_775_807n },
    name: { type: "string" },
  },
};

async function open(): Promise<Service> {
  const content = { version: 1, schema: SCHEMA, rules: [], identity: ["/id"] };
  const version = { ...content, status: "active" as const, digest: versionDigest("change", content) };
  const contract = { subject: "change", collection: "shipments", versionField: null, versions: [version] };
  const bindings = [{ topic: TOPIC, subject: "change", defaultVersion: 1 }];
  const set = compileContractSet(sealContractSet({ limits: DEFAULT_LIMITS, contracts: [contract], bindings }));
  return startService({ ingest: { contracts: () => set }, http: { contracts: () => set } });
}

async function text(url: string, body?: string): Promise<string> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url, body === undefined ? {} : { method: "POST", body, headers });
  return response.text();
}

describe("integers of 64 bits over HTTP", () => {
  test("are answered to the last digit, passed or failed", async () => {
    const { url } = await open();
    expect(await text(`${url}/api/validate`, '{"id":1764288000123456789}')).toContain(
      '"clean_data":{"id":1764288000123456789}',
    );
    expect(await text(`${url}/api/validate`, '{"id":-9223372036854775808,"name":7}')).toContain(
      '"received_payload":{"id":-9223372036854775808,"name":7}',
    );
  });

  test("are refused in their place where they are not declared, and not shown as another number", async () => {
    const { url } = await open();
    const answer = await text(`${url}/api/validate`, '{"id":1,"other":9007199254740993}');
    expect(JSON.parse(answer)).toMatchObject({
      status: "FAILED",
      errors: [{ loc: ["other"], type: "lossy-number", byteOffset: 16, pointer: "/other" }],
      received_payload: null,
    });
  });

  test("are in a served schema as they are in the contract", async () => {
    const { url } = await open();
    for (const path of ["/v1/contracts/change/versions/1/schema", "/registry/subjects/change/versions/1/schema"]) {
      expect(await text(`${url}${path}`)).toContain('"maximum":9223372036854775807');
    }
    const { schema } = JSON.parse(await text(`${url}/registry/subjects/change/versions/latest`)) as { schema: string };
    expect(schema).toContain('"maximum":9223372036854775807');
    const found = await text(`${url}/registry/subjects/change`, JSON.stringify({ schema, schemaType: "JSON" }));
    expect(JSON.parse(found)).toMatchObject({ subject: "change", version: 1 });
    const other = schema.replace("9223372036854775807", "9223372036854775806");
    const missed = await text(`${url}/registry/subjects/change`, JSON.stringify({ schema: other, schemaType: "JSON" }));
    expect(JSON.parse(missed)).toMatchObject({ error_code: 40403 });
  });
});
