import { deserialize, serialize } from "node:v8";
import type { CompiledContractSet, ContractRef } from "../core/compiled.ts";
import type { Decidable, Decision } from "../core/decide.ts";
import type { SourceRecord } from "../core/record.ts";
import { createEvidence, readEvidence } from "../ledger/evidence.ts";
import { NOTHING_DECLARED, type NumberTypes } from "../schema/number-types.ts";

// What a worker and a validator say to each other: records as the evidence of an entry, decisions as a structured clone (node:v8), which
// keeps every value exactly, integers of 64 bits among them. Both sides name contract set and engine, so both know what a
// decision can refer to: contracts are sent by reference, and how a version declares its numbers is not sent.

export const RECORDS_TYPE = "application/vnd.sigma.evidence";
export const DECISIONS_TYPE = "application/vnd.sigma.decisions";
/** Headers of question and answer: the digest of the contract set, and the engine of the decision. */
export const PINS = { contractSet: "sigma-contract-set", engine: "sigma-engine" } as const;

/** The records of a batch of one stream, in the order of their offsets. */
export function writeRecords(records: readonly SourceRecord[]): Buffer {
  const [first] = records;
  if (first === undefined) throw new Error("Cannot ask about no records");
  const { topic, partition, offset: from } = first.position;
  const evidence = createEvidence({ topic, partition, from });
  for (const record of records) evidence.add(record);
  return evidence.end();
}

/** The records of a question; a sentence when the bytes are none. */
export function readRecords(bytes: Buffer): readonly Decidable[] | string {
  const read = readEvidence(bytes, "");
  if (typeof read === "string") return read;
  const records: Decidable[] = [];
  for (const record of read.records) {
    if ("erased" in record) return "a record is erased";
    records.push({ topic: record.position.topic, headers: record.headers, value: record.value });
  }
  return records;
}

/** A decision without what the other side has: of `numbers`, only whether they are those of the version. */
type Sent = Omit<Decision, "numbers" | "parsed"> & {
  readonly numbers?: boolean;
  readonly parsed?: { readonly payload: unknown; readonly numbers: boolean } | null;
};

export function writeDecisions(decisions: readonly Decision[]): Buffer {
  return serialize(decisions.map(sentOf));
}

function sentOf(decision: Decision): Sent {
  if (decision.status === "PASSED") return { ...decision, numbers: isOfVersion(decision.numbers) };
  const { parsed } = decision;
  return {
    ...decision,
    parsed: parsed === null ? null : { payload: parsed.payload, numbers: isOfVersion(parsed.numbers) },
  };
}

function isOfVersion(numbers: NumberTypes): boolean {
  return numbers !== NOTHING_DECLARED;
}

/**
 * The decisions of an answer, as this process would have made them.
 * @param set the set that the answer names.
 * @returns null when the bytes are no such answer, or have another number of decisions.
 */
export function readDecisions(bytes: Buffer, set: CompiledContractSet, count: number): readonly Decision[] | null {
  let sent: unknown;
  try {
    sent = deserialize(bytes);
  } catch {
    return null;
  }
  if (!Array.isArray(sent) || sent.length !== count) return null;
  const decisions: Decision[] = [];
  for (const one of sent as readonly unknown[]) {
    const decision = isSent(one) ? decisionOf(one, set) : null;
    if (decision === null) return null;
    decisions.push(decision);
  }
  return decisions;
}

/** Whether something that was read has what each decision has. Whoever answers may be anything. */
function isSent(one: unknown): one is Sent {
  if (!isObject(one) || !(one["contract"] === null || isObject(one["contract"]))) return false;
  switch (one["status"]) {
    case "PASSED":
      return one["contract"] !== null && typeof one["id"] === "string" && "payload" in one;
    case "FAILED":
      return (
        isObject(one["reason"]) &&
        typeof one["fingerprint"] === "string" &&
        (one["parsed"] === null || isObject(one["parsed"]))
      );
    default:
      return false;
  }
}

function isObject(one: unknown): one is Readonly<Record<string, unknown>> {
  return typeof one === "object" && one !== null;
}

function decisionOf(sent: Sent, set: CompiledContractSet): Decision | null {
  const version = sent.contract === null ? null : versionOf(sent.contract, set);
  if (version === undefined) return null;
  const contract = version === null ? null : version.ref;
  const numbersOf = (isOwn: boolean): NumberTypes => (isOwn && version !== null ? version.numbers : NOTHING_DECLARED);
  if (sent.status === "PASSED") return { ...sent, contract, numbers: numbersOf(sent.numbers === true) } as Decision;
  const { parsed = null } = sent;
  const read = parsed === null ? null : { payload: parsed.payload, numbers: numbersOf(parsed.numbers) };
  return { ...sent, contract, parsed: read } as Decision;
}

function versionOf({ subject, version, digest }: ContractRef, set: CompiledContractSet) {
  const found = set.bySubject.get(subject)?.versions.get(version);
  return found?.ref.digest === digest ? found : undefined;
}
