import Fastify from "fastify";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { describe, expect, test } from "vitest";
import { openDoor } from "../../src/http/listen.ts";
import { shipment, TOPIC } from "../embedded.ts";
import { post, startService, type Service } from "./service.ts";

const EVENTS = `/v1/events/${TOPIC}`;

/** Sends a request as it is written, ends when the server closes, and gives status and code of the one answer. */
async function ask(port: number, text: string): Promise<readonly [status: string, code: string | null]> {
  const answer = await new Promise<string>((resolve, reject) => {
    let came = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    socket.on("data", (chunk) => (came += chunk.toString("latin1")));
    socket.on("close", () => resolve(came));
    socket.on("error", reject);
  });
  return [/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? "", /"code":"([^"]+)"/.exec(answer)?.[1] ?? null];
}

function get(headers: string, version = "1.1"): string {
  return `GET /livez HTTP/${version}\r\n${headers}Connection: close\r\n\r\n`;
}

function posted(headers: string, body = shipment("A")): string {
  return `POST ${EVENTS} HTTP/1.1\r\nHost: localhost\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
}

async function stored({ log }: Service): Promise<bigint> {
  const [stream] = await log.streams();
  return stream === undefined ? -1n : (await log.bounds(stream)).end;
}

const JSON_TYPE = "Content-Type: application/json\r\n";

describe("from a page in a browser", () => {
  test.each([
    ["bytes without a type", ""],
    ["a text", "Content-Type: text/plain;charset=UTF-8\r\n"],
    ["a form", "Content-Type: application/x-www-form-urlencoded\r\n"],
    ["a form of parts", "Content-Type: multipart/form-data; boundary=x\r\n"],
    ["an unreadable type", "Content-Type: ;\r\n"],
  ])("%s is not read: those a page sends without asking whom", async (_, type) => {
    const service = await startService();
    expect((await ask(service.port, posted(type)))[0]).toBe("415");
    expect(await stored(service)).toBe(0n);
  });

  test.each([
    ["Origin: https://evil.example\r\n"],
    ["Origin: null\r\n"],
    ["Origin: http://localhost:3000\r\n"],
    ["Sec-Fetch-Site: cross-site\r\n"],
    ["Sec-Fetch-Site: same-site\r\n"],
    ["Origin: http://localhost\r\nSec-Fetch-Site: cross-site\r\n"],
    ["Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n"],
  ])("a page of another origin stores nothing: %j", async (headers) => {
    const service = await startService();
    expect(await ask(service.port, posted(`${JSON_TYPE}${headers}`))).toEqual(["403", "foreign-origin"]);
    expect(await stored(service)).toBe(0n);
  });

  test("a page that this server gave, a link to it and a program are answered", async () => {
    const service = await startService();
    const own = `${JSON_TYPE}Origin: http://localhost\r\nSec-Fetch-Site: same-origin\r\n`;
    expect((await ask(service.port, posted(own)))[0]).toBe("202");
    expect((await ask(service.port, posted(JSON_TYPE)))[0]).toBe("202");
    const link =
      "Host: localhost\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n";
    expect((await ask(service.port, get(link)))[0]).toBe("200");
    expect((await ask(service.port, get("Host: localhost\r\nSec-Fetch-Site: cross-site\r\n")))[0]).toBe("403");
  });
});

describe("the name a server is asked by", () => {
  const named = async (service: Service, host: string) => (await ask(service.port, get(`Host: ${host}\r\n`)))[0];

  test("is a loopback name, and no name of somebody else's", async () => {
    const service = await startService();
    for (const host of ["localhost", "LOCALHOST:80", "localhost.", "127.0.0.1:1", "127.9.9.9", "[::1]:80"])
      expect([host, await named(service, host)]).toEqual([host, "200"]);
    for (const host of [
      "evil.example",
      "localhost.evil.example",
      "127.0.0.1.evil.example",
      "192.168.0.9",
      "a@localhost",
      "",
    ])
      expect([host, await named(service, host)]).toEqual([host, "421"]);
  });

  test("is one of http.hosts, or an address where other machines may ask: no name in DNS stands for itself", async () => {
    const service = await startService({ http: { remote: true, hosts: ["gateway.example.com"] } });
    for (const host of ["gateway.example.com:8000", "192.168.0.9:8000", "[fe80::1]", "localhost"])
      expect([host, await named(service, host)]).toEqual([host, "200"]);
    for (const host of ["other.example.com", "gateway.example.com.evil.example"])
      expect([host, await named(service, host)]).toEqual([host, "421"]);
    const any = await startService({ http: { remote: true, hosts: ["*"] } });
    expect(await named(any, "other.example.com")).toBe("200");
  });

  test("is given once; only HTTP/1.0 may leave it out", async () => {
    const { port } = await startService();
    expect(await ask(port, get("Host: localhost\r\nHost: localhost\r\n"))).toEqual(["400", "two-hosts"]);
    expect((await ask(port, get("", "1.0")))[0]).toBe("200");
    expect((await ask(port, get("")))[0]).toBe("400");
  });
});

