import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { MongoClient, MongoNetworkError } from "mongodb";
import { describe, expect, onTestFinished, test } from "vitest";
import { openFaultProxy, type FaultProxy } from "./proxy.ts";
import { until } from "../patience.ts";
import { needMongo } from "./servers.ts";

/** A server that answers every line with `echo: <line>`, and keeps what it was told. */
async function startEcho(): Promise<{ readonly port: number; readonly told: string[] }> {
  const told: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      told.push(String(chunk));
      socket.write(`echo: ${String(chunk)}`);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((closed) => server.close(closed));
  });
  return { port: (server.address() as AddressInfo).port, told };
}

type Peer = { readonly socket: Socket; readonly heard: () => string; readonly ask: (line: string) => void };

async function open(proxy: FaultProxy): Promise<Peer> {
  const socket = connect(proxy.port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  let heard = "";
  socket.on("data", (chunk) => (heard += String(chunk)));
  await once(socket, "connect");
  return { socket, heard: () => heard, ask: (line) => void socket.write(`${line}\n`) };
}

async function start(): Promise<{ readonly proxy: FaultProxy; readonly told: string[] }> {
  const { port, told } = await startEcho();
  const proxy = await openFaultProxy({ host: "127.0.0.1", port });
  onTestFinished(async () => proxy.close());
  return { proxy, told };
}

describe("a fault proxy", () => {
  test("forwards both ways while nothing is wrong, and passes on an end", async () => {
    const { proxy } = await start();
    const peer = await open(proxy);
    peer.ask("one");
    await until(() => peer.heard() === "echo: one\n");
    expect(proxy.connections()).toBe(1);
    peer.socket.end();
    await until(() => proxy.connections() === 0);
    expect(proxy.lostBytes()).toBe(0);
  });

  test("resets the connections there are, and takes new ones", async () => {
    const { proxy } = await start();
    const peer = await open(proxy);
    peer.ask("one");
    await until(() => peer.heard() !== "");
    const failed = once(peer.socket, "error");
    proxy.reset();
    expect(await failed).toMatchObject([{ code: "ECONNRESET" }]);
    const next = await open(proxy);
    next.ask("two");
    await until(() => next.heard() === "echo: two\n");
  });

  test("when half-open, forwards nothing and closes nothing, and delivers what was in flight afterwards", async () => {
    const { proxy, told } = await start();
    const peer = await open(proxy);
    peer.ask("one");
    await until(() => peer.heard() === "echo: one\n");
    proxy.set({ kind: "half-open" });
    peer.ask("two");
    const late = await open(proxy);
    late.ask("three");
    await until(() => proxy.heldBytes() === "two\nthree\n".length);
    expect({ told: told.join(""), heard: peer.heard(), late: late.heard(), open: proxy.connections() }).toEqual({
      told: "one\n",
      heard: "echo: one\n",
      late: "",
      open: 2,
    });
    proxy.set({ kind: "none" });
    await until(() => peer.heard() === "echo: one\necho: two\n" && late.heard() === "echo: three\n");
  });

  test("delays by the latency in each direction and keeps the order", async () => {
    const { proxy } = await start();
    const peer = await open(proxy);
    proxy.set({ kind: "latency", delayMs: 100 });
    const asked = performance.now();
    peer.ask("one");
    // So that they are two messages: nothing is concluded from it.
    await delay(20);
    peer.ask("two");
    proxy.set({ kind: "latency", delayMs: 60 });
    peer.ask("three");
    await until(() => peer.heard().includes("three"));
    expect(performance.now() - asked).toBeGreaterThan(150);
    expect(peer.heard().replaceAll("echo: ", "")).toBe("one\ntwo\nthree\n");
  });

  test("as a black hole takes everything and forwards nothing; the connections are reset when it ends", async () => {
    const { proxy, told } = await start();
    const peer = await open(proxy);
    proxy.set({ kind: "black-hole" });
    peer.ask("one");
    await until(() => proxy.lostBytes() === 4);
    expect({ told, heard: peer.heard(), open: proxy.connections() }).toEqual({ told: [], heard: "", open: 1 });
    const failed = once(peer.socket, "error");
    proxy.set({ kind: "none" });
    expect(await failed).toMatchObject([{ code: "ECONNRESET" }]);
  });

  test("loses replies to requests that the server has carried out", async () => {
    const { proxy, told } = await start();
    const peer = await open(proxy);
    proxy.set({ kind: "lost-replies" });
    peer.ask("one");
    await until(() => proxy.lostBytes() === "echo: one\n".length);
    expect({ told, heard: peer.heard() }).toEqual({ told: ["one\n"], heard: "" });
    const failed = once(peer.socket, "error");
    proxy.set({ kind: "none" });
    expect(await failed).toMatchObject([{ code: "ECONNRESET" }]);
  });

  test("carries large amounts in both directions unchanged", async () => {
    const { proxy, told } = await start();
    const peer = await open(proxy);
    const line = "0123456789".repeat(100_000);
    peer.ask(line);
    await until(() => told.join("").length === line.length + 1);
    expect(told.join("")).toBe(`${line}\n`);
    await until(() => peer.heard().replaceAll("echo: ", "") === `${line}\n`);
  });

  test("passes on that the server is not there", async () => {
    const proxy = await openFaultProxy({ host: "127.0.0.1", port: 1 });
    onTestFinished(async () => proxy.close());
    const socket = connect(proxy.port, "127.0.0.1");
    expect(await once(socket, "error")).toMatchObject([{ code: "ECONNRESET" }]);
  });
});

test("a write whose reply is lost is in MongoDB, though its writer was told nothing", async () => {
  const mongo = await needMongo(0);
  const proxy = await openFaultProxy({ host: "127.0.0.1", port: mongo.ports[0] ?? 0 });
  onTestFinished(async () => proxy.close());
  const direct = new MongoClient(mongo.uri);
  const uri = `mongodb://127.0.0.1:${proxy.port}/?directConnection=true&retryWrites=false&socketTimeoutMS=2000`;
  const through = new MongoClient(uri);
  onTestFinished(async () => void (await Promise.all([direct.close(), through.close()])));
  const documents = through.db("proxy").collection<{ _id: string }>("documents");
  await documents.insertOne({ _id: "before" });
  proxy.set({ kind: "lost-replies" });
  await expect(documents.insertOne({ _id: "unanswered" })).rejects.toThrow(MongoNetworkError);
  proxy.set({ kind: "none" });
  const found = await direct.db("proxy").collection<{ _id: string }>("documents").find().toArray();
  expect(found).toEqual([{ _id: "before" }, { _id: "unanswered" }]);
  await documents.insertOne({ _id: "after" });
});
