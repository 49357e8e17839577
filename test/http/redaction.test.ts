import { describe, expect, test } from "vitest";
import { Unavailable } from "../../src/core/unavailable.ts";
import { createRedaction } from "../../src/failures/redact.ts";
import { openReveals } from "../../src/failures/reveal.ts";
import { openEmbedded, shipment, TOPIC } from "../embedded.ts";
import { get, post, serve, type Service } from "./service.ts";

const WAIT = { prefer: "wait=30" };
const TWICE = `{"shipment_id":"A","destination":{"ann@example.org":1,"ann@example.org":2}}`;

/** A gateway that redacts the destination of shipments, with a fact and two failures. */
async function redacting(pointer = "/destination", subject = "shipment"): Promise<Service> {
  const embedded = await openEmbedded();
  const rules = { pointers: [{ subject, pointer }], classes: [] };
  const service = await serve(embedded, {
    http: { redaction: createRedaction(rules, embedded.deps.contracts), reveal: openReveals(embedded.store) },
  });
  for (const text of [shipment("A"), `{"shipment_id":"B","destination":{"ann@example.org":1}}`, TWICE])
    await post(`${service.url}/v1/events/${TOPIC}`, text, WAIT);
  return service;
}

describe("redaction over HTTP", () => {
  test("a decision names no member below a redacted value", async () => {
    const { url } = await redacting();
    const texts = await Promise.all(
      [0, 1, 2].map(async (offset) => (await get(`${url}/v1/decisions/${TOPIC}/0/${offset}`)).text),
    );
    expect(texts.join("\n")).not.toContain("ann@example.org");
    expect(texts[2]).toContain('"pointer":"/destination"');
  });

  test("bytes are not shown, and nothing is kept of who asked for them without a word", async () => {
    const { url, store } = await redacting();
    for (const query of [
      "",
      "?reveal=true",
      "?reveal=true&actor=ann",
      "?actor=ann&reason=because",
      "?reveal=true&actor=%20&reason=x",
    ]) {
      const { status, body } = await get(`${url}/v1/decisions/${TOPIC}/0/1/raw${query}`);
      expect([query, status, body["code"]]).toEqual([query, 403, "redacted"]);
    }
    expect(await store.reads.operatorLog(0, 10)).toEqual([]);
  });

  test("bytes are shown to who says who and why, which the operator log keeps and the audit accepts", async () => {
    const { url, store, audit } = await redacting();
    const answer = await fetch(`${url}/v1/decisions/${TOPIC}/0/2/raw?reveal=true&actor=ann&reason=ticket+7`);
    expect(await answer.text()).toBe(TWICE);
    const [kept, ...others] = await store.reads.operatorLog(0, 10);
    expect(kept).toMatchObject({
      action: "reveal",
      actor: "ann via api from 127.0.0.1",
      reason: "ticket 7",
      detail: "offset 2",
    });
    expect(kept?.target).toMatch(/\/0$/);
    expect(others).toEqual([]);
    expect((await audit()).findings).toEqual([]);
  });

  test("bytes are not shown when what was asked cannot be kept", async () => {
    const embedded = await openEmbedded();
    const rules = { pointers: [{ subject: null, pointer: "/a" }], classes: [] };
    const reveal = async (): Promise<void> =>
      Promise.reject(new Unavailable("STORE_LOCKED", "the store is locked", "try again"));
    const { url } = await serve(embedded, {
      http: { redaction: createRedaction(rules, embedded.deps.contracts), reveal },
    });
    await post(`${url}/v1/events/${TOPIC}`, shipment("A"), WAIT);
    const answer = await get(`${url}/v1/decisions/${TOPIC}/0/0/raw?reveal=true&actor=ann&reason=x`);
    expect([answer.status, answer.text.includes("Dublin")]).toEqual([503, false]);
  });

  test("bytes of a contract of which nothing is redacted are shown as before", async () => {
    const { url, store } = await redacting("/destination", "another");
    expect(await (await fetch(`${url}/v1/decisions/${TOPIC}/0/0/raw`)).text()).toBe(shipment("A"));
    expect(await store.reads.operatorLog(0, 10)).toEqual([]);
  });

  test("a filter finds no failure by a redacted value that somebody guesses", async () => {
    const { url } = await redacting();
    await post(`${url}/v1/events/${TOPIC}`, shipment("C", 5_000), WAIT);
    const found = async (query: string): Promise<number> =>
      ((await get(`${url}/v1/failures?${query}`)).body["failures"] as readonly unknown[]).length;
    const field = (text: string): string => `field=${encodeURIComponent(text)}`;
    const at = `topic=${TOPIC}&partition=0&offset=1`;
    for (const query of [
      field("/destination=Dublin"),
      field("/destination/ann@example.org=1"),
      `${at}&${field("/destination/ann@example.org=1")}`,
      `pointer=${encodeURIComponent("/destination/ann@example.org")}`,
    ])
      expect([query, await found(query)]).toEqual([query, 0]);
    expect(await found(field("/shipment_id=C"))).toBe(1);
    expect(await found(`pointer=${encodeURIComponent("/destination")}`)).toBe(2);
  });

  test("failures, groups and their examples show nothing of it, and their bytes need a word", async () => {
    const { url } = await redacting();
    const list = await get(`${url}/v1/failures?payload=true`);
    const groups = (await get(`${url}/v1/failures/groups`)).body["groups"] as readonly { fingerprint: string }[];
    const details = await Promise.all(
      groups.map(async ({ fingerprint }) => get(`${url}/v1/failures/groups/${fingerprint}`)),
    );
    const texts = [list, ...details].map(({ text }) => text).join("\n");
    expect(texts).not.toContain("ann@example.org");
    expect(texts).toContain("[redacted]");
    const path = `${url}/v1/failures/${encodeURIComponent(`${TOPIC}/0@2`)}/raw`;
    const refused = await get(path);
    expect([refused.status, refused.body["code"]]).toEqual([403, "redacted"]);
    expect(await (await fetch(`${path}?reveal=true&actor=ann&reason=ticket`)).text()).toBe(TWICE);
  });
});
