import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, describe, expect, test } from "vitest";
import { jsonLines, project, ROOT, shipmentLines, sigma, startSigma, type Run } from "./run.ts";

const ESC = String.fromCharCode(0x1b);
const HOSTILE = `${ESC}[31m${ESC}]0;title${String.fromCharCode(7)}‮`;
const TOPIC = "sigma-aetl.shipments";

/** Two shipments and six failures in four groups: three weights, a priority, a member that has no business there, and no JSON. */
const LINES = [
  ...[1, 2, 3].map((n) => ({ shipment_id: `light-${n}`, weight_kg: -n, destination: "Cork", priority: 2 })),
  { shipment_id: "urgent", weight_kg: 1, destination: "Dublin", priority: 9 },
  { shipment_id: "odd", weight_kg: 1, destination: "Dublin", priority: 2, [HOSTILE]: HOSTILE },
].map((value) => JSON.stringify(value));

/** A project whose store has the failures: one for all tests that change nothing. */
const there = mkdtempSync(join(tmpdir(), "sigma-cli-"));
let filled: Promise<void> | null = null;

async function shared(): Promise<string> {
  cpSync(join(ROOT, "contracts"), join(there, "contracts"), { recursive: true });
  filled ??= ingest(there, `${shipmentLines(0, 2)}${LINES.join("\n")}\n{ no JSON\n`);
  await filled;
  return there;
}

afterAll(() => rmSync(there, { recursive: true, force: true }));

/** Feeds records to a store, and lets the producer of one failure be a text that no command takes. */
async function ingest(cwd: string, input: string): Promise<void> {
  const { code, stderr } = await sigma(["ingest", "-", "--producer", "svc-a", "-q"], { cwd, input });
  if (code !== 0) throw new Error(stderr);
  const db = new DatabaseSync(join(cwd, ".sigma/data/store.db"));
  db.prepare("UPDATE failed_shipments SET producer = ? WHERE code <> 'schema'").run(HOSTILE);
  db.close();
}

async function failures(args: readonly string[], cwd?: string): Promise<Run> {
  return sigma(["failures", ...args], { cwd: cwd ?? (await shared()) });
}

async function found(args: readonly string[], cwd?: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { code, stdout, stderr } = await failures([...args, "--json"], cwd);
  expect([code, stderr, stdout.includes(ESC)]).toEqual([0, "", false]);
  return jsonLines(stdout);
}

/** What a terminal would take for a command, and what reorders its text. */
const UNSEEN = new RegExp(`[${ESC}\u0007\u202E]`);

