import { createPublicKey } from "node:crypto";
import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { until } from "../patience.ts";
import { jsonLines, project, shipmentLines, sigma, startSigma, type Run } from "./run.ts";

/** A project whose heads are anchored beside it, and the command line in it. */
function anchoring() {
  const cwd = project({ "sigma.yaml": "anchor:\n  file: outside/anchors.jsonl\n" });
  const env = { XDG_CONFIG_HOME: join(cwd, "config") };
  const run = async (...args: readonly string[]): Promise<Run> => sigma(args, { cwd, env });
  const ingest = async (from: number, to: number): Promise<Run> =>
    sigma(["ingest", "-q"], { cwd, env, input: shipmentLines(from, to) });
  return {
    cwd,
    env,
    run,
    ingest,
    keyFile: join(cwd, "config/sigma-aetl/anchor.key"),
    store: join(cwd, ".sigma/data/store.db"),
  };
}

describe("sigma keys", () => {
  test("new makes a key outside the data directory that only its owner can read, and never overwrites one", async () => {
    const { run, keyFile } = anchoring();
    const made = await run("keys", "new");
    expect([made.code, made.stdout]).toEqual([0, expect.stringMatching(/^ed25519:[A-Za-z0-9_-]{43}\n$/) as string]);
    expect(made.stderr).toContain(keyFile);
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    expect(readFileSync(keyFile, "utf8")).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    const before = readFileSync(keyFile);
    const again = await run("keys", "new");
    expect([again.code, again.stdout]).toEqual([2, ""]);
    expect(again.stderr).toContain("error SIG-I-037");
    expect(readFileSync(keyFile)).toEqual(before);
    expect((await run("keys", "show")).stdout).toBe(made.stdout);
    const elsewhere = await run("keys", "new", "--json", "--key-file", "other/my.key");
    expect(jsonLines(elsewhere.stdout)).toEqual([
      { v: 1, kind: "key", file: "other/my.key", publicKey: expect.stringMatching(/^ed25519:/) as string },
    ]);
  });

  test.skipIf(process.platform === "win32")("a key that others can read is refused, with what to do", async () => {
    const { run, ingest, keyFile } = anchoring();
    await run("keys", "new");
    chmodSync(keyFile, 0o640);
    const shown = await run("keys", "show");
    expect([shown.code, shown.stdout]).toEqual([1, ""]);
    expect(shown.stderr).toContain(`fix: chmod 600 ${keyFile}`);
    // What is to be decided is decided.
    const ingested = await ingest(0, 2);
    expect(ingested.code).toBe(0);
    expect(ingested.stderr).toContain("warning ANCHOR_KEY");
  });

  test("a file that is no key is refused in words", async () => {
    const { run, keyFile } = anchoring();
    expect((await run("keys", "rotate")).stderr).toContain("make it with");
    await run("keys", "new");
    writeFileSync(keyFile, "no key");
    expect((await run("keys", "rotate")).stderr).toContain("error ANCHOR_KEY");
  });
});

