import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { runInNewContext } from "node:vm";
import { Binary, UUID, type Document } from "mongodb";
import { expect, test } from "vitest";
import { mongoForTests } from "../../servers/with-mongo.ts";
import { failedRow, insertFacts, insertFailed, validatedRow } from "../rows.ts";
import { testDatabase } from "./database.ts";

const TEXT = readFileSync(resolve(import.meta.dirname, "../../../docs/coming-from-the-reference.md"), "utf8");
const CODE = /```js\n([^]*?)```/.exec(TEXT)?.[1] ?? "";

const mongo = mongoForTests(0);

test("the views of the page show what the gateway stores under the old names of its fields", async () => {
  const database = await testDatabase(mongo.server());
  const store = await database.open({ collections: ["shipments"] });
  const raw = Buffer.from('{"shipment_id":"A","weight_kg":1.5,"destination":"DUBLIN","priority":2}');
  const passed = validatedRow("a", 0n, { raw });
  await store.unit(async (writes) => insertFacts(writes, "shipments", [passed]));
  const violations = [
    {
      pointer: "/weight_kg",
      keyword: "type",
      schemaPath: "/s",
      message: "must be number",
      expected: "number",
      got: "string",
    },
  ] as const;
  const rows = [
    failedRow(1n, { reason: { kind: "schema", violations } }),
    failedRow(2n, { reason: { kind: "rule", violations: [{ id: "r", message: "weight_kg exceeds maximum" }] } }),
    failedRow(3n, {
      raw: Buffer.from("{"),
      parsed: null,
      reason: { kind: "malformed", code: "not-json", message: "Not JSON", byteOffset: 1, pointer: null },
    }),
  ];
  await store.unit(async (writes) => insertFailed(writes, "shipments", rows));
  const made: { readonly name: string; readonly on: string; readonly pipeline: readonly Document[] }[] = [];
  runInNewContext(CODE, {
    db: { createView: (name: string, on: string, pipeline: Document[]) => made.push({ name, on, pipeline }) },
  });
  expect(made.map(({ name, on }) => [name, on])).toEqual([
    ["reference_validated_shipments", "validated_shipments"],
    ["reference_failed_shipments", "failed_shipments"],
  ]);
  for (const { name, on, pipeline } of made) {
    await database.raw.createCollection(name, { viewOn: on, pipeline: structuredClone(pipeline) as Document[] });
  }
  const [view] = await database.raw.collection("reference_validated_shipments").find().toArray();
  expect(view).toEqual({
    shipment_id: "A",
    weight_kg: 1.5,
    destination: "DUBLIN",
    priority: 2,
    machine_generated_id: new UUID(passed.id),
    received_at: new Date(Number(passed.timestampMs)),
    etl_metadata: {
      workflow_run_id: null,
      validator_version: `${passed.contract.subject}@${passed.contract.version}`,
      source: passed.position.topic,
    },
  });
  const failed = await database.raw.collection("reference_failed_shipments").find().sort({ _id: 1 }).toArray();
  expect(failed.map((one) => one["received_payload"] as unknown)).toEqual([
    { n: 1 },
    { n: 2 },
    new Binary(Buffer.from("{")),
  ]);
  expect(
    failed.map((one) => [one["validation_errors"] as unknown, (one["kafka_metadata"] as { offset: unknown }).offset]),
  ).toEqual([
    [["/weight_kg must be number"], 1n],
    [["weight_kg exceeds maximum"], 2n],
    [["Not JSON"], 3n],
  ]);
});
