import { crc32c } from "@platformatic/kafka";
import { decide } from "../src/core/decide.ts";
import { DEFAULT_LIMITS } from "../src/core/contract-set.ts";
import { parsePayload } from "../src/core/payload.ts";
import type { SourceRecord } from "../src/core/record.ts";
import { decideBatch } from "../src/gateway/decide-batch.ts";
import { decideRecords } from "../src/gateway/decided.ts";
import { createEvidence, roomFor } from "../src/ledger/evidence.ts";
import { evidenceDigest, packEvidence } from "../src/ledger/packed.ts";
import { refusalOf } from "../src/store/mongodb/refusal.ts";
import { createStaging } from "../src/store/mongodb/writes.ts";
import { readArguments, wholeNumber } from "./arguments.ts";
import { shipmentContracts } from "./contracts.ts";
import { recordOf } from "./records.ts";

// node bench/stages.ts [bytes of a record] [rounds]
// What each stage of a passing record costs in this process, from its bytes to its staged document and packed evidence: least of all
// rounds, which take turns. The last line is a whole batch of 1 MiB or 3,000 records, garbage included.

const [BYTES, ROUNDS] = readArguments(wholeNumber(16_384), wholeNumber(40));
const COUNT = Math.min(3_000, Math.floor(1_048_576 / BYTES));
const STREAM = { number: 1, stream: "a/b/0", topic: "shipments", partition: 0 };
const RANGE = { topic: "shipments", partition: 0, from: 0n };

const { stream, topic, partition } = STREAM;
const records: readonly SourceRecord[] = Array.from({ length: COUNT }, (_, n) => ({
  position: { stream, topic, partition, offset: BigInt(n) },
  timestampMs: 1_700_000_000_000 + n,
  key: null,
  headers: [],
  value: recordOf(n, { bytes: BYTES, failing: 0, repeated: 0 }),
}));
const values = records.map(({ value }) => value as Buffer);
const set = shipmentContracts(topic);
const staging = createStaging();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const evidence = writeEvidence();
const fetched = Buffer.concat(values);
const rows = decideRecords(records, set, refusalOf);

const stages: Readonly<Record<string, () => unknown>> = {
  "JSON.parse of the decoded bytes": () => values.map((value) => JSON.parse(decoder.decode(value)) as unknown),
  parsePayload: () => values.forEach((value) => parsePayload(value, DEFAULT_LIMITS)),
  decide: () => values.forEach((value) => decide({ topic, headers: [], value }, set)),
  "its document staged": stageFacts,
  "its evidence written": writeEvidence,
  "SHA-256 of the evidence": () => evidenceDigest(evidence),
  "evidence packed": () => packEvidence(evidence),
  "CRC-32C of what was fetched": () => crc32c(fetched),
  "a whole batch": wholeBatch,
};
const least = new Map<string, number>();
for (let round = 0; round < ROUNDS; round += 1) {
  for (const [name, run] of Object.entries(stages)) {
    const started = process.hrtime.bigint();
    run();
    const nanos = Number(process.hrtime.bigint() - started) / COUNT;
    least.set(name, Math.min(least.get(name) ?? nanos, nanos));
  }
}
process.stdout.write(`${(fetched.length / COUNT).toFixed(0)} bytes, ${COUNT} records a batch\n`);
for (const [name, nanos] of least) process.stdout.write(`${name.padEnd(34)} ${(nanos / 1_000).toFixed(2)} us\n`);

function stageFacts(): void {
  const facts = staging.stageFacts(STREAM);
  for (const row of rows) if (row.kind === "validated") facts.add(row);
  facts.release();
}

function writeEvidence(): Buffer {
  const writer = createEvidence(RANGE, false, roomFor(records));
  for (const record of records) writer.add(record);
  return writer.end();
}

function wholeBatch(): void {
  const batch = { stream: STREAM, subject: "shipment", from: 0n, to: BigInt(COUNT), records };
  const decided = decideBatch(staging, batch, (group) => decideRecords(group, set, refusalOf));
  packEvidence(decided.evidence);
  decided.facts.release();
  decided.failed.release();
}
