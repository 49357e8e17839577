import { existsSync, mkdirSync, readdirSync, renameSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { project, shipmentLines, sigma, startSigma, type Running } from "./run.ts";

const told = (text: string): string => expect.stringContaining(text) as string;

/** A data directory large enough that copying it takes a while. */
async function filled(): Promise<string> {
  const cwd = project({ "in.ndjson": shipmentLines(0, 30_000) });
  await sigma(["ingest", "in.ndjson", "--data", "data", "-q"], { cwd });
  return cwd;
}

const leftIn = (directory: string): readonly string[] =>
  readdirSync(directory).filter((name) => /(?:partial|restoring)-/.test(name));

/** Starts a command and sends it a signal as soon as a file is there that it works on. */
async function interrupted(
  cwd: string,
  args: readonly string[],
  folder: string,
  signal: NodeJS.Signals,
): Promise<Running> {
  const before = leftIn(join(cwd, folder));
  const watcher = watch(join(cwd, folder), { recursive: true });
  const begun = new Promise<void>((resolve) => {
    watcher.on("change", (_, name) => {
      const [, own] = /((?:b.partial|\.restoring)-[0-9a-f]{8}).store\.db/.exec(String(name)) ?? [];
      if (own !== undefined && !before.includes(own)) resolve();
    });
  });
  const running = startSigma(args, { cwd });
  await Promise.race([begun, running.ended]);
  running.child.kill(signal);
  watcher.close();
  return running;
}

describe("sigma backup that is killed", () => {
  test("leaves a folder, which the next one to the same place removes, and not that of one that still runs", async () => {
    const cwd = await filled();
    const backup = ["backup", "b", "--data", "data"];
    const killed = await interrupted(cwd, backup, ".", "SIGKILL");
    expect((await killed.ended).signal).toBe("SIGKILL");
    expect(leftIn(cwd)).toHaveLength(1);
    const stopped = await interrupted(cwd, backup, ".", "SIGSTOP");
    const [held] = leftIn(cwd);
    expect(leftIn(cwd)).toEqual([held]);
    expect((await sigma(backup, { cwd })).code).toBe(0);
    expect(leftIn(cwd)).toEqual([held]);
    stopped.child.kill("SIGCONT");
    expect(await stopped.ended).toMatchObject({ code: 2, stderr: told("SIG-I-031") });
    expect(leftIn(cwd)).toEqual([]);
    expect(readdirSync(join(cwd, "b")).toSorted()).toEqual(["log.db", "manifest.json", "store.db"]);
    expect((await sigma(["restore", "b", "--data", "r"], { cwd })).code).toBe(0);
    expect(leftIn(join(cwd, "r"))).toEqual([]);
  });
});

describe("sigma restore that is killed", () => {
  test("leaves a folder that doctor names and the next one removes", async () => {
    const cwd = await filled();
    await sigma(["backup", "b", "--data", "data"], { cwd });
    const restore = ["restore", "b", "--data", "data", "--replace"];
    const killed = await interrupted(cwd, restore, "data", "SIGKILL");
    expect((await killed.ended).signal).toBe("SIGKILL");
    const [left = ""] = leftIn(join(cwd, "data"));
    const doctor = await sigma(["doctor", "--data", "data", "--port", "0"], { cwd });
    expect([doctor.code, doctor.stdout]).toEqual([0, told(left)]);
    expect((await sigma(["audit", "--data", "data", "-q"], { cwd })).code).toBe(0);

    // As if it was killed later: what was there is aside, and nothing is in its place.
    for (const name of ["log.db", "store.db"]) renameSync(join(cwd, "data", name), join(cwd, name));
    const started = await sigma(["start", "--port", "0", "--no-demo", "--data", "data"], { cwd });
    expect([started.code, started.stderr]).toEqual([1, told("LOG_RESTORING")]);
    expect(existsSync(join(cwd, "data/log.db"))).toBe(false);

    expect((await sigma(restore, { cwd })).code).toBe(0);
    expect(leftIn(join(cwd, "data"))).toEqual([]);
    expect((await sigma(["audit", "--source", "--data", "data", "-q"], { cwd })).code).toBe(0);
  });
});

describe("a folder beside a backup", () => {
  test("that is not one of a backup's own stays, whatever it is called", async () => {
    const cwd = project({ "in.ndjson": shipmentLines(0, 5) });
    await sigma(["ingest", "in.ndjson", "--data", "data", "-q"], { cwd });
    mkdirSync(join(cwd, "b.partial-0123abcd"));
    writeFileSync(join(cwd, "b.partial-0123abcd/mine"), "");
    mkdirSync(join(cwd, "b.partial-mine"));
    expect((await sigma(["backup", "b", "--data", "data"], { cwd })).code).toBe(0);
    expect(leftIn(cwd)).toHaveLength(2);
  });
});
