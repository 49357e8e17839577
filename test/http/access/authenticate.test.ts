import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { openAccess } from "../../../src/access/access.ts";
import { makeApiKey, revokeApiKey } from "../../../src/access/change-keys.ts";
import { mayUse, ROLES, type Role } from "../../../src/access/roles.ts";
import { openReveals } from "../../../src/failures/reveal.ts";
import { createRedaction } from "../../../src/failures/redact.ts";
import { routesOf } from "../../../src/http/access/route-roles.ts";
import { openEmbedded, TOPIC, type Embedded } from "../../embedded.ts";
import { buildApp, get, post, serve, type Service } from "../service.ts";

const OPERATOR = { actor: "ann", at: "2026-11-29T00:00:00.000Z", reason: "for the tests" };

type Limits = { readonly topics?: readonly string[]; readonly subjects?: readonly string[] };

async function keyOf(embedded: Embedded, role: Role, { topics = [], subjects = [] }: Limits = {}): Promise<string> {
  const wanted = { name: `the ${role}`, roles: [role], topics, subjects, endsMs: null };
  return (await makeApiKey(embedded.store, wanted, OPERATOR, randomBytes)).key;
}

/** A clock that goes on by a second at each look, so that the keys are read anew for each request. */
function accessOf({ store }: Embedded): ReturnType<typeof openAccess> {
  let ms = 1_700_000_000_000;
  return openAccess({ reads: store.reads, now: () => (ms += 1_000), noteUse: () => undefined });
}

