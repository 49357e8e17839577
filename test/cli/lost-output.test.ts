import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { append } from "../e2e/append.ts";
import { shipment } from "../embedded.ts";
import { until } from "../patience.ts";
import { freePorts } from "../servers/ports.ts";
import { mountSmallDisk } from "../servers/small-disk.ts";
import { BIN, project, sigma } from "./run.ts";

/** A device on which everything that is written finds the disk full. */
function fullDevice(): number {
  const device = openSync("/dev/full", "w");
  onTestFinished(() => closeSync(device));
  return device;
}

type Gateway = { readonly child: ChildProcess; readonly url: string };

/** A gateway with these as its standard output and error. */
async function startWith(stdout: number | "pipe", stderr: number | "pipe"): Promise<Gateway> {
  const [port] = await freePorts(1);
  const args = ["start", "--no-demo", "--port", String(port), "--log-level", "debug"];
  const child = spawn(process.execPath, [BIN, ...args], { cwd: project(), stdio: ["ignore", stdout, stderr] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const url = `http://127.0.0.1:${port}`;
  await until(async () => (await fetch(`${url}/readyz`).catch(() => null))?.status === 200);
  return { child, url };
}

async function expectWell({ child, url }: Gateway): Promise<void> {
  for (let n = 0; n < 5; n += 1) expect((await append(url, shipment(`S-${n}`))).status).toBe(202);
  await until(async () => {
    const { decided } = (await (await fetch(`${url}/v1/status`)).json()) as { decided: { passed: number } };
    return decided.passed === 5;
  });
  const ended = once(child, "close");
  child.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
}

test("a gateway goes on when what it prints and logs finds a full disk", async () => {
  await expectWell(await startWith(fullDevice(), fullDevice()));
});

test("a gateway goes on when the readers of what it prints and logs have ended", async () => {
  const gateway = await startWith("pipe", "pipe");
  gateway.child.stdout?.destroy();
  gateway.child.stderr?.destroy();
  await expectWell(gateway);
});

/** A disk without room for a byte. The ballast is what has it. */
function fullDisk(): { readonly directory: string; readonly ballast: string } {
  const { directory, remove } = mountSmallDisk();
  onTestFinished(remove);
  const ballast = join(directory, "ballast");
  try {
    for (let size = 0; size < 128; size += 1) writeFileSync(ballast, Buffer.alloc(65_536), { flag: "a" });
  } catch {
    // Full: that is what was wanted.
  }
  return { directory, ballast };
}

test("its log comes back when there is room", async () => {
  const { directory, ballast } = fullDisk();
  const file = join(directory, "gateway.log");
  const log = openSync(file, "a");
  onTestFinished(() => closeSync(log));
  const gateway = await startWith(fullDevice(), log);
  rmSync(ballast);
  await expectWell(gateway);
  const last = readFileSync(file, "utf8").trimEnd().split("\n").at(-1) ?? "";
  expect(JSON.parse(last)).toMatchObject({ event_name: "gateway.stopped" });
});

test("a command whose output finds a full disk says so", async () => {
  const child = spawn(process.execPath, [BIN, "config", "show"], {
    cwd: project(),
    stdio: ["ignore", fullDevice(), "pipe"],
  });
  let said = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (said += text));
  expect(await once(child, "close")).toEqual([1, null]);
  expect(said).toBe(
    "error SIG-I-035 Cannot write to standard output: the disk is full\n  fix: make room, or send it elsewhere, and run it again\n",
  );
});

test("a command whose file finds a full disk says that room is wanted, and that no input was wrong", async () => {
  const { directory } = fullDisk();
  const cwd = project({ "records.ndjson": "{broken\n" });
  expect((await sigma(["ingest", "records.ndjson"], { cwd })).code).toBe(0);
  for (const args of [
    ["init", join(directory, "gateway")],
    ["keys", "new", "--key-file", join(directory, "anchor.pem")],
    ["failures", "export", "--out", join(directory, "failures.ndjson")],
  ]) {
    const { code, stderr } = await sigma(args, { cwd });
    expect([args[0], code, stderr]).toEqual([
      args[0],
      1,
      expect.stringMatching(/^error SIG-[A-Z]-\d{3} Cannot write .*: the disk is full\n {2}fix: make room, remove /m),
    ]);
  }
});
