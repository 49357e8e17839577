import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { restoreBackup } from "../../src/backup/restore.ts";
import { fileKinds } from "../../src/app/data-directory.ts";
import { skipPositions } from "../../src/app/logs.ts";
import { openEmbeddedLog } from "../../src/source/embedded/log.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { until } from "../patience.ts";
import { post, startOn, stop } from "./embedded-gateway.ts";
import { jsonLines, project, shipmentLines, sigma, startSigma } from "./run.ts";

const told = (code: string): string => expect.stringContaining(code) as string;

describe("sigma backup and sigma restore", () => {
  test("a restore changes nothing where something is, where a gateway runs, or from what was changed", async () => {
    const cwd = project({ "in.ndjson": shipmentLines(0, 5), "more.ndjson": shipmentLines(5, 9) });
    await sigma(["ingest", "in.ndjson", "--data", "data", "-q"], { cwd });
    expect((await sigma(["backup", "b", "--data", "data"], { cwd })).code).toBe(0);
    const again = await sigma(["backup", "b", "--data", "data"], { cwd });
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("SIG-I-031") as string]);

    const occupied = await sigma(["restore", "b", "--data", "data"], { cwd });
    expect([occupied.code, occupied.stderr]).toEqual([2, expect.stringContaining("--replace") as string]);
    const { running } = await startOn(cwd, "data");
    const used = await sigma(["restore", "b", "--data", "data", "--replace"], { cwd });
    expect([used.code, used.stderr]).toEqual([2, expect.stringContaining("SIG-I-034") as string]);
    await stop(running);

    await sigma(["ingest", "more.ndjson", "--data", "data", "-q"], { cwd });
    expect((await sigma(["restore", "b", "--data", "data", "--replace"], { cwd })).code).toBe(0);
    const [status] = jsonLines((await sigma(["status", "--json", "--data", "data"], { cwd })).stdout);
    expect(status).toMatchObject({ records: 5 });
    const aside = readdirSync(join(cwd, "data")).find((name) => name.startsWith("before-")) ?? "";
    const [moved] = jsonLines((await sigma(["status", "--json", "--data", join("data", aside)], { cwd })).stdout);
    expect(moved).toMatchObject({ records: 9 });

    appendFileSync(join(cwd, "b", "store.db"), "x");
    const damaged = await sigma(["restore", "b", "--data", "new"], { cwd });
    expect([damaged.code, damaged.stderr]).toEqual([10, expect.stringContaining("SIG-I-033") as string]);
    writeFileSync(join(cwd, "b", "manifest.json"), '{"kind":"sigma-backup","format":1,"files":[{"name":"../x"}]}');
    const wrong = await sigma(["restore", "b", "--data", "new"], { cwd });
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining("SIG-I-033") as string]);
    const missing = await sigma(["restore", "none", "--data", "new"], { cwd });
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining("manifest.json") as string]);
  });
});

describe("a backup", () => {
  test("of several at once to one folder is one of them, whole", async () => {
    const cwd = project({ "in.ndjson": shipmentLines(0, 3_000) });
    await sigma(["ingest", "in.ndjson", "--data", "data", "-q"], { cwd });
    const made = await Promise.all([1, 2, 3].map(async () => sigma(["backup", "b", "--data", "data"], { cwd })));
    expect(made.map(({ code }) => code).toSorted((one, other) => Number(one) - Number(other))).toEqual([0, 2, 2]);
    for (const { code, stderr } of made) expect([code, stderr]).toEqual([code, code === 0 ? "" : told("SIG-I-031")]);
    expect(readdirSync(cwd).filter((name) => name.startsWith("b"))).toEqual(["b"]);
    expect((await sigma(["restore", "b", "--data", "r"], { cwd })).code).toBe(0);
    expect((await sigma(["audit", "--source", "--data", "r"], { cwd })).code).toBe(0);
  });

  test("is refused where the log is lost or is another one: it would take the place of a good one", async () => {
    const cwd = project({ "in.ndjson": shipmentLines(0, 5) });
    for (const data of ["data", "other"]) await sigma(["ingest", "in.ndjson", "--data", data, "-q"], { cwd });
    rmSync(join(cwd, "data/log.db"));
    const lost = await sigma(["backup", "b", "--data", "data"], { cwd });
    expect([lost.code, lost.stderr]).toEqual([10, told("SIG-I-032")]);
    copyFileSync(join(cwd, "other/log.db"), join(cwd, "data/log.db"));
    const other = await sigma(["backup", "b", "--data", "data"], { cwd });
    expect([other.code, other.stderr]).toEqual([10, told("SIG-I-032")]);
    expect(readdirSync(cwd).filter((name) => name.startsWith("b"))).toEqual([]);
  });

  test("of a file that cannot be read names it, and nothing of it stays", async () => {
    const cwd = project({ "in.ndjson": shipmentLines(0, 5) });
    await sigma(["ingest", "in.ndjson", "--data", "data", "-q"], { cwd });
    writeFileSync(join(cwd, "data/store.db"), "no database".padEnd(8_192, "."));
    const damaged = await sigma(["backup", "b", "--data", "data"], { cwd });
    expect([damaged.code, damaged.stderr]).toEqual([1, told("STORE_CORRUPT")]);
    rmSync(join(cwd, "data/store.db"));
    mkdirSync(join(cwd, "data/store.db"));
    const directory = await sigma(["backup", "b", "--data", "data"], { cwd });
    expect([directory.code, directory.stderr]).toEqual([1, told("STORE_IO")]);
    expect(readdirSync(cwd).filter((name) => name.startsWith("b"))).toEqual([]);
  });

  test("goes where a link leads", async () => {
    const cwd = project({ "in.ndjson": shipmentLines(0, 5) });
    await sigma(["ingest", "in.ndjson", "--data", "data", "-q"], { cwd });
    mkdirSync(join(cwd, "large"));
    symlinkSync("large", join(cwd, "b"));
    expect((await sigma(["backup", "b", "--data", "data"], { cwd })).code).toBe(0);
    expect(readdirSync(join(cwd, "large")).toSorted()).toEqual(["log.db", "manifest.json", "store.db"]);
  });
});

