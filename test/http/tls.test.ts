import { readFileSync } from "node:fs";
import { Agent, request, type RequestOptions } from "node:https";
import { connect as connectBare } from "node:net";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import { openAccess } from "../../src/access/access.ts";
import type { CertificateRole } from "../../src/access/certificates.ts";
import type { HttpDeps } from "../../src/http/deps.ts";
import { openDoor, type Door, type DoorTls } from "../../src/http/listen.ts";
import { readTlsPair, type TlsPair } from "../../src/tls/pair.ts";
import { openEmbedded, shipment, TOPIC } from "../embedded.ts";
import { makeAuthority, temporary, type Authority, type Made } from "../tls/certificates.ts";
import { buildApp } from "./service.ts";

const EVENTS = `/v1/events/${TOPIC}`;

async function pairOf({ cert, key }: Made, clientCaFile: string | null = null): Promise<TlsPair> {
  const read = await readTlsPair({ certFile: cert, keyFile: key, passphrase: null, clientCaFile });
  if (read.kind !== "pair") throw new Error(read.why);
  return read.pair;
}

type Secured = { readonly door: Door; readonly port: number; readonly close: () => Promise<void> };

/** A gateway behind the door that the program opens. */
async function start(tls: DoorTls, http: Partial<HttpDeps> = {}): Promise<Secured> {
  const embedded = await openEmbedded();
  const { app, gateway } = await buildApp(embedded, { http });
  const door = await openDoor({ host: "127.0.0.1", port: 0, tls });
  door.open(app);
  let closing: Promise<void> | null = null;
  const close = async (): Promise<void> =>
    (closing ??= (async () => {
      await Promise.all([door.close(), app.close()]);
      await gateway.stop();
    })());
  onTestFinished(close);
  return { door, port: Number(new URL(door.url).port), close };
}

/** A gateway with a certificate of its own authority. */
async function startPlainly(http: Partial<HttpDeps> = {}): Promise<Secured & { readonly authority: Authority }> {
  const authority = makeAuthority(temporary());
  const pair = await pairOf(authority.sign("gateway"));
  return { ...(await start({ pair, clients: "not-asked" }, http)), authority };
}

const ca = ({ cert }: Made) => readFileSync(cert);
const shown = ({ cert, key }: Made) => ({ cert: readFileSync(cert), key: readFileSync(key) });

type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly code: unknown;
  readonly body: string;
};

/** Asks once; with an agent on a connection that is kept. */
async function ask(
  port: number,
  options: RequestOptions & { readonly session?: Buffer },
  body?: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asking = request({ host: "127.0.0.1", port, path: "/v1/contracts", ...options }, (answer) => {
      let text = "";
      answer.on("data", (chunk) => (text += String(chunk)));
      answer.on("end", () => {
        const code = /"code":"([^"]+)"/.exec(text)?.[1] ?? null;
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, code, body: text });
      });
    });
    asking.on("error", reject).end(body);
  });
}

/** Makes a handshake, and gives the protocol that was agreed on, or the error. */
async function shake(port: number, options: ConnectionOptions): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", ...options }, () => {
      resolve(socket.getProtocol() ?? "none");
      socket.destroy();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

