import { parseTree, printParseErrorCode, type Node, type ParseError } from "jsonc-parser";
import type { FormatsMode } from "../core/contract-set.ts";
import type { JsonObject } from "../json/json.ts";
import { parsePayload } from "../core/payload.ts";
import { refuseSchema } from "../schema/schema-lint.ts";
import { faultAt, type Fault, type Place } from "./fault.ts";
import { remedyFor } from "./schema-remedy.ts";
import { createSourceText, decodeText, readBytes, type SourceText } from "./source-text.ts";

/** A schema as read from its file, with the place of every pointer into it. */
export type SchemaFile = {
  readonly file: string;
  readonly schema: JsonObject | boolean;
  /** Where the value an RFC 6901 pointer names is written; of a pointer that leads nowhere, its deepest part that is. */
  readonly placeOf: (pointer: string) => Place;
};

/** The size limit of a schema is its own refusal; these only keep the reader itself within bounds. */
const READ_LIMITS = { bytesMax: 4_194_304, depthMax: 256 };

/**
 * Reads a JSON Schema file: strict JSON, as strict as a payload, then everything a version cannot be frozen with.
 * @param named where contract.yaml names the file, for the fault that it cannot be read.
 * @param formats whether the version asserts formats: then each must be one that is known.
 * @returns null when the file holds no schema to go on with.
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
    faults.push(faultAt(named, "SIG-C-002", message, "Name a schema file in the folder of the contract"));
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
  if (typeof schema !== "boolean" && (schema === null || typeof schema !== "object" || Array.isArray(schema))) {
    faults.push(faultAt(source.place(0), "SIG-C-021", "A schema is an object, true or false", "Write a JSON Schema"));
    return null;
  }
  const root = isShallow(text) ? parseTree(text) : undefined;
  const placeOf = (pointer: string): Place => source.place(root === undefined ? 0 : offsetOf(root, pointer));
  const usable = schema as JsonObject | boolean;
  for (const refusal of refuseSchema(usable, formats)) {
    const { pointer, code, message } = refusal;
    const remedy = remedyFor(refusal, usable);
    faults.push(faultAt(placeOf(pointer), "SIG-C-021", `Refused (${code}): ${message}`, remedy));
  }
  return { file, schema: usable, placeOf };
}

function notStrict(place: Place, message: string): Fault {
  return faultAt(place, "SIG-C-020", message, "Write strict JSON: no comments, no trailing commas, no key twice");
}

/** In a schema every integer of 64 bits is exact; a payload cannot hold another such number either. */
function lossy(place: Place, message: string): Fault {
  const remedy =
    "Write it with at most 15 digits, or as an integer within -9223372036854775808 and 9223372036854775807";
  return faultAt(place, "SIG-C-020", message, remedy);
}

/** Every syntax error and every repeated key; of several errors on one line the first, since it causes the others. */
function syntaxFaults(source: SourceText): readonly Fault[] {
  const errors: ParseError[] = [];
  const root = parseTree(source.text, errors, { disallowComments: true, allowTrailingComma: false });
  const faults: Fault[] = [];
  for (const { error, offset } of errors) {
    const place = source.place(offset);
    if (faults.some(({ line }) => line === place.line)) continue;
    faults.push(notStrict(place, `Not JSON: ${inWords(printParseErrorCode(error))}`));
  }
  if (root !== undefined) repeatedKeys(root, source, faults);
  return faults;
}

function repeatedKeys(node: Node, source: SourceText, faults: Fault[]): void {
  const seen = new Set<string>();
  for (const child of node.children ?? []) {
    const key = keyOf(child);
    if (key !== null && seen.has(key))
      faults.push(notStrict(source.place(child.offset), "The key stands twice in one object"));
    if (key !== null) seen.add(key);
    repeatedKeys(child, source, faults);
  }
}

/** `ColonExpected` -> "colon expected". */
function inWords(code: string): string {
  return code
    .replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
    .replace(/^[A-Z]/, (letter) => letter.toLowerCase());
}

/** The tolerant parser recurses: text nested deeper than this could take the stack, and is refused anyway. */
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
  for (const token of pointer.split("/").slice(1)) {
    const name = token.replaceAll("~1", "/").replaceAll("~0", "~");
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

function keyOf(property: Node): string | null {
  if (property.type !== "property") return null;
  const key: unknown = property.children?.[0]?.value;
  return typeof key === "string" ? key : null;
}

function offsetOfByte(bytes: Uint8Array, byteOffset: number): number {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(0, byteOffset)).length;
}
