import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The pinned suites; their README.md says where each comes from. */
export const SUITES: string = fileURLToPath(new URL("conformance", import.meta.url));

export type ParsingCase = { readonly name: string; readonly bytes: Buffer };

/** The files of nst/JSONTestSuite, by name. */
export function parsingCases(): readonly ParsingCase[] {
  const folder = join(SUITES, "json-parsing/test_parsing");
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

/**
 * Tests of JSON-Schema-Test-Suite, draft 2020-12.
 * @param folder "" for the required ones, "optional", or "optional/format".
 */
export function schemaGroups(folder: "" | "optional" | "optional/format" = ""): readonly SchemaGroup[] {
  const path = join(SUITES, "json-schema/tests/draft2020-12", folder);
  return readdirSync(path)
    .filter((file) => file.endsWith(".json"))
    .toSorted()
    .flatMap((file) =>
      (JSON.parse(readFileSync(join(path, file), "utf8")) as Omit<SchemaGroup, "file">[]).map((group) => ({
        ...group,
        file,
      })),
    );
}
