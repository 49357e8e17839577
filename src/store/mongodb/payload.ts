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
 * Writes a payload as a BSON field. Keys are kept verbatim, and each number gets the type that its contract declares. Without a
 * declaration the value decides the type, as in every JSON import.
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

/** Writes the members of an object into a document that is already open. */
export function writeMembers(writer: BsonWriter, object: JsonObject, numbers: NumberTypes): void {
  for (const key in object) {
    const part = object[key] as JsonValue;
    // Most values are text, whose declaration need not be looked up.
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

/** Writes a number declared as int64. Every integer becomes a Long, exactly, however small it is. */
function writeLong(writer: BsonWriter, name: string, value: number): void {
  const integer = Number.isSafeInteger(value) ? value : int64Of(value);
  if (integer === null) writeDouble(writer, name, value);
  else writeInt64(writer, name, integer);
}

/** Levels of nesting that a payload may have. The server refuses 180 with "exceeds 180 levels of nesting"; the document itself is one. */
export const DEPTH_MAX = 179;

/** Whether a payload is nested deeper than MongoDB can store. */
export function isTooDeep(payload: JsonValue): boolean {
  return isDeeper(payload, DEPTH_MAX);
}

function isDeeper(value: JsonValue, levels: number): boolean {
  if (value === null || typeof value !== "object") return false;
  if (levels === 0) return true;
  if (Array.isArray(value)) return (value as readonly JsonValue[]).some((item) => isDeeper(item, levels - 1));
  const object = value as JsonObject;
  for (const key in object) if (isDeeper(object[key] as JsonValue, levels - 1)) return true;
  return false;
}

/**
 * The JSON text of a payload that was read from a document.
 * @throws when it is no JSON, because the document was changed.
 */
export function jsonTextOf(stored: unknown): string {
  return toJsonText(jsonOf(stored));
}

/** The JSON value of a decoded BSON value. @throws when it has a type that {@link writePayload} never writes. */
export function jsonOf(stored: unknown): JsonValue {
  if (typeof stored === "bigint") return isSafe(stored) ? Number(stored) : stored;
  if (typeof stored === "number" && Number.isFinite(stored)) return stored;
  if (stored === null || typeof stored === "string" || typeof stored === "boolean") return stored;
  if (Array.isArray(stored)) return stored.map(jsonOf);
  if (typeof stored !== "object" || Object.getPrototypeOf(stored) !== Object.prototype)
    throw new Error("its payload is no JSON");
  return Object.fromEntries(Object.entries(stored).map(([key, value]) => [key, jsonOf(value)]));
}

function isSafe(value: bigint): boolean {
  return value <= Number.MAX_SAFE_INTEGER && value >= Number.MIN_SAFE_INTEGER;
}
