import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { shipmentContracts, TOPIC } from "../embedded.ts";
import { post, startService, type Service } from "../http/service.ts";
import { serialize } from "../servers/serializer.ts";
import { ownSchemaIds } from "../../src/core/wire-format.ts";

const SCHEMA = readFileSync(new URL("../../contracts/shipment/v1.schema.json", import.meta.url), "utf8");
const PAYLOAD = { shipment_id: "S-1", weight_kg: 15.2, destination: "Dublin", priority: 2 };
const DIGEST = shipmentContracts().bySubject.get("shipment")?.versions.get(1)?.ref.digest ?? "";

async function send({ url }: Service, value: Uint8Array): Promise<Record<string, unknown>> {
  const { body } = await post(`${url}/v1/events/${TOPIC}`, value, { prefer: "wait=30" });
  return (body["decisions"] as readonly Record<string, unknown>[])[0] ?? {};
}

test.each([
  ["registers what it writes, which is there already", { "auto.register.schemas": true }],
  ["looks its schema up", { "auto.register.schemas": false }],
  ["takes the latest version", { "auto.register.schemas": false, "use.latest.version": true }],
])("Confluent's serializer against the gateway's own registry %s, and its records are judged", async (_, conf) => {
  const service = await startService();
  const payloads = [PAYLOAD, { ...PAYLOAD, shipment_id: "S-2" }];
  const values = await serialize({ url: `${service.url}/registry`, topic: TOPIC, schema: SCHEMA, conf, payloads });
  const prefix = Buffer.alloc(5);
  prefix.writeInt32BE(ownSchemaIds(DIGEST).id, 1);
  expect(values.map((value) => value.subarray(0, 5))).toEqual([prefix, prefix]);
  for (const value of values) {
    expect(await send(service, value)).toMatchObject({
      status: "PASSED",
      contract: { subject: "shipment", version: 1 },
      declaredBy: "wire-format",
    });
  }
});

test("Confluent's serializer is refused a schema that is no contract's, in the registry's own words", async () => {
  const service = await startService();
  const asked = {
    url: `${service.url}/registry`,
    topic: TOPIC,
    schema: '{"type":"object","title":"X"}',
    payloads: [{}],
  };
  const failing = async (register: boolean): Promise<unknown> =>
    serialize({ ...asked, conf: { "auto.register.schemas": register } });
  await expect(failing(true)).rejects.toThrow(/Add a version to the contract's files.*42205/);
  await expect(failing(false)).rejects.toThrow(/40403/);
});
