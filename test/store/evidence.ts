import { payloadBytes } from "../../src/core/wire-format.ts";
import { failureCode } from "../../src/core/failure.ts";
import type { NewValidated, StoredEvidence, StoredRow, StoreReads } from "../../src/store/store.ts";

/** The evidence in a row of a range that begins at `from`: what every store must give for it. */
export function evidenceOf(row: StoredRow | NewValidated, from: bigint): StoredEvidence | null {
  if (row.kind === "unreadable") return null;
  const { kind, contract, headers, raw, position } = row;
  const code = row.kind === "failed" ? failureCode(row.reason) : null;
  const malformed = code?.startsWith("malformed-") === true;
  return {
    at: Number(position.offset - from),
    kind,
    version: contract?.version ?? null,
    code,
    fingerprint: row.kind === "failed" ? row.fingerprint : null,
    headers,
    text: raw === null || malformed ? null : Buffer.from(payloadBytes(raw, headers)).toString("utf8"),
  };
}

/** The reads of evidence, for a store that can list its rows. */
export function evidenceFrom(rows: () => readonly StoredRow[]): Pick<StoreReads, "evidence" | "origin" | "firstSince"> {
  const of = (stream: string): readonly StoredRow[] =>
    rows()
      .filter(({ position }) => position.stream === stream)
      .toSorted((a, b) => Number(a.position.offset - b.position.offset));
  return {
    evidence: async (stream, from, to) =>
      of(stream)
        .filter(({ position }) => position.offset >= from && position.offset < to)
        .map((row) => evidenceOf(row, from))
        .filter((one) => one !== null),
    origin: async (stream) => {
      const [row] = of(stream);
      return row === undefined ? null : { topic: row.position.topic, partition: row.position.partition };
    },
    firstSince: async (stream, timestampMs) =>
      of(stream).find((row) => row.kind !== "unreadable" && row.timestampMs >= timestampMs)?.position.offset ?? null,
  };
}
