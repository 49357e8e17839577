import { readFileSync } from "node:fs";
import { connect as connectBare, type Socket } from "node:net";
import { connect } from "node:tls";
import { describe, expect, onTestFinished, test } from "vitest";
import { openDoor, type DoorTls } from "../../src/http/listen.ts";
import { readTlsPair } from "../../src/tls/pair.ts";
import { openEmbedded, shipment, TOPIC } from "../embedded.ts";
import { until } from "../patience.ts";
import { makeAuthority, temporary } from "../tls/certificates.ts";
import { buildApp } from "./service.ts";

/** What a client has for each step, in milliseconds. A byte comes every few milliseconds: it is never silent for so long. */
const STEP_MS = 1_000;

/** A gateway behind the door that the program opens, and how a client connects to it. */
async function start(isSecure: boolean): Promise<{ readonly port: number; readonly open: () => Socket }> {
  const limits = { headersMs: STEP_MS, bodyMs: STEP_MS, lineMs: STEP_MS };
  const { app, gateway } = await buildApp(await openEmbedded(), { http: { limits } });
  const { tls, ca } = isSecure ? await certificate() : { tls: null, ca: "" };
  const door = await openDoor({ host: "127.0.0.1", port: 0, tls, handshakeMs: STEP_MS });
  door.open(app);
  onTestFinished(async () => {
    await Promise.all([door.close(), app.close()]);
    await gateway.stop();
  });
  const port = Number(new URL(door.url).port);
  return {
    port,
    open: () =>
      isSecure ? connect({ port, host: "127.0.0.1", ca }) : connectBare({ port, host: "127.0.0.1" }).setNoDelay(),
  };
}

async function certificate(): Promise<{ readonly tls: DoorTls; readonly ca: Buffer }> {
  const authority = makeAuthority(temporary());
  const { cert, key } = authority.sign("gateway");
  const read = await readTlsPair({ certFile: cert, keyFile: key, passphrase: null, clientCaFile: null });
  if (read.kind !== "pair") throw new Error(read.why);
  return { tls: { pair: read.pair, clients: "not-asked" }, ca: readFileSync(authority.cert) };
}

/** Sends the beginning, and then a byte again and again until the server closes. @returns what the server sent. */
async function drip(socket: Socket, beginning: string | Buffer, byte: string | Buffer): Promise<string> {
  onTestFinished(() => void socket.destroy());
  let came = "";
  let isOver = false;
  socket.on("data", (chunk) => (came += chunk.toString("latin1")));
  socket.on("error", () => undefined).on("close", () => (isOver = true));
  socket.write(beginning);
  await until(
    () => {
      if (!isOver && socket.writable) socket.write(byte);
      return isOver;
    },
    () => `the connection is still open; the server said: ${came}`,
  );
  return came;
}

const POST = `POST /v1/events/${TOPIC} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n`;
/** A chunk of one blank, which a body may have as many of as it likes. */
const CHUNK = "1\r\n \r\n";

describe.each([
  ["plain HTTP", false],
  ["TLS", true],
])("a client that sends a byte now and then over %s", (_, isSecure) => {
  test.each([
    ["in its headers", "GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", "x"],
    ["in a document", `${POST}Content-Type: application/json\r\n\r\n1\r\n{\r\n`, CHUNK],
    ["in a line", `${POST}Content-Type: application/x-ndjson\r\n\r\n1\r\n{\r\n`, CHUNK],
  ])("%s is told that it is too slow, and cut off", async (_where, beginning, byte) => {
    const { open } = await start(isSecure);
    expect(await drip(open(), beginning, byte)).toMatch(/^HTTP\/1\.1 408 [^]*"code":"too-slow"/);
  });

  test("after a whole line hears how many records were appended before it became too slow", async () => {
    const { open } = await start(isSecure);
    const line = `${shipment("A")}\n`.repeat(1_000);
    const beginning = `${POST}Content-Type: application/x-ndjson\r\n\r\n${line.length.toString(16)}\r\n${line}\r\n1\r\n{\r\n`;
    expect(await drip(open(), beginning, CHUNK)).toMatch(/^HTTP\/1\.1 408 [^]*"appended":1000/);
  });
});

describe("a client that does not finish the handshake of TLS", () => {
  // A record of a handshake, 16,384 bytes long, that begins as the hello of a client does.
  const HELLO = Buffer.from([0x16, 0x03, 0x01, 0x40, 0x00, 0x01, 0x00, 0x3f, 0xfc]);

  test.each([
    ["says nothing", "", ""],
    ["ends in the middle of its hello", HELLO, ""],
    ["sends a byte of it now and then", HELLO, Buffer.of(0)],
  ])("is cut off: it %s", async (_, beginning, byte) => {
    const { port } = await start(true);
    await expect(drip(connectBare({ port, host: "127.0.0.1" }).setNoDelay(), beginning, byte)).resolves.toBe("");
  });
});
