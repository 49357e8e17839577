import { once } from "node:events";
import { connect, createServer, type AddressInfo } from "node:net";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { jsonLines, project, ROOT, shipmentLines, sigma, startSigma } from "./run.ts";

async function urlOf(running: ReturnType<typeof startSigma>): Promise<string> {
  return String((JSON.parse(await running.line(/"kind":"started"/)) as { url?: unknown }).url);
}

/** A request whose body never ends, which keeps a server from closing. Resolves when the server has taken it on. */
async function endlessRequest(url: string): Promise<void> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.on("error", () => undefined);
  onTestFinished(() => void socket.destroy());
  const head = [
    "POST /v1/events/sigma-aetl.shipments HTTP/1.1",
    "host: localhost",
    "content-type: application/x-ndjson",
  ];
  socket.write([...head, "transfer-encoding: chunked", "expect: 100-continue", "", ""].join("\r\n"));
  const [answer] = (await once(socket, "data")) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 100 /);
}

describe("sigma start", () => {
  test("feeds the examples to an empty store once, serves, and comes to rest on SIGTERM", async () => {
    const cwd = project();
    const running = startSigma(["start", "--port", "0", "--json"], { cwd });
    const url = await urlOf(running);
    expect(JSON.parse(await running.line(/"kind":"examples"/))).toMatchObject({
      records: 42,
      stored: 14,
      duplicates: 3,
      failed: 25,
    });
    expect((await fetch(`${url}/livez`)).status).toBe(200);
    // One process, with the young generation that its memory was measured with.
    if (process.platform === "linux")
      expect(readFileSync(`/proc/${running.child.pid}/cmdline`, "utf8")).toContain("--max-semi-space-size=");
    expect((await sigma(["status", "--url", url], { cwd })).code).toBe(0);
    running.child.kill("SIGTERM");
    const { code, stderr } = await running.ended;
    expect(code).toBe(0);
    expect(stderr).not.toMatch(/\n {4}at |ExperimentalWarning/);
    const again = startSigma(["start", "--port", "0", "--json"], { cwd });
    await urlOf(again);
    await again.line(/stream acquired/);
    again.child.kill("SIGINT");
    const second = await again.ended;
    expect(second.code).toBe(0);
    expect(second.stdout).not.toContain("examples");
    expect((await sigma(["audit", "--source"], { cwd })).code).toBe(0);
  });

  test("prints three commands to try next, with real values", async () => {
    const cwd = project();
    const running = startSigma(["start", "--port", "0"], { cwd });
    const command = await running.line(/curl -s .*\/v1\/decisions\//);
    const url = /http:\S+/.exec(command)?.[0] ?? "";
    expect(await (await fetch(url)).json()).toMatchObject({ status: "FAILED", code: "schema" });
    await running.line(/^ {2}node \S+bin\/sigma\.js audit$/);
    running.child.kill("SIGTERM");
    const { stdout } = await running.ended;
    expect(stdout).toContain("/api/validate -H 'content-type: application/json'");
    expect(stdout).not.toContain("\u001b");
  });

  test("takes what another sigma ingests over HTTP", async () => {
    const cwd = project({ "some.ndjson": shipmentLines(0, 2_500) });
    const running = startSigma(["start", "--port", "0", "--json", "--no-demo"], { cwd });
    const url = await urlOf(running);
    const sent = await sigma(["ingest", "some.ndjson", "--to", url, "--json"], { cwd });
    expect([sent.code, jsonLines(sent.stdout)]).toMatchObject([0, [{ records: 2_500 }]]);
    const wrong = await sigma(["ingest", "some.ndjson", "--to", url, "--topic", "nope"], { cwd });
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain("error SIG-R-002 Cannot ingest into");
    running.child.kill("SIGTERM");
    expect((await running.ended).code).toBe(0);
    const status = await sigma(["status", "--json"], { cwd });
    expect(jsonLines(status.stdout)).toMatchObject([
      { v: 1, stored: 2_500, streams: [{ settledTo: "2500", end: "2500" }] },
    ]);
  });

  test("a port in use is named, with exit code 1", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const { code, stdout, stderr } = await sigma(["start", "--port", String(port), "--log-level", "silent"], {
      cwd: project(),
    });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(`error SIG-H-001 Cannot listen on 127.0.0.1:${port}: another program does\n`);
  });

  test("refuses to start on a changed frozen version, naming both digests", async () => {
    const cwd = project();
    const file = join(cwd, "contracts/shipment/contract.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replace("<= 1000.0", "<= 2000.0"));
    const { code, stderr } = await sigma(["start", "--port", "0"], { cwd });
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /contract\.yaml:\d+:\d+: error SIG-C-031 .*shipment@1.*locked sha256:[0-9a-f]{64}, now sha256:[0-9a-f]{64}/,
    );
  });

  test("refuses a source without a contract", async () => {
    const { code, stderr } = await sigma(["start"], { cwd: project(), env: { SIGMA_SOURCES: "t=shipmnt@1" } });
    expect(code).toBe(2);
    expect(stderr).toContain(
      'error SIG-S-008 Source "t" names contract "shipmnt", which does not exist (did you mean "shipment"?)',
    );
  });

  test("a second signal ends the process at once", async () => {
    const running = startSigma(["start", "--port", "0", "--json", "--no-demo"], {
      cwd: project(),
      env: { SIGMA_SHUTDOWN_DEADLINE_SECONDS: "3600" },
    });
    const url = await urlOf(running);
    await endlessRequest(url);
    running.child.kill("SIGTERM");
    await running.line(/stopping/);
    const again = setInterval(() => running.child.kill("SIGTERM"), 100);
    onTestFinished(() => clearInterval(again));
    expect((await running.ended).code).toBe(143);
  });

  test("ends with 1 when it cannot come to rest before the deadline", async () => {
    const running = startSigma(["start", "--port", "0", "--json", "--no-demo"], {
      cwd: project(),
      env: { SIGMA_SHUTDOWN_DEADLINE_SECONDS: "1" },
    });
    const url = await urlOf(running);
    await endlessRequest(url);
    running.child.kill("SIGTERM");
    const { code, stderr } = await running.ended;
    expect([code, stderr.includes("error SIG-H-003 ")]).toEqual([1, true]);
  });

  test("a bare checkout serves with npm start", () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    expect([scripts["start"], scripts["sigma"]]).toEqual(["node bin/sigma.js start", "node bin/sigma.js"]);
  });
});