test("every route refuses a media type that it does not read, and says what it reads", async () => {
  const { url } = await startService();
  const routes = [EVENTS, "/api/validate", "/v1/validate/shipment"];
  for (const path of routes) {
    const answer = await post(`${url}${path}`, "a,b", { "content-type": "text/csv" });
    expect([path, answer.status, answer.body["code"]]).toEqual([path, 415, "unsupported-media-type"]);
    expect(answer.body["remedy"]).toContain("application/json");
  }
  for (const path of [
    "/subjects/shipment",
    "/subjects/shipment/versions",
    "/compatibility/subjects/shipment/versions",
  ]) {
    const answer = await post(`${url}/registry${path}`, "{}", { "content-type": "text/plain" });
    expect([path, answer.status, answer.body["error_code"]]).toEqual([path, 415, 415]);
  }
});

test("every error of the framework is a problem, whatever the path and the method", async () => {
  const { url, port } = await startService();
  const long = await fetch(`${url}/v1/contracts/${"x".repeat(301)}`);
  expect([long.status, long.headers.get("content-type"), await long.json()]).toMatchObject([
    414,
    "application/problem+json",
    { code: "path-too-long", status: 414, detail: "A part of the path has more than 300 characters" },
  ]);
  const coded = await fetch(`${url}/v1/contracts/%zz`);
  expect([coded.status, await coded.json()]).toMatchObject([400, { code: "bad-path" }]);
  for (const method of ["PUT", "PATCH", "DELETE"]) {
    const wrong = await fetch(`${url}${EVENTS}`, { method, ...(method === "DELETE" ? {} : { body: "{}" }) });
    expect([method, wrong.status, wrong.headers.get("allow")]).toEqual([method, 405, "POST"]);
  }
  const nowhere = await post(`${url}/nowhere`, "x", { "content-type": "text/csv" });
  expect([nowhere.status, nowhere.body["code"]]).toEqual([404, "no-route"]);
  for (const text of ["NONSENSE\r\n\r\n", `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"y".repeat(20_000)}\r\n\r\n`]) {
    expect((await ask(port, text))[1]).toMatch(/^(?:bad-request|headers-too-large)$/);
  }
});

test("a port is taken before there is anything behind it; localhost is answered on either loopback address, and on neither once it is closed", async ({
  skip,
}) => {
  if (!Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === "::1") === true)) {
    process.stderr.write("SKIPPED: this machine has no IPv6 loopback\n");
    skip();
  }
  const app = Fastify();
  app.get("/", async () => "here");
  await app.ready();
  const { url, open, close } = await openDoor({ host: "127.0.0.1", port: 0 });
  const early = await fetch(`${url}/`);
  expect([early.status, early.headers.get("retry-after"), await early.json()]).toMatchObject([
    503,
    "1",
    { code: "starting" },
  ]);
  expect(await (await fetch(`${url}/livez`)).json()).toEqual({ status: "alive" });
  open(app);
  const { port } = new URL(url);
  for (const host of ["127.0.0.1", "[::1]"]) expect(await (await fetch(`http://${host}:${port}/`)).text()).toBe("here");
  await Promise.all([close(), app.close()]);
  for (const host of ["127.0.0.1", "[::1]"])
    await expect(fetch(`http://${host}:${port}/`)).rejects.toThrow("fetch failed");
});

test("a connection on which something is still answered is kept no longer than for that, once the door closes", async () => {
  const app = Fastify({ keepAliveTimeout: 600_000 });
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<string>();
  app.get("/", async () => {
    asked.resolve();
    return answer.promise;
  });
  await app.ready();
  const { url, open, close } = await openDoor({ host: "127.0.0.1", port: 0 });
  open(app);
  const asking = fetch(`${url}/`);
  await asked.promise;
  const closed = Promise.all([close(), app.close()]);
  answer.resolve("late");
  const answered = await asking;
  expect([answered.headers.get("connection"), await answered.text()]).toEqual(["close", "late"]);
  await closed;
});
