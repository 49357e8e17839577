import { closeSync, existsSync, openSync, readdirSync, readSync, statSync, writeSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { freePorts } from "../servers/ports.ts";
import { project, ROOT, sigma, startSigma } from "./run.ts";

async function listening(): Promise<number> {
  return (await silentServer()).port;
}

/** A server that takes connections and says nothing. `asked` resolves with the first one. */
async function silentServer(): Promise<{ readonly port: number; readonly asked: Promise<void> }> {
  const { promise: asked, resolve } = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    resolve();
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, asked };
}

/** Writes over the middle of a file. */
function damage(path: string): void {
  const { size } = statSync(path);
  const file = openSync(path, "r+");
  writeSync(file, Buffer.alloc(size - 8_192, 0xa5), 0, size - 8_192, 8_192);
  closeSync(file);
}

/** Makes an index leaf hold one cell less than it did (sqlite.org/fileformat2.html, 1.6: the count is at offset 3). */
function forgetLastCell(path: string, page: number, pageSize: number): void {
  const file = openSync(path, "r+");
  const at = (page - 1) * pageSize;
  const header = Buffer.alloc(8);
  readSync(file, header, 0, 8, at);
  expect([header[0], header.readUInt16BE(3) > 0]).toEqual([0x0a, true]);
  header.writeUInt16BE(header.readUInt16BE(3) - 1, 3);
  writeSync(file, header, 0, 8, at);
  closeSync(file);
}

/** By the start, and by doctor. */
async function expectDamageTold(cwd: string, name: string): Promise<void> {
  const { code, stderr } = await sigma(["start", "--port", "0", "--no-demo"], { cwd });
  const told = `error ${name.toUpperCase()}_CORRUPT Cannot use ${name}`;
  expect([code, stderr]).toEqual([1, expect.stringContaining(told) as string]);
  const doctor = await sigma(["doctor", "--port", "0"], { cwd });
  expect([doctor.code, doctor.stdout]).toEqual([10, expect.stringMatching(/damaged: /) as string]);
}

describe("a start that fails", () => {
  test("because the store is damaged ends the process with its code", async () => {
    const cwd = project();
    const first = startSigma(["start", "--port", "0", "--no-demo"], { cwd });
    // A signal before this line ends the process at once, with all pages still in the -wal.
    await first.line(/ on http/);
    first.child.kill("SIGTERM");
    expect((await first.ended).code).toBe(0);
    damage(join(cwd, ".sigma/data/store.db"));
    const { code, stderr } = await sigma(["start", "--port", "0"], { cwd });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/error STORE_CORRUPT Cannot use store/) as string]);
  });

  test.each([
    ["store", "failed_shipments_position"],
    ["log", "log_batches_position"],
  ])(
    "because an index of the %s lacks entries ends the process with its code, though every page can be read",
    async (name, index) => {
      const cwd = project();
      const ingested = await sigma(["ingest", join(ROOT, "examples/shipments.ndjson"), "-q"], { cwd });
      expect(ingested.code).toBe(0);
      const path = join(cwd, `.sigma/data/${name}.db`);
      const db = new DatabaseSync(path, { defensive: false });
      const root = db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = ?").get(index);
      db.exec("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE");
      const pageSize = Number(db.prepare("PRAGMA page_size").get()?.["page_size"]);
      db.close();
      forgetLastCell(path, Number(root?.["rootpage"]), pageSize);
      await expectDamageTold(cwd, name);
    },
  );

  test("because ids do not lead to their facts ends the process, and the command that it names mends that", async () => {
    const cwd = project();
    await sigma(["ingest", join(ROOT, "examples/shipments.ndjson"), "-q"], { cwd });
    const db = new DatabaseSync(join(cwd, ".sigma/data/store.db"));
    db.exec("DELETE FROM sigma_ids_shipments; UPDATE sigma_id_runs_shipments SET ids = x'', settled = settled + 128");
    const { count } = db.prepare("SELECT count(*) AS count FROM validated_shipments").get() ?? {};
    db.close();
    await expectDamageTold(cwd, "store");
    const refused = await sigma(["start", "--port", "0", "--no-demo"], { cwd });
    expect(refused.stderr).toMatch(
      /the index of ids leads .* validated_shipments\n +fix: run `.*store repair.*`, which makes/,
    );
    const told = `${String(count)} facts not found by the index of ids`;
    const dry = await sigma(["store", "repair", "--dry-run"], { cwd });
    expect(dry.stdout).toContain(`${told}, which would be made anew`);
    const mended = await sigma(["store", "repair"], { cwd });
    expect([mended.code, mended.stdout]).toEqual([
      0,
      expect.stringContaining(`${told}, which was made anew`) as string,
    ]);
    expect((await sigma(["audit", "--source"], { cwd })).code).toBe(0);
    expect((await sigma(["doctor", "--port", "0"], { cwd })).stdout).not.toContain("damaged");
  });

  test.each(["store", "log"])(
    "because the list of free pages of the %s is damaged ends the process with its code",
    async (name) => {
      const cwd = project();
      await sigma(["ingest", join(ROOT, "examples/shipments.ndjson"), "-q"], { cwd });
      // How many free pages there are (sqlite.org/fileformat2.html, 1.3.11).
      const file = openSync(join(cwd, `.sigma/data/${name}.db`), "r+");
      writeSync(file, Buffer.of(0, 0, 0, 5), 0, 4, 36);
      closeSync(file);
      await expectDamageTold(cwd, name);
    },
  );

  test("because the stream halts while the examples are fed ends the process, and names why", async () => {
    const { code, stderr } = await sigma(["start", "--port", "0"], {
      cwd: project(),
      env: { SIGMA_BREAKER_CONSECUTIVE: "2" },
    });
    expect([code, stderr]).toEqual([1, expect.stringContaining("error SIG-I-009 BREAKER_OPEN") as string]);
  });

  test("because another program has the port leaves nothing behind: no stream was acquired, no file made", async () => {
    const cwd = project();
    const port = await listening();
    const { code, stderr } = await sigma(["start", "--port", String(port)], { cwd });
    expect([code, stderr]).toEqual([1, expect.stringContaining("error SIG-H-001 ") as string]);
    expect(existsSync(join(cwd, ".sigma")) ? readdirSync(join(cwd, ".sigma"), { recursive: true }) : []).toEqual([]);
  });
});