describe("TLS", () => {
  test("is spoken from 1.2 on, and by a certificate that the client can check; what is not TLS is closed", async () => {
    const { door, port, authority } = await startPlainly();
    expect(door.url).toBe(`https://127.0.0.1:${port}`);
    const trusting = { ca: ca(authority) };
    expect(await shake(port, trusting)).toBe("TLSv1.3");
    expect(await shake(port, { ...trusting, maxVersion: "TLSv1.2" })).toBe("TLSv1.2");
    const old = { ...trusting, minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
    expect(await shake(port, old)).toMatch(/PROTOCOL_VERSION/);
    expect(await shake(port, {})).toBe("UNABLE_TO_VERIFY_LEAF_SIGNATURE");
    await expect(fetch(`http://127.0.0.1:${port}/livez`)).rejects.toThrow("fetch failed");
    expect((await ask(port, trusting)).status).toBe(200);
  });

  test("an append over it is as one without: taken, refused midway with its answer, and half closed", async () => {
    const { port, authority } = await startPlainly();
    const options = { ca: ca(authority), method: "POST", path: EVENTS };
    const json = { ...options, headers: { "content-type": "application/json" } };
    expect((await ask(port, json, shipment("A"))).status).toBe(202);
    const strange = { ...options, headers: { "content-type": "text/csv" } };
    expect(await ask(port, strange, "x".repeat(3_000_000))).toMatchObject({ status: 415 });
    const halfOpen = { port, host: "127.0.0.1", ca: ca(authority), allowHalfOpen: true };
    const socket = connect(halfOpen);
    onTestFinished(() => void socket.destroy());
    let answer = "";
    socket.on("data", (chunk) => (answer += String(chunk)));
    socket.end(`GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await new Promise((resolve) => socket.once("close", resolve));
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
  });

  test("what attackers send over it is answered as without: two lengths, headers without end, bytes that are no HTTP", async () => {
    const { port, authority } = await startPlainly();
    const answered = async (text: string): Promise<string> =>
      new Promise((resolve, reject) => {
        let came = "";
        const socket = connect({ port, host: "127.0.0.1", ca: ca(authority) }, () => socket.write(text));
        onTestFinished(() => void socket.destroy());
        socket.on("data", (chunk) => (came += String(chunk)));
        socket.on("error", reject).on("close", () => resolve(came));
      });
    const post = `POST ${EVENTS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n`;
    const smuggled = "0\r\n\r\nGET /v1/contracts HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const cases: readonly (readonly [string, string, number])[] = [
      ["two framings", `${post}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n${smuggled}`, 400],
      ["two lengths", `${post}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`, 400],
      ["a strange framing", `${post}Transfer-Encoding: xchunked\r\n\r\n${smuggled}`, 400],
      ["a line that ends bare", `${post}Transfer-Encoding: chunked\r\n\r\n0\n\n${smuggled}`, 400],
      ["headers that are too long", `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"y".repeat(20_000)}\r\n\r\n`, 431],
      ["no HTTP", "HELO\r\n\r\n", 400],
    ];
    for (const [what, text, status] of cases) {
      const answer = await answered(text);
      expect([what, [...answer.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, code]) => Number(code))]).toEqual([
        what,
        [status],
      ]);
    }
  });

  test("browsers are told to stay with it under a name, not under localhost or an address, and a page without TLS is another origin", async () => {
    const { port, authority } = await startPlainly({
      hstsSeconds: 86_400,
      hosts: ["gateway.example.com"],
      remote: true,
    });
    const asked = async (host: string, more: Readonly<Record<string, string>> = {}) =>
      ask(port, { ca: ca(authority), servername: "localhost", headers: { host, ...more } });
    const told = async (host: string) => (await asked(host)).headers["strict-transport-security"];
    expect(await told("gateway.example.com")).toBe("max-age=86400");
    expect([await told("localhost"), await told("127.0.0.1"), await told("10.0.0.1:8000")]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    const origin = (scheme: string) => ({ origin: `${scheme}://gateway.example.com` });
    expect((await asked("gateway.example.com", origin("https"))).status).toBe(200);
    expect(await asked("gateway.example.com", origin("http"))).toMatchObject({ status: 403, code: "foreign-origin" });
    expect(await asked("rebound.example.net")).toMatchObject({ status: 421, code: "foreign-host" });
  });

  test("a new certificate is shown to new connections, and no request of those that are open is lost", async () => {
    const { door, port, authority, close } = await startPlainly();
    const agent = new Agent({ keepAlive: true, maxSockets: 4, ca: ca(authority) });
    onTestFinished(() => agent.destroy());
    const servedTo = async (): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket: TLSSocket = connect({ port, host: "127.0.0.1", ca: ca(authority), servername: "" }, () => {
          resolve(String(socket.getPeerCertificate().subject["CN"]));
          socket.destroy();
        });
        socket.on("error", reject);
      });
    const done = { answers: 0, failed: [] as unknown[], isOver: false };
    const load = Array.from({ length: 8 }, async (_, n) => {
      while (!done.isOver) {
        // Half of the clients keep their connection, half make one for every request.
        const kept = n % 2 === 0 ? { agent } : { agent: false as const, ca: ca(authority) };
        await ask(port, kept).then(
          ({ status }) => (status === 200 ? (done.answers += 1) : done.failed.push(status)),
          (error: unknown) => done.failed.push(error),
        );
      }
    });
    for (let round = 1; round <= 6; round += 1) {
      const before = done.answers;
      door.use(await pairOf(authority.sign(`round-${round}`)));
      expect(await servedTo()).toBe(`round-${round}`);
      await expect.poll(() => done.answers).toBeGreaterThan(before + 40);
    }
    done.isOver = true;
    await Promise.all(load);
    expect(done.failed).toEqual([]);
    agent.destroy();
    await close();
  });

  test("a door that closes ends what says nothing: bare connections, handshakes that do not go on, connections without a request", async () => {
    const { port, authority, close } = await startPlainly();
    const bare = connectBare(port, "127.0.0.1");
    const half = connectBare(port, "127.0.0.1", () => half.write(Buffer.from([0x16, 0x03, 0x01])));
    const idle = connect({ port, host: "127.0.0.1", ca: ca(authority) });
    await new Promise((resolve) => idle.once("secureConnect", resolve));
    const closed = [bare, half, idle].map(async (socket) => {
      socket.on("error", () => undefined).resume();
      await new Promise((resolve) => socket.once("close", resolve));
    });
    await close();
    await expect(Promise.all(closed)).resolves.toHaveLength(3);
  });
});

