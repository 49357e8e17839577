import { hash } from "node:crypto";
import { canonicalText } from "../json/canonical.ts";
import type { JsonValue } from "../json/json.ts";
import { compileLocate, type ByteRange } from "../json/locate.ts";
import { compileMembers, MEMBERS_MAX } from "../json/members.ts";
import type { CompiledBinding, CompiledVersion } from "../core/compiled.ts";
import type { PayloadLimits } from "../core/contract-set.ts";
import { parseValue } from "../core/payload.ts";
import type { Header } from "../core/record.ts";
import { resolveVersion } from "../core/resolve.ts";
import { frameBytes, framedSchemaId } from "../core/wire-format.ts";

/** Finds the key of a record in its value; null when the value has none. Pure and total. */
export type FieldKey = (value: Uint8Array | null) => Uint8Array | null;

/** A longer key is replaced by its SHA-256: a log keeps it beside each record. */
const KEY_BYTES_MAX = 512;

/**
 * The key that a record has from fields of its payload: of one field its text, else its RFC 8785 form; of several the form of
 * their list. A producer that keys by the same text, as Kafka's do, so reaches the same partition.
 *
 * Nothing is parsed but these fields: a payload that is no JSON may get a key or none, and FAILED either way.
 */
export function compileFieldKey(pointers: readonly string[]): FieldKey {
  const find = compileFind(pointers);
  return (value) => {
    if (value === null) return null;
    const frame = frameBytes(value);
    const bytes = frame === 0 ? bufferOf(value) : bufferOf(value).subarray(frame);
    const ranges = find(bytes);
    if (ranges === null) return null;
    const [only] = ranges;
    const key = only !== undefined && ranges.length === 1 ? keyOfOne(bytes, only) : keyOfSeveral(bytes, ranges);
    return key === null || key.length <= KEY_BYTES_MAX ? key : Buffer.from(hash("sha256", key));
  };
}

/** Fields of the payload itself, as most are, are found in a third of the time. */
function compileFind(pointers: readonly string[]): (bytes: Buffer) => readonly ByteRange[] | null {
  const names = [...new Set(pointers)].flatMap(nameOf);
  if (names.length === pointers.length && names.length <= MEMBERS_MAX) return compileMembers(names);
  const locate = compileLocate(pointers);
  return (bytes) => {
    const found = locateIn(bytes, locate);
    if (found.length < pointers.length || found.some(({ isThere }) => !isThere)) return null;
    return found.map(({ value }) => value);
  };
}

function locateIn(bytes: Buffer, locate: ReturnType<typeof compileLocate>): ReturnType<typeof locate> {
  try {
    return locate(bytes);
  } catch {
    return [];
  }
}

/** The name that a pointer to a member of the root has; "0" may be an item of a list. */
function nameOf(pointer: string): readonly string[] {
  const [, name] = /^\/([^/~]*)$/.exec(pointer) ?? [];
  return name === undefined || /^\d+$/.test(name) ? [] : [name];
}

/** Keys from the identity that a topic's contract gives to its records, whichever version declares it. */
export type IdentityKey = (headers: readonly Header[], value: Uint8Array | null) => Uint8Array | null;

/**
 * The key that keeps one identity in one partition. Where all versions in force have the same identity nothing has to be known of
 * the record's own; else its version is resolved as for its decision, and a record without one has no key.
 */
export function compileIdentityKey(bound: CompiledBinding, limits: PayloadLimits): IdentityKey {
  const inForce = [...bound.contract.versions.values()].filter(isInForce);
  const keys = new Map(inForce.map(({ identityFields: fields }) => [JSON.stringify(fields), compileFieldKey(fields)]));
  const [only] = keys.values();
  if (only === undefined) return () => null;
  if (keys.size === 1) return (_, value) => only(value);
  return (headers, value) => {
    const parsed = bound.contract.versionField === null ? null : parseValue(value, limits);
    const payload = parsed?.ok === true ? parsed.payload : undefined;
    const resolved = resolveVersion(bound, headers, framedSchemaId(value), payload);
    return resolved.ok ? (keys.get(JSON.stringify(resolved.version.identityFields))?.(value) ?? null) : null;
  };
}

function isInForce({ status }: CompiledVersion): boolean {
  return status === "active" || status === "deprecated";
}

function keyOfOne(bytes: Buffer, [from, to]: ByteRange): Uint8Array | null {
  if (isPlainText(bytes, from, to)) return bytes.subarray(from + 1, to - 1);
  const value = valueOf(bytes, [from, to]);
  if (value === undefined) return null;
  return typeof value === "string" ? Buffer.from(value) : canonicalBytes(value);
}

function keyOfSeveral(bytes: Buffer, ranges: readonly ByteRange[]): Uint8Array | null {
  const values: JsonValue[] = [];
  for (const range of ranges) {
    const value = valueOf(bytes, range);
    if (value === undefined) return null;
    values.push(value);
  }
  return canonicalBytes(values);
}

/** Null of what has no such form: a lone surrogate, which is FAILED. */
function canonicalBytes(value: JsonValue): Uint8Array | null {
  try {
    return Buffer.from(canonicalText(value));
  } catch {
    return null;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** A JSON string without an escape: its bytes are its text. */
function isPlainText(bytes: Buffer, from: number, to: number): boolean {
  if (bytes[from] !== QUOTE || to - from < 2) return false;
  for (let at = from + 1; at < to; at += 1) if (bytes[at] === BACKSLASH) return false;
  return bytes[to - 1] === QUOTE;
}

/** Undefined when it is no JSON. An integer that no double keeps is rounded: two of them may share a partition. */
function valueOf(bytes: Buffer, [from, to]: ByteRange): JsonValue | undefined {
  try {
    return JSON.parse(bytes.toString("utf8", from, to)) as JsonValue;
  } catch {
    return undefined;
  }
}

function bufferOf(value: Uint8Array): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.from(value.buffer, value.byteOffset, value.length);
}
