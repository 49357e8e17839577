import { cpSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { mountFileReadOnly, mountReadOnly } from "../servers/read-only-mount.ts";
import { jsonLines, project, shipmentLines, sigma, startSigma } from "./run.ts";

/** Where a data directory is mounted without leave to write. */
function readOnly(directory: string): string {
  const { directory: mounted, remove } = mountReadOnly(directory);
  onTestFinished(remove);
  return mounted;
}

/** A data directory that was closed in order. */
async function closed(cwd: string): Promise<string> {
  await sigma(["ingest", "-", "-q"], { cwd, input: `${shipmentLines(0, 40)}{}\n` });
  return join(cwd, ".sigma/data");
}

/** One whose process was killed: commits are in the write-ahead logs alone. */
async function killed(cwd: string): Promise<string> {
  const gateway = startSigma(["start", "--port", "0", "--no-demo", "--json"], { cwd });
  const { url } = JSON.parse(await gateway.line(/"kind":"started"/)) as { url: string };
  const headers = { "content-type": "application/x-ndjson", prefer: "wait=30" };
  const body = `${shipmentLines(0, 40)}{}\n`;
  const answer = await fetch(`${url}/v1/events/sigma-aetl.shipments`, { method: "POST", headers, body });
  expect(answer.status).toBe(200);
  gateway.child.kill("SIGKILL");
  await gateway.ended;
  return join(cwd, ".sigma/data");
}

async function expectLooksAt(cwd: string, data: string): Promise<void> {
  const before = readdirSync(data);
  const temporary = readdirSync(tmpdir()).filter((name) => name.startsWith("sigma-look-"));
  const status = await sigma(["status", "--data", data, "--json"], { cwd });
  expect(status).toMatchObject({ code: 0, stderr: "" });
  expect(jsonLines(status.stdout)).toMatchObject([{ records: 41, stored: 40, failed: 1, streams: [{ end: "41" }] }]);
  const audit = await sigma(["audit", "--source", "--data", data, "--json", "-q"], { cwd });
  expect([audit.code, audit.stderr]).toEqual([0, ""]);
  expect(jsonLines(audit.stdout).at(-1)).toMatchObject({ records: 41, comparedWithSource: 41, findingsTotal: 0 });
  for (const from of [["store"], ["store", "--threads", "2"], ["log"]]) {
    const whatIf = await sigma(
      ["contract", "what-if", "shipment@1", "--source", ...from, "--data", data, "--json", "-q"],
      { cwd },
    );
    expect([whatIf.code, whatIf.stderr]).toEqual([0, ""]);
    expect(jsonLines(whatIf.stdout)).toMatchObject([{ coverage: { redecided: 41 } }]);
  }
  expect((await sigma(["streams", "list", "--data", data], { cwd })).code).toBe(0);
  expect((await sigma(["contract", "traffic", "shipment", "--data", data], { cwd })).code).toBe(0);
  const doctor = await sigma(["doctor", "--port", "0", "--data", data, "--json"], { cwd });
  expect(jsonLines(doctor.stdout)).toContainEqual(expect.objectContaining({ name: "data", result: "ok" }));
  expect(jsonLines(doctor.stdout)).toContainEqual(
    expect.objectContaining({
      name: "data directory",
      result: "fail",
      message: expect.stringContaining("read-only") as string,
    }),
  );
  expect(readdirSync(data)).toEqual(before);
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith("sigma-look-"))).toEqual(temporary);
}

describe("a data directory that cannot be written", () => {
  test("is looked at when it was closed in order", async () => {
    const cwd = project();
    await expectLooksAt(cwd, readOnly(await closed(cwd)));
  });

  test("is looked at with its write-ahead logs when its process was killed", async () => {
    const cwd = project();
    await expectLooksAt(cwd, readOnly(await killed(cwd)));
  });

  test("is looked at with its write-ahead logs when a copy lacks the files that index them", async () => {
    const cwd = project();
    const data = await killed(cwd);
    const copy = join(cwd, "copy");
    cpSync(data, copy, { recursive: true });
    for (const name of ["log.db-shm", "store.db-shm"]) rmSync(join(copy, name));
    await expectLooksAt(cwd, readOnly(copy));
  });

  test("is looked at while a gateway writes to it by another path", async () => {
    const cwd = project();
    await closed(cwd);
    const gateway = startSigma(["start", "--port", "0", "--no-demo", "--json"], { cwd });
    await gateway.line(/"kind":"started"/);
    await expectLooksAt(cwd, readOnly(join(cwd, ".sigma/data")));
  });

  test("takes no record, and says so", async () => {
    const cwd = project();
    const data = readOnly(await closed(cwd));
    const { code, stderr } = await sigma(["ingest", "-", "--data", data], { cwd, input: "{}\n" });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error LOG_(?:READONLY|CANTOPEN) Cannot use log /);
  });
});

describe("one file that may not be written, in a data directory that may", () => {
  test.each(["log", "store"])(
    "(the %s) is said at the start, before anything is taken, and by doctor",
    async (name) => {
      const cwd = project();
      const data = await closed(cwd);
      onTestFinished(mountFileReadOnly(join(data, `${name}.db`)));
      const code = `${name.toUpperCase()}_READONLY`;
      const started = await sigma(["start", "--port", "0", "--no-demo"], { cwd });
      expect([started.code, started.stderr]).toEqual([1, expect.stringContaining(`error ${code} `) as string]);
      const doctor = await sigma(["doctor", "--port", "0", "--json"], { cwd });
      expect(doctor.code).toBe(10);
      expect(jsonLines(doctor.stdout)).toContainEqual(
        expect.objectContaining({ name: "data", result: "fail", message: expect.stringContaining(code) as string }),
      );
      expect((await sigma(["audit", "--source", "-q"], { cwd })).code).toBe(0);
    },
  );
});
