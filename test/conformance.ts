import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** Folder with the JSON and JSON Schema suites; SIGMA_CONFORMANCE names another. */
const FOLDER = process.env["SIGMA_CONFORMANCE"] ?? resolve(import.meta.dirname, "../../shared/conformance");

/** Whether a suite is there. In CI its absence is a failure; elsewhere the tests that need it say loudly that they are skipped. */
export function hasSuite(name: "json-parsing" | "json-schema"): boolean {
  const present = existsSync(join(FOLDER, name));
  if (!present && process.env["CI"] !== undefined)
    throw new Error(`Cannot test: the ${name} suite is not in "${FOLDER}"`);
  if (!present)
    process.stderr.write(`SKIPPED: the ${name} suite is not in "${FOLDER}"; set SIGMA_CONFORMANCE to its folder\n`);
  return present;
}

export type ParsingCase = { readonly name: string; readonly bytes: Buffer };

/** The files of nst/JSONTestSuite, by name. */
export function parsingCases(): readonly ParsingCase[] {
  const folder = join(FOLDER, "json-parsing/test_parsing");
  return readdirSync(folder)
    .toSorted()
    .map((name) => ({ name, bytes: readFileSync(join(folder, name)) }));
}

export type SchemaGroup = {
  readonly file: string;
  readonly description: string;
  readonly schema: unknown;
  readonly tests: readonly { readonly description: string; readonly data: unknown; readonly valid: boolean }[];
};

/** The required tests of JSON-Schema-Test-Suite, draft 2020-12. */
export function schemaGroups(): readonly SchemaGroup[] {
  const folder = join(FOLDER, "json-schema/tests/draft2020-12");
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json"))
    .toSorted()
    .flatMap((file) =>
      (JSON.parse(readFileSync(join(folder, file), "utf8")) as Omit<SchemaGroup, "file">[]).map((group) => ({
        ...group,
        file,
      })),
    );
}
