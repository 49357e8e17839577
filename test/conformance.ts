import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { JsonObject } from "../src/json/json.ts";

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

/** The documents that the suite's references lead to, by URI, the official meta-schema among them. */
export function remoteSchemas(): ReadonlyMap<string, JsonObject> {
  const found = new Map<string, JsonObject>();
  const remotes = join(SUITES, "json-schema/remotes");
  for (const [file, document] of documentsIn(remotes)) found.set(`http://localhost:1234/${file}`, document);
  const official = fileURLToPath(new URL("../node_modules/ajv/dist/refs/json-schema-2020-12", import.meta.url));
  for (const [, document] of documentsIn(official)) found.set(String(document["$id"]), document);
  return found;
}

function documentsIn(folder: string): readonly (readonly [file: string, document: JsonObject])[] {
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((file) => file.endsWith(".json"))
    .map((file) => [file, JSON.parse(readFileSync(join(folder, file), "utf8")) as JsonObject] as const);
}
