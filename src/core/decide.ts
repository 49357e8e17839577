import type { CompiledBinding, CompiledContractSet, CompiledVersion, ContractRef, Declaration } from "./compiled.ts";
import type { PayloadLimits } from "./contract-set.ts";
import type { FailureReason, RuleFailure, SchemaFailure } from "./failure.ts";
import type { Violation } from "../schema/violation.ts";
import { fingerprint } from "./fingerprint.ts";
import type { MachineId } from "./identity.ts";
import { machineIdsOf, type Identity } from "./machine-ids.ts";
import type { JsonValue } from "../json/json.ts";
import { NOTHING_DECLARED, type NumberTypes } from "../schema/number-types.ts";
import { resolveIntegers, type Parsed } from "./long-integers.ts";
import { parseValue } from "./payload.ts";
import type { Header } from "./record.ts";
import { structuredEvent } from "./structured-event.ts";
import { frameBytes, framedSchemaId } from "./wire-format.ts";
import { locate, type Located } from "../json/locate.ts";
import { resolveVersion } from "./resolve.ts";

/**
 * Version of the decision rules. It is raised when, and only when, a row of test/vectors changes its decision. The
 * ledger records it, so that an audit does not take a decision of another engine for a divergence.
 */
export const ENGINE = "3";

export type Passed = {
  readonly status: "PASSED";
  /** Id of the fact, not of the delivery: the same fact always gets the same id. */
  readonly id: MachineId;
  readonly contract: ContractRef;
  readonly declaredBy: Declaration;
  /**
   * The payload as parsed: nothing is coerced, defaulted, removed or reordered. A bigint occurs only where the version
   * declares `int64`.
   */
  readonly payload: JsonValue;
  /** The number types that the version declares. */
  readonly numbers: NumberTypes;
};

export type Failed = {
  readonly status: "FAILED";
  readonly reason: FailureReason;
  /** The version that refused the record, or the declared version that may not judge; null when none was found. */
  readonly contract: ContractRef | null;
  readonly declaredBy: Declaration | null;
  readonly fingerprint: string;
  /**
   * The parsed payload and its declared number types; null when the bytes are not a valid payload, or hold a number
   * that the version does not allow.
   */
  readonly parsed: ReadPayload | null;
};

/** A parsed payload, and the number types that a version declares for it. */
export type ReadPayload = { readonly payload: JsonValue; readonly numbers: NumberTypes };

export type Decision = Passed | Failed;

/** A record that its version accepts. Only the id is missing of a decision: ids are made faster for several records at once. */
export type Accepted = Omit<Passed, "status" | "id"> & { readonly status: "ACCEPTED"; readonly identity: Identity };

/** All of a decision but the id. */
export type Judgement = Accepted | Failed;

/** The parts of a record that a decision depends on: its topic, its headers and its bytes. */
export type Decidable = {
  readonly topic: string;
  readonly headers: readonly Header[];
  readonly value: Uint8Array | null;
};

/** Decides a record: a pure, total and synchronous function of the record and the contract set. */
export function decide(record: Decidable, set: CompiledContractSet): Decision {
  return withId(judgeRecord(record, set));
}

/** Decides a record by a known binding: see {@link judgeBound}. */
export function decideBound(record: Omit<Decidable, "topic">, bound: CompiledBinding, limits: PayloadLimits): Decision {
  return withId(judgeBound(record, bound, limits));
}

/** Decides records. {@link decide} of each gives the same; several at once take less time. */
export function decideAll(records: readonly Decidable[], set: CompiledContractSet): readonly Decision[] {
  const judged = records.map((record) => judgeRecord(record, set));
  const ids = idsOf(judged);
  return judged.map((one, index) => (one.status === "FAILED" ? one : passedAs(one, ids[index] as MachineId)));
}

