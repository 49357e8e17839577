import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { jsonLines, project, shipmentLines, sigma, startSigma } from "./run.ts";

const DATA = ".sigma/data";

/** A project whose data directory holds these records. */
async function ingested(lines: string): Promise<string> {
  const cwd = project();
  expect(await sigma(["ingest", "-q"], { cwd, input: lines })).toMatchObject({ code: 0, signal: null, stderr: "" });
  return cwd;
}

function open(cwd: string, file: string): DatabaseSync {
  const db = new DatabaseSync(join(cwd, DATA, file));
  onTestFinished(() => {
    if (db.isOpen) db.close();
  });
  return db;
}

describe("sigma status, doctor and audit", () => {
  test("an empty data directory is said to be empty, and cannot be audited", async () => {
    const cwd = project();
    expect(jsonLines((await sigma(["status", "--json"], { cwd })).stdout)).toEqual([
      { v: 1, kind: "status", dataDir: DATA, empty: true },
    ]);
    const audit = await sigma(["audit"], { cwd });
    expect([audit.code, audit.stdout]).toEqual([2, ""]);
    expect(audit.stderr).toContain(`error SIG-I-007 Cannot audit "${DATA}": it holds no data yet`);
  });

  test("status tells what is stored and how far each stream is settled", async () => {
    const cwd = await ingested(`${shipmentLines(0, 3)}{}\n${shipmentLines(1, 2)}`);
    const { code, stdout } = await sigma(["status", "--json"], { cwd });
    expect(code).toBe(0);
    expect(jsonLines(stdout)).toEqual([
      {
        v: 1,
        kind: "status",
        dataDir: DATA,
        empty: false,
        records: 5,
        stored: 3,
        duplicates: 1,
        failed: 1,
        failures: { schema: 1 },
        streams: [{ topic: "sigma-aetl.shipments", partition: 0, settledTo: "5", end: "5", undecided: "0" }],
      },
    ]);
  });

  test("audit exits 30 and names the position when one byte of a stored payload was changed", async () => {
    const cwd = await ingested(shipmentLines(0, 3));
    open(cwd, "store.db").exec(
      "UPDATE validated_shipments SET payload = replace(payload, 'Dublin', 'Dublim') WHERE offset = 1",
    );
    const { code, stdout } = await sigma(["audit", "--json"], { cwd });
    expect(code).toBe(30);
    expect(jsonLines(stdout)).toContainEqual(
      expect.objectContaining({ kind: "finding", code: "ROW_DIFFERS", offset: "1" }),
    );
    expect((await sigma(["audit"], { cwd })).stdout).toMatch(/^ROW_DIFFERS .*offset 1 /m);
  });

  test("doctor finds a project in order, and exits 10 when a frozen version was changed", async () => {
    const cwd = await ingested(shipmentLines(0, 1));
    const good = await sigma(["doctor", "--port", "0", "--json"], { cwd });
    expect(jsonLines(good.stdout).filter(({ result }) => result === "fail")).toEqual([]);
    expect([good.code, jsonLines(good.stdout).map(({ name }) => name)]).toEqual([
      0,
      [
        "node",
        "configuration",
        "contracts",
        "data directory",
        "fsync",
        "disk",
        "port",
        "access",
        "layout",
        "data",
        "log",
      ],
    ]);
    writeFileSync(join(cwd, "contracts/contracts.lock"), `shipment@1 sha256:${"0".repeat(64)}\n`);
    const bad = await sigma(["doctor", "--port", "0", "--json"], { cwd });
    expect(bad.code).toBe(10);
    expect(jsonLines(bad.stdout)).toContainEqual(expect.objectContaining({ name: "contracts", result: "fail" }));
  });

  test("doctor finds a source whose default version judges nothing, with what to do", async () => {
    const cwd = project();
    const env = { SIGMA_SOURCES: "shipments=shipment@2" };
    const { code, stdout } = await sigma(["doctor", "--port", "0", "--json"], { cwd, env });
    expect(code).toBe(10);
    const [found] = jsonLines(stdout).filter(({ result }) => result === "fail");
    expect(found).toMatchObject({
      name: "source shipments",
      message:
        'Records of topic "shipments" that declare no version will be FAILED: the default is shipment@2, which is a draft',
      fix: 'activate it (sigma contract activate shipment@2 --reason "..."), or give the source another default, as one of shipment@1, or none',
    });
    const running = startSigma(["start", "--port", "0", "--json", "--no-demo"], { cwd, env });
    await running.line(/"kind":"started"/);
    running.child.kill("SIGTERM");
    const ended = await running.ended;
    expect(ended.stderr).toMatch(/"level":"warn".*"messaging.destination.name":"shipments".*which is a draft/);
  });

  test.each(["log.db", "store.db"])("a locked %s is exit code 40, with what to do", async (file) => {
    const cwd = await ingested(shipmentLines(0, 1));
    const db = open(cwd, file);
    db.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    const { code, stderr } = await sigma(["ingest", "--json"], { cwd, input: shipmentLines(1, 2) });
    expect(code).toBe(40);
    expect(stderr).toMatch(/^error (?:LOG|STORE)_LOCKED Cannot use (?:log|store) ".*": .*\n {2}fix: .*\n$/);
  });

  test.each([
    ["log.db", "LOG"],
    ["store.db", "STORE"],
  ])("a corrupt %s is named, without a stack", async (file, kind) => {
    const cwd = project();
    mkdirSync(join(cwd, DATA), { recursive: true });
    const handle = openSync(join(cwd, DATA, file), "w");
    writeSync(handle, Buffer.alloc(8_192, 0x5a));
    closeSync(handle);
    for (const args of [
      ["ingest", "--json"],
      ["start", "--port", "0"],
    ]) {
      const { code, stdout, stderr } = await sigma(args, { cwd, input: shipmentLines(0, 1) });
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toContain(`error ${kind}_CORRUPT Cannot use `);
      expect(stderr).not.toMatch(/\n {4}at /);
    }
  });

  test.each([
    ["below a file", "occupied/data"],
    ["a file", "occupied"],
    ["with a name that is too long", "x".repeat(300)],
  ])("a data directory that is %s is named", async (_, data) => {
    const cwd = project({ occupied: "" });
    for (const args of [["ingest"], ["start", "--port", "0"]]) {
      const { code, stderr } = await sigma([...args, "--data", data], { cwd, input: "{}" });
      expect(code).toBe(1);
      expect(stderr).toContain(`error LOG_CANTOPEN Cannot use log "${data}/log.db"`);
    }
    const { code, stdout } = await sigma(["doctor", "--data", data], { cwd });
    expect(code).toBe(10);
    expect(stdout).toContain(`fail  data directory  "${data}" cannot be made`);
  });
});
