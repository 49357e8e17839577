import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { shipment, temporaryDirectory } from "../embedded.ts";
import { until } from "../patience.ts";
import { append, EVENTS } from "./append.ts";
import { sigma, startGatewayProcess } from "./process.ts";

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
    await until(() => acknowledged > 1_000);
    // It would end with 1 if it had not come to rest before its deadline.
    gateway.child.kill("SIGTERM");
    expect((await gateway.ended).code).toBe(0);
    stopped = true;
    await producer;
    const again = await startGatewayProcess(directory);
    // The last batches may have been left to whoever comes next.
    await until(
      async () => (await fetch(`${again.url}/v1/decisions/sigma-aetl.shipments/0/${acknowledged - 1}`)).status === 200,
    );
    again.child.kill("SIGTERM");
    await again.ended;
    const audit = await sigma(["audit", "--source", "--json", "--quiet", "--data", directory]);
    const summary = JSON.parse(audit.stdout.trim().split("\n").at(-1) ?? "{}") as {
      findingsTotal: number;
      records: number;
    };
    expect(summary.findingsTotal).toBe(0);
    expect(summary.records).toBeGreaterThanOrEqual(acknowledged);
  });
});

describe("a damaged store", () => {
  test("the audit exits 30 and names the position of one changed byte", async () => {
    const { DatabaseSync } = await import("node:sqlite");
    const directory = temporaryDirectory();
    const gateway = await startGatewayProcess(directory);
    for (const id of ["A", "B", "C"]) await append(gateway.url, shipment(id));
    await fetch(`${gateway.url}${EVENTS}`, {
      method: "POST",
      headers: { "content-type": "application/json", prefer: "wait=30" },
      body: shipment("D"),
    });
    gateway.child.kill("SIGTERM");
    await gateway.ended;
    const db = new DatabaseSync(join(directory, "store.db"));
    db.exec("UPDATE validated_shipments SET payload = replace(payload, 'Dublin', 'Dublim') WHERE offset = 2");
    db.close();
    const audit = await sigma(["audit", "--quiet", "--data", directory]);
    expect(audit.code).toBe(30);
    expect(audit.stdout).toContain("ROW_DIFFERS");
    expect(audit.stdout).toMatch(/\b2\b/);
    expect(`${audit.stdout}${audit.stderr}`).not.toContain("Dublim");
  });

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
  });
});
