import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, onTestFinished, test } from "vitest";
import { jsonLines, project, ROOT, shipmentLines, sigma } from "./run.ts";

const TEXT = shipmentLines(0, 5);
const ONE = {
  shipment_id: "S-1",
  weight_kg: 15.2,
  destination: "Dublin",
  priority: 2,
};
const PRETTY = JSON.stringify(ONE, null, 2);
const OTHER = JSON.stringify({ ...ONE, shipment_id: "S-2" }, null, 2);
const MARK = "\uFEFF";

/** Ingests a file, and says what became of its records. */
async function ingested(name: string, content: string | Uint8Array, ...args: readonly string[]): Promise<unknown> {
  const run = await sigma(["ingest", name, "--json", ...args], { cwd: project({ [name]: content }) });
  expect([run.code, run.stderr]).toEqual([0, ""]);
  const [tally] = jsonLines(run.stdout);
  return [tally?.["records"], tally?.["stored"], tally?.["failed"]];
}

/** Judges a file, and says how each record was judged. */
async function judged(name: string, content: string | Uint8Array): Promise<readonly unknown[]> {
  const args = ["validate", name, "--contract", "shipment@1", "--json"];
  const { stdout } = await sigma(args, { cwd: project({ [name]: content }) });
  return jsonLines(stdout).map(({ status }) => status);
}

