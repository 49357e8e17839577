import { describeFailure, failureCode } from "../core/failure.ts";
import { positionId, type Header } from "../core/record.ts";
import type { NewRecord } from "../source/source.ts";
import type { FailedRow, ValidatedRow } from "../store/store.ts";

/**
 * Where decisions are told besides the store, after they are durable in it. At least once: after a crash the last batch is
 * told again, with the same ids, so that whoever reads keeps one of each.
 */
export type Mirror = (topic: string, facts: readonly ValidatedRow[], failed: readonly FailedRow[]) => Promise<void>;

/** Topics beside the one the records came from. */
export const MIRROR_TOPICS = {
  validated: (topic: string): string => `${topic}.validated`,
  failed: (topic: string): string => `${topic}.failed`,
} as const;

/** A PASSED record for the mirror: keyed by its machine id, its bytes and own headers unchanged. */
export function validatedRecord(row: ValidatedRow): NewRecord {
  const headers = [...row.headers.filter(isForeign), ...commonHeaders(row)];
  return { key: utf8(row.id), headers, value: row.raw, partition: null };
}

/**
 * A FAILED record for the mirror: key, bytes and own headers unchanged, with the headers of Connect's dead letter queues,
 * which dead-letter tools read, and ours. Ours replace what an earlier gateway wrote, so that they never pile up.
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