describe("SIGTERM", () => {
  test("before anything is acquired ends the process at once, alive as it is for who asks", async () => {
    // A broker that takes connections and never answers.
    const env = { KAFKA_BROKERS: `127.0.0.1:${await listening()}` };
    const [port = 0] = await freePorts(1);
    const running = startSigma(["start", "--port", String(port), "--log-level", "silent"], { cwd: project(), env });
    const ask = async (path: string): Promise<Response | null> =>
      fetch(`http://127.0.0.1:${port}${path}`).catch(() => null);
    await expect.poll(async () => (await ask("/livez"))?.status).toBe(200);
    const ready = await ask("/readyz");
    expect([ready?.status, await ready?.json()]).toMatchObject([503, { code: "starting" }]);
    running.child.kill("SIGTERM");
    expect((await running.ended).code).toBe(0);
  });

  test("while the start asks the store for keys ends the process with 0, and without a word", async () => {
    // A server that takes connections and never answers.
    const { port, asked } = await silentServer();
    const env = { MONGODB_URI: `mongodb://127.0.0.1:${port}`, SIGMA_HTTP_HOST: "0.0.0.0" };
    const running = startSigma(["start", "--port", "0"], { cwd: project(), env });
    await asked;
    running.child.kill("SIGTERM");
    expect(await running.ended).toEqual({ code: 0, signal: null, stdout: "", stderr: "" });
  });

  test.each([
    ["as soon as the program runs", 'name === "SIGTERM" && setImmediate(() => process.kill(process.pid, name))'],
    // Where it is handled changes at that moment.
    ["while the start takes over the signals", 'name === "SIGINT" && process.kill(process.pid, "SIGTERM")'],
  ])("%s ends it with 0", async (_, told) => {
    const cwd = project({ "self.mjs": `process.on("newListener", (name) => ${told});` });
    const env = { NODE_OPTIONS: `--import=${join(cwd, "self.mjs")}` };
    const { code, signal, stderr } = await sigma(["start", "--port", "0", "--no-demo"], { cwd, env });
    expect([code, signal, stderr]).toEqual([0, null, ""]);
  });

  test("while the examples are fed ends the process with 0", async () => {
    const running = startSigma(["start", "--port", "0"], { cwd: project() });
    await running.line(/ on http/);
    running.child.kill("SIGTERM");
    expect((await running.ended).code).toBe(0);
  });
});