describe("a restore", () => {
  test("over the backup itself keeps everything, and what lies in the way of a file is moved aside", async () => {
    const cwd = project({ "in.ndjson": shipmentLines(0, 5) });
    await sigma(["ingest", "in.ndjson", "--data", "data", "-q"], { cwd });
    await sigma(["backup", "b", "--data", "data"], { cwd });
    const over = await sigma(["restore", "b", "--data", "b", "--replace"], { cwd });
    expect([over.code, over.stderr]).toEqual([0, ""]);
    expect((await sigma(["audit", "--source", "--data", "b"], { cwd })).code).toBe(0);

    await sigma(["backup", "c", "--data", "data"], { cwd });
    rmSync(join(cwd, "data/log.db"));
    mkdirSync(join(cwd, "data/log.db"));
    const replaced = await sigma(["restore", "c", "--data", "data", "--replace"], { cwd });
    expect([replaced.code, replaced.stderr]).toEqual([0, ""]);
    expect((await sigma(["audit", "--source", "--data", "data"], { cwd })).code).toBe(0);
  });

  test("gives no position again that may have been given since, however long ago that was, nor in an empty stream", async () => {
    const cwd = project({ "in.ndjson": shipmentLines(0, 5) });
    const empty = await startOn(cwd, "data");
    await sigma(["backup", "none", "--data", "data"], { cwd });
    await stop(empty.running);
    await sigma(["ingest", "in.ndjson", "--data", "data", "-q"], { cwd });
    await sigma(["backup", "b", "--data", "data"], { cwd });
    const path = join(cwd, "b/manifest.json");
    const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
    writeFileSync(path, readFileSync(path, "utf8").replace(/"madeAt": "[^"]+"/, `"madeAt": "${hourAgo}"`));
    for (const [name, first] of [
      ["none", 1_000_000],
      ["b", 3_600_000_000],
    ] as const) {
      await sigma(["restore", name, "--data", `${name}-restored`], { cwd });
      const { running, url } = await startOn(cwd, `${name}-restored`);
      const answer = (await (await post(url, shipmentLines(9, 10), { prefer: "wait=30" })).json()) as {
        decisions: readonly { offset: number }[];
      };
      expect(answer.decisions[0]?.offset).toBeGreaterThanOrEqual(first);
      await stop(running);
      expect((await sigma(["audit", "--source", "--data", `${name}-restored`], { cwd })).code).toBe(0);
    }
  });

  test("gives no position again of a topic either that was no source when the backup was made, or became one since", async () => {
    const dataDir = join(project(), "data");
    const open = (...names: readonly string[]) =>
      openEmbeddedLog({
        path: join(dataDir, "log.db"),
        topics: names.map((name) => ({ name, partitions: 1 })),
        now: Date.now,
        randomBytes,
        busyTimeoutMs: 5_000,
      });
    const log = open("now", "before");
    const [now] = await log.streams();
    await log.append("before", [{ key: null, headers: [], value: Buffer.from("{}"), partition: null }]);
    await log.close();
    if (now === undefined) throw new Error("there is no stream");
    const stream = { stream: now.id, topic: "now", partition: 0, settledTo: "0", logEnd: "0" };
    const sources = ["now", "since"].map((topic) => ({ topic, partitions: 1 }));
    await skipPositions({ dataDir, sources }, { streams: [stream], madeAt: new Date().toISOString() });
    const after = open("now", "before", "since");
    for (const one of await after.streams()) expect((await after.bounds(one)).end).toBeGreaterThanOrEqual(1_000_000n);
    await after.close();
  });

  test("that is broken off, or finds that something came there meanwhile, has put nothing there", async () => {
    const cwd = project({ "in.ndjson": shipmentLines(0, 5) });
    await sigma(["ingest", "in.ndjson", "--data", "data", "-q"], { cwd });
    await sigma(["backup", "b", "--data", "data"], { cwd });
    const dataDir = join(cwd, "new");
    const restore = async (aside: string | null, meanwhile: () => Promise<void>) =>
      restoreBackup({ from: join(cwd, "b"), dataDir, aside, kinds: await fileKinds(), prepare: meanwhile });
    const brokenOff = restore(null, async () => Promise.reject(new Error("broken off")));
    await expect(brokenOff).rejects.toThrow("broken off");
    expect(readdirSync(dataDir)).toEqual([]);
    expect(await restore(null, async () => writeFileSync(join(dataDir, "log.db"), ""))).toEqual({ kind: "occupied" });
    expect(readdirSync(dataDir)).toEqual(["log.db"]);
  });

  test("lets no gateway begin where it puts files, and puts none where one runs", async () => {
    const cwd = project({ "in.ndjson": shipmentLines(0, 5) });
    await sigma(["ingest", "in.ndjson", "--data", "data", "-q"], { cwd });
    await sigma(["backup", "b", "--data", "data"], { cwd });
    const dataDir = join(cwd, "new");
    const restore = async (meanwhile: () => Promise<void>) =>
      restoreBackup({ from: join(cwd, "b"), dataDir, aside: "aside", kinds: await fileKinds(), prepare: meanwhile });
    const begin = async (): Promise<void> => {
      const { code, stderr } = await sigma(["start", "--port", "0", "--data", "new"], { cwd });
      expect([code, stderr]).toEqual([1, told("LOG_RESTORING")]);
    };
    expect(await restore(begin)).toMatchObject({ kind: "restored", aside: null });
    const { running } = await startOn(cwd, "new");
    expect(await restore(async () => undefined)).toMatchObject({ kind: "in-use" });
    await stop(running);
    expect(readdirSync(dataDir).toSorted()).toEqual(["log.db", "store.db"]);
  });
});

describe("a log that is not the one that the store knows", () => {
  test("without its -wal after a kill: the gateway is halted with a code, and status, audit and doctor say so", async () => {
    const cwd = project();
    const { running, url } = await startOn(cwd, "data");
    await post(url, shipmentLines(0, 20), { prefer: "wait=30" });
    running.child.kill("SIGKILL");
    await running.ended;
    for (const suffix of ["-wal", "-shm"]) rmSync(join(cwd, `data/log.db${suffix}`), { force: true });

    const next = await startOn(cwd, "data");
    await until(async () => {
      const ready = await fetch(`${next.url}/readyz`);
      return (await ready.text()).includes("LOG_REPLACED");
    });
    const answer = await post(next.url, shipmentLines(20, 21));
    expect([answer.status, await answer.json()]).toMatchObject([503, { code: "LOG_REPLACED", appended: 0 }]);
    const audited = await sigma(["audit", "--data", "data"], { cwd });
    expect([audited.code, audited.stdout]).toEqual([30, expect.stringContaining("SOURCE_REPLACED") as string]);
    const doctor = await sigma(["doctor", "--data", "data"], { cwd });
    expect([doctor.code, doctor.stdout]).toEqual([10, expect.stringContaining("SOURCE_REPLACED") as string]);

    const accepted = await sigma(["streams", "accept-log", "--reason", "the disk is gone", "--data", "data"], { cwd });
    expect([accepted.code, accepted.stderr]).toEqual([0, ""]);
    await until(async () => (await fetch(`${next.url}/readyz`)).status === 200);
    expect((await post(next.url, shipmentLines(20, 21), { prefer: "wait=30" })).status).toBe(200);
    await stop(next.running);
    expect((await sigma(["audit", "--source", "--data", "data"], { cwd })).code).toBe(0);
  });

  test.each(["log", "store"])(
    "a -wal of another %s, or one whose file is gone, is refused and left as it is",
    async (name) => {
      const cwd = project({ "in.ndjson": shipmentLines(0, 5) });
      await sigma(["ingest", "in.ndjson", "--data", "data", "-q"], { cwd });
      const { running, url } = await startOn(cwd, "other");
      await post(url, shipmentLines(0, 20), { prefer: "wait=30" });
      running.child.kill("SIGKILL");
      await running.ended;
      const [file, wal] = [`data/${name}.db`, `data/${name}.db-wal`];
      copyFileSync(join(cwd, `other/${name}.db-wal`), join(cwd, wal));
      const before = readFileSync(join(cwd, file));
      const code = `${name.toUpperCase()}_WAL`;
      const refused = async (...args: readonly string[]): Promise<void> => {
        const { code: exit, stdout, stderr } = await sigma([...args, "--data", "data"], { cwd });
        expect([exit, stdout + stderr]).toEqual([args[0] === "doctor" ? 10 : 1, told(code)]);
        expect(stdout + stderr).not.toMatch(/^\s+at /m);
      };
      for (const command of [["doctor"], ["audit"], ["start", "--port", "0"], ["ingest", "in.ndjson"], ["backup", "b"]])
        await refused(...command);
      expect(readFileSync(join(cwd, file)).equals(before)).toBe(true);
      rmSync(join(cwd, file));
      await refused("start", "--port", "0");
      expect(readdirSync(join(cwd, "data"))).toContain(`${name}.db-wal`);
      writeFileSync(join(cwd, file), before);
      rmSync(join(cwd, wal));
      expect((await sigma(["audit", "--source", "--data", "data"], { cwd })).code).toBe(0);
    },
  );

  test("a topic that is no source any more, with records that are not decided: start, doctor and audit name them", async () => {
    const cwd = project({
      "in.ndjson": shipmentLines(0, 5),
      "sigma.yaml": "sources: [{ topic: a, subject: shipment }]\n",
    });
    const topics = ["a", "b"].map((name) => ({ name, partitions: 1 }));
    const options = { path: join(cwd, ".sigma/data/log.db"), busyTimeoutMs: 5_000 };
    const log = openEmbeddedLog({ ...options, topics, now: Date.now, randomBytes });
    const [, b] = await log.streams();
    await log.append("b", [{ key: null, headers: [], value: Buffer.from("{}"), partition: null }]);
    await log.close();
    const store = openSqliteStore({ ...options, path: join(cwd, ".sigma/data/store.db"), collections: [] });
    await store.noteLogEnds([{ stream: b?.id ?? "", topic: "b", partition: 0, end: 1n }]);
    await store.close();

    const running = startSigma(["start", "--port", "0", "--no-demo"], { cwd });
    await running.line(/SOURCE_UNDECIDED/);
    await stop(running);
    const doctor = await sigma(["doctor"], { cwd });
    expect([doctor.code, doctor.stdout]).toEqual([10, told("offsets [0, 1) of b/0")]);
    const audited = await sigma(["audit", "--source"], { cwd });
    expect([audited.code, audited.stdout]).toEqual([30, told("SOURCE_UNDECIDED")]);
    writeFileSync(
      join(cwd, "sigma.yaml"),
      "sources: [{ topic: a, subject: shipment }, { topic: b, subject: shipment }]\n",
    );
    const again = startSigma(["start", "--port", "0", "--no-demo", "--log-level", "debug"], { cwd });
    await again.line(/batch settled/);
    await stop(again);
    expect((await sigma(["audit", "--source"], { cwd })).code).toBe(0);
  });

  test("a log that is missing is said, before anything makes another one", async () => {
    const cwd = project({ "in.ndjson": shipmentLines(0, 5) });
    await sigma(["ingest", "in.ndjson", "--data", "data", "-q"], { cwd });
    copyFileSync(join(cwd, "data/log.db"), join(cwd, "kept.db"));
    rmSync(join(cwd, "data/log.db"));
    const status = await sigma(["status", "--data", "data"], { cwd });
    expect([status.code, status.stderr]).toEqual([10, expect.stringContaining("SIG-I-030") as string]);
    const audited = await sigma(["audit", "--data", "data"], { cwd });
    expect([audited.code, audited.stdout]).toEqual([30, expect.stringContaining("is missing") as string]);
    expect(readdirSync(join(cwd, "data")).filter((name) => name.startsWith("log"))).toEqual([]);
    const refused = await sigma(["ingest", "in.ndjson", "--data", "data", "-q"], { cwd });
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("LOG_REPLACED") as string]);
    copyFileSync(join(cwd, "kept.db"), join(cwd, "data/log.db"));
    expect((await sigma(["audit", "--source", "--data", "data"], { cwd })).code).toBe(0);
  });
});
