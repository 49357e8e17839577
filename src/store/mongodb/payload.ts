import type { JsonObject, JsonValue } from "../../json/json.ts";
import { toJsonText } from "../../json/json-text.ts";
import { int64Of } from "../../json/number-literal.ts";
import type { NumberTypes } from "../../schema/number-types.ts";
import {
  ARRAY,
  DOCUMENT,
  closeDocument,
  openNested,
  writeBoolean,
  writeDouble,
  writeInt32,
  writeInt64,
  writeNull,
  writeText,
  type BsonWriter,
} from "./bson-writer.ts";

/**
 * A payload as BSON keeps it: keys verbatim, and each number with the type its contract declares. Without a declaration
 * the value decides, as in every JSON import.
 */
export function writePayload(writer: BsonWriter, name: string, value: JsonValue, numbers: NumberTypes): void {
  if (typeof value === "string") writeText(writer, name, value);
  else if (typeof value === "number") writeNumber(writer, name, value, numbers.here);
  else if (typeof value === "boolean") writeBoolean(writer, name, value);
  else if (typeof value === "bigint") writeInt64(writer, name, value);
  else if (value === null) writeNull(writer, name);
  else if (Array.isArray(value)) {
    const opened = openNested(writer, name, ARRAY);
    (value as readonly JsonValue[]).forEach((item, index) => {
      writePayload(writer, String(index), item, numbers.item(index));
    });
    closeDocument(writer, opened);
  } else {
    const opened = openNested(writer, name, DOCUMENT);
    writeMembers(writer, value as JsonObject, numbers);
    closeDocument(writer, opened);
  }
}

/** The members of an object, into a document that is open. */
export function writeMembers(writer: BsonWriter, object: JsonObject, numbers: NumberTypes): void {
  for (const key in object) {
    const part = object[key] as JsonValue;
    // Looked up only where it can matter: most parts are text.
    if (typeof part === "string") writeText(writer, key, part);
    else writePayload(writer, key, part, numbers.member(key));
  }
}

const INT32_MAX = 2_147_483_647;

function writeNumber(writer: BsonWriter, name: string, value: number, declared: NumberTypes["here"]): void {
  if (declared === "int64") return writeLong(writer, name, value);
  const whole = Number.isSafeInteger(value) && !Object.is(value, -0);
  if (declared === "number" || !whole) writeDouble(writer, name, value);
  else if (value >= -INT32_MAX - 1 && value <= INT32_MAX) writeInt32(writer, name, value);
  else writeInt64(writer, name, value);
}

/** Where 64 bits are declared every integer is a Long, exactly, and the type says nothing of its size. */
function writeLong(writer: BsonWriter, name: string, value: number): void {
  const integer = Number.isSafeInteger(value) ? value : int64Of(value);
  if (integer === null) writeDouble(writer, name, value);
  else writeInt64(writer, name, integer);
}

/**
 * The payload of a document whose bytes are not kept, as JSON text.
 * @throws when it is no JSON: somebody changed it.
 */
export function jsonTextOf(stored: unknown): string {
  return toJsonText(fromBson(stored));
}

function fromBson(stored: unknown): JsonValue {
  if (typeof stored === "bigint") return isSafe(stored) ? Number(stored) : stored;
  if (typeof stored === "number" && Number.isFinite(stored)) return stored;
  if (stored === null || typeof stored === "string" || typeof stored === "boolean") return stored;
  if (Array.isArray(stored)) return stored.map(fromBson);
  if (typeof stored !== "object" || Object.getPrototypeOf(stored) !== Object.prototype)
    throw new Error("its payload is no JSON");
  return Object.fromEntries(Object.entries(stored).map(([key, value]) => [key, fromBson(value)]));
}

/** Whether a payload as it was read is this JSON value: the types of its numbers say nothing, their values do. */
export function isSamePayload(stored: unknown, payload: JsonValue | undefined): boolean {
  if (payload === undefined) return true;
  if (typeof payload === "number" || typeof payload === "bigint") return isSameNumber(stored, payload);
  if (payload === null || typeof payload !== "object") return stored === payload;
  if (typeof stored !== "object" || stored === null || Array.isArray(stored) !== Array.isArray(payload)) return false;
  if (!Array.isArray(stored) && Object.getPrototypeOf(stored) !== Object.prototype) return false;
  const [there, wanted] = [Object.entries(stored), Object.entries(payload)];
  if (there.length !== wanted.length) return false;
  const found = new Map<string, unknown>(there);
  return wanted.every(([key, value]) => found.has(key) && isSamePayload(found.get(key), value));
}

/**
 * A Long holds the integer that a double stands for by its shortest form, and a double the exact value of an integer: one text
 * of JSON is either, as its contract declares.
 */
function isSameNumber(stored: unknown, value: number | bigint): boolean {
  if (typeof stored === "bigint") return stored === (typeof value === "bigint" ? value : int64Of(value));
  if (typeof stored !== "number") return false;
  return typeof value === "number" ? stored === value : Number.isInteger(stored) && BigInt(stored) === value;
}

function isSafe(value: bigint): boolean {
  return value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER;
}
