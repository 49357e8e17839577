import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { onTestFinished } from "vitest";
import type { Fault } from "../../src/contract/fault.ts";
import { loadContracts, type LoadedContract } from "../../src/contract/files.ts";

/** Path below the contracts directory -> content. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** Writes a contracts directory that is removed when the test ends. */
export function contractsDirectory(files: Files): string {
  const directory = mkdtempSync(join(tmpdir(), "sigma-contracts-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  writeFiles(directory, files);
  return directory;
}

export function writeFiles(directory: string, files: Files): void {
  for (const [path, content] of Object.entries(files)) {
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
}

/** The contracts of a directory that must load. */
export function loaded(directory: string): readonly LoadedContract[] {
  const result = loadContracts(directory);
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  return result.contracts;
}

/** `SIG-C-005 parcel/contract.yaml:3:1`: the code and the place, without the words. */
export function codesAndPlaces(directory: string, faults: readonly Fault[]): readonly string[] {
  return faults.map(({ code, file, line, column }) => `${code} ${relative(directory, file) || "."}:${line}:${column}`);
}

export const SCHEMA: string = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "required": ["id", "weight"],
  "properties": {
    "id": { "type": "string" },
    "weight": { "type": "number" }
  }
}
`;

/** Lines of a contract.yaml that has no fault; each may be replaced. The numbers are those of the lines. */
const LINES: readonly string[] = [
  /* 1 */ "subject: parcel",
  /* 2 */ "owner: team@example.com",
  /* 3 */ "description: A parcel",
  /* 4 */ "collection: parcels",
  /* 5 */ "identity: [/id]",
  /* 6 */ "versions:",
  /* 7 */ "  1:",
  /* 8 */ "    status: draft",
  /* 9 */ "    schema: v1.schema.json",
  /* 10 */ "    rules:",
  /* 11 */ "      - id: max-weight",
  /* 12 */ "        expression: weight <= 1000.0",
  /* 13 */ "        message: weight exceeds the limit",
];

/** The contract.yaml with some lines replaced by number; null leaves one out. */
export function contractYaml(replaced: Readonly<Record<number, string | null>> = {}): string {
  const lines = LINES.map((line, index) => {
    const other = replaced[index + 1];
    return other === undefined ? line : other;
  });
  return `${lines.filter((line) => line !== null).join("\n")}\n`;
}

/** A directory with the one contract "parcel", version 1. */
export function parcelDirectory(replaced: Readonly<Record<number, string | null>> = {}, more: Files = {}): string {
  return contractsDirectory({
    "parcel/contract.yaml": contractYaml(replaced),
    "parcel/v1.schema.json": SCHEMA,
    "parcel/fixtures/v1/pass/typical.json": '{"id":"a","weight":1}',
    "parcel/fixtures/v1/fail/heavy.json": '{"id":"a","weight":1001}',
    ...more,
  });
}