/** The ids of the accepted among these, each at its index; nothing is at the others. */
export function idsOf(
  judged: readonly ({ readonly status: "FAILED" } | Accepted)[],
): readonly (MachineId | undefined)[] {
  const identities: Identity[] = [];
  for (const one of judged) if (one.status === "ACCEPTED") identities.push(one.identity);
  const made = machineIdsOf(identities);
  if (made.length === judged.length) return made;
  let next = 0;
  return judged.map(({ status }) => (status === "ACCEPTED" ? made[next++] : undefined));
}

function withId(judged: Judgement): Decision {
  return judged.status === "FAILED" ? judged : passedAs(judged, machineIdsOf([judged.identity])[0] as MachineId);
}

function passedAs({ contract, declaredBy, payload, numbers }: Accepted, id: MachineId): Passed {
  return { status: "PASSED", id, contract, declaredBy, payload, numbers };
}

/** Judges a record: decides all of it but the id. */
export function judgeRecord(record: Decidable, set: CompiledContractSet): Judgement {
  const bound = set.byTopic.get(record.topic);
  if (bound === undefined) {
    const message = `Topic ${record.topic} is bound to no contract`;
    return failed({ kind: "contract", code: "unknown", message }, null, null);
  }
  return judgeBound(record, bound, set.limits);
}

/**
 * Judges a record by a known binding, in this order: strict bytes, JSON, version, schema, rules, identity. For a
 * CloudEvent in structured mode the event's data is decided; byte offsets still count from the start of the record's
 * value.
 */
function judgeBound(record: Omit<Decidable, "topic">, bound: CompiledBinding, limits: PayloadLimits): Judgement {
  const event = record.headers.length === 0 ? null : structuredEvent(record.headers, record.value, limits);
  if (event === null) return judgeValue(record, bound, limits);
  if (event.ok) return movedBy(event.byteOffset, judgeValue(event, bound, limits));
  const resolved = resolveVersion(bound, record.headers, null, undefined);
  const named = resolved.ok ? resolved : resolved.refused;
  return failed(event.reason, named?.version.ref ?? null, named?.declaredBy ?? null);
}

/**
 * Finds the version that judged a record known to have passed, without judging it again.
 * @returns null when the record resolves to no version, and so cannot have passed by this set.
 */
export function versionOfPassed(record: Decidable, set: CompiledContractSet): ContractRef | null {
  const bound = set.byTopic.get(record.topic);
  if (bound === undefined) return null;
  const event = record.headers.length === 0 ? null : structuredEvent(record.headers, record.value, set.limits);
  if (event?.ok === false) return null;
  const { headers, value } = event ?? record;
  const isInPayload = bound.contract.versionField !== null;
  const parsed = isInPayload ? parseValue(value, set.limits) : null;
  const payload = parsed?.ok === true ? parsed.payload : undefined;
  const resolved = resolveVersion(bound, headers, framedSchemaId(value), payload);
  return resolved.ok ? resolved.version.ref : null;
}

/**
 * Moves the byte offsets of a failure from an event's data to the record's value.
 * @param by byte at which the data begins in the record's value; null when the data has no place of its own there.
 */
function movedBy(by: number | null, decision: Judgement): Judgement {
  if (decision.status === "ACCEPTED") return decision;
  const { reason } = decision;
  if (reason.kind === "malformed") {
    const byteOffset = by === null || reason.byteOffset === null ? null : by + reason.byteOffset;
    return { ...decision, reason: { ...reason, byteOffset } };
  }
  if (reason.kind !== "schema") return decision;
  const [first, ...others] = reason.violations;
  const moved = ({ bytes, ...violation }: Violation): Violation =>
    by === null || bytes === undefined ? violation : { ...violation, bytes: [by + bytes[0], by + bytes[1]] };
  return { ...decision, reason: { kind: "schema", violations: [moved(first), ...others.map(moved)] } };
}