describe("sigma failures groups", () => {
  test("counts failures by group, and says why each failed", async () => {
    const { code, stdout } = await failures(["groups", "--sort", "count"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^6 failures in 4 groups\n/);
    expect(stdout).toMatch(/\n[0-9a-f]{8} +3 +3 .* open +shipment@1 \/weight_kg: must be > 0\n/);
    expect(stdout).not.toMatch(UNSEEN);
  });

  test.each([
    [["--since", "1h"], 4],
    [["--since", "2000-01-01T00:00:00Z", "--contract", "shipment@1"], 4],
    [["--code", "malformed-not-json"], 1],
    [["--topic", TOPIC], 4],
    [["--topic", "other"], 0],
    [["--state", "muted"], 0],
    [["--limit", "2"], 2],
  ])("%j shows %i", async (args, count) => {
    expect(await found(["groups", ...args])).toHaveLength(count);
  });
});

describe("sigma failures list", () => {
  test("shows failures in a table that no value of a record breaks, with payloads where they are asked for", async () => {
    const { code, stdout, stderr } = await failures(["list", "--payload", "--limit", "5"]);
    expect([code, stderr]).toEqual([0, expect.stringContaining("There are more")]);
    expect(stdout).toContain('"destination":"Cork"');
    expect(stdout).not.toMatch(UNSEEN);
  });

  test.each([
    [["--code", "schema"], 5],
    [["--contract", "shipment"], 6],
    [["--contract", "shipment@1", "--version", "1"], 6],
    [["--version", "2"], 0],
    [["--topic", TOPIC, "--partition", "0", "--offset", "2"], 1],
    [["--offset", "7"], 1],
    [["--partition", "1"], 0],
    [["--producer", "svc-a"], 5],
    [["--producer", HOSTILE], 1],
    [["--pointer", "/weight_kg"], 3],
    [["--state", "open"], 6],
    [["--state", "acknowledged"], 0],
    [["--field", "/destination=Cork"], 3],
    [["--field", "/weight_kg=-2"], 1],
    [["--since", "1h"], 6],
    [["--until", "1h"], 0],
    [["--limit", "4"], 4],
  ])("%j shows %i", async (args, count) => {
    expect(await found(["list", ...args])).toHaveLength(count);
  });

  test("narrows to a group, whose every failure has its fingerprint", async () => {
    const [group] = await found(["groups", "--sort", "count"]);
    const own = await found(["list", "--group", String(group?.["fingerprint"])]);
    expect(own.map(({ pointers }) => pointers)).toEqual([["/weight_kg"], ["/weight_kg"], ["/weight_kg"]]);
  });

  test("says that there is none", async () => {
    expect(await failures(["list", "--code", "rule"])).toMatchObject({ code: 0, stdout: "No failure is like that.\n" });
    for (const args of [
      ["--state", "muted"],
      ["--code", "rule", "--since", "1h"],
      ["--topic", "another"],
    ])
      expect(await failures(["groups", ...args])).toMatchObject({ code: 0, stdout: "No group is like that.\n" });
    const since = "2099-01-01T00:00:00Z";
    const { stdout } = await failures(["groups", "--since", since]);
    expect(stdout).toBe(`Nothing has failed since ${since}.\n`);
  });
});

describe("sigma failures show", () => {
  test("shows one failure, and its exact bytes", async () => {
    const { stdout } = await failures(["show", `${TOPIC}/0@2`]);
    expect(stdout).toMatch(/^why +\/weight_kg: must be > 0$/m);
    expect(stdout).toMatch(/^producer +svc-a$/m);
    const raw = await failures(["show", `${TOPIC}/0@7#1`, "--raw"]);
    expect(raw).toMatchObject({ code: 0, stdout: "{ no JSON", stderr: "" });
    const [json] = await found(["show", `${TOPIC}/0@7`]);
    expect(json).toMatchObject({
      kind: "failure",
      raw: Buffer.from("{ no JSON").toString("base64"),
      producer: HOSTILE,
    });
  });

  test.each([`${TOPIC}/0@6`, `${TOPIC}/0@7`])(
    "shows %s, in which a member and a producer are hostile, as text",
    async (id) => {
      const { code, stdout } = await failures(["show", id]);
      expect([code, UNSEEN.test(stdout)]).toEqual([0, false]);
      const { fingerprint } = (await found(["show", id]))[0] ?? {};
      const group = await failures(["show", String(fingerprint)]);
      expect([group.code, UNSEEN.test(group.stdout)]).toEqual([0, false]);
    },
  );

  test("shows a group by how its fingerprint begins: what it has in common, its hours, its newest", async () => {
    const [group] = await found(["groups", "--sort", "count"]);
    const { stdout } = await failures(["show", String(group?.["fingerprint"]).slice(0, 6)]);
    expect(stdout).toContain("the same constraint: `exclusiveMinimum` at /properties/weight_kg/exclusiveMinimum");
    expect(stdout).toMatch(/^producers +svc-a \(3\) {2}of the newest 3$/m);
    expect(stdout).toMatch(/^by hour, the last 30 days:\n {2}\d{4}-\d\d-\d\d \d\d:00 +3 +█+$/m);
    expect(stdout.match(/^ {2}sigma-aetl\.shipments\/0@[234]#1 .*$/gm)).toHaveLength(3);
  });
});

describe("sigma failures says what is wrong and where", () => {
  test.each<[readonly string[], string, string]>([
    [["list", "--since", "yesterday"], "SIG-F-001", "--since"],
    [["list", "--until", "2026-02-30T00:00:00Z"], "SIG-F-001", "--until"],
    [["groups", "--contract", "@"], "SIG-F-001", "--contract"],
    [["list", "--contract", "a@1", "--version", "2"], "SIG-F-001", "--version"],
    [["export", "--pointer", "weight"], "SIG-F-001", "--pointer"],
    [["tail", "--offset", "-1"], "SIG-F-001", "--offset"],
    [["show", "zz"], "SIG-F-002", "4 to 32"],
    [["show", "00000000"], "SIG-F-002", "no group"],
    [["show", `${HOSTILE}zz`], "SIG-F-002", "4 to 32"],
    [["ack", "00000000", "--reason", "x"], "SIG-F-002", "no group"],
    [["show", `${TOPIC}/0@0`], "SIG-F-003", `${TOPIC}/0@0`],
    [["show", `${TOPIC}/9@999999999`, "--raw"], "SIG-F-003", "9@999999999"],
    [["mute", "0000", "--reason", "x"], "SIG-F-001", "--until"],
    [["mute", "0000", "--until", "2020-01-01T00:00:00Z", "--reason", "x"], "SIG-F-001", "time to come"],
    [["note", "0000", "--reason", " "], "SIG-I-012", "reason"],
    [["list", "--limit", "0"], "", "from 1 on"],
    [["groups", "--sort", "name"], "", "--sort"],
    [["mute", "0000", "--threshold", "x", "--reason", "x"], "", "whole number"],
    [["ack", "0000"], "", "--reason"],
    [["fixed", "0000", "--reason", "x"], "", "--version"],
  ])("%j", async (args, code, word) => {
    const run = await failures(args);
    expect([run.code, run.stdout]).toEqual([2, ""]);
    expect(run.stderr).toContain(code);
    expect(run.stderr).toContain(word);
    expect(run.stderr).not.toMatch(UNSEEN);
    expect(run.stderr).not.toMatch(/\n +at /);
  });

  test("where there is no data yet", async () => {
    const run = await failures(["groups"], project());
    expect([run.code, run.stderr]).toEqual([2, expect.stringContaining("SIG-I-007")]);
  });

  test("when two groups begin alike", async () => {
    const cwd = project();
    await ingest(cwd, `${LINES.join("\n")}\n`);
    const db = new DatabaseSync(join(cwd, ".sigma/data/store.db"));
    for (const table of ["sigma_groups", "failed_shipments"])
      db.exec(`UPDATE ${table} SET fingerprint = 'abcd' || substr(fingerprint, 5)`);
    db.close();
    const run = await failures(["ack", "abcd", "--reason", "x"], cwd);
    expect([run.code, run.stderr]).toEqual([2, expect.stringMatching(/SIG-F-002 .*"abcd": 3 groups begin so/)]);
  });
});

describe("sigma failures export", () => {
  test("writes every failure with bytes, key and headers into a new file that others cannot read, and never over another", async () => {
    const cwd = project({ "kept.ndjson": "kept" });
    await ingest(cwd, `${LINES.join("\n")}\n{ no JSON\n`);
    const run = await failures(["export", "--out", "out.ndjson"], cwd);
    expect(run).toMatchObject({ code: 0, stdout: "", stderr: "6 failures written\n" });
    const text = readFileSync(join(cwd, "out.ndjson"), "utf8");
    expect(text).not.toContain(ESC);
    const bytes = jsonLines(text).map(({ raw }) => Buffer.from(String(raw), "base64").toString());
    expect(bytes.toSorted()).toEqual([...LINES, "{ no JSON"].toSorted());
    for (const out of ["kept.ndjson", "out.ndjson", "nowhere/out.ndjson"]) {
      const refused = await failures(["export", "--out", out], cwd);
      expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("SIG-F-005")]);
    }
    expect(readFileSync(join(cwd, "kept.ndjson"), "utf8")).toBe("kept");
    expect(readFileSync(join(cwd, "out.ndjson"), "utf8")).toBe(text);
  });

  test("narrows as a list does", async () => {
    const { stdout } = await failures(["export", "--field", "/weight_kg=-2"]);
    expect(jsonLines(stdout)).toMatchObject([
      { kind: "failure", pointers: ["/weight_kg"], payload: { weight_kg: -2 } },
    ]);
  });

  test("ends quietly when its reader has enough", async () => {
    const cwd = project({ "many.ndjson": `${'{"shipment_id":"S","weight_kg":-1}'.padEnd(400)}\n`.repeat(3_000) });
    await sigma(["ingest", "many.ndjson", "-q"], { cwd });
    for (const what of ["export", "list --json --limit 3000"]) {
      const command = `node ${join(ROOT, "bin/sigma.js")} failures ${what} | head -n 1; exit "\${PIPESTATUS[0]}"`;
      const run = await new Promise<{ readonly error: unknown; readonly stdout: string; readonly stderr: string }>(
        (done) =>
          execFile("bash", ["-c", command], { cwd }, (error, stdout, stderr) => done({ error, stdout, stderr })),
      );
      expect([run.error, jsonLines(run.stdout), run.stderr]).toEqual([null, [expect.objectContaining({ v: 1 })], ""]);
    }
  });
});

describe("sigma failures tail", () => {
  test("shows failures that are decided from now on and pass the filter, until Ctrl-C", async () => {
    const cwd = project({ "more.ndjson": `${LINES.join("\n")}\n` });
    await ingest(cwd, `${LINES.join("\n")}\n`);
    const running = startSigma(["failures", "tail", "--pointer", "/priority"], { cwd });
    await running.line(/Waiting for failures/);
    await sigma(["ingest", "more.ndjson", "-q"], { cwd });
    expect(await running.line(/priority/)).toContain(`${TOPIC}/0@8#1`);
    running.child.kill("SIGINT");
    const { code, stdout } = await running.ended;
    expect([code, stdout.trimEnd().split("\n").length]).toEqual([130, 1]);
  });

  test("prints nothing but failures with --json", async () => {
    const cwd = project({ "more.ndjson": `${LINES.join("\n")}\n` });
    await ingest(cwd, "{}\n");
    const running = startSigma(["failures", "tail", "--json"], { cwd });
    // It says nothing when it is ready: each batch may be the first that it sees.
    let seen = false;
    const line = running.line(/"kind":"failure"/).then((text) => ((seen = true), text));
    for (let n = 0; !seen && n < 20; n += 1) await sigma(["ingest", "more.ndjson", "-q"], { cwd });
    expect(jsonLines(await line)).toMatchObject([{ v: 1, kind: "failure", topic: TOPIC }]);
    running.child.kill("SIGTERM");
    const { code, stdout, stderr } = await running.ended;
    expect([code, stderr, stdout.includes(ESC)]).toEqual([143, "", false]);
  });
});

describe("what an operator says of a group", () => {
  test("is shown with the group, in the states that lists narrow by, and escaped", async () => {
    const cwd = project();
    await ingest(cwd, `${LINES.join("\n")}\n`);
    const [group] = await found(["groups", "--sort", "count"], cwd);
    const name = String(group?.["fingerprint"]).slice(0, 8);
    const states: unknown[] = [];
    for (const args of [
      ["ack", name, "--reason", "mine"],
      ["open", name, "--reason", "not mine"],
      ["fixed", name, "--version", "2", "--reason", "v2 takes it"],
      ["mute", name, "--until", "7d", "--reason", "known"],
      ["mute", name, "--threshold", "4", "--reason", "known"],
      ["assign", name, "--owner", `team ${HOSTILE}`, "--reason", "asked"],
      ["note", name, "--reason", `see ${HOSTILE} there`],
    ]) {
      const [said] = await found(args, cwd);
      states.push((said?.["state"] as { readonly kind: string } | undefined)?.kind);
    }
    expect(states).toEqual(["acknowledged", "open", "fixed-in", "muted", "muted", "muted", "muted"]);
    expect(await found(["groups", "--state", "muted"], cwd)).toMatchObject([{ count: 3, state: { threshold: 4 } }]);
    expect(await found(["list", "--state", "muted"], cwd)).toHaveLength(3);
    const { stdout } = await failures(["show", name], cwd);
    expect(stdout).toMatch(/^state +muted since .*: known$/m);
    expect(stdout).toMatch(/^owner +team /m);
    expect(stdout).toMatch(/^note +.*: see .* there$/m);
    expect(stdout).not.toMatch(UNSEEN);
    writeFileSync(join(cwd, "more.ndjson"), `${LINES.join("\n")}\n`);
    await sigma(["ingest", "more.ndjson", "-q"], { cwd });
    expect(await found(["groups", "--state", "muted"], cwd)).toEqual([]);
    expect(await found(["show", name], cwd)).toMatchObject([{ count: 6, state: { kind: "open", since: 3 } }]);
    expect((await sigma(["audit"], { cwd })).code).toBe(0);
  });

  test("for people, names the group, its state and its owner in one line", async () => {
    const cwd = project();
    await ingest(cwd, `${LINES.join("\n")}\n`);
    const [group] = await found(["groups"], cwd);
    const run = await failures(
      ["assign", String(group?.["fingerprint"]), "--owner", `a${HOSTILE}`, "--reason", "x"],
      cwd,
    );
    expect([run.code, UNSEEN.test(run.stdout)]).toEqual([0, false]);
    expect(run.stdout).toContain("is open, of a");
  });
});
