import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { writeFiles } from "../contract/contract-files.ts";
import { sigma } from "./run.ts";

const CONTRACT = `subject: bug
owner: nobody
description: Numbers
collection: bugs
identity: [/id]
versions:
  1:
    status: draft
    schema: v1.schema.json
`;

/** A contracts directory with an identity of this schema and two more members. */
function contracts(id: string, e: string): string {
  const directory = mkdtempSync(join(tmpdir(), "sigma-int64-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  writeFiles(directory, {
    "contracts.lock": "",
    "bug/contract.yaml": CONTRACT,
    "bug/v1.schema.json": `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","required":["id"],"properties":{"id":${id},"e":${e}}}`,
    "bug/fixtures/v1/pass/one.json": '{"id":9007199254740993,"e":1}',
    "bug/fixtures/v1/fail/one.json": '{"id":"x"}',
  });
  return directory;
}

const INT64 = '{"type":"integer","format":"int64","maximum":9223372036854775807}';

describe("numbers on the command line", () => {
  test("exact doubles pass, and an integer of 64 bits where it is declared; others are told with their place", async () => {
    const args = [
      "validate",
      "-",
      "--ndjson",
      "--contract",
      "bug@1",
      "--contracts",
      contracts(INT64, '{"type":"number"}'),
    ];
    const input = [
      '{"id":9223372036854775807}',
      '{"id":1,"e":-9223372036854775808}',
      '{"id":1,"e":36028797018963968}',
      '{"id":1,"e":100000000000000000000000}',
      '{"id":1,"e":9007199254740993}',
      '{"id":9223372036854775809}',
    ].join("\n");
    const { code, stdout } = await sigma(args, { input });
    expect(code).toBe(10);
    const told = stdout.split("\n").filter((line) => !line.startsWith("    "));
    expect(told.map((line) => line.replace(/ {2}id [0-9a-f-]{36}$/, ""))).toEqual([
      "PASSED  -:1  bug@1",
      "PASSED  -:2  bug@1",
      "PASSED  -:3  bug@1",
      "PASSED  -:4  bug@1",
      "FAILED  -:5  bug@1  malformed-lossy-number",
      "  /e  A number does not survive as a double  at byte 12",
      "FAILED  -:6  bug@1  malformed-lossy-number",
      "  /id  A number does not survive as a double  at byte 6",
      "4 passed, 2 failed",
      "",
    ]);
  });

  test("a version with such bounds is frozen, stays what it was frozen as, and is exported digit for digit", async () => {
    const directory = contracts(INT64, "true");
    expect(await sigma(["contract", "freeze", "bug@1", "--contracts", directory])).toMatchObject({ code: 0 });
    expect(await sigma(["contract", "lint", "--contracts", directory])).toMatchObject({ code: 0 });
    const shown = await sigma(["contract", "export", "bug@1", "--format", "json-schema", "--contracts", directory]);
    expect([shown.code, shown.stdout]).toEqual([0, expect.stringContaining('"maximum": 9223372036854775807')]);
    const odcs = await sigma(["contract", "export", "bug@1", "--contracts", directory]);
    expect([odcs.code, odcs.stdout]).toEqual([0, expect.stringContaining("maximum: 9223372036854775807")]);
    writeFiles(directory, { "bug.odcs.yaml": odcs.stdout, "bug.schema.json": shown.stdout });
    for (const [subject, file] of [
      ["one", "bug.odcs.yaml"],
      ["two", "bug.schema.json"],
    ] as const) {
      const args = ["--subject", subject, "--identity", "/id", "--contracts", directory];
      expect(await sigma(["contract", "import", join(directory, file), ...args])).toMatchObject({ code: 0 });
      const imported = readFileSync(join(directory, subject, "v1.schema.json"), "utf8");
      expect(imported).toMatch(/"maximum": 9223372036854775807\b/);
    }
    rmSync(join(directory, "one"), { recursive: true });
    rmSync(join(directory, "two"), { recursive: true });
    writeFiles(directory, {
      "bug/v1.schema.json": `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","required":["id"],"properties":{"id":${INT64.replace("5807", "5806")},"e":true}}`,
    });
    const changed = await sigma(["contract", "lint", "--contracts", directory]);
    expect([changed.code === 0, `${changed.stdout}${changed.stderr}`]).toEqual([
      false,
      expect.stringContaining("SIG-C-031 bug@1 is frozen and was changed"),
    ]);
  });
});
