import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { shipment } from "../embedded.ts";
import { until } from "../patience.ts";
import { mountSmallDisk } from "../servers/small-disk.ts";
import { append } from "./append.ts";
import { sigma, startGatewayProcess } from "./process.ts";

test("a full disk pauses, answers 503 with Retry-After, and goes on without a restart once there is space", async () => {
  const { directory: disk, remove } = mountSmallDisk();
  onTestFinished(remove);
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
  await until(async () => (await append(gateway.url, shipment("after"))).status === 202);
  await until(async () => (await fetch(`${gateway.url}/readyz`)).status === 200);
  gateway.child.kill("SIGTERM");
  expect((await gateway.ended).code).toBe(0);
  const audit = await sigma(["audit", "--source", "--quiet", "--data", join(disk, "data")]);
  expect({ code: audit.code, stderr: audit.stderr }).toEqual({ code: 0, stderr: "" });
});