describe("files of records", () => {
  test.each<[string, string, string | Uint8Array, number]>([
    ["gzip", "x.ndjson.gz", gzipSync(TEXT), 5],
    ["gzip under another name", "x.txt", gzipSync(TEXT), 5],
    ["gzip of two members", "x.gz", Buffer.concat([gzipSync(TEXT), gzipSync(shipmentLines(5, 7))]), 7],
    ["zstd", "x.zst", zstdCompressSync(TEXT), 5],
    ["zstd of two frames", "x.zst", Buffer.concat([zstdCompressSync(TEXT), zstdCompressSync(shipmentLines(5, 7))]), 7],
    ["text with a byte order mark", "x.ndjson", `${MARK}${TEXT}`, 5],
    ["gzip of text with a byte order mark", "x.gz", gzipSync(`${MARK}${TEXT}`), 5],
    ["two lines that are called .json", "x.json", shipmentLines(0, 2), 2],
    ["one text over several lines", "x.json", PRETTY, 1],
    ["one that is called .ndjson", "x.ndjson", `${PRETTY}\n`, 1],
    ["one that is packed", "x.json.gz", gzipSync(`${MARK}${PRETTY}`), 1],
    ["texts over several lines", "x.json", `${PRETTY}\n${OTHER}\n`, 2],
  ])("are read alike by validate and ingest: %s", async (_, name, content, count) => {
    expect(await ingested(name, content)).toEqual([count, count, 0]);
    expect(await judged(name, content)).toEqual(Array.from({ length: count }, () => "PASSED"));
  });

  const refused: readonly [string, string, string | Uint8Array, string, string][] = [
    ["UTF-16", "x.ndjson", Buffer.from(`${MARK}${TEXT}`, "utf16le"), "SIG-I-019", "it is in UTF-16LE"],
    ["UTF-16 without a mark", "x.ndjson", Buffer.from(TEXT, "utf16le"), "SIG-I-019", "it is in UTF-16LE"],
    ["packed UTF-16", "x.gz", gzipSync(Buffer.from(TEXT, "utf16le")), "SIG-I-019", "it is in UTF-16LE"],
    ["a ZIP archive", "x.zip", "PK\u0003\u0004\u0014\u0000", "SIG-I-019", "it is a ZIP archive"],
    ["zlib data", "x.z", deflateSync(TEXT), "SIG-I-019", "it is zlib data"],
    ["gzip in gzip", "x.gz", gzipSync(gzipSync(TEXT)), "SIG-I-019", "it is gzip data inside gzip data"],
    ["a table", "x.csv", "shipment_id,weight_kg\nS-1,2\n", "SIG-I-019", "it is a CSV table"],
    ["an array over several lines", "x.json", JSON.stringify([ONE], null, 2), "SIG-I-019", "it is one JSON array"],
    ["gzip that ends too early", "x.gz", gzipSync(TEXT).subarray(0, -9), "SIG-I-020", "its gzip data ends too early"],
    [
      "zstd that ends too early",
      "x.zst",
      zstdCompressSync(TEXT).subarray(0, -1),
      "SIG-I-020",
      "its zstd data ends too early",
    ],
    ["gzip with a wrong checksum", "x.gz", damaged(gzipSync(TEXT)), "SIG-I-020", "its gzip data is damaged"],
    [
      "gzip with something behind it",
      "x.gz",
      Buffer.concat([gzipSync(TEXT), Buffer.from(TEXT)]),
      "SIG-I-020",
      "its gzip data is damaged",
    ],
  ];

  test.each(refused)("are refused before anything is stored: %s", async (_, name, content, code, words) => {
    const cwd = project({ [name]: content, "good.ndjson": TEXT });
    for (const args of [
      ["ingest", "good.ndjson", name],
      ["contract", "new", "parcel", "--from", name],
    ]) {
      const run = await sigma(args, { cwd });
      expect([run.code === 0, run.stdout]).toEqual([false, ""]);
      expect(run.stderr).toContain(`error ${code} Cannot read "${name}": ${words}`);
      expect(run.stderr).toMatch(/\n {2}fix: .+/);
      expect(run.stderr).not.toMatch(/\n {4}at |FILE/);
    }
    const stored = await sigma(["status", "--json"], { cwd });
    expect(stored.stdout).not.toMatch(/"validated":[1-9]|"failed":[1-9]/);
    const judging = await sigma(["validate", name, "--contract", "shipment@1"], { cwd });
    expect(judging.stderr).toContain(`error ${code} Cannot read "${name}": ${words}`);
  });

  test("a text over several lines with a fault is one FAILED payload to validate, and nothing of it is ingested", async () => {
    const broken = PRETTY.replace(/,\n/, "\n");
    const cwd = project({ "p.json": broken });
    const run = await sigma(["ingest", "p.json"], { cwd });
    expect([run.code, run.stdout]).toEqual([2, ""]);
    expect(run.stderr).toContain(
      'error SIG-I-021 Cannot read "p.json": the JSON text that begins on line 1 is not JSON at line 3, byte 3: a comma or the end of what is open is expected',
    );
    const judging = await sigma(["validate", "p.json", "--contract", "shipment@1"], { cwd });
    expect([judging.code, judging.stdout]).toEqual([10, expect.stringContaining("malformed-not-json") as string]);
  });

  test("a byte order mark inside is a FAILED record that is told so", async () => {
    const run = await sigma(["validate", "x.ndjson", "--contract", "shipment@1"], {
      cwd: project({ "x.ndjson": `${TEXT}${MARK}${shipmentLines(5, 6)}` }),
    });
    expect([run.code, run.stdout]).toEqual([
      10,
      expect.stringContaining("Not JSON: a byte order mark (EF BB BF)  at byte 0") as string,
    ]);
  });

  test("damage that a pipe brings is told with what was stored, and going on with the whole file completes it", async () => {
    const cwd = project();
    const text = shipmentLines(0, 30_000);
    const packed = gzipSync(text);
    const run = await sigma(["ingest", "-"], { cwd, input: packed.subarray(0, packed.length - 2_000) });
    const [, count, line] =
      /its gzip data ends too early[^]*?(\d[\d,]*) records before it were ingested\. To go on: node \S+ ingest - --topic sigma-aetl\.shipments --from-line (\d+)/.exec(
        run.stderr,
      ) ?? [];
    expect([run.code, Number(line)]).toEqual([1, Number((count ?? "").replaceAll(",", "")) + 1]);
    const rest = await sigma(["ingest", "-", "--json", "--from-line", String(line)], { cwd, input: packed });
    expect(jsonLines(rest.stdout)).toMatchObject([{ stored: 30_001 - Number(line), duplicates: 0 }]);
  });

  test("the line to start from is one of the unpacked text", async () => {
    expect(await ingested("x.gz", gzipSync(TEXT), "--from-line", "4")).toEqual([2, 2, 0]);
    expect(await ingested("x.json", `${PRETTY}\n${OTHER}`, "--from-line", "2")).toEqual([1, 1, 0]);
  });

  test("a file with nothing in it is said to hold no record, and is a FAILED payload", async () => {
    const cwd = project({ "x.ndjson": "" });
    const run = await sigma(["ingest", "x.ndjson"], { cwd });
    expect([run.code, run.stderr]).toEqual([0, expect.stringContaining('"x.ndjson" holds no record') as string]);
    const judging = await sigma(["validate", "x.ndjson", "--contract", "shipment@1"], { cwd });
    expect([judging.code, judging.stdout]).toEqual([10, expect.stringContaining("malformed-empty") as string]);
  });

  test("a named pipe is opened once, and standard input has its other names", async () => {
    const cwd = project();
    execFileSync("mkfifo", [join(cwd, "pipe")]);
    const writer = spawn("bash", ["-c", "cat > pipe"], { cwd });
    onTestFinished(() => void writer.kill("SIGKILL"));
    writer.stdin.end(gzipSync(TEXT));
    const run = await sigma(["ingest", "pipe", "--json"], { cwd });
    expect(jsonLines(run.stdout)).toMatchObject([{ records: 5, stored: 5 }]);
    const input = shipmentLines(5, 6);
    const named = await sigma(["ingest", "/dev/stdin", "--json"], { cwd, input });
    expect(jsonLines(named.stdout)).toMatchObject([{ records: 1, stored: 1 }]);
  });

  test("a text over several lines is sent to a gateway with its bytes as they are", async () => {
    const bodies: (readonly [string | undefined, string])[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        bodies.push([request.headers["content-type"], Buffer.concat(chunks).toString()]);
        response.writeHead(202, { "content-type": "application/json" }).end("{}");
      });
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const cwd = project({ "x.json": `${PRETTY}\n{"a":1}\n{"a":2}\n${OTHER}` });
    const run = await sigma(["ingest", "x.json", "--to", url, "--json"], { cwd });
    expect(jsonLines(run.stdout)).toMatchObject([{ kind: "accepted", records: 4 }]);
    expect(bodies).toEqual([
      ["application/json", PRETTY],
      ["application/x-ndjson", '{"a":1}\n{"a":2}\n'],
      ["application/json", OTHER],
    ]);
  });

  test("the example records are read as before", async () => {
    const { stdout } = await sigma([
      "validate",
      join(ROOT, "examples/shipments.ndjson"),
      "--contract",
      "shipment",
      "--json",
    ]);
    expect(jsonLines(stdout)).toHaveLength(42);
  });
});

function damaged(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy[copy.length - 6] = (copy.at(-6) ?? 0) ^ 0x01;
  return copy;
}
