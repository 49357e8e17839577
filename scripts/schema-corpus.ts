import { createHash } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { importSchema } from "../src/authoring/import-schema.ts";
import { withoutFragment, type FindDocument } from "../src/authoring/schema-documents.ts";
import { createFinder, rootDocument } from "../src/cli/commands/contract/contract-import.ts";
import { readDocument } from "../src/cli/commands/contract/document-file.ts";
import { lintPatterns } from "../src/contract/pattern-lint.ts";
import { schemaPatterns } from "../src/contract/schema-patterns.ts";
import { isObject, type JsonObject } from "../src/json/json.ts";
import { toJsonText } from "../src/json/json-text.ts";
import { refuseSchema } from "../src/schema/schema-lint.ts";

// node scripts/schema-corpus.ts <folder> [--list]    Imports every JSON Schema below a folder (files that name a dialect of
// json-schema.org), each content once, and prints how many become contracts that lint, and why the others do not. A
// reference to a URI is answered by the file of the folder that has it as its id, as `--ref` would: nothing is fetched.

const DIALECT = /^https?:\/\/json-schema\.org\/(?:draft-0[3-7]|draft\/20\d\d-\d\d)\/(?:hyper-)?schema#?$/;
const [folder = ".", ...flags] = process.argv.slice(2);

type Schema = { readonly file: string; readonly value: JsonObject; readonly dialect: string };

const seen = new Set<string>();
const ids = new Map<string, string>();
const schemas: Schema[] = [];
let repeated = 0;
for (const file of filesBelow(folder)) {
  const read = readDocument(file);
  if (!read.ok || !isObject(read.value) || Array.isArray(read.value)) continue;
  const { $schema: dialect, $id = read.value["id"] } = read.value;
  if (typeof $id === "string" && !ids.has(withoutFragment($id))) ids.set(withoutFragment($id), file);
  if (typeof dialect !== "string" || !DIALECT.test(dialect)) continue;
  const hash = createHash("sha256").update(toJsonText(read.value)).digest("hex");
  if (seen.has(hash)) repeated += 1;
  else
    schemas.push({
      file,
      value: read.value,
      dialect: dialect.replace(/^.*org\/(?:draft\/)?|\/?(?:hyper-)?(?:schema)?#?$/g, ""),
    });
  seen.add(hash);
}

const reasons = new Map<string, string>();
const patterns: Parameters<typeof lintPatterns>[0][number][] = [];
for (const schema of schemas) {
  const outcome = importOne(schema);
  if (typeof outcome === "string") reasons.set(schema.file, outcome);
  else {
    const place = { file: schema.file, line: 1, column: 1 };
    patterns.push(...schemaPatterns(outcome).map(({ pattern }) => ({ pattern, flags: "u" as const, place })));
  }
}
for (const { file, message } of lintPatterns(patterns)) {
  if (!reasons.has(file)) reasons.set(file, `pattern: ${message.replace(/\d+(?:st|nd|rd|th) degree /, "")}`);
}
printTable();

/** The schema of the draft, or the first reason why there is none, with what is particular left out. */
function importOne({ file, value }: Schema): JsonObject | string {
  const { schema, problems } = importSchema(rootDocument(file, value), createCorpusFinder(file));
  const [problem] = problems;
  if (problem !== undefined) return `import: ${general(problem.why)}`;
  if (!isObject(schema)) return "import: it is no object";
  const [refusal] = refuseSchema(schema);
  return refusal === undefined ? schema : `lint ${refusal.code}: ${general(refusal.message)}`;
}

function createCorpusFinder(file: string): FindDocument {
  const find = createFinder(file, [], new Map());
  return (uri) => {
    const known = ids.get(uri);
    if (known === undefined) return find(uri);
    const read = readDocument(known);
    return read.ok ? { ok: true, document: { ...rootDocument(known, read.value), uri } } : { ok: false, why: read.why };
  };
}

function general(text: string): string {
  return text
    .replaceAll(/"[^"]*"/g, '"..."')
    .replaceAll(/\bfile:\S+/g, "FILE")
    .replaceAll(/\bhttps?:[^\s,]+/g, "URI")
    .replaceAll(/\d+/g, "N")
    .slice(0, 110);
}

function printTable(): void {
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  const good = schemas.length - reasons.size;
  const share = (part: number, whole: number): string => `${((part * 100) / Math.max(1, whole)).toFixed(1)} %`;
  print(
    `${schemas.length} schemas (${repeated} more have the content of another); ${good} import and lint: ${share(good, schemas.length)}\n`,
  );
  print("| Dialect | Schemas | Good | Share |\n| --- | --- | --- | --- |");
  for (const [dialect, all] of Map.groupBy(schemas, (one) => one.dialect)) {
    const fine = all.filter(({ file }) => !reasons.has(file)).length;
    print(`| ${dialect} | ${all.length} | ${fine} | ${share(fine, all.length)} |`);
  }
  print("\n| Reason | Schemas | For example |\n| --- | --- | --- |");
  const kinds = [...Map.groupBy(reasons, ([, reason]) => reason)].toSorted(([, a], [, b]) => b.length - a.length);
  for (const [reason, files] of kinds)
    print(`| ${reason} | ${files.length} | ${files[0]?.[0].slice(folder.length + 1)} |`);
  if (flags.includes("--list")) for (const [file, reason] of reasons) print(`${file}\t${reason}`);
}

function filesBelow(root: string): readonly string[] {
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".json"))
    .map((name) => join(root, name))
    .filter((name) => statSync(name).isFile() && statSync(name).size <= 4_194_304)
    .toSorted();
}
