import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { openReader } from "../../../src/http/live/reader.ts";
import { until } from "../../patience.ts";

/** A response to a client that reads when it is told to. */
async function slowly() {
  const server = createServer().listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1").pause();
  onTestFinished(() => void client.destroy());
  client.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  const [, response] = (await once(server, "request")) as [unknown, ServerResponse];
  response.writeHead(200);
  let text = "";
  client.on("error", () => undefined);
  return {
    response,
    read: () => void client.on("data", (chunk) => (text += String(chunk))).resume(),
    text: () => text,
  };
}

const FRAME = `data: ${"x".repeat(60_000)}\n\n`;

test("a reader who takes nothing is sent no more than fits into its socket, and told later how many frames it missed", async () => {
  const { response, read, text } = await slowly();
  let nowMs = 5;
  const reader = openReader(response, () => nowMs);
  let sent = 0;
  while (reader.blockedMs(nowMs + 1) === 0) {
    reader.send(FRAME);
    sent += 1;
  }
  const held = response.writableLength;
  for (let left = 0; left < 100; left += 1) reader.send(FRAME);
  expect([response.writableLength, reader.blockedMs(25)]).toEqual([held, 20]);
  read();
  await until(() => text().includes("skipped"));
  expect(text()).toContain(`event: skipped\ndata: {"frames":100}\n\n`);
  nowMs = 30;
  expect([reader.blockedMs(nowMs), text().split("xxx\n\n").length - 1]).toEqual([0, sent]);
});

test("a reader who is let go gets the word where it takes it; one who does not loses its connection", async () => {
  const taking = await slowly();
  taking.read();
  openReader(taking.response, Date.now).end("too-slow");
  await until(() => taking.text().includes(`event: end\ndata: {"why":"too-slow"}\n\n`));
  const stuck = await slowly();
  const reader = openReader(stuck.response, Date.now);
  while (reader.blockedMs(Number.MAX_SAFE_INTEGER) === 0) reader.send(FRAME);
  reader.end("too-slow");
  reader.send(FRAME);
  await expect.poll(() => stuck.response.destroyed).toBe(true);
});
