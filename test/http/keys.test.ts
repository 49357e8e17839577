import { expect, test } from "vitest";
import { openAccess } from "../../src/access/access.ts";
import { openEmbedded } from "../embedded.ts";
import { get, post, serve, type Service } from "./service.ts";

const SAID = { actor: "ann", reason: "for the tests" };

/** A gateway that asks for keys, whose clock goes on by two seconds at each look. */
async function start(): Promise<Service> {
  const embedded = await openEmbedded();
  let nowMs = 1_700_000_000_000;
  const now = (): number => (nowMs += 2_000);
  const access = openAccess({ reads: embedded.store.reads, now, noteUse: () => undefined });
  return serve(embedded, { http: { access, now } });
}

const bearer = (key: unknown) => ({ authorization: `Bearer ${String(key)}` });

async function make(service: Service, body: object, key: unknown = null) {
  return post(`${service.url}/v1/keys`, JSON.stringify({ ...SAID, ...body }), key === null ? {} : bearer(key));
}

test("the first key closes the gateway, and is what opens it; nothing tells of it again", async () => {
  const service = await start();
  const made = await make(service, { name: "ann", roles: ["admin"] });
  expect([made.status, made.headers.get("cache-control")]).toEqual([201, "no-store"]);
  const { id, key } = made.body;
  expect((await get(`${service.url}/v1/keys`)).body["code"]).toBe("no-key");
  const listed = await get(`${service.url}/v1/keys`, bearer(key));
  expect(listed.body).toMatchObject({
    keys: [
      {
        id,
        name: "ann",
        roles: ["admin"],
        state: "active",
        ends: null,
        lastUse: null,
        madeBy: "ann via api from 127.0.0.1",
      },
    ],
  });
  expect(listed.text).not.toContain(String(key).slice(19));
  const actions = await service.store.reads.operatorLog(0, 10);
  expect(actions.map(({ action, reason }) => [action, reason])).toEqual([["key-new", "for the tests"]]);
  expect(JSON.stringify(actions)).not.toContain(String(key).slice(19));
});

test("a key is rotated: both are taken for a while; and revoked: it is refused, for good", async () => {
  const service = await start();
  const { key } = (await make(service, { name: "ann", roles: ["admin"] })).body;
  const old = (await make(service, { name: "page", roles: ["viewer"], subjects: ["shipment"], expires: "90d" }, key))
    .body;
  expect(typeof old["ends"]).toBe("string");
  const change = async (name: string, id: unknown, body: object = {}) =>
    post(
      `${service.url}/v1/keys/${String(id)}/${name}`,
      JSON.stringify({ reason: "for the tests", ...body }),
      bearer(key),
    );
  const fresh = await change("rotate", old["id"], { overlap: "1h" });
  expect([fresh.status, fresh.body["replaces"], fresh.body["ends"]]).toEqual([201, old["id"], null]);
  const mayRead = async (one: unknown): Promise<number> =>
    (await get(`${service.url}/v1/contracts/shipment`, bearer(one))).status;
  expect([await mayRead(old["key"]), await mayRead(fresh.body["key"])]).toEqual([200, 200]);
  expect((await change("rotate", old["id"])).body["code"]).toBe("key-over");
  expect((await change("revoke", old["id"])).body).toEqual({ id: old["id"], state: "revoked" });
  expect([await mayRead(old["key"]), await mayRead(fresh.body["key"])]).toEqual([401, 200]);
  expect((await change("revoke", old["id"])).body["code"]).toBe("key-over");
  expect((await change("revoke", "0".repeat(12))).body["code"]).toBe("unknown-key");
  const { keys } = (await get(`${service.url}/v1/keys`, bearer(key))).body as {
    keys: readonly Record<string, unknown>[];
  };
  expect(keys.map(({ name, state, replacedBy, subjects }) => [name, state, replacedBy, subjects])).toEqual([
    ["ann", "active", null, []],
    ["page", "revoked", fresh.body["id"], ["shipment"]],
    ["page", "active", null, ["shipment"]],
  ]);
});

test.each([
  ["of another role", { name: "till", roles: ["producer"], topics: ["t"] }],
  ["of an admin for one topic", { name: "ann", roles: ["admin"], topics: ["t"] }],
])("a first key %s is refused: nobody could make another one", async (_, body) => {
  const service = await start();
  expect((await make(service, body)).body).toMatchObject({ status: 409, code: "no-admin-left" });
  expect(await service.store.reads.operatorLog(0, 1)).toEqual([]);
  expect((await get(`${service.url}/v1/keys`)).body).toEqual({ keys: [] });
});

test("the last key of an admin is not revoked by itself: it is rotated, or another is made first", async () => {
  const service = await start();
  const ann = (await make(service, { name: "ann", roles: ["admin"] })).body;
  await make(service, { name: "of one topic", roles: ["admin"], topics: ["t"] }, ann["key"]);
  const change = async (id: unknown, key: unknown, what = "revoke", more: object = {}) =>
    post(`${service.url}/v1/keys/${String(id)}/${what}`, JSON.stringify({ reason: "it leaked", ...more }), bearer(key));
  const refused = await change(ann["id"], ann["key"]);
  expect(refused.body).toMatchObject({ status: 409, code: "no-admin-left" });
  expect(String(refused.body["remedy"])).toContain("rotate");
  const fresh = (await change(ann["id"], ann["key"], "rotate", { overlap: "0s" })).body;
  const ends = await Promise.all(
    [ann["key"], fresh["key"]].map(async (one) => (await get(`${service.url}/v1/keys`, bearer(one))).status),
  );
  expect(ends).toEqual([401, 200]);
  const eve = (await make(service, { name: "eve", roles: ["admin"] }, fresh["key"])).body;
  expect((await change(fresh["id"], fresh["key"])).body).toEqual({ id: fresh["id"], state: "revoked" });
  expect((await change(eve["id"], eve["key"])).body["code"]).toBe("no-admin-left");
});

test.each([
  ["no reason", { reason: "", name: "a", roles: ["viewer"] }],
  ["no role", { name: "a", roles: [] }],
  ["a role that there is not", { name: "a", roles: ["viewer", "king"] }],
  ["a producer without topics", { name: "a", roles: ["producer"] }],
  ["a name with a control", { name: "a\u0007", roles: ["viewer"] }],
  ["a topic that is none", { name: "a", roles: ["producer"], topics: ["a b"] }],
  ["a time that is over", { name: "a", roles: ["viewer"], expires: "2020-01-01T00:00:00Z" }],
  ["a member that nobody reads", { name: "a", roles: ["viewer"], role: "admin" }],
])("%s makes no key", async (_, body) => {
  const service = await start();
  expect((await make(service, body)).body).toMatchObject({ status: 400, code: "bad-parameter" });
  expect(await service.store.reads.operatorLog(0, 1)).toEqual([]);
});
