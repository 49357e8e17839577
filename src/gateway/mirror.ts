import { describeFailure, failureCode } from "../core/failure.ts";
import { positionId, type Header } from "../core/record.ts";
import { formatTraceparent, type TraceContext } from "../core/trace-context.ts";
import type { NewRecord } from "../source/source.ts";
import type { FailedRow, ValidatedRow } from "../store/store.ts";

/**
 * Publishes decisions to other topics after they are durable in the store. Delivery is at least once: after a crash the last
 * batch is published again with the same ids, by which a consumer can drop the copies.
 */
export type Mirror = (
  topic: string,
  facts: readonly ValidatedRow[],
  failed: readonly FailedRow[],
  trace: TraceContext | null,
) => Promise<void>;

/** Names of the mirror topics, from the name of the topic that the records came from. */
export const MIRROR_TOPICS = {
  validated: (topic: string): string => `${topic}.validated`,
  failed: (topic: string): string => `${topic}.failed`,
} as const;

/** Makes the mirror's copy of a PASSED record: the key is the machine id; value and the producer's headers are unchanged. */
export function validatedRecord(row: ValidatedRow): NewRecord {
  const headers = [...row.headers.filter(isForeign), ...commonHeaders(row)];
  return { key: utf8(row.id), headers, value: row.raw, partition: null };
}

/**
 * Makes the mirror's copy of a FAILED record: key, value and the producer's headers are unchanged. It adds the headers of
 * Kafka Connect's dead letter queues, which dead-letter tools read, and headers of its own. Both replace those that an
 * earlier gateway wrote, so that they never accumulate.
 */
export function failedRecord(row: FailedRow): NewRecord {
  const { position, reason, fingerprint, key, raw } = row;
  const { topic, partition, offset } = position;
  const connect: readonly (readonly [string, string])[] = [
    ["topic", topic],
    ["partition", String(partition)],
    ["offset", String(offset)],
    ["connector.name", "sigma-aetl"],
    ["task.id", "0"],
    ["stage", "VALUE_CONVERTER"],
    ["class.name", "sigma-aetl"],
    ["exception.class.name", failureCode(reason)],
    ["exception.message", describeFailure(reason).slice(0, MESSAGE_MAX)],
    ["exception.stacktrace", ""],
  ];
  const headers: Header[] = [
    ...row.headers.filter(isForeign),
    ...connect.map(([name, text]): Header => [`${CONNECT}${name}`, utf8(text)]),
    ...commonHeaders(row),
    ["sigma.reason", utf8(failureCode(reason))],
    ["sigma.fingerprint", utf8(fingerprint)],
  ];
  return { key, headers, value: raw, partition: null };
}

/** Gives a message the context of a span, unless it carries that of its producer, which stays. */
export function withTrace(trace: TraceContext | null): (record: NewRecord) => NewRecord {
  if (trace === null) return (record) => record;
  const header: Header = ["traceparent", utf8(formatTraceparent(trace))];
  return (record) =>
    record.headers.some(([name]) => name === "traceparent")
      ? record
      : { ...record, headers: [...record.headers, header] };
}

const CONNECT = "__connect.errors.";
const OWN = "sigma.";
const MESSAGE_MAX = 1_000;

function commonHeaders({ id, position, contract }: ValidatedRow | FailedRow): readonly Header[] {
  const headers: Header[] = [
    [`${OWN}decision.id`, utf8(id)],
    [`${OWN}position`, utf8(positionId(position))],
  ];
  if (contract !== null) headers.push([`${OWN}contract`, utf8(`${contract.subject}@${contract.version}`)]);
  return headers;
}

function isForeign([name]: Header): boolean {
  return !name.startsWith(CONNECT) && !name.startsWith(OWN);
}

function utf8(text: string): Uint8Array {
  return Buffer.from(text, "utf8");
}
