import type { FailureReason } from "../core/failure.ts";
import { parsePlace } from "../core/origin.ts";
import { exactInteger, type ExactInteger } from "../json/exact-integer.ts";
import type { JsonValue } from "../json/json.ts";
import { parseJson } from "../json/parse-json.ts";
import type { FailureRecord } from "../store/failures.ts";
import { HOUR_MS } from "../store/groups.ts";
import { failureId } from "./failure-id.ts";
import type { GroupSample } from "./group-sample.ts";
import type { GroupState, Said } from "./group-state.ts";
import type { Group, Trend } from "./groups.ts";
import type { Redaction } from "./redact.ts";
import { describeRecipe, pointersOf, summaryOf } from "./recipe.ts";
import { lineOf } from "./why.ts";

// Failures and groups as the HTTP interface and `--json` show them: one shape for both.

/** A failure without its bytes. */
export type FailureView = {
  readonly id: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: ExactInteger;
  readonly stream: string;
  /** RFC 3339; null for a timestamp outside the years that it can write. */
  readonly at: string | null;
  readonly atMs: ExactInteger;
  readonly code: string;
  readonly detail: string;
  readonly pointers: readonly string[];
  readonly fingerprint: string;
  readonly contract: { readonly subject: string; readonly version: number } | null;
  readonly declaredBy: string | null;
  readonly producer: string | null;
  /** Where the record arrived before a router moved it; absent where it was not moved. */
  readonly origin?: { readonly topic: string; readonly partition: number; readonly offset: ExactInteger };
  /** The machine id that a conflict was about; absent otherwise. */
  readonly identity?: string;
  /** Absent where it was not asked for or is not stored. */
  readonly payload?: JsonValue;
};

export function failureView(failure: FailureRecord, redaction: Redaction): FailureView {
  const { stream, offset, atMs, code, fingerprint, contract, declaredBy, producer, identity } = failure;
  const payload = payloadOf(failure, redaction);
  const reason = failure.reason === null ? null : redaction.reason(contract, failure.reason);
  return {
    id: failureId(failure),
    topic: stream.topic,
    partition: stream.partition,
    offset: offset <= Number.MAX_SAFE_INTEGER ? Number(offset) : offset,
    stream: stream.stream,
    at: timeText(atMs),
    atMs,
    code,
    detail: summaryOf(code, reason),
    pointers: pointersOf(reason),
    fingerprint,
    contract,
    declaredBy,
    producer,
    ...originView(failure),
    ...(identity === null ? {} : { identity }),
    ...(payload === undefined ? {} : { payload }),
  };
}

function originView({ origin }: FailureRecord): Pick<FailureView, "origin"> {
  const place = origin === null ? null : parsePlace(origin);
  return place === null ? {} : { origin: { ...place, offset: exactInteger(place.offset) } };
}

function payloadOf({ payloadText, contract }: FailureRecord, redaction: Redaction): JsonValue | undefined {
  if (payloadText === null) return undefined;
  try {
    return redaction.payload(contract, parseJson(payloadText));
  } catch {
    return undefined;
  }
}

/** RFC 3339 in UTC; null outside the years 0 to 9999. */
export function timeText(ms: ExactInteger): string | null {
  if (ms < -62_167_219_200_000 || ms >= 253_402_300_800_000) return null;
  return new Date(Number(ms)).toISOString();
}

export type GroupView = {
  readonly fingerprint: string;
  readonly code: string;
  readonly contract: Group["contract"];
  readonly count: number;
  readonly recent: number;
  readonly redriven: number;
  readonly first: string | null;
  readonly last: string | null;
  readonly topics: readonly string[];
  readonly state: StateView;
  readonly owner: string | null;
  /** What is wrong in a failure of the group, in one line; absent where it was not asked for, or no failure is kept. */
  readonly why?: string;
};

export type StateView = {
  readonly kind: GroupState["kind"];
  readonly version?: number;
  readonly until?: string | null;
  readonly threshold?: number | null;
  /** Who set it, when and why; absent for a group that nobody spoke of. */
  readonly set?: Said;
  /** Failures since it was set; absent for a group that nobody spoke of. */
  readonly since?: number;
};

/** @param why see failures/why.ts. */
export function groupView(group: Group, why: string | null = null): GroupView {
  const { fingerprint, code, contract, count, recent, redriven, firstMs, lastMs, topics, book } = group;
  return {
    fingerprint,
    code,
    contract,
    count,
    recent,
    redriven,
    first: timeText(firstMs),
    last: timeText(lastMs),
    topics,
    state: stateView(group),
    owner: book.owner,
    ...(why === null ? {} : { why }),
  };
}

function stateView({ state, book, count }: Group): StateView {
  const by = book.set === null ? {} : { set: book.set, since: Math.max(0, count - book.countThen) };
  switch (state.kind) {
    case "fixed-in":
      return { kind: state.kind, version: state.version, ...by };
    case "muted": {
      const until = state.untilMs === null ? null : timeText(state.untilMs);
      return { kind: state.kind, until, threshold: state.threshold, ...by };
    }
    case "open":
    case "acknowledged":
      return { kind: state.kind, ...by };
  }
}

/** A group with what its newest failures have in common. */
export type GroupDetail = GroupView & {
  /** What the fingerprint is made of, in words. */
  readonly recipe: string;
  readonly notes: readonly Said[];
  readonly trend: readonly { readonly hour: string | null; readonly count: number }[];
  readonly sample: GroupSample;
  readonly examples: readonly FailureView[];
};

const EXAMPLES_MAX = 5;

/** @param newest the newest failures of the group, with their payloads where these are to be shown. */
export function groupDetail(
  group: Group,
  trend: Trend,
  sample: GroupSample,
  newest: readonly FailureRecord[],
  redaction: Redaction,
): GroupDetail {
  const { code, contract, book } = group;
  const reason = reasonOf(newest[0], redaction);
  return {
    ...groupView(group, newest.length === 0 ? null : lineOf(code, reason)),
    recipe: describeRecipe(code, contract, reason),
    notes: book.notes,
    trend: trend.map(({ hour, count }) => ({ hour: timeText(hour * HOUR_MS), count })),
    sample,
    examples: newest.slice(0, EXAMPLES_MAX).map((failure) => failureView(failure, redaction)),
  };
}

function reasonOf(failure: FailureRecord | undefined, redaction: Redaction): FailureReason | null {
  if (failure === undefined || failure.reason === null) return null;
  return redaction.reason(failure.contract, failure.reason);
}
