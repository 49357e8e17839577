import { failureCode } from "../../core/failure.ts";
import { exactInteger, type ExactInteger } from "../../json/exact-integer.ts";
import type { Redaction } from "../../failures/redact.ts";
import { summaryOf } from "../../failures/recipe.ts";
import { timeText } from "../../failures/view.ts";
import type { Decided } from "../../gateway/decided.ts";
import { producerOf } from "../../traffic/producer.ts";

/** What of the records is to be seen; null: any. */
export type LiveFilter = {
  readonly verdict: "PASSED" | "FAILED" | null;
  readonly code: string | null;
  readonly subject: string | null;
  readonly version: number | null;
  readonly topic: string | null;
  readonly partition: number | null;
  readonly producer: string | null;
};

/** A decided record in one line. It holds nothing of the payload but what its reason says, redacted. */
export type LiveRow = {
  readonly topic: string;
  readonly partition: number;
  readonly offset: ExactInteger;
  readonly at: string | null;
  readonly verdict: "PASSED" | "FAILED";
  readonly contract: { readonly subject: string; readonly version: number } | null;
  readonly producer: string | null;
  readonly key: string | null;
  readonly code: string | null;
  readonly detail: string | null;
  readonly fingerprint: string | null;
};

/** Asks of a record whether it is to be seen. It is called for every record that is decided while somebody looks, so it decodes nothing needlessly. */
export type Matches = (row: Decided, verdict: "PASSED" | "FAILED") => boolean;

/** @param verdict of the call: a record that passed may turn out to be a conflict. */
export function matchesOf({ verdict, code, subject, version, producer }: LiveFilter): Matches {
  // Most who look ask for everything.
  if ([verdict, code, subject, version, producer].every((one) => one === null)) return () => true;
  return (row, as) => {
    if (verdict !== null && as !== verdict) return false;
    if (subject !== null && row.contract?.subject !== subject) return false;
    if (version !== null && row.contract?.version !== version) return false;
    if (code !== null && (as === "PASSED" || row.kind !== "failed" || failureCode(row.reason) !== code)) return false;
    return producer === null || producerIn(row) === producer;
  };
}

export function verdictOf({ kind }: Decided): "PASSED" | "FAILED" {
  return kind === "failed" ? "FAILED" : "PASSED";
}

function producerIn(row: Decided): string | null {
  return row.kind === "failed" ? row.producer : producerOf(row);
}

const DETAIL_MAX = 200;
const KEY_BYTES_MAX = 64;

/** Makes the line of a record. It shares no memory with the record, whose batch may be megabytes. */
export function liveRow(row: Decided, redaction: Redaction): LiveRow {
  const { position, timestampMs, contract } = row;
  const failed = row.kind === "failed" ? row : null;
  const code = failed === null ? null : failureCode(failed.reason);
  const reason = failed === null ? null : redaction.reason(contract, failed.reason);
  const detail = code === null ? null : summaryOf(code, reason);
  return {
    topic: position.topic,
    partition: position.partition,
    offset: exactInteger(position.offset),
    at: timeText(timestampMs),
    verdict: verdictOf(row),
    contract: contract === null ? null : { subject: contract.subject, version: contract.version },
    producer: producerIn(row),
    // No rule of redaction can look into a key.
    key: redaction.isFor(contract) ? null : keyText(row.key),
    code,
    detail: detail !== null && detail.length > DETAIL_MAX ? `${detail.slice(0, DETAIL_MAX).toWellFormed()} …` : detail,
    fingerprint: failed?.fingerprint ?? null,
  };
}

/** The beginning of a key as text; null where it is none. */
function keyText(key: Uint8Array | null): string | null {
  if (key === null) return null;
  const text = Buffer.from(key.subarray(0, KEY_BYTES_MAX)).toString("utf8");
  // A cut may lie within a character.
  const whole = key.length > KEY_BYTES_MAX ? text.replace(/\uFFFD+$/u, "") : text;
  if (whole.includes("\uFFFD") || /\p{Cc}/u.test(whole)) return null;
  return key.length > KEY_BYTES_MAX ? `${whole} …` : whole;
}
