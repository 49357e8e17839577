import type { CompiledBinding, CompiledContractSet } from "../core/compiled.ts";
import { originHeader } from "../core/origin.ts";
import { parseValue } from "../core/payload.ts";
import type { Header, SourceRecord } from "../core/record.ts";
import { declaredSubject, resolveVersion } from "../core/resolve.ts";
import { structuredEvent } from "../core/structured-event.ts";
import { framedSchemaId } from "../core/wire-format.ts";
import type { MovedRecord } from "../source/mover.ts";
import { partitionOf } from "../source/partitioner.ts";
import { compileFieldKey, compileIdentityKey, type FieldKey, type IdentityKey } from "../source/record-key.ts";
import { PRIORITY_HEADER, type Lane, type Route } from "./lane.ts";

/** Where each record of a source goes. Pure and total: it judges nothing, and no record is without a lane. */
export type Choose = (record: SourceRecord, partitionsOf: (topic: string) => number) => MovedRecord;

type LaneReader = {
  readonly lane: Lane;
  readonly bound: CompiledBinding;
  readonly priorityOf: FieldKey | null;
  readonly keyOf: IdentityKey;
};

/** What is judged of a record: an event in structured mode is its data. */
type Content = { readonly headers: readonly Header[]; readonly value: Uint8Array | null };

/**
 * Compiles a route for one contract set. A record goes to the first lane whose conditions it meets; the last has none, so that
 * what cannot be resolved goes there. Within the lane its identity chooses the partition, so that one identity stays in one; a
 * record without one goes by its key, and one without a key by its partition.
 * @throws where the set binds a lane to no contract: a bug.
 */
export function compileRoute({ topic, lanes }: Route, set: CompiledContractSet): Choose {
  const readers = lanes.map((lane): LaneReader => {
    const bound = set.byTopic.get(lane.topic);
    if (bound === undefined) throw new Error(`Cannot route topic "${topic}": no contract is bound to ${lane.topic}`);
    const { priorityField } = lane.when;
    const priorityOf = priorityField === null ? null : compileFieldKey([priorityField]);
    return { lane, bound, priorityOf, keyOf: compileIdentityKey(bound, set.limits) };
  });
  const rest = readers.at(-1);
  if (rest === undefined) throw new Error(`Cannot route topic "${topic}": it has no lanes`);
  const own = set.byTopic.get(topic)?.contract.subject ?? null;
  return (record, partitionsOf) => {
    const { position, key, headers, value, timestampMs } = record;
    const event = headers.length === 0 ? null : structuredEvent(headers, value, set.limits);
    const content = event?.ok === true ? event : record;
    const subject = declaredSubject(set.bySubject, content.headers)?.subject ?? own;
    const chosen = readers.find((one) => meets(one, content, value?.length ?? 0, subject, set)) ?? rest;
    const partitions = partitionsOf(chosen.lane.topic);
    const by = chosen.keyOf(content.headers, content.value) ?? key;
    return {
      topic: chosen.lane.topic,
      partition: by === null ? position.partition % partitions : partitionOf(by, partitions),
      key,
      headers: [...headers, originHeader(position)],
      value,
      timestampMs,
    };
  };
}

function meets(
  { lane: { when }, bound, priorityOf }: LaneReader,
  content: Content,
  bytes: number,
  subject: string | null,
  set: CompiledContractSet,
): boolean {
  if (when.subject !== null && when.subject !== subject) return false;
  if (when.bytesMin !== null && bytes < when.bytesMin) return false;
  if (when.priorities !== null) {
    const priority = priorityOf === null ? inHeader(content.headers) : textOf(priorityOf(content.value));
    if (priority === null || !when.priorities.includes(priority)) return false;
  }
  return when.versions === null || when.versions.includes(versionOf(content, bound, set) ?? 0);
}

/** The version that would judge the record; null when none would. */
function versionOf({ headers, value }: Content, bound: CompiledBinding, set: CompiledContractSet): number | null {
  const parsed = bound.contract.versionField === null ? null : parseValue(value, set.limits);
  const payload = parsed?.ok === true ? parsed.payload : undefined;
  const resolved = resolveVersion(bound, headers, framedSchemaId(value), payload);
  return resolved.ok ? resolved.version.ref.version : null;
}

function inHeader(headers: readonly Header[]): string | null {
  const found = headers.findLast(([name]) => name.toLowerCase() === PRIORITY_HEADER);
  return textOf(found?.[1] ?? null);
}

function textOf(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
}
