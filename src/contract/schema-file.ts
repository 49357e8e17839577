import { isObject, type JsonObject } from "../json/json.ts";
import { stepsIn } from "../json/pointer.ts";
import { readdirSync } from "node:fs";
import { basename, dirname } from "node:path";
import { parseTree, type Node } from "jsonc-parser";
import type { FormatsMode } from "../core/contract-set.ts";
import { parsePayload } from "../core/payload.ts";
import { refuseSchema } from "../schema/schema-lint.ts";
import { faultAt, type Fault, type Place } from "./fault.ts";
import { keyOf, notStrict, syntaxFaults } from "./json-syntax.ts";
import { nearestName } from "../json/nearest.ts";
import { remedyFor } from "./schema-remedy.ts";
import { createSourceText, decodeText, describeIoError, readBytes } from "./source-text.ts";

/** A schema read from its file, with the place of every pointer into it. */
export type SchemaFile = {
  readonly file: string;
  readonly schema: JsonObject | boolean;
  /**
   * The place of the value that an RFC 6901 pointer names. For a pointer that leads nowhere: the place of its deepest existing
   * part.
   */
  readonly placeOf: (pointer: string) => Place;
};

/** Limits for the reader. They are wider than the size limit of a schema, which refuseSchema checks. */
const READ_LIMITS = { bytesMax: 4_194_304, depthMax: 256 };

/**
 * Reads a JSON Schema file. It must be strict JSON, as a payload must be, and have no part with which a version cannot be
 * frozen.
 * @param named the place in contract.yaml that names the file, for the fault that the file cannot be read.
 * @param formats "assert" requires that every format in the schema is known.
 * @returns null when the file holds no usable schema.
 */
export function readSchemaFile(
  file: string,
  named: Place,
  faults: Fault[],
  formats: FormatsMode = "assert",
): SchemaFile | null {
  const read = readBytes(file);
  if (!read.ok) {
    const message = `Cannot read schema "${file}": ${read.problem}`;
    faults.push(faultAt(named, "SIG-C-002", message, nameRemedy(file)));
    return null;
  }
  const decoded = decodeText(read.bytes);
  const start = { file, line: 1, column: 1 };
  if (!decoded.ok) {
    faults.push(faultAt(start, "SIG-C-020", `Not JSON: the file ${decoded.problem}`, decoded.remedy));
    return null;
  }
  const { text } = decoded;
  if (text.startsWith("\uFEFF")) {
    const message = "Not JSON: the file begins with a byte order mark (EF BB BF)";
    faults.push(faultAt(start, "SIG-C-020", message, "Save it as UTF-8 without a byte order mark"));
    return null;
  }
  const source = createSourceText(file, text);
  const parsed = parsePayload(read.bytes, READ_LIMITS);
  if (!parsed.ok) {
    const syntax = isShallow(text) ? syntaxFaults(source) : [];
    const { code, message, byteOffset } = parsed.reason;
    const place = source.place(byteOffset === null ? 0 : offsetOfByte(read.bytes, byteOffset));
    const fault = code === "lossy-number" ? lossy(place, message) : notStrict(place, message);
    faults.push(...(syntax.length > 0 ? syntax : [fault]));
    return null;
  }
  const schema = parsed.payload;
  if (typeof schema !== "boolean" && !isObject(schema)) {
    faults.push(faultAt(source.place(0), "SIG-C-021", "A schema is an object, true or false", "Write a JSON Schema"));
    return null;
  }
  const root = isShallow(text) ? parseTree(text) : undefined;
  const placeOf = (pointer: string): Place => source.place(root === undefined ? 0 : offsetOf(root, pointer));
  const usable = schema;
  for (const refusal of refuseSchema(usable, formats)) {
    const { pointer, code, message } = refusal;
    faults.push(faultAt(placeOf(pointer), "SIG-C-021", `Refused (${code}): ${message}`, remedyFor(refusal, usable)));
  }
  return { file, schema: usable, placeOf };
}

/** Schemas may hold every 64-bit integer; other numbers that a double cannot represent are refused, as in payloads. */
function lossy(place: Place, message: string): Fault {
  const remedy =
    "Write it with at most 15 digits, or as an integer within -9223372036854775808 and 9223372036854775807";
  return faultAt(place, "SIG-C-020", message, remedy);
}

/** The tolerant parser recurses, so deeper text could overflow the stack. Such text is refused in any case. */
const SHALLOW_DEPTH_MAX = 500;

function isShallow(text: string): boolean {
  let depth = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth += bracket === "[" || bracket === "{" ? 1 : -1;
    if (depth > SHALLOW_DEPTH_MAX) return false;
  }
  return true;
}

function offsetOf(root: Node, pointer: string): number {
  let node = root;
  let offset = root.offset;
  for (const name of stepsIn(pointer)) {
    const child =
      node.type === "array" ? node.children?.[Number(name)] : node.children?.find((one) => keyOf(one) === name);
    if (child === undefined) return offset;
    offset = child.offset;
    const value = child.type === "property" ? child.children?.[1] : child;
    if (value === undefined) return offset;
    node = value;
  }
  return offset;
}

function offsetOfByte(bytes: Uint8Array, byteOffset: number): number {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(0, byteOffset)).length;
}

/** The remedy, with the name of the file that was most likely meant. */
function nameRemedy(file: string): string {
  const names = filesIn(dirname(file)).filter((name) => name.endsWith(".json"));
  const nearest = nearestName(basename(file), names) ?? (names.length === 1 ? (names[0] ?? null) : null);
  return nearest === null
    ? "Name a schema file in the folder of the contract"
    : `Name a schema file in the folder of the contract, as ${nearest}, which is there`;
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).toSorted();
  } catch (error) {
    describeIoError(error);
    return [];
  }
}