function judgeValue(
  { headers, value }: Pick<Decidable, "headers" | "value">,
  bound: CompiledBinding,
  limits: PayloadLimits,
): Judgement {
  const parsed = parseValue(value, limits);
  const resolved = resolveVersion(bound, headers, framedSchemaId(value), parsed.ok ? parsed.payload : undefined);
  const named = resolved.ok ? resolved : resolved.refused;
  if (!parsed.ok) return failed(parsed.reason, named?.version.ref ?? null, named?.declaredBy ?? null);
  if (!resolved.ok) {
    const read = parsed.integers === undefined ? { payload: parsed.payload, numbers: NOTHING_DECLARED } : null;
    return failed(resolved.reason, named?.version.ref ?? null, named?.declaredBy ?? null, read);
  }
  return withByteRanges(judge(parsed, resolved.version, resolved.declaredBy), value);
}

/**
 * Keywords that constrain a field's name: their violations point to the field's key and value, not to the value only.
 */
const NAME_KEYWORDS: ReadonlySet<string> = new Set(["additionalProperties", "unevaluatedProperties", "propertyNames"]);

/**
 * Adds to each schema violation its byte range in the record's value. The fingerprint, which holds no positions, is
 * made before.
 */
function withByteRanges(decision: Judgement, value: Uint8Array | null): Judgement {
  if (value === null || decision.status === "ACCEPTED" || decision.reason.kind !== "schema") return decision;
  const { violations } = decision.reason;
  const frame = frameBytes(value);
  const found = locate(frame === 0 ? value : value.subarray(frame), violations.map(pointerOfViolation));
  const [first, ...others] = violations;
  const located: SchemaFailure["violations"] = [
    withByteRange(first, found[0], frame),
    ...others.map((violation, index) => withByteRange(violation, found[index + 1], frame)),
  ];
  return { ...decision, reason: { kind: "schema", violations: located } };
}

function pointerOfViolation({ pointer }: Violation): string {
  return pointer;
}

function withByteRange(violation: Violation, located: Located | undefined, frame: number): Violation {
  if (located === undefined) return violation;
  const [from, to] = located.isThere && NAME_KEYWORDS.has(violation.keyword) ? located.member : located.value;
  return { ...violation, bytes: [from + frame, to + frame] };
}

/**
 * Judges a parsed payload by one version. Integers that no double can represent are checked first: the version must
 * declare them.
 */
export function judge(parsed: Parsed, version: CompiledVersion, declaredBy: Declaration): Judgement {
  const { ref, numbers } = version;
  if (parsed.integers === undefined) return judgeResolved(parsed.payload, version, declaredBy);
  const resolved = resolveIntegers(parsed, numbers);
  return resolved.ok ? judgeResolved(resolved.payload, version, declaredBy) : failed(resolved.reason, ref, declaredBy);
}

function judgeResolved(payload: JsonValue, version: CompiledVersion, declaredBy: Declaration): Judgement {
  const { ref, schema, rules, identity, idRecipe, numbers } = version;
  const refused = (reason: FailureReason): Failed => failed(reason, ref, declaredBy, { payload, numbers });
  if (!schema.accepts(payload)) {
    return refused({ kind: "schema", violations: atLeastOne(schema.explain(payload)) });
  }
  const broken = rules(payload);
  if (broken.length > 0) return refused({ kind: "rule", violations: broken as RuleFailure["violations"] });
  const fields = identity(payload);
  if ("missing" in fields) return refused({ kind: "schema", violations: [identityMissing(fields.missing)] });
  return { status: "ACCEPTED", identity: { recipe: idRecipe, fields }, contract: ref, declaredBy, payload, numbers };
}

function failed(
  reason: FailureReason,
  contract: ContractRef | null,
  declaredBy: Declaration | null,
  parsed: ReadPayload | null = null,
): Failed {
  return { status: "FAILED", reason, contract, declaredBy, fingerprint: fingerprint(reason, contract), parsed };
}

function atLeastOne(violations: readonly Violation[]): readonly [Violation, ...Violation[]] {
  const [first, ...rest] = violations;
  if (first === undefined) throw new Error("Cannot explain: a schema refused a payload without a violation");
  return [first, ...rest];
}

function identityMissing(pointer: string): Violation {
  const message = "is part of the contract's identity and is missing";
  return { pointer, keyword: "identity", schemaPath: "/identity", message, expected: "a value", got: "nothing" };
}
