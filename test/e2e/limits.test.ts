import { execFileSync } from "node:child_process";
import { writeFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { shipment, temporaryDirectory } from "../embedded.ts";
import { sigma, startGatewayProcess } from "./process.ts";

const EVENTS = "/v1/events/sigma-aetl.shipments";

/** A file system of four megabytes; null where this user may not mount one. */
function smallDisk(): string | null {
  const directory = temporaryDirectory();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", directory], { stdio: "pipe" });
  } catch {
    if (process.env["CI"] !== undefined)
      throw new Error("Cannot test a full disk: mounting a tmpfs is not allowed here");
    process.stderr.write("SKIPPED: a full disk needs the right to mount a tmpfs\n");
    return null;
  }
  onTestFinished(() => void execFileSync("umount", ["-l", directory], { stdio: "pipe" }));
  return directory;
}

async function append(
  url: string,
  text: string,
): Promise<{ readonly status: number; readonly retryAfter: string | null; readonly code: unknown }> {
  const response = await fetch(`${url}${EVENTS}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: text,
  });
  const body = (await response.json()) as { code?: unknown };
  return { status: response.status, retryAfter: response.headers.get("retry-after"), code: body.code };
}

describe("a full disk", () => {
  test("pauses, answers 503 with Retry-After, and goes on without a restart once there is space", async () => {
    const disk = smallDisk();
    if (disk === null) return;
    const ballast = join(disk, "ballast");
    const gateway = await startGatewayProcess(join(disk, "data"));
    let accepted = 0;
    while ((await append(gateway.url, shipment(`before-${accepted}`))).status === 202 && accepted < 20) accepted += 1;
    writeFileSync(ballast, Buffer.alloc(1));
    // Fill what is left, then ask until the log has no page to write to.
    try {
      for (let size = 0; size < 64; size += 1) writeFileSync(ballast, Buffer.alloc(65_536), { flag: "a" });
    } catch {
      // Full: that is what was wanted.
    }
    let refused = await append(gateway.url, shipment("x".repeat(100_000)));
    for (let more = 0; more < 50 && refused.status === 202; more += 1)
      refused = await append(gateway.url, shipment(`y${more}`.padEnd(100_000, "y")));
    expect(refused).toMatchObject({ status: 503, code: "LOG_FULL" });
    expect(Number(refused.retryAfter)).toBeGreaterThan(0);
    expect((await fetch(`${gateway.url}/livez`)).status).toBe(200);

    rmSync(ballast);
    const limit = AbortSignal.timeout(30_000);
    while (!limit.aborted && (await append(gateway.url, shipment("after"))).status !== 202)
      await new Promise((resolve) => setTimeout(resolve, 50));
    while (!limit.aborted && (await fetch(`${gateway.url}/readyz`)).status !== 200)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(limit.aborted).toBe(false);
    gateway.child.kill("SIGTERM");
    expect((await gateway.ended).code).toBe(0);
    const audit = await sigma(["audit", "--source", "--quiet", "--data", join(disk, "data")]);
    expect({ code: audit.code, stderr: audit.stderr }).toEqual({ code: 0, stderr: "" });
  }, 180_000);
});

describe("SIGTERM", () => {
  test("under load drains and exits 0, and what was acknowledged is decided", async () => {
    const directory = temporaryDirectory();
    const gateway = await startGatewayProcess(directory);
    let acknowledged = 0;
    let stopped = false;
    const producer = (async () => {
      for (let n = 0; !stopped; n += 1) {
        const body = Array.from({ length: 200 }, (_, line) => shipment(`t${n}-${line}`)).join("\n");
        try {
          const response = await fetch(`${gateway.url}${EVENTS}`, {
            method: "POST",
            headers: { "content-type": "application/x-ndjson" },
            body,
          });
          if (response.status === 202) acknowledged += 200;
        } catch {
          return;
        }
      }
    })();
    await new Promise((resolve) => setTimeout(resolve, 400));
    const asked = Date.now();
    gateway.child.kill("SIGTERM");
    expect((await gateway.ended).code).toBe(0);
    expect(Date.now() - asked).toBeLessThan(20_000);
    stopped = true;
    await producer;
    expect(acknowledged).toBeGreaterThan(0);
    const again = await startGatewayProcess(directory);
    again.child.kill("SIGTERM");
    await again.ended;
    const audit = await sigma(["audit", "--source", "--json", "--quiet", "--data", directory]);
    const summary = JSON.parse(audit.stdout.trim().split("\n").at(-1) ?? "{}") as {
      findingsTotal: number;
      records: number;
    };
    expect(summary.findingsTotal).toBe(0);
    expect(summary.records).toBeGreaterThanOrEqual(acknowledged);
  }, 180_000);
});

describe("a damaged store", () => {
  test("the audit exits 30 and names the position of one changed byte", async () => {
    const { DatabaseSync } = await import("node:sqlite");
    const directory = temporaryDirectory();
    const gateway = await startGatewayProcess(directory);
    for (const id of ["A", "B", "C"]) await append(gateway.url, shipment(id));
    await fetch(`${gateway.url}${EVENTS}`, {
      method: "POST",
      headers: { "content-type": "application/json", prefer: "wait=5" },
      body: shipment("D"),
    });
    gateway.child.kill("SIGTERM");
    await gateway.ended;
    const db = new DatabaseSync(join(directory, "store.db"));
    db.exec("UPDATE validated_shipments SET raw = cast(replace(raw, 'Dublin', 'Dublim') AS BLOB) WHERE offset = 2");
    db.close();
    const audit = await sigma(["audit", "--quiet", "--data", directory]);
    expect(audit.code).toBe(30);
    expect(audit.stdout).toContain("RAW_HASH");
    expect(audit.stdout).toMatch(/\b2\b/);
    expect(`${audit.stdout}${audit.stderr}`).not.toContain("Dublim");
  }, 180_000);

  test("a store whose header is garbage is refused by name, with a remedy and without a stack", async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, "store.db"), Buffer.alloc(8_192, 7));
    writeFileSync(join(directory, "log.db"), Buffer.alloc(8_192, 7));
    for (const command of [["start", "--port", "0"], ["audit"], ["status"]]) {
      const { code, stderr } = await sigma([...command, "--data", directory]);
      expect({
        command,
        failed: code !== 0,
        named: stderr.includes(directory),
        stack: /\n\s+at /.test(stderr),
      }).toEqual({ command, failed: true, named: true, stack: false });
    }
  }, 180_000);
});
