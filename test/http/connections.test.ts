import Fastify from "fastify";
import { describe, expect, test } from "vitest";
import { openDoor } from "../../src/http/listen.ts";
import { shipment, TOPIC } from "../embedded.ts";
import { chunked, openRaw, statusesIn } from "./raw-connection.ts";
import { startService } from "./service.ts";

const EVENTS = `/v1/events/${TOPIC}`;
const HOST = "Host: localhost\r\n";

function lines(count: number): string {
  return Array.from({ length: count }, (_, n) => `${shipment(`n${n}`)}\n`).join("");
}

function posted(body: string, more = ""): string {
  return `POST ${EVENTS} HTTP/1.1\r\n${HOST}Content-Type: application/json\r\n${more}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

const UPGRADE = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n";
const LINES = `POST ${EVENTS} HTTP/1.1\r\n${HOST}Content-Type: application/x-ndjson\r\n`;

describe("a stream of lines that ends early", () => {
  test.each([
    ["by the end of its sender's half", "", `${chunked(lines(1_000))}ff\r\n{"half"`, true, "body-cut-short"],
    ["by a chunk that is none", "", `${chunked(lines(1_000))}zz\r\n{"half"`, false, "bad-framing"],
    // As curl --http2 asks for it. Node keeps what is wrong with such a body to itself.
    [
      "by that end, of one that would upgrade,",
      UPGRADE,
      `${chunked(lines(1_000))}ff\r\n{"half"`,
      true,
      "body-cut-short",
    ],
    [
      "by such a chunk, of one that would upgrade,",
      UPGRADE,
      `${chunked(lines(1_000))}zz\r\n{"half"`,
      true,
      "body-cut-short",
    ],
  ])("%s is answered with what was appended", async (_, head, body, ends, code) => {
    const { port } = await startService();
    const { socket, answer } = await openRaw(port);
    socket.write(`${LINES}${head}Transfer-Encoding: chunked\r\n\r\n${body}`);
    if (ends) socket.end();
    const text = await answer;
    expect([statusesIn(text), JSON.parse(text.slice(text.indexOf("{")))]).toMatchObject([
      [400],
      { code, appended: 1_000, ranges: [{ partition: 0, from: 0, to: 1_000 }] },
    ]);
  });
});

test("what is no request is answered after the requests before it, which are answered as if it were not there", async () => {
  const { port } = await startService();
  const { socket, answer } = await openRaw(port);
  socket.write(`${posted(shipment("a"), "Prefer: wait=30\r\n")}${posted(shipment("b"))}NONSENSE\r\n\r\n`);
  const text = await answer;
  expect(statusesIn(text)).toEqual([200, 202, 400]);
  expect(text).toMatch(/"status":"PASSED"[^]*"positions":\[[^]*"code":"bad-request"/);
});

test("who has sent everything and says so by ending its half is answered all the same", async () => {
  const app = Fastify();
  const ended = Promise.withResolvers<void>();
  app.get("/", async ({ raw: { socket } }) => {
    socket.once("end", ended.resolve);
    await ended.promise;
    return "late";
  });
  await app.ready();
  const { url, open, close } = await openDoor({ host: "127.0.0.1", port: 0 });
  open(app);
  const { socket, answer } = await openRaw(Number(new URL(url).port));
  socket.end(`GET / HTTP/1.1\r\n${HOST}\r\n`);
  expect(await answer).toMatch(/^HTTP\/1\.1 200[^]*late$/);
  await Promise.all([close(), app.close()]);
});

test.each([
  ["nothing yet", ""],
  ["half of a request", "GET / HT"],
])("who has sent %s does not keep the door from closing", async (_, sent) => {
  const app = Fastify();
  await app.ready();
  const { url, open, close } = await openDoor({ host: "127.0.0.1", port: 0 });
  open(app);
  const { socket, answer } = await openRaw(Number(new URL(url).port));
  socket.write(sent);
  await (await fetch(url)).arrayBuffer();
  await Promise.all([close(), app.close()]);
  // Node's clock for headers would have answered 408 after a while.
  expect(await answer).toBe("");
});

test("requests of one connection are carried out one after the other, so that records keep their order", async () => {
  const { port } = await startService();
  const { socket, answer } = await openRaw(port);
  const many = lines(3_000);
  socket.write(`${LINES}Content-Length: ${many.length}\r\n\r\n${many}${posted(shipment("last"))}`);
  socket.end(`GET /livez HTTP/1.1\r\n${HOST}\r\n`);
  const text = await answer;
  expect(statusesIn(text)).toEqual([202, 202, 200]);
  expect(text).toMatch(/"from":0,"to":3000[^]*"positions":\[\{"stream":"[^"]+","partition":0,"offset":3000\}\]/);
});

test("one connection makes one answer at a time, however many it has asked for and however few it reads", async () => {
  const { port, url } = await startService();
  const size = (await (await fetch(`${url}/openapi.json`)).arrayBuffer()).byteLength;
  const { socket, answer } = await openRaw(port);
  socket.pause();
  socket.end(`GET /openapi.json HTTP/1.1\r\n${HOST}\r\n`.repeat(1_000));
  const held = async (): Promise<number> => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return Number(/^sigma_http_held_bytes (\d+)$/m.exec(text)?.[1]);
  };
  // The kernel takes the first ones; the next waits for its reader, and those behind it are not made.
  await expect.poll(held).toBe(size);
  expect(await held()).toBe(size);
  socket.resume();
  expect(statusesIn(await answer)).toEqual(Array.from({ length: 1_000 }, () => 200));
  expect(await held()).toBe(0);
});

test.each([
  ["a tunnel", `CONNECT evil.example:80 HTTP/1.1\r\n${HOST}\r\n`, 405, "method"],
  ["an expectation that nobody has", posted("{}", "Expect: miracles\r\n"), 417, "expectation"],
  ["no Host header", "GET /livez HTTP/1.1\r\n\r\n", 400, "no-host"],
  [
    "a host of somebody else's in the target",
    `GET http://evil.example/livez HTTP/1.1\r\n${HOST}\r\n`,
    421,
    "foreign-host",
  ],
  ["a method that no route has", `QUERY /livez HTTP/1.1\r\n${HOST}\r\n`, 405, "method"],
])("%s is answered with a problem", async (_, request, status, code) => {
  const { port } = await startService();
  const { socket, answer } = await openRaw(port);
  socket.end(request);
  const text = await answer;
  expect(statusesIn(text)).toEqual([status]);
  expect(text).toContain("content-type: application/problem+json");
  expect(text).toContain(`"code":"${code}"`);
});

test("a body that the registry refuses ends the connection with the answer, as everywhere", async () => {
  const { port } = await startService();
  const { socket, answer } = await openRaw(port);
  const behind = posted(shipment("behind"));
  socket.write(
    `POST /registry/subjects/shipment HTTP/1.1\r\n${HOST}Content-Type: text/csv\r\nContent-Length: 500000\r\n\r\n`,
  );
  socket.end(`${behind}${"x".repeat(500_000 - behind.length)}`);
  const text = await answer;
  expect([statusesIn(text), text.includes("connection: close")]).toEqual([[415], true]);
});
