import { expect, test } from "vitest";
import { structuredEvent } from "../../src/core/structured-event.ts";
import { DEFAULT_LIMITS } from "../../src/core/contract-set.ts";
import type { Header } from "../../src/core/record.ts";
import { openEmbedded, shipment, TOPIC } from "../embedded.ts";

const EVENT: readonly Header[] = [["content-type", Buffer.from("application/cloudevents+json")]];

function envelope(data: string, more = ""): string {
  return `{"specversion":"1.0","id":"1","source":"/s","type":"t"${more},"data":${data}}`;
}

function read(text: string, headers = EVENT): unknown {
  const event = structuredEvent(headers, Buffer.from(text), DEFAULT_LIMITS);
  if (event === null) return null;
  return event.ok ? Buffer.from(event.value ?? "no data").toString() : event.reason;
}

test("the value that is judged is exactly the bytes of the data", () => {
  expect(read(envelope('{ "ü":1.50,"a":[1, 2] }'))).toBe('{ "ü":1.50,"a":[1, 2] }');
  expect(read(envelope('"<a/>"', ',"datacontenttype":"application/xml"'))).toBe("<a/>");
  expect(read(envelope('"x"', ',"datacontenttype":"application/vnd.x+json"'))).toBe('"x"');
  expect(read(envelope("{}"), [])).toBeNull();
});

test.each([
  [',"ext":{"a":1}', "/ext"],
  [',"ext":[1,2]', "/ext"],
  [',"seq":9007199254740993', "/seq"],
  [',"seq":2147483648', "/seq"],
  [',"seq":1.0', "/seq"],
  [',"seq":1e2', "/seq"],
  [',"data":1', "/data"],
  [',"id":"2"', "/id"],
  [',"subject":5', "/subject"],
  [',"data_base64":"e30="', "/data_base64"],
])("an envelope with %s is no event, and the fault has a place", (more, pointer) => {
  const fault = read(envelope("{}", more));
  expect(fault).toMatchObject({ code: "not-cloudevent", pointer, byteOffset: expect.any(Number) as number });
});

test.each([["eyJpZ!!!CI6Ing5In0="], ["e30"], ["e31="], [" e30="], ["e30=\\n"], ["_-8="]])(
  "data_base64 %s is not base64",
  (base64) => {
    const text = `{"specversion":"1.0","id":"1","source":"/s","type":"t","data_base64":"${base64}"}`;
    expect(read(text)).toMatchObject({ code: "not-cloudevent", pointer: "/data_base64" });
  },
);

test.each([
  ["time", "yesterday"],
  ["datacontenttype", "json"],
  ["dataschema", ""],
  ["ext", "a\\u0007"],
  ["ext", "\\ud800"],
])("an attribute %s of %s is refused", (name, value) => {
  expect(read(envelope("{}", `,"${name}":"${value}"`))).toMatchObject({ code: "not-cloudevent" });
});

test("integers of 32 bits, booleans and attributes that are null are taken", () => {
  expect(read(envelope("{}", ',"a":-2147483648,"b":2147483647,"c":true,"d":null,"subject":null'))).toBe("{}");
});

test("an envelope nested 400,000 deep is refused or judged, never a crash", () => {
  const deep = `${"[".repeat(400_000)}${"]".repeat(400_000)}`;
  expect(read(envelope("{}", `,"ext":${deep}`))).toMatchObject({ code: "not-cloudevent" });
  const limits = { bytesMax: 10_000_000, depthMax: 64 };
  const event = structuredEvent(EVENT, Buffer.from(envelope(deep)), limits);
  expect(event?.ok === true ? event.value?.length : null).toBe(800_000);
});

test("the same fact in an event and bare is one fact, with a receipt, and the audit comes to the same", async () => {
  const embedded = await openEmbedded();
  const record = (text: string, headers: readonly Header[]) => ({
    key: null,
    headers,
    value: Buffer.from(text),
    partition: null,
  });
  await embedded.log.append(TOPIC, [
    record(envelope(shipment("A")), EVENT),
    record(shipment("A"), []),
    record(envelope(shipment("A")).replace('"id":"1"', '"id":"2"'), EVENT),
    record(envelope(shipment("A", 3)), EVENT),
    record(envelope('{"shipment_id":""}'), EVENT),
    record("{", EVENT),
  ]);
  await embedded.settle();
  expect(await embedded.store.reads.tally()).toEqual({ validated: 1, failed: 3, receipts: 2 });
  const report = await embedded.audit(true);
  expect(report.findings).toEqual([]);
});
