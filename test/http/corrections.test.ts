import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { shipment, shipmentContracts, TOPIC } from "../embedded.ts";
import { get, post, startService, type Service } from "./service.ts";

const SAID = { actor: "ann", reason: "a digit was lost" };
const BROKEN = shipment("s-1", -5);
const FAILURE = encodeURIComponent(`${TOPIC}/0@0`);
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
type Json = Readonly<Record<string, unknown>>;

/** A gateway with one failure, whose record has a header and a key. */
async function withFailure(): Promise<Service> {
  const service = await startService();
  const headers = { prefer: "wait=30", "sigma-producer": "svc-a", "sigma-key": "k1" };
  await post(`${service.url}/v1/events/${TOPIC}`, BROKEN, headers);
  return service;
}

const correct = async ({ url }: Service, body: unknown, failure = FAILURE) => {
  const answer = await post(`${url}/v1/failures/${failure}/correct`, JSON.stringify(body));
  return { status: answer.status, body: answer.body };
};

async function decided({ url, gateway }: Service, { stream, offset }: Json): Promise<Json> {
  await gateway.settled(String(stream), BigInt(Number(offset)), AbortSignal.timeout(30_000));
  return (await get(`${url}/v1/decisions/${TOPIC}/0/${String(offset)}`)).body;
}

