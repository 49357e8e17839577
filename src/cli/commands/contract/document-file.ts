import { stepsIn } from "../../../json/pointer.ts";
import { LineCounter, parse as parseYaml, parseDocument } from "yaml";
import { describeIoError, readBytes } from "../../../contract/source-text.ts";
import { parsePayload } from "../../../core/payload.ts";
import { recogniseContent } from "../../../json/content-kind.ts";
import { toJsonText } from "../../../json/json-text.ts";
import type { JsonValue } from "../../../json/json.ts";
import { parseJson } from "../../../json/parse-json.ts";
import { DamagedInput, unpackWhole } from "../../input/unpack.ts";

/** A document read from a file; `why` continues the sentence "Cannot read "x":". */
export type DocumentFile =
  | { readonly ok: true; readonly value: JsonValue; readonly text: string }
  | { readonly ok: false; readonly why: string };

/** The limits of a contract file. */
const LIMITS = { bytesMax: 4_194_304, depthMax: 500 };

/**
 * Reads a JSON or YAML document, compressed or not. JSON is read as strictly as a payload: no repeated key, no number that a
 * double cannot represent.
 */
export function readDocument(file: string): DocumentFile {
  const read = readBytes(file);
  if (!read.ok) return { ok: false, why: read.problem };
  const plain = plainBytes(read.bytes);
  if (typeof plain === "string") return { ok: false, why: plain };
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(plain);
  } catch {
    return { ok: false, why: "it is not UTF-8" };
  }
  const json = parsePayload(plain, LIMITS);
  if (json.ok) return { ok: true, value: json.payload, text };
  const { code, message, byteOffset } = json.reason;
  const looksLikeJson = /^\s*[{[]/.test(text);
  const at = byteOffset === null ? "" : ` at ${lineAndColumn(plain, byteOffset)}`;
  const why = `${message}${at}`;
  if (looksLikeJson && code !== "not-json") return { ok: false, why };
  try {
    // Aliases could make a small file enormous, so their number is limited. Conversion through JSON refuses what JSON cannot
    // express: dates, maps with other keys.
    const value: unknown = parseYaml(text, { maxAliasCount: 100, intAsBigInt: true });
    return { ok: true, value: parseJson(toJsonText(value ?? null)), text };
  } catch (error) {
    return { ok: false, why: looksLikeJson ? why : ((error as Error).message.split("\n", 1)[0] ?? "") };
  }
}

function plainBytes(bytes: Uint8Array): Uint8Array | string {
  const outer = recogniseContent(bytes);
  if (outer.kind === "foreign") return `it is ${outer.what}`;
  if (outer.kind === "text") return bytes.subarray(outer.skip);
  try {
    const unpacked = unpackWhole(bytes, outer.format, LIMITS.bytesMax);
    const inner = recogniseContent(unpacked);
    if (inner.kind === "text") return unpacked.subarray(inner.skip);
    return `it is ${inner.kind === "foreign" ? inner.what : `${inner.format} data`} inside ${outer.format} data`;
  } catch (error) {
    if (error instanceof DamagedInput) return `its ${error.format} data ${error.message}`;
    return describeIoError(error);
  }
}

function lineAndColumn(bytes: Uint8Array, byteOffset: number): string {
  const before = Buffer.from(bytes.subarray(0, byteOffset)).toString("utf8").split("\n");
  return `line ${before.length}, column ${(before.at(-1) ?? "").length + 1}`;
}

/** The place "line:column" of the deepest existing part of a pointer. The YAML parser reads JSON too. */
export function placeInDocument(text: string, pointer: string): string {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, logLevel: "silent", uniqueKeys: false });
  let offset = 0;
  const path: (string | number)[] = [];
  for (const name of stepsIn(pointer)) {
    const parent: unknown = path.length === 0 ? document.contents : document.getIn(path, true);
    const key = isSequence(parent) ? Number(name) : name;
    const node: unknown = document.getIn([...path, key], true);
    const range = (node as { readonly range?: readonly number[] } | undefined)?.range;
    if (range === undefined) break;
    offset = range[0] ?? offset;
    path.push(key);
  }
  const { line, col } = lines.linePos(offset);
  return `${line}:${col}`;
}

function isSequence(node: unknown): boolean {
  return (
    typeof node === "object" &&
    node !== null &&
    "items" in node &&
    "flow" in node &&
    node.constructor.name === "YAMLSeq"
  );
}
