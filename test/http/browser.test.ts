import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { startChromium, type Chromium, type Page } from "../servers/chromium.ts";
import { openAccess } from "../../src/access/access.ts";
import { makeApiKey } from "../../src/access/change-keys.ts";
import { openEmbedded, shipment, TOPIC } from "../embedded.ts";
import { until } from "../patience.ts";
import { serve, startService, type Service } from "./service.ts";

const EVENTS = `/v1/events/${TOPIC}`;
const EVIL = "evil.example";
const REBOUND = "rebound.example";
const FRIEND = "friend.example";

let chromium: Chromium;
beforeAll(async () => {
  chromium = await startChromium([EVIL, REBOUND, FRIEND]);
});
afterAll(async () => chromium.stop());

/** A page of somebody else's, on a port of its own. */
async function startEvil(): Promise<{ readonly port: number; readonly stop: () => Promise<void> }> {
  const server = createServer((_, response) => {
    response.setHeader("content-type", "text/html; charset=utf-8");
    response.end("<!doctype html><html lang=en><title>evil</title><link rel=icon href=data:,><body>evil</body></html>");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const stop = async (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  onTestFinished(async () => stop());
  return { port: (server.address() as AddressInfo).port, stop };
}

/** What the gateway was asked and what it answered, as it was: a page that is refused sees none of it. */
function watch({ server }: Service): readonly string[] {
  const answered: string[] = [];
  server.on("request", (request, response) => {
    response.once("finish", () => answered.push(`${request.method} ${request.url} ${response.statusCode}`));
  });
  return answered;
}

async function endOf({ log }: Service): Promise<bigint> {
  const [stream] = await log.streams();
  return stream === undefined ? -1n : (await log.bounds(stream)).end;
}

/** Each tries to store a record from a page; none needs the gateway's leave to be sent. The page is kept from the answer, too. */
const ATTEMPTS: readonly (readonly [name: string, script: string])[] = [
  [
    "bytes",
    "await fetch(target, { method: 'POST', mode: 'no-cors', body: new TextEncoder().encode(record) }).catch(() => 0);",
  ],
  [
    "a Blob without a type",
    "await fetch(target, { method: 'POST', mode: 'no-cors', body: new Blob([record]) }).catch(() => 0);",
  ],
  ["a text", "await fetch(target, { method: 'POST', mode: 'no-cors', body: record }).catch(() => 0);"],
  ["a beacon", "navigator.sendBeacon(target, new Blob([record]));"],
  ["a beacon that says that it is a text", "navigator.sendBeacon(target, record);"],
  [
    "a form",
    `const frame = document.body.appendChild(Object.assign(document.createElement('iframe'), { name: 'f' + document.forms.length }));
     const form = document.body.appendChild(Object.assign(document.createElement('form'), { action: target, method: 'POST', target: 'f' + document.forms.length, enctype: 'text/plain' }));
     form.appendChild(Object.assign(document.createElement('input'), { name: record.slice(0, 30), value: record.slice(31) }));
     form.submit();`,
  ],
  [
    "a simple content type, to be read",
    "await fetch(target, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: record }).catch(() => 0);",
  ],
];

async function attempt(page: Page, base: string, script: string): Promise<unknown> {
  const record = JSON.stringify(shipment("from-a-page"));
  return page.run(`const record = ${record}; const target = ${JSON.stringify(`${base}${EVENTS}`)}; ${script}`);
}

describe("from a page of another origin", () => {
  test.each(ATTEMPTS)("%s stores nothing, and is 403", async (_, script) => {
    const service = await startService();
    const answered = watch(service);
    const evil = await startEvil();
    const page = await chromium.open(`http://${EVIL}:${evil.port}/`);
    for (const host of ["127.0.0.1", "localhost"]) await attempt(page, `http://${host}:${service.port}`, script);
    await until(
      () => answered.length === 2,
      () => `answered: ${answered.join(", ")}`,
    );
    expect(answered).toEqual([`POST ${EVENTS} 403`, `POST ${EVENTS} 403`]);
    expect(await endOf(service)).toBe(0n);
  });

  test("JSON is asked for leave first, which is not given; nothing can be read, drawn or connected to", async () => {
    const service = await startService();
    const answered = watch(service);
    const evil = await startEvil();
    const page = await chromium.open(`http://${EVIL}:${evil.port}/`);
    const seen = await attempt(
      page,
      service.url,
      `const base = new URL(target).origin;
       const outcome = (promise) => promise.then(() => 'done', () => 'failed');
       return [
         await outcome(fetch(target, { method: 'POST', headers: { 'content-type': 'application/json' }, body: record })),
         await outcome(fetch(base + '/v1/contracts')),
         await outcome(new Promise((yes, no) => Object.assign(new Image(), { onload: yes, onerror: no, src: base + '/docs' }))),
         await outcome(new Promise((yes, no) => Object.assign(new WebSocket(base.replace('http', 'ws') + '/v1/contracts'), { onopen: yes, onerror: no }))),
         await outcome(new Promise((yes, no) => document.body.appendChild(Object.assign(document.createElement('script'), { onload: yes, onerror: no, src: base + '/openapi.json' })))),
       ];`,
    );
    expect(seen).toEqual(["failed", "failed", "failed", "failed", "failed"]);
    expect(answered).toEqual([
      `OPTIONS ${EVENTS} 403`,
      "GET /v1/contracts 403",
      "GET /docs 403",
      "GET /v1/contracts 403",
      "GET /openapi.json 403",
    ]);
    expect(await endOf(service)).toBe(0n);
  });
});

test("a page of a named origin asks and reads with its key, and takes along no other origin", async () => {
  const [friend, evil] = [await startEvil(), await startEvil()];
  const named = `http://${FRIEND}:${friend.port}`;
  const embedded = await openEmbedded();
  const noteUse = (): void => undefined;
  const access = openAccess({ reads: embedded.store.reads, now: Date.now, noteUse });
  const service = await serve(embedded, { http: { corsOrigins: [named], access } });
  const wanted = { name: "page", roles: ["producer"], topics: [TOPIC], subjects: [], endsMs: null } as const;
  const operator = { actor: "ann", at: "2026-11-29T00:00:00.000Z", reason: "for the test" };
  const { key } = await makeApiKey(embedded.store, wanted, operator, randomBytes);
  const script = `
    const headers = { 'content-type': 'application/json', authorization: ${JSON.stringify(`Bearer ${key}`)}, 'sigma-producer': 'page' };
    const ask = (init) => fetch(target, { method: 'POST', body: record, ...init }).then(
      async (answer) => [answer.status, (await answer.json()).code ?? answer.headers.get('contract')], () => 'failed');
    return [await ask({ headers }), await ask({ headers: { 'content-type': 'application/json' } }), await ask({ headers, credentials: 'include' })];`;
  const seen = await Promise.all(
    [named, `http://${EVIL}:${evil.port}`].map(async (origin) =>
      attempt(await chromium.open(`${origin}/`), service.url, script),
    ),
  );
  // A request with cookies is one that no page of another origin is given leave to make.
  expect(seen).toEqual([
    [[202, "shipment@1"], [401, "no-key"], "failed"],
    ["failed", "failed", "failed"],
  ]);
  expect(await endOf(service)).toBe(1n);
});

test("a page whose name came to mean this machine is of the gateway's own origin, and is refused by its name", async () => {
  const evil = await startEvil();
  const page = await chromium.open(`http://${REBOUND}:${evil.port}/`);
  await evil.stop();
  // What the name meant until now is gone, and on the same port is the gateway: as after a change in DNS.
  const service = await startService({ port: evil.port });
  const answered = watch(service);
  const seen = await attempt(
    page,
    `http://${REBOUND}:${evil.port}`,
    `const posted = await fetch(target, { method: 'POST', headers: { 'content-type': 'application/json' }, body: record });
     const read = await fetch('/v1/contracts');
     navigator.sendBeacon(target, new Blob([record], { type: 'application/json' }));
     return [posted.status, (await posted.json()).code, read.status];`,
  );
  expect(seen).toEqual([421, "foreign-host", 421]);
  // A browser asks once more, on another connection, what was answered so: four times and a beacon twice.
  await until(() => answered.length === 6);
  expect(new Set(answered)).toEqual(new Set(["GET /v1/contracts 421", `POST ${EVENTS} 421`]));
  expect(await endOf(service)).toBe(0n);
});

test("/docs is shown under the gateway's own names without an error, and follows a link from elsewhere", async () => {
  const service = await startService();
  for (const host of ["localhost", "127.0.0.1"]) {
    const page = await chromium.open(`http://${host}:${service.port}/docs`);
    const shown = await page.run("return [document.title, document.querySelectorAll('code').length > 20];");
    expect([host, shown, page.errors]).toEqual([host, ["SIGMA-AETL gateway", true], []]);
    expect((await page.screenshot()).length).toBeGreaterThan(10_000);
  }
  const evil = await startEvil();
  const answered = watch(service);
  const page = await chromium.open(`http://${EVIL}:${evil.port}/`);
  await page.run(`location.href = ${JSON.stringify(`${service.url}/docs`)};`);
  await until(() => answered.includes("GET /docs 200"));
});