describe("corrected bytes of a failure", () => {
  test("are a new record by a named person; the failure stays, and each shows the other", async () => {
    const service = await withFailure();
    const { status, body } = await correct(service, { ...SAID, text: shipment("s-1", 5) });
    const digests = { failedDigest: sha256(BROKEN), correctedDigest: sha256(shipment("s-1", 5)) };
    expect([status, body]).toEqual([
      202,
      expect.objectContaining({ failure: `${TOPIC}/0@0#1`, offset: 1, ...digests }),
    ]);
    const fact = await decided(service, body);
    expect(fact).toMatchObject({
      status: "PASSED",
      rawHash: digests.correctedDigest,
      corrects: { failure: `${TOPIC}/0@0#1`, ...SAID, actor: "ann via api from 127.0.0.1", ...digests },
    });
    const failure = (await get(`${service.url}/v1/failures/${FAILURE}`)).body;
    expect(failure).toMatchObject({
      offset: 0,
      producer: "svc-a",
      redrives: [],
      corrections: [
        {
          id: body["id"],
          ...SAID,
          actor: "ann via api from 127.0.0.1",
          ...digests,
          offset: 1,
          outcome: "stored",
          factId: fact["id"],
          code: null,
        },
      ],
    });
    const actions = await service.store.reads.operatorLog(0, 9);
    expect(actions.map(({ action, actor, target }) => [action, actor, target])).toEqual([
      ["correct", "ann via api from 127.0.0.1", `${TOPIC}/0@0#1`],
      ["corrected", "ann via api from 127.0.0.1", `${TOPIC}/0@0#1`],
    ]);
    const [row] = await service.lookup.rows(String(body["stream"]), 1n, 2n);
    expect(row?.headers.map(([name, value]) => [name, Buffer.from(value).toString()])).toEqual([
      ["sigma-producer", "sigma-correct"],
      ["sigma-corrects", `${TOPIC}/0@0#1`],
      ["sigma-corrects-digest", digests.failedDigest],
      ["sigma-correction", body["id"]],
    ]);
    expect(Buffer.from(row?.key ?? []).toString()).toBe("k1");
    expect((await service.audit(true)).findings).toEqual([]);
  });

  test("may fail again, and be corrected again, by bytes that are no text too", async () => {
    const service = await withFailure();
    const first = await correct(service, { ...SAID, base64: Buffer.from([0xff, 0xfe]).toString("base64") });
    expect(await decided(service, first.body)).toMatchObject({
      status: "FAILED",
      corrects: { actor: "ann via api from 127.0.0.1" },
    });
    const second = await correct(service, { ...SAID, text: shipment("s-1", 5) }, encodeURIComponent(`${TOPIC}/0@1`));
    expect(await decided(service, second.body)).toMatchObject({
      status: "PASSED",
      corrects: { failure: `${TOPIC}/0@1#1` },
    });
    const failure = (await get(`${service.url}/v1/failures/${encodeURIComponent(`${TOPIC}/0@1`)}`)).body;
    expect(failure).toMatchObject({ corrects: { failure: `${TOPIC}/0@0#1` }, corrections: [{ outcome: "stored" }] });
  });

  test("are appended once, however often they are sent", async () => {
    const service = await withFailure();
    expect((await correct(service, { ...SAID, text: shipment("s-1", 5) })).status).toBe(202);
    const again = await correct(service, { ...SAID, actor: "bob", text: shipment("s-1", 5) });
    expect([again.status, again.body["code"]]).toEqual([409, "already-corrected"]);
    expect((await service.log.bounds((await service.log.streams())[0] ?? never())).end).toBe(2n);
  });

  test("whose append was never confirmed are appended again under their first name", async () => {
    const service = await withFailure();
    const append = async (): Promise<never> => Promise.reject(new Error("power is off"));
    const { correctFailure } = await import("../../src/failures/lineage/correct.ts");
    const { failuresAt } = await import("../../src/failures/find.ts");
    const [failure] = await failuresAt(service.store.reads, { topic: TOPIC, partition: 0, offset: 0n, stream: null });
    const contracts = shipmentContracts();
    const deps = { store: service.store, lookup: service.lookup, contracts, newId: () => "0123456789ab" };
    const asked = {
      bytes: Buffer.from(shipment("s-1", 5)),
      ref: null,
      operator: { ...SAID, at: "2026-01-01T00:00:00.000Z" },
    };
    const away = correctFailure({ ...deps, log: { ...service.log, append } }, failure ?? never(), asked);
    await expect(away).rejects.toThrow("power is off");
    const open = (await get(`${service.url}/v1/failures/${FAILURE}`)).body["corrections"];
    expect(open).toMatchObject([{ id: "0123456789ab", stream: null, outcome: "pending" }]);
    const { status, body } = await correct(service, { ...SAID, text: shipment("s-1", 5) });
    expect([status, body["id"]]).toEqual([202, "0123456789ab"]);
  });

  test.each([
    [{ ...SAID, text: BROKEN }, 409, "unchanged"],
    [{ ...SAID, text: "" }, 409, "empty"],
    [{ ...SAID, text: `"${"x".repeat(1_048_576)}"` }, 409, "too-large"],
    [{ ...SAID, text: "{}", contract: "shipment@9" }, 409, "unknown-version"],
    [{ ...SAID, text: "{}", contract: "shipment" }, 409, "unknown-version"],
    [{ ...SAID }, 400, "bad-parameter"],
    [{ ...SAID, text: "{}", base64: "e30=" }, 400, "bad-parameter"],
    [{ ...SAID, base64: "e3" }, 400, "bad-parameter"],
    [{ ...SAID, text: 5 }, 400, "bad-parameter"],
    [{ ...SAID, text: "\uD800" }, 400, "bad-parameter"],
    [{ ...SAID, text: "{}", file: "x" }, 400, "bad-parameter"],
    [{ reason: "x", text: "{}" }, 400, "bad-parameter"],
    [[], 400, "not-json"],
  ])("%# are refused", async (body, status, code) => {
    const service = await withFailure();
    const refused = await correct(service, body);
    expect([refused.status, refused.body["code"]]).toEqual([status, code]);
    expect(await service.store.reads.operatorLog(0, 9)).toEqual([]);
  });

  test("declare the version that they are asked to", async () => {
    const service = await withFailure();
    const { body } = await correct(service, { ...SAID, text: shipment("s-1", 5), contract: "shipment@1" });
    expect(await decided(service, body)).toMatchObject({ status: "PASSED", declaredBy: "header" });
  });

  test("of what never failed are 404", async () => {
    const service = await withFailure();
    const refused = await correct(service, { ...SAID, text: "{}" }, encodeURIComponent(`${TOPIC}/0@7`));
    expect([refused.status, refused.body["code"]]).toEqual([404, "unknown-failure"]);
  });

  test("are no correction where only a header says so", async () => {
    const service = await withFailure();
    const headers = [["sigma-correction", Buffer.from("0123456789ab")]] as const;
    await service.log.append(TOPIC, [{ key: null, headers, value: Buffer.from(shipment("s-2")), partition: 0 }]);
    const [stream] = await service.log.streams();
    const fact = await decided(service, { stream: stream?.id, offset: 1 });
    expect([fact["status"], fact["corrects"]]).toEqual(["PASSED", undefined]);
  });
});

function never(): never {
  throw new Error("it is not there");
}
