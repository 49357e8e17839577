import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { jsonLines, project, shipmentLines, sigma, startSigma } from "./run.ts";

const CONFIG = "sources: [{ topic: t, subject: shipment, default: 1 }]\n";

type Made = { readonly id: string; readonly key: string };

async function newKey(cwd: string, ...args: readonly string[]): Promise<Made> {
  const { code, stdout, stderr } = await sigma(["keys", "api", "new", "--json", ...args], { cwd });
  expect([code, stderr]).toEqual([0, expect.stringContaining("shown this once")]);
  return JSON.parse(stdout) as Made;
}

async function startGateway(cwd: string, ...args: readonly string[]): Promise<string> {
  const running = startSigma(["start", "--port", "0", "--no-demo", "--json", ...args], { cwd });
  return (JSON.parse(await running.line(/"kind":"started"/)) as { readonly url: string }).url;
}

describe("sigma keys api", () => {
  test("makes, lists, rotates and revokes keys beside a gateway that runs, which follows at once", async () => {
    const cwd = project({ "sigma.yaml": CONFIG });
    const url = await startGateway(cwd);
    const statusOf = async (key: string | null): Promise<number> => {
      const headers = key === null ? {} : { authorization: `Bearer ${key}` };
      return (await fetch(`${url}/v1/contracts`, { headers })).status;
    };
    expect(await statusOf(null)).toBe(200);
    const first = await newKey(cwd, "--role", "viewer", "--name", "ann", "--reason", "she asked");
    await expect.poll(async () => statusOf(null)).toBe(401);
    expect(await statusOf(first.key)).toBe(200);
    const rotated = await sigma(["keys", "api", "rotate", first.id, "--overlap", "1h", "--json"], { cwd });
    const second = JSON.parse(rotated.stdout) as Made;
    await expect.poll(async () => statusOf(second.key)).toBe(200);
    expect(await statusOf(first.key)).toBe(200);
    expect((await sigma(["keys", "api", "revoke", second.id], { cwd })).code).toBe(0);
    await expect.poll(async () => statusOf(second.key)).toBe(401);
    await expect
      .poll(async () => jsonLines((await sigma(["keys", "api", "list", "--json"], { cwd })).stdout))
      .toMatchObject([
        { id: first.id, name: "ann", roles: ["viewer"], state: "active", replacedBy: second.id, lastUse: /^2/ },
        { id: second.id, name: "ann", state: "revoked", replacedBy: null },
      ]);
    const warned = await sigma(["keys", "api", "new", "--role", "viewer"], { cwd });
    expect(warned.stderr).toContain("No key is of an admin for all records");
    const admin = await sigma(["keys", "api", "new", "--role", "admin", "--json"], { cwd });
    expect(admin.stderr).not.toContain("No key is of an admin");
    const ended = await sigma(["keys", "api", "revoke", (JSON.parse(admin.stdout) as Made).id], { cwd });
    expect([ended.code, ended.stderr]).toEqual([0, expect.stringContaining("No key is of an admin for all records")]);
    const { stdout } = await sigma(["keys", "api", "list"], { cwd });
    expect(stdout).not.toContain(first.key.slice(-43));
    const again = await sigma(["keys", "api", "revoke", second.id], { cwd });
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("SIG-A-002")]);
  });

  test("a producer's key names its topics, and what is no option of a key is refused", async () => {
    const cwd = project({ "sigma.yaml": CONFIG });
    const wrong = [
      ["--role", "producer"],
      ["--role", "king"],
      ["--role", "viewer", "--expires", "yesterday"],
      ["--role", "viewer", "--topics", "a b"],
      ["--role", "viewer", "--name", "a\u001b[31m"],
    ];
    for (const args of wrong) {
      const { code, stderr } = await sigma(["keys", "api", "new", ...args], { cwd });
      expect([args, code, stderr]).toEqual([args, 2, expect.stringContaining("SIG-A-001")]);
    }
    expect(existsSync(join(cwd, ".sigma", "store.db"))).toBe(false);
  });
});

