import { once } from "node:events";
import { createWriteStream, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { jsonLines, project, ROOT, shipmentLines, sigma, startSigma } from "./run.ts";

const EXAMPLES = join(ROOT, "examples/shipments.ndjson");

describe("sigma ingest", () => {
  test("stores the example records, and the same file again gives only duplicates and the same failures", async () => {
    const cwd = project();
    const first = await sigma(["ingest", EXAMPLES, "--json"], { cwd });
    expect([first.code, first.stderr]).toEqual([0, ""]);
    expect(jsonLines(first.stdout)).toMatchObject([
      { v: 1, kind: "tally", records: 42, stored: 14, duplicates: 3, failed: 25 },
    ]);
    const again = await sigma(["ingest", EXAMPLES, "--json"], { cwd });
    expect(jsonLines(again.stdout)).toMatchObject([{ records: 42, stored: 0, duplicates: 17, failed: 25 }]);
    const audit = await sigma(["audit", "--source", "--json"], { cwd });
    expect(audit.code).toBe(0);
    expect(jsonLines(audit.stdout).at(-1)).toMatchObject({
      kind: "summary",
      findingsTotal: 0,
      records: 84,
      comparedWithSource: 84,
    });
  });

  test("reads standard input, skips blank lines, and takes a last line without a line feed", async () => {
    const cwd = project();
    const input = `${shipmentLines(0, 2)}\n  \r\n${shipmentLines(2, 3).trimEnd()}`;
    const { stdout, stderr } = await sigma(["ingest", "--json"], { cwd, input });
    expect(stderr).toBe("");
    expect(jsonLines(stdout)).toMatchObject([{ records: 3, stored: 3 }]);
  });

  test("finishes its batch on Ctrl-C, says how to go on, and going on completes the file without a duplicate", async () => {
    const cwd = project();
    const text = shipmentLines(0, 30_000);
    const running = startSigma(["ingest", "-", "--json"], { cwd });
    running.child.stdin?.write(text);
    // Once the log has records there is something to interrupt; standard input stays open.
    await running.line(/"kind":"progress"/);
    running.child.kill("SIGINT");
    const { code, stdout, stderr } = await running.ended;
    expect(code).toBe(130);
    const line = Number(
      /^To go on: node \S+ ingest - --json --topic sigma-aetl\.shipments --from-line (\d+)$/m.exec(stderr)?.[1],
    );
    const [tally] = jsonLines(stdout);
    expect(tally).toMatchObject({ kind: "tally", records: line - 1, stored: line - 1, duplicates: 0 });
    const rest = await sigma(["ingest", "-", "--json", "--from-line", String(line)], { cwd, input: text });
    expect([rest.code, jsonLines(rest.stdout)[0]]).toMatchObject([0, { stored: 30_000 - (line - 1), duplicates: 0 }]);
  });

  test("a line beyond 64 MiB is named, what was before it is stored, and leaving it out completes the rest", async () => {
    const file = join(project(), "long.ndjson");
    const out = createWriteStream(file);
    out.write(shipmentLines(0, 3));
    for (let part = 0; part < 65; part += 1) out.write(Buffer.alloc(1_048_576, 0x20 + 0x41));
    out.end(`\n${shipmentLines(3, 5)}`);
    await once(out, "close");
    const cwd = project();
    const { code, stdout, stderr } = await sigma(["ingest", file], { cwd });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(
      /^error SIG-I-002 Cannot read line 4 of ".*": it is longer than 64 MiB, so it can be no record\n {2}fix: 3 records before it were ingested; .*--from-line 5\n$/,
    );
    const rest = await sigma(["ingest", file, "--from-line", "5", "--json"], { cwd });
    expect(jsonLines(rest.stdout)).toMatchObject([{ records: 2, stored: 2 }]);
  });

  test("a record over the limit is a FAILED decision that keeps its bytes", async () => {
    const cwd = project();
    const { stdout } = await sigma(["ingest", "--json"], { cwd, input: `"${"x".repeat(1_100_000)}"\n` });
    expect(jsonLines(stdout)).toMatchObject([{ records: 1, failed: 1, failures: { "malformed-too-large": 1 } }]);
    expect((await sigma(["audit"], { cwd })).code).toBe(0);
  });

  test.each([
    ["an unknown topic", ["--topic", "sigma-aetl.shipment"], "SIG-I-003", "did you mean"],
    ["a line number that is none", ["--from-line", "0"], "SIG-I-005", "a whole number from 1"],
    ["a line beyond the end", ["--from-line", "99"], "SIG-I-005", "it ends before"],
    ["an address that is none", ["--to", "nowhere"], "SIG-R-001", "no http address"],
  ])("refuses %s", async (_, args, code, text) => {
    const run = await sigma(["ingest", EXAMPLES, ...args], { cwd: project() });
    expect([run.code, run.stdout]).toEqual([2, ""]);
    expect(run.stderr).toContain(`error ${code} `);
    expect(run.stderr).toContain(text);
    expect(run.stderr).not.toMatch(/\n {4}at /);
  });

  test("exits 40 when no gateway answers at the address", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    const run = await sigma(["ingest", EXAMPLES, "--to", `http://127.0.0.1:${port}`], { cwd: project() });
    expect(run.code).toBe(40);
    expect(run.stderr).toContain("error SIG-R-001 Cannot reach a gateway at");
  });

  test("sends to a running gateway, byte for byte, and waits when it is told to", async () => {
    const bodies: Buffer[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        bodies.push(Buffer.concat(chunks));
        response
          .writeHead(bodies.length === 1 ? 503 : 202, { "retry-after": "1", "content-type": "application/json" })
          .end("{}");
      });
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const run = await sigma(["ingest", EXAMPLES, "--to", `http://127.0.0.1:${port}`, "--json"], { cwd: project() });
    expect(jsonLines(run.stdout)).toMatchObject([
      { v: 1, kind: "accepted", topic: "sigma-aetl.shipments", records: 42, decided: { records: 0 } },
    ]);
    const sent = Buffer.from(readFileSync(EXAMPLES).toString("latin1").replace("\n\n", "\n"), "latin1");
    expect(bodies.map((body) => body.equals(sent))).toEqual([true, true]);
  });
});
