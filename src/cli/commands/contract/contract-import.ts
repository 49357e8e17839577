import { isObject, type JsonObject, type JsonValue } from "../../../json/json.ts";
import { statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Command } from "commander";
import { draftProblems, type Draft } from "../../../authoring/draft.ts";
import { importSchema, type ImportedSchema } from "../../../authoring/import-schema.ts";
import { fromOdcs } from "../../../authoring/odcs.ts";
import {
  resolveUri,
  withoutFragment,
  type FindDocument,
  type SchemaDocument,
} from "../../../authoring/schema-documents.ts";
import { placeInDocument, readDocument } from "./document-file.ts";
import { writeDraft } from "./draft-writer.ts";
import { Refusals, usage, type PlacedFault, type Refusal } from "../../terminal/refusal.ts";
import { configFor } from "../../terminal/settings.ts";

export type ImportOptions = {
  readonly subject?: string;
  readonly identity?: readonly string[];
  readonly ref?: readonly string[];
  readonly format?: "odcs" | "json-schema";
  readonly json: boolean;
};

/** `sigma contract import`: makes a draft from a JSON Schema or a data contract. */
export async function importContract(command: Command, file: string, options: ImportOptions): Promise<void> {
  const { contractsDir } = await configFor(command);
  const { value: document, text } = readRoot(file);
  const format = options.format ?? (document["kind"] === "DataContract" ? "odcs" : "json-schema");
  if (format === "odcs") return importOdcs(contractsDir, file, document, options);
  const { subject, identity } = options;
  if (subject === undefined)
    throw usage("SIG-I-018", `Cannot import "${file}": a schema has no subject`, "name it: --subject parcel");
  if (identity === undefined) throw noIdentity(subject);
  const texts = new Map([[file, text]]);
  const imported = importSchema(rootDocument(file, document), createFinder(file, options.ref ?? [], texts));
  if (imported.problems.length > 0) {
    throw new Refusals(
      imported.problems.map(({ document: where, pointer, why, remedy }) => ({
        place: placeOf(texts, where, pointer),
        code: "SIG-I-018",
        message: `Cannot import ${pointer === "" ? "the schema" : pointer}: ${why}`,
        remedy,
      })),
    );
  }
  const { schema, unmapped } = imported;
  if (!isObject(schema)) throw noSchema(file);
  const described = schema["description"];
  const draft: Draft = {
    subject,
    owner: "unknown",
    description: typeof described === "string" ? described.slice(0, 1_000) : `Imported from ${basename(file)}`,
    identity,
    schema: schema,
    rules: [],
    remarks: [`Imported from ${basename(file)}.`],
  };
  const refused = refusals(draft, imported, texts);
  if (refused.length > 0) throw new Refusals(refused);
  writeDraft(contractsDir, draft, unmapped, options.json);
}

function importOdcs(contractsDir: string, file: string, document: JsonObject, options: ImportOptions): void {
  const result = fromOdcs(document, options.subject ?? null);
  if (!result.ok)
    throw usage("SIG-I-018", `Cannot import "${file}": ${result.why}`, "give a data contract, or --format json-schema");
  for (const [index, draft] of result.drafts.entries()) {
    const identity = options.identity ?? draft.identity;
    if (identity.length === 0) throw noIdentity(draft.subject);
    writeDraft(contractsDir, { ...draft, identity }, index === 0 ? result.unmapped : [], options.json);
  }
}

/** The parts of the draft that a contract cannot contain, each at its place in the original. */
function refusals(
  draft: Draft,
  { originOf }: ImportedSchema,
  texts: ReadonlyMap<string, string>,
): readonly PlacedFault[] {
  return draftProblems(draft).map(({ path, why }) => {
    const { document, pointer } = originOf(path);
    return {
      place: placeOf(texts, document, pointer),
      code: "SIG-I-018",
      message: `Cannot be part of a contract: ${pointer === "" ? "the schema" : pointer}: ${why}`,
      remedy: "change it in the original, or write this contract by hand",
    };
  });
}

function placeOf(texts: ReadonlyMap<string, string>, { name }: SchemaDocument, pointer: string): string {
  const text = texts.get(name);
  return text === undefined ? name : `${name}:${placeInDocument(text, pointer)}`;
}

function noIdentity(subject: string): Refusal {
  return usage(
    "SIG-I-018",
    `Cannot make a draft of ${subject}: nothing says what names a fact`,
    "add --identity /order_id",
  );
}

function noSchema(file: string): Refusal {
  return usage("SIG-I-018", `Cannot import "${file}": it holds no object`, "name a JSON Schema or a data contract");
}

function readRoot(file: string): { readonly value: JsonObject; readonly text: string } {
  const read = readDocument(file);
  if (!read.ok) throw usage("SIG-I-018", `Cannot read "${file}": ${read.why}`, "name a JSON or YAML file");
  const { value, text } = read;
  if (!isObject(value)) throw noSchema(file);
  return { value: value, text };
}

/** The imported document, with the URI of its file. */
export function rootDocument(file: string, value: JsonValue): SchemaDocument {
  const uri = pathToFileURL(resolve(file)).href;
  return { name: file, uri, fileUri: uri, value };
}

/**
 * Finds documents: by the URIs that `--ref URI=FILE` names; below a URI that ends in "/", in the directory that FILE names; and
 * files by their relative path. Nothing is fetched from the network.
 * @param texts receives the text of each document, by its name.
 */
export function createFinder(file: string, refs: readonly string[], texts: Map<string, string>): FindDocument {
  const base = pathToFileURL(resolve(file)).href;
  const given = refs.map((ref) => parseRef(ref, base));
  return (uri) => {
    const found = fileOf(uri, given);
    if (typeof found !== "string") return { ok: false, why: found.why };
    const read = readDocument(found);
    if (!read.ok) return { ok: false, why: `and "${found}" cannot be read: ${read.why}` };
    texts.set(found, read.text);
    return { ok: true, document: { name: found, uri, fileUri: pathToFileURL(resolve(found)).href, value: read.value } };
  };
}

type GivenRef = { readonly uri: string; readonly file: string };

function parseRef(ref: string, base: string): GivenRef {
  const at = ref.lastIndexOf("=");
  const [uri, file] = [ref.slice(0, Math.max(0, at)), ref.slice(at + 1)];
  if (uri === "" || file === "")
    throw usage("SIG-I-018", `Cannot use --ref "${ref}"`, "write --ref https://example.com/common.json=common.json");
  const isDirectory = statSync(file, { throwIfNoEntry: false })?.isDirectory() === true;
  if (isDirectory !== uri.endsWith("/")) {
    const why = isDirectory
      ? "a directory stands for a URI that ends in /"
      : "a URI that ends in / stands for a directory";
    throw usage(
      "SIG-I-018",
      `Cannot use --ref "${ref}": ${why}`,
      "name a file for a document, or a directory for a prefix",
    );
  }
  return { uri: withoutFragment(resolveUri(uri, base)), file };
}

function fileOf(uri: string, given: readonly GivenRef[]): string | { readonly why: string } {
  const exact = given.find((one) => one.uri === uri);
  if (exact !== undefined) return exact.file;
  const prefix = given.find((one) => one.uri.endsWith("/") && uri.startsWith(one.uri));
  if (prefix !== undefined) {
    const rest = decodeURI(uri.slice(prefix.uri.length));
    if (!rest.split("/").includes("..")) return join(prefix.file, rest);
  }
  if (!uri.startsWith("file:")) return { why: "which is another document, and nothing is ever fetched" };
  try {
    return fileURLToPath(uri);
  } catch {
    return { why: "which is no file here" };
  }
}