describe("a gateway that other machines reach", () => {
  test("does not start as long as nobody would need a key, and says what to do", async () => {
    const cwd = project({ "sigma.yaml": `${CONFIG}http: { host: 0.0.0.0 }\n` });
    const { code, stderr } = await sigma(["start", "--port", "0", "--no-demo"], { cwd });
    expect([code, stderr]).toEqual([2, expect.stringContaining("SIG-S-007")]);
    expect(stderr).toContain("keys api new --role admin");
    const checked = async (env: Readonly<Record<string, string>> = {}) => {
      const { stdout } = await sigma(["doctor", "--port", "0", "--json"], { cwd, env });
      const rows = jsonLines(stdout).filter(({ name }) => name === "access" || name === "keys");
      return rows.map(({ name, result }) => `${String(name)} ${String(result)}`);
    };
    expect(await checked()).toEqual(["access fail"]);
    const wanted = { SIGMA_HTTP_ALLOW_REMOTE_WITHOUT_KEYS: "true" };
    expect(await checked(wanted)).toEqual(["access warn"]);
    const open = startSigma(["start", "--port", "0", "--no-demo", "--log-format", "json"], { cwd, env: wanted });
    expect(await open.line(/"http\.open"/)).toContain("may do everything");
    open.child.kill("SIGTERM");
    await open.ended;
    const { key } = await newKey(cwd, "--role", "admin");
    expect(await checked()).toEqual(["access ok", "keys ok"]);
    await newKey(cwd, "--role", "viewer", "--expires", "3d");
    expect(await checked()).toEqual(["access ok", "keys warn"]);
    const url = await startGateway(cwd);
    const statuses = [{}, { authorization: `Bearer ${key}` }].map(
      async (headers) => (await fetch(`${url}/v1/contracts`, { headers })).status,
    );
    expect(await Promise.all(statuses)).toEqual([401, 200]);
  });
});

describe("the command line asks a gateway with the key of its environment", () => {
  test("or is refused with exit 41", async () => {
    const cwd = project({ "sigma.yaml": CONFIG });
    const producer = await newKey(cwd, "--role", "producer", "--topics", "t");
    const viewer = await newKey(cwd, "--role", "viewer");
    const url = await startGateway(cwd);
    writeFileSync(join(cwd, "records.ndjson"), shipmentLines(0, 3));
    writeFileSync(join(cwd, "key"), `${producer.key}\n`);
    const ingest = async (env: Readonly<Record<string, string>>) =>
      sigma(["ingest", "records.ndjson", "--topic", "t", "--to", url, "-q"], { cwd, env });
    const [without, other, byKey, byFile, noFile] = [
      await ingest({}),
      await ingest({ SIGMA_API_KEY: viewer.key }),
      await ingest({ SIGMA_API_KEY: producer.key }),
      await ingest({ SIGMA_API_KEY_FILE: join(cwd, "key") }),
      await ingest({ SIGMA_API_KEY_FILE: join(cwd, "none") }),
    ];
    expect([without, other, byKey, byFile, noFile].map(({ code }) => code)).toEqual([41, 41, 0, 0, 2]);
    expect(without.stderr).toContain("SIGMA_API_KEY");
    expect(other.stderr).toContain("needs the role producer");
    for (const { stdout, stderr } of [without, other, byKey, byFile])
      for (const { key } of [producer, viewer]) expect(`${stdout}${stderr}`).not.toContain(key.slice(-43));
    expect(readFileSync(join(cwd, "key"), "utf8").trim()).toBe(producer.key);
  });
});

describe("sigma operator-log", () => {
  test("shows who did what, from where and why, and exports it with its chain", async () => {
    const cwd = project({ "sigma.yaml": CONFIG });
    expect((await sigma(["operator-log"], { cwd })).stdout).toContain("No operator has done anything yet");
    for (const name of ["a", "b", "c"])
      await newKey(cwd, "--role", "viewer", "--name", name, "--reason", `for ${name}`);
    const { stdout, stderr } = await sigma(["operator-log", "--limit", "2"], { cwd });
    expect(stdout).toMatch(/^ *2 .* cli +key-new +[0-9a-f]{12} +for c$/m);
    expect([stdout.includes("for a"), stderr]).toEqual([false, expect.stringContaining("1 earlier action")]);
    const exported = jsonLines((await sigma(["operator-log", "--all", "--json"], { cwd })).stdout);
    expect(exported.map(({ seq, via, reason }) => [seq, via, reason])).toEqual([
      [0, "cli", "for a"],
      [1, "cli", "for b"],
      [2, "cli", "for c"],
    ]);
    expect(exported.slice(1).map(({ prevHash }) => prevHash)).toEqual(exported.slice(0, 2).map(({ hash }) => hash));
  });
});
