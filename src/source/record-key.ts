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

/** Derives the key of a record from its value; null when the value has none. Pure and total. */
export type FieldKey = (value: Uint8Array | null) => Uint8Array | null;

/** A longer key is replaced by its SHA-256, because a log stores the key with each record. */
const KEY_BYTES_MAX = 512;

/**
 * Compiles a key from fields of the payload. The key of one field is its text, or its RFC 8785 form when it is not a
 * text; the key of several fields is the RFC 8785 form of their list. A producer that uses the same text as Kafka key
 * thus reaches the same partition.
 *
 * Only these fields are parsed: a payload that is not JSON may get a key or none, and is FAILED either way.
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

/** Finds the fields in the bytes. Top-level fields, which are the usual case, are found in a third of the time. */
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

/** The field name of a pointer to a top-level field; none for "/0", which may be an item of a list. */
function nameOf(pointer: string): readonly string[] {
  const [, name] = /^\/([^/~]*)$/.exec(pointer) ?? [];
  return name === undefined || /^\d+$/.test(name) ? [] : [name];
}

/**
 * Derives a record's key from the identity that its topic's contract declares, whichever version the record declares.
 */
export type IdentityKey = (headers: readonly Header[], value: Uint8Array | null) => Uint8Array | null;

/**
 * Compiles a key that puts equal identities into the same partition. When all live versions have the same identity, a
 * record's version does not matter; else the version is resolved as for the decision, and a record without one gets no
 * key.
 */
export function compileIdentityKey(bound: CompiledBinding, limits: PayloadLimits): IdentityKey {
  const live = [...bound.contract.versions.values()].filter(isLive);
  const keys = new Map(live.map(({ identityFields: fields }) => [JSON.stringify(fields), compileFieldKey(fields)]));
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

function isLive({ status }: CompiledVersion): boolean {
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

/** The RFC 8785 form; null for a lone surrogate, which has none and is FAILED. */
function canonicalBytes(value: JsonValue): Uint8Array | null {
  try {
    return Buffer.from(canonicalText(value));
  } catch {
    return null;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Whether these bytes are a JSON string without escapes: then they are its text. */
function isPlainText(bytes: Buffer, from: number, to: number): boolean {
  if (bytes[from] !== QUOTE || to - from < 2) return false;
  for (let at = from + 1; at < to; at += 1) if (bytes[at] === BACKSLASH) return false;
  return bytes[to - 1] === QUOTE;
}

/**
 * Parses a value; undefined when it is not JSON. An integer that no double represents is rounded: two of them may share
 * a partition.
 */
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