const ROLES: readonly CertificateRole[] = [
  { name: "cn:till-7", roles: ["producer"], topics: [TOPIC] },
  { name: "uri:spiffe://example.com/ops", roles: ["operator"], topics: [] },
  { name: "dns:viewer.example.com", roles: ["viewer"], topics: [] },
];

type Mutual = { readonly authority: Authority; readonly clock: { aheadMs: number } } & Secured;

async function startMutual(clients: "optional" | "required" = "optional"): Promise<Mutual> {
  const authority = makeAuthority(temporary());
  const pair = await pairOf(authority.sign("gateway"), authority.cert);
  const { store } = await openEmbedded();
  const clock = { aheadMs: 0 };
  const now = () => Date.now() + clock.aheadMs;
  const access = openAccess({ reads: store.reads, now, noteUse: () => undefined, certificates: ROLES });
  return { authority, clock, ...(await start({ pair, clients }, { access })) };
}

describe("a client with a certificate", () => {
  const client = (authority: Authority, name: string, names = "") =>
    shown(authority.sign(name, { names, subject: `/O=CN=ops/CN=${name}` }));

  test("is who its names say, and may do what that one may", async () => {
    const { port, authority } = await startMutual();
    const asked = async (made: object, path: string, method = "GET", body?: string) => {
      const headers = method === "POST" ? { "content-type": "application/json" } : {};
      const { status, code } = await ask(
        port,
        { ca: ca(authority), agent: false, ...made, path, method, headers },
        body,
      );
      return [status, code];
    };
    const till = client(authority, "till-7");
    expect(await asked(till, EVENTS, "POST", shipment("A"))).toEqual([202, null]);
    expect(await asked(till, "/v1/events/other", "POST", shipment("A"))).toEqual([403, "out-of-scope"]);
    expect(await asked(till, "/v1/failures")).toEqual([403, "role"]);
    const ops = client(authority, "somebody", "URI:spiffe://example.com/ops,DNS:x.example.com");
    expect(await asked(ops, "/v1/operator-log")).toEqual([200, null]);
    const viewer = client(authority, "host", "DNS:Viewer.Example.com");
    expect(await asked(viewer, "/v1/failures")).toEqual([200, null]);
    expect(await asked(viewer, "/v1/operator-log")).toEqual([403, "role"]);
    const session = await ask(port, { ca: ca(authority), ...ops, path: "/auth/session" });
    expect(JSON.parse(session.body)).toMatchObject({
      kind: "certificate",
      name: "uri:spiffe://example.com/ops",
      roles: ["operator"],
    });
  });

  test("that nobody knows, that another authority signed, or without one is refused; health is open to all", async () => {
    const { port, authority } = await startMutual();
    const stranger = makeAuthority(temporary(), "other");
    const cases: readonly (readonly [string, object, string])[] = [
      ["no certificate", {}, "no-key"],
      ["a name that no row has", client(authority, "till-8"), "bad-certificate"],
      ["another authority", client(stranger, "till-7"), "bad-certificate"],
      ["a name that only begins so", client(authority, "till-77"), "bad-certificate"],
      [
        "two common names",
        shown(authority.sign("two", { names: "", subject: "/CN=till-7/CN=till-9" })),
        "bad-certificate",
      ],
      ["a name in another field", shown(authority.sign("ou", { names: "", subject: "/OU=till-7" })), "bad-certificate"],
      [
        "a name in one that spans two",
        shown(authority.sign("multi", { names: "", subject: "/CN=till-7+OU=x" })),
        "bad-certificate",
      ],
      [
        "a comma in it",
        client(authority, "x", "@all\n[all]\nURI.1=a, URI:spiffe://example.com/ops"),
        "bad-certificate",
      ],
    ];
    for (const [what, made, code] of cases) {
      const options = { ca: ca(authority), agent: false as const, ...made };
      expect([what, (await ask(port, options)).code]).toEqual([what, code]);
      expect([what, (await ask(port, { ...options, path: "/livez" })).status]).toEqual([what, 200]);
    }
    const withKey = { ca: ca(authority), ...client(authority, "till-7"), headers: { authorization: "Bearer wrong" } };
    expect((await ask(port, withKey)).code).toBe("bad-key");
  });

  test("cannot connect without one where it is required, nor by one of another authority", async () => {
    const { port, authority } = await startMutual("required");
    const stranger = client(makeAuthority(temporary(), "other"), "till-7");
    for (const made of [{}, stranger])
      await expect(ask(port, { ca: ca(authority), agent: false, ...made, path: "/livez" })).rejects.toThrow(
        /alert|ECONNRESET|hang up/,
      );
    const till = client(authority, "till-7");
    expect((await ask(port, { ca: ca(authority), agent: false, ...till, path: "/livez" })).status).toBe(200);
  });

  test("is nobody any more once its certificate ends, or its authority is taken off the list: on open and resumed connections too", async () => {
    const { door, port, clock, authority } = await startMutual();
    const made = { ca: ca(authority), ...client(authority, "x", "DNS:viewer.example.com") };
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ...made });
    onTestFinished(() => agent.destroy());
    expect((await ask(port, { agent })).status).toBe(200);
    const resumed = await sessionOf(port, made);
    const other = makeAuthority(temporary(), "other");
    door.use(await pairOf(authority.sign("gateway-2"), other.cert));
    expect((await ask(port, { agent })).code).toBe("bad-certificate");
    expect((await ask(port, { ...made, agent: false, session: resumed })).code).toBe("bad-certificate");
    door.use(await pairOf(authority.sign("gateway-3"), authority.cert));
    expect((await ask(port, { ...made, agent: false })).status).toBe(200);
    const later = new Agent({ keepAlive: true, maxSockets: 1, ...made });
    onTestFinished(() => later.destroy());
    expect((await ask(port, { agent: later })).status).toBe(200);
    clock.aheadMs = 3 * 86_400_000;
    expect((await ask(port, { agent: later })).code).toBe("key-ended");
  });
});

/** A session that a client may go on with in another connection. */
async function sessionOf(port: number, options: ConnectionOptions): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", maxVersion: "TLSv1.2", ...options });
    onTestFinished(() => void socket.destroy());
    socket.on("error", reject).on("session", (session: Buffer) => {
      resolve(session);
      socket.destroy();
    });
  });
}