async function start(more: Parameters<typeof serve>[1] = {}): Promise<Service> {
  const embedded = await openEmbedded();
  return serve(embedded, { ...more, http: { access: accessOf(embedded), ...more.http } });
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const PAYLOAD = JSON.stringify({ shipment_id: "A", weight_kg: 1, destination: "Lyon", priority: 2 });

test("each role may use the routes that are for it, and is refused by all others: every role with every route", async () => {
  const embedded = await openEmbedded();
  const { app, gateway } = await buildApp(embedded, { http: { access: accessOf(embedded) } });
  const keys = new Map<Role, string>();
  for (const role of ROLES) keys.set(role, await keyOf(embedded, role));
  const wrong: unknown[] = [];
  for (const { method, url, role } of routesOf(app)) {
    const path = url.replaceAll(/:[a-z]+/g, "1");
    const ask = async (headers: Readonly<Record<string, string>>): Promise<number> =>
      (await app.inject({ method: method as "GET", url: path, headers: { host: "localhost", ...headers } })).statusCode;
    const without = await ask({});
    if ((without === 401) !== (role !== "public")) wrong.push([method, url, "without a key", without]);
    for (const [held, key] of keys) {
      const status = await ask(bearer(key));
      if (status === 401 || (status === 403) === mayUse([held], role)) wrong.push([method, url, held, status]);
    }
  }
  await app.close();
  await gateway.stop();
  expect(wrong).toEqual([]);
});

test("without a key, with a wrong one and with one that has ended the answer says which, and how to give one", async () => {
  const service = await start();
  const key = await keyOf(service, "viewer");
  const asked = async (headers: Readonly<Record<string, string>>) => {
    const { status, headers: answered, body } = await get(`${service.url}/v1/contracts`, headers);
    return [status, body["code"], answered.get("www-authenticate")];
  };
  expect(await asked({})).toEqual([401, "no-key", 'Bearer realm="sigma"']);
  const invalid = 'Bearer realm="sigma", error="invalid_token"';
  expect(await asked(bearer(`${key}x`))).toEqual([401, "bad-key", invalid]);
  expect(await asked({ authorization: `Basic ${btoa(`x:${key}`)}` })).toEqual([401, "bad-key", invalid]);
  expect(await asked({ authorization: `bearer  ${key} ` })).toEqual([200, undefined, null]);
  await revokeApiKey(service.store, key.split("_")[1] ?? "", OPERATOR);
  expect(await asked(bearer(key))).toEqual([401, "key-ended", invalid]);
});

test("the registry answers in its own form", async () => {
  const service = await start();
  await keyOf(service, "viewer");
  const answer = await fetch(`${service.url}/registry/subjects`);
  expect([answer.status, answer.headers.get("www-authenticate"), await answer.json()]).toEqual([
    401,
    'Bearer realm="sigma"',
    { error_code: 401, message: "The request has no key" },
  ]);
});

test("a producer appends to its topics, and to no other, and a body that is refused is not read", async () => {
  const service = await start();
  const [own, other] = [
    await keyOf(service, "producer", { topics: [TOPIC] }),
    await keyOf(service, "producer", { topics: ["other"] }),
  ];
  const events = `${service.url}/v1/events/${TOPIC}`;
  expect((await post(events, PAYLOAD, bearer(own))).status).toBe(202);
  const refused = await post(events, PAYLOAD, bearer(other));
  expect([refused.status, refused.body["code"], refused.headers.get("connection")]).toEqual([
    403,
    "out-of-scope",
    "close",
  ]);
  const [stream] = await service.log.streams();
  expect(stream === undefined ? null : (await service.log.bounds(stream)).end).toBe(1n);
});

test("a key of one subject reads its records, and nothing that is about all of them", async () => {
  const service = await start();
  const key = await keyOf(service, "viewer", { subjects: ["shipment"] });
  const strange = await keyOf(service, "viewer", { subjects: ["order"] });
  const admin = await keyOf(service, "admin");
  const { body } = await post(`${service.url}/v1/events/${TOPIC}`, "{}", { ...bearer(admin), prefer: "wait=30" });
  const [decision] = body["decisions"] as readonly { readonly offset: number }[];
  const failure = encodeURIComponent(`${TOPIC}/0@${decision?.offset}`);
  const paths = [
    `/v1/decisions/${TOPIC}/0/0`,
    `/v1/failures?contract=shipment`,
    `/v1/failures?topic=${TOPIC}`,
    `/v1/failures/${failure}`,
    `/v1/failures/${failure}/raw`,
    "/v1/failures",
    "/v1/failures/groups",
    "/v1/failures?contract=order",
    "/v1/failures?topic=other",
    "/metrics",
    "/v1/contracts/shipment",
  ];
  const statuses = async (of: string): Promise<readonly number[]> =>
    Promise.all(paths.map(async (path) => (await fetch(`${service.url}${path}`, { headers: bearer(of) })).status));
  expect(await statuses(key)).toEqual([200, 200, 200, 200, 200, 403, 403, 403, 403, 403, 200]);
  expect(await statuses(strange)).toEqual([403, 403, 403, 403, 403, 403, 403, 200, 403, 403, 200]);
  const judge = async (of: string): Promise<readonly number[]> =>
    Promise.all(
      ["/api/validate", "/v1/validate/shipment"].map(
        async (path) => (await post(`${service.url}${path}`, PAYLOAD, bearer(of))).status,
      ),
    );
  expect([await judge(key), await judge(strange)]).toEqual([
    [200, 200],
    [403, 403],
  ]);
});

test("who acts with a key is written down as the key, whatever the body says", async () => {
  const service = await start();
  const [operator, admin] = [await keyOf(service, "operator"), await keyOf(service, "admin")];
  await post(`${service.url}/v1/events/${TOPIC}`, "{}", { ...bearer(admin), prefer: "wait=30" });
  const { body } = await get(`${service.url}/v1/failures/groups`, bearer(operator));
  const [group] = body["groups"] as readonly { readonly fingerprint: string }[];
  const answer = await fetch(`${service.url}/v1/failures/groups/${group?.fingerprint}`, {
    method: "PATCH",
    headers: { ...bearer(operator), "content-type": "application/json" },
    body: JSON.stringify({ actor: "the pope", reason: "seen", state: "acknowledged" }),
  });
  expect(answer.status).toBe(200);
  const last = (await service.store.reads.operatorLog(0, 100)).at(-1);
  expect([last?.action, last?.actor]).toEqual([
    "group-state",
    `the operator (key ${operator.split("_")[1]}) via api from 127.0.0.1`,
  ]);
});

test("redacted bytes are shown to an operator, and not to a viewer who says why", async () => {
  const embedded = await openEmbedded();
  const redaction = createRedaction({ pointers: [{ subject: null, pointer: "/weight_kg" }], classes: [] }, () =>
    embedded.deps.contracts(),
  );
  const reveal = openReveals(embedded.store);
  const service = await serve(embedded, { http: { access: accessOf(embedded), redaction, reveal } });
  const [viewer, operator, admin] = await Promise.all(
    (["viewer", "operator", "admin"] as const).map(async (role) => keyOf(service, role)),
  );
  await post(`${service.url}/v1/events/${TOPIC}`, PAYLOAD, { ...bearer(admin ?? ""), prefer: "wait=30" });
  const raw = `${service.url}/v1/decisions/${TOPIC}/0/0/raw?reveal=true&actor=ann&reason=look`;
  const statuses = [viewer, operator].map(async (key) => (await fetch(raw, { headers: bearer(key ?? "") })).status);
  expect(await Promise.all(statuses)).toEqual([403, 200]);
  const last = (await service.store.reads.operatorLog(0, 100)).at(-1);
  expect([last?.action, last?.actor, last?.reason]).toEqual([
    "reveal",
    `the operator (key ${operator?.split("_")[1]}) via api from 127.0.0.1`,
    "look",
  ]);
});