describe("sigma audit --anchors", () => {
  test("verifies what every run of the gateway anchored, across a rotation, and prints the ends of all chains", async () => {
    const { run, ingest, cwd, keyFile } = anchoring();
    const first = (await run("keys", "new")).stdout.trim();
    await ingest(0, 3);
    const rotated = jsonLines((await run("keys", "rotate", "--json")).stdout)[0] ?? {};
    expect(rotated["replaces"]).toBe(first);
    await ingest(3, 6);
    for (const key of [first, String(rotated["publicKey"])]) {
      const { code, stdout } = await run("audit", "--json", "--anchors", "--public-key", key);
      expect(code).toBe(0);
      expect(jsonLines(stdout)).toEqual([
        expect.objectContaining({
          kind: "summary",
          findingsTotal: 0,
          anchored: 2,
          operatorHead: null,
          anchors: [expect.objectContaining({ counter: 1 })],
        }),
      ]);
    }
    const pem = createPublicKey(readFileSync(keyFile)).export({ type: "spki", format: "pem" });
    writeFileSync(join(cwd, "public.pem"), pem);
    expect((await run("audit", "--anchors", "--public-key", "public.pem")).code).toBe(0);
    const text = await run("audit", "--anchors", "outside/anchors.jsonl");
    expect([text.code, text.stdout]).toEqual([0, expect.stringMatching(/^anchored heads +2 /m) as string]);
    expect(text.stdout).toMatch(/^anchor {2}.*anchors\.jsonl {2}1 {2}[0-9a-f]{64} /m);
  });

  test("exits 30 when yesterday's store was put back, and without anchors 0", async () => {
    const { run, ingest, store } = anchoring();
    await run("keys", "new");
    await ingest(0, 3);
    const yesterday = readFileSync(store);
    expect(existsSync(`${store}-wal`)).toBe(false);
    await ingest(3, 6);
    writeFileSync(store, yesterday);
    expect((await run("audit")).code).toBe(0);
    const found = await run("audit", "--anchors", "--json");
    expect(found.code).toBe(30);
    expect(jsonLines(found.stdout)).toContainEqual(expect.objectContaining({ kind: "finding", code: "ANCHOR_BEHIND" }));
  });

  test("exits 30 when anchors are signed by another key than the one that was kept", async () => {
    const { run, ingest } = anchoring();
    await run("keys", "new");
    await ingest(0, 3);
    const other = (await run("keys", "new", "--key-file", "other.key")).stdout.trim();
    const found = await run("audit", "--anchors", "--json", "--public-key", other);
    expect(found.code).toBe(30);
    expect(jsonLines(found.stdout)).toContainEqual(expect.objectContaining({ code: "ANCHOR_SIGNATURE" }));
  });

  test("accuses no gateway that was killed again and again while it decided and anchored", async () => {
    const { run, cwd, env } = anchoring();
    await run("keys", "new");
    const often = { ...env, SIGMA_ANCHOR_ENTRIES: "1", SIGMA_BATCH_RECORDS: "1" };
    for (let round = 0; round < 3; round += 1) {
      const gateway = startSigma(["start", "--port", "0", "--json", "--no-demo"], { cwd, env: often });
      const [, url] = /"url":"([^"]+)"/.exec(await gateway.line(/"url":/)) ?? [];
      const lines = shipmentLines(round * 50, round * 50 + 50);
      const headers = { "content-type": "application/x-ndjson" };
      const sent = await fetch(`${url}/v1/events/sigma-aetl.shipments`, { method: "POST", body: lines, headers });
      expect(sent.ok).toBe(true);
      await expect.poll(() => existsSync(join(cwd, "outside/anchors.jsonl"))).toBe(true);
      gateway.child.kill("SIGKILL");
      await gateway.ended;
      const found = await run("audit", "--anchors", "--json");
      expect([round, found.code, found.stdout.includes('"kind":"finding"')]).toEqual([round, 0, false]);
    }
  });

  test.each([
    [["--anchors", "nowhere.jsonl"], "SIG-I-036"],
    [["--anchors", "--public-key", "nonsense"], "SIG-I-036"],
    [["--public-key", "nonsense"], "SIG-I-036"],
    [["--anchors", "kafka:anchors"], "SIG-I-036"],
    [["--expect-head", "nonsense"], "SIG-I-038"],
    [["--expect-operator-head", "nonsense"], "SIG-I-038"],
  ])("%j is refused in words", async (args, code) => {
    const { run, ingest } = anchoring();
    await run("keys", "new");
    await ingest(0, 1);
    const refused = await run("audit", ...args);
    expect([refused.code === 0, refused.stdout]).toEqual([false, ""]);
    expect(refused.stderr).toContain(`error ${code}`);
  });

  test("heads that were kept by hand are asked for as they were printed", async () => {
    const { run, ingest, store } = anchoring();
    await ingest(0, 3);
    const [summary = {}] = jsonLines((await run("audit", "--json")).stdout);
    const [head] = summary["streams"] as readonly { readonly stream: string; readonly headHash: string }[];
    const expected = `${head?.stream}=${head?.headHash}`;
    await ingest(3, 6);
    expect((await run("audit", "--expect-head", expected)).code).toBe(0);
    const db = new DatabaseSync(store);
    db.exec("UPDATE sigma_ledger SET hash = 'x' WHERE seq = 1");
    db.close();
    const found = await run("audit", "--expect-head", expected, "--expect-operator-head", "ab".repeat(32));
    expect([found.code, found.stdout.match(/^ANCHOR_MISSING/gm)?.length]).toEqual([30, 2]);
  });
});

