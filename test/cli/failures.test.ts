import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { jsonLines, project, shipmentLines, sigma, startSigma } from "./run.ts";

const BAD = `${shipmentLines(0, 2)}\n{}\nno JSON\n${shipmentLines(2, 4)}{"shipment_id":"S-0","weight_kg":7,"destination":"Dublin","priority":2}\n`;
const FIRST = [
  { file: "bad.ndjson", line: 4, code: "schema" },
  { file: "bad.ndjson", line: 5, code: "malformed-not-json" },
  { file: "bad.ndjson", line: 8, code: "conflict" },
];

describe("sigma ingest names what FAILED", () => {
  test("with file and line, and exits 10 only when it is told to be strict", async () => {
    const cwd = project({ "bad.ndjson": BAD, "good.ndjson": shipmentLines(10, 12) });
    const lenient = await sigma(["ingest", "good.ndjson", "bad.ndjson", "--json"], { cwd });
    expect(lenient.code).toBe(0);
    expect(jsonLines(lenient.stdout)).toMatchObject([{ records: 9, failed: 3, firstFailures: FIRST }]);
    const strict = await sigma(["ingest", "bad.ndjson", "--strict"], { cwd });
    expect(strict.code).toBe(10);
    expect(strict.stdout).toMatch(/^ {2}bad\.ndjson:4 {2}schema .*\/shipment_id: is required and missing/m);
    expect((await sigma(["ingest", "good.ndjson", "--strict"], { cwd })).code).toBe(0);
  });

  test("as many as it is asked for, and says how many there are", async () => {
    const cwd = project({ "bad.ndjson": "{}\n".repeat(5_000) });
    const some = await sigma(["ingest", "bad.ndjson", "--show-failures", "2"], { cwd });
    expect(some.stdout).toMatch(/^The first 2 of 5,000 failures:\n {2}bad\.ndjson:1 .*\n {2}bad\.ndjson:2 .*\n$/m);
    const none = await sigma(["ingest", "bad.ndjson", "--show-failures", "0"], { cwd });
    expect(none.stdout).not.toContain("bad.ndjson");
  });

  test("also one that comes late in a long file", async () => {
    const cwd = project({ "late.ndjson": `${shipmentLines(0, 20_000)}{}\n` });
    const { stdout } = await sigma(["ingest", "late.ndjson", "--json", "-q"], { cwd });
    expect(jsonLines(stdout)).toMatchObject([{ failed: 1, firstFailures: [{ line: 20_001 }] }]);
  });

  test("of several partitions in the order of the file", async () => {
    const cwd = project({ "sigma.yaml": "sources: [{ topic: t, subject: shipment, default: 1, partitions: 4 }]\n" });
    const lines = shipmentLines(0, 40).replaceAll('"priority":2', '"priority":"2"');
    const { stdout } = await sigma(["ingest", "-", "--json", "--show-failures", "40"], { cwd, input: lines });
    const [tally] = jsonLines(stdout) as readonly { readonly firstFailures: readonly { readonly line: number }[] }[];
    expect(tally?.firstFailures.map(({ line }) => line)).toEqual(Array.from({ length: 40 }, (_, at) => at + 1));
  });

  test("to a running gateway, with its decisions, and without a value of the payload", async () => {
    const cwd = project({ "bad.ndjson": BAD });
    const gateway = startSigma(["start", "--port", "0", "--no-demo", "--json", "--data", "there"], { cwd });
    const { url } = JSON.parse(await gateway.line(/"kind":"started"/)) as { url: string };
    const args = ["ingest", "bad.ndjson", "--to", url, "--strict"];
    const run = await sigma([...args, "--json", "--producer", "Ümläut", "--key", "/destination"], { cwd });
    expect(run.code).toBe(10);
    expect(jsonLines(run.stdout)).toMatchObject([
      { kind: "accepted", records: 7, decided: { records: 7, stored: 4, failed: 3 }, firstFailures: FIRST },
    ]);
    const again = await sigma(args, { cwd });
    expect(again.stdout).toContain("DUPLICATE  4");
    expect(again.stdout).toMatch(/^ {2}bad\.ndjson:5 {2}malformed-not-json/m);
    const unasked = await sigma(["ingest", "bad.ndjson", "--to", url, "--show-failures", "0"], { cwd });
    expect([unasked.code, unasked.stdout]).toEqual([
      0,
      expect.stringMatching(/^7 records accepted by \S+ for topic \S+\nHow far they are decided: .* status --url http/),
    ]);
    const traffic = await sigma(["contract", "traffic", "shipment", "--data", "there", "--json"], { cwd });
    expect(jsonLines(traffic.stdout)).toContainEqual(expect.objectContaining({ producer: "Ümläut" }));
  });

  test("and says that a gateway which does not decide in time has not", async () => {
    const cwd = project({ "bad.ndjson": BAD });
    const { createServer } = await import("node:http");
    const server = createServer((request, response) => {
      request.resume().on("end", () => response.writeHead(202, { "content-type": "application/json" }).end("{}"));
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const run = await sigma(["ingest", "bad.ndjson", "--to", `http://127.0.0.1:${port}`, "--strict"], { cwd });
    server.close();
    expect(run.code).toBe(40);
    expect(run.stdout).toContain("7 records not decided yet");
  });

  test.each([
    [["--show-failures", "few"], "whole number"],
    [["--key", "/a~2"], "SIG-I-022"],
    [["--key", ""], "SIG-I-022"],
    [["--producer", "a\nb"], "SIG-I-022"],
  ])("refuses %j before anything is read", async (args, text) => {
    const cwd = project();
    writeFileSync(join(cwd, "a.ndjson"), "{}\n");
    const run = await sigma(["ingest", "a.ndjson", ...args], { cwd });
    expect([run.code, run.stdout]).toEqual([2, ""]);
    expect(run.stderr).toContain(text);
  });
});