test("a damaged store is what an audit finds, at whatever place it is damaged", async () => {
  const { run, ingest, store } = anchoring();
  await ingest(0, 50);
  const good = readFileSync(store);
  for (const at of [0, 18, 100, 4_096, 8_192, 12_288]) {
    const bad = Buffer.from(good);
    bad.fill(0xa5, at, at + 64);
    writeFileSync(store, bad);
    const found = await run("audit", "--json");
    expect([at, found.code, found.stderr.includes("error ")]).toEqual([at, 30, false]);
    expect(jsonLines(found.stdout)).toContainEqual(expect.objectContaining({ kind: "finding", code: "STORE_DAMAGED" }));
  }
});

describe("sigma doctor", () => {
  const checked = async (run: (...args: readonly string[]) => Promise<Run>) => {
    const { stdout } = await run("doctor", "--port", "0", "--json");
    return jsonLines(stdout).filter(({ name }) => String(name).startsWith("anchor"));
  };

  test("says whether heads can be anchored, with what to do", async () => {
    const { run, ingest, cwd } = anchoring();
    expect(await checked(run)).toEqual([
      expect.objectContaining({
        name: "anchor key",
        result: "fail",
        fix: expect.stringContaining("keys new") as string,
      }),
      expect.objectContaining({
        name: "anchor file",
        result: "ok",
        message: expect.stringContaining("not written yet") as string,
      }),
    ]);
    await run("keys", "new");
    await ingest(0, 1);
    expect((await checked(run)).map(({ result }) => result)).toEqual(["ok", "ok"]);
    rmSync(join(cwd, "outside"), { recursive: true });
    writeFileSync(join(cwd, "outside"), "in the way");
    expect((await checked(run))[1]).toMatchObject({
      result: "fail",
      message: expect.stringContaining("cannot be written") as string,
    });
  });

  test("warns of a key and of anchors that are where the store is", async () => {
    const { cwd } = anchoring();
    const env = { SIGMA_ANCHOR_KEY_FILE: ".sigma/data/anchor.key", SIGMA_ANCHOR_FILE: ".sigma/data/anchors.jsonl" };
    const run = async (...args: readonly string[]): Promise<Run> => sigma(args, { cwd, env });
    await run("keys", "new");
    expect((await checked(run)).map(({ result }) => result)).toEqual(["warn", "warn"]);
  });
});

test("a running gateway says whether the last anchor of its file is signed by its key, and is the one that it wrote", async () => {
  const { cwd, env, run } = anchoring();
  const key = (await run("keys", "new")).stdout.trim();
  const often = { ...env, SIGMA_ANCHOR_ENTRIES: "1" };
  const gateway = startSigma(["start", "--port", "0", "--json", "--no-demo"], { cwd, env: often });
  const url = /http:\/\/[\d.:]+/.exec(await gateway.line(/http:\/\//))?.[0] ?? "";
  const file = join(cwd, "outside/anchors.jsonl");
  const signature = async (): Promise<Readonly<Record<string, unknown>>> => {
    const { places } = (await (await fetch(`${url}/v1/ledger/anchors`)).json()) as {
      readonly places: readonly { readonly signature: Readonly<Record<string, unknown>> }[];
    };
    return places[0]?.signature ?? {};
  };
  await until(async () => (await signature())["kind"] === "verified");
  expect(await signature()).toMatchObject({ key, counter: expect.any(Number) as number });
  const lines = readFileSync(file, "utf8");
  writeFileSync(file, lines.replaceAll(/"at":"2/g, '"at":"1'));
  // An answer holds for some seconds.
  await until(async () => (await signature())["kind"] === "wrong");
  expect(await signature()).toEqual({ kind: "wrong", why: "does not have its signature" });
});
