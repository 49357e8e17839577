import { FIELD_GROUPS, type FieldGroup } from "./field-groups.ts";
import type { LogField } from "./fields.ts";
import { HTTP_EVENTS } from "./http-events.ts";

export type Level = "debug" | "info" | "warn" | "error";

export type EventRow = {
  readonly level: Level;
  /** Orchestration when absent. */
  readonly layer?: "validator";
  /** The sentence of the line; null: whoever writes it says it. */
  readonly message: string | null;
  readonly groups: readonly FieldGroup[];
  readonly fields: readonly LogField[];
  /** Fields that a line may lack. */
  readonly optional: readonly LogField[];
};

const GATEWAY_EVENTS = {
  "gateway.listening": {
    level: "info",
    message: "listening",
    groups: [],
    fields: ["url.full"],
    optional: [],
  },
  "gateway.checking": {
    level: "info",
    message: "log and store are large: their check goes on while the gateway runs",
    groups: [],
    fields: [],
    optional: [],
  },
  "gateway.stopping": {
    level: "info",
    message: "stopping: finishing the batches in flight",
    groups: [],
    fields: ["sigma.deadline_ms"],
    optional: [],
  },
  "gateway.stopped": { level: "info", message: "stopped", groups: [], fields: [], optional: [] },
  "worker.started": { level: "info", message: "worker started", groups: [], fields: ["sigma.worker"], optional: [] },
  "worker.lost": {
    level: "warn",
    message: "a worker ended by itself; it is started again",
    groups: [],
    fields: ["sigma.worker", "sigma.why", "sigma.retry_ms"],
    optional: [],
  },
  "workers.rolling": {
    level: "info",
    message: "workers are replaced, one after another",
    groups: [],
    fields: ["sigma.count"],
    optional: [],
  },
  "validator.ready": { level: "info", message: "a validator decides", groups: [], fields: ["url.full"], optional: [] },
  "validator.left_out": {
    level: "warn",
    message: "a validator is not used",
    groups: [],
    fields: ["url.full", "sigma.why"],
    optional: [],
  },
  "stream.acquired": {
    level: "info",
    message: "stream acquired",
    groups: ["stream"],
    fields: ["sigma.ledger.seq", "sigma.offset.from"],
    optional: [],
  },
  "stream.paused": {
    level: "warn",
    message: null,
    groups: ["stream"],
    fields: ["error.type", "sigma.remedy", "sigma.runbook", "sigma.retry_ms"],
    optional: [],
  },
  "stream.resumed": {
    level: "info",
    message: "stream resumed",
    groups: ["stream"],
    fields: [],
    optional: [],
  },
  "stream.halted": {
    level: "error",
    message: null,
    groups: ["stream"],
    fields: ["error.type", "sigma.remedy", "sigma.runbook"],
    optional: [],
  },
  "stream.stopped": {
    level: "info",
    message: "stream stopped",
    groups: ["stream"],
    fields: [],
    optional: [],
  },
  "stream.undecided": {
    level: "warn",
    message: null,
    groups: [],
    fields: ["error.type", "sigma.remedy"],
    optional: ["sigma.stream.id"],
  },
  "batches.settled": {
    level: "info",
    message: "batches settled",
    groups: ["stream", "batch"],
    fields: ["sigma.batches"],
    optional: [],
  },
  "batch.settled": {
    level: "debug",
    message: "batch settled",
    groups: ["stream", "batch"],
    fields: [],
    optional: [],
  },
  "tail.redone": {
    level: "debug",
    message: "tail redone",
    groups: ["stream"],
    fields: ["sigma.ledger.seq", "messaging.batch.message_count"],
    optional: [],
  },
  "ledger.lost": {
    level: "warn",
    message: "another process wrote this ledger entry first; reading it again",
    groups: ["stream"],
    fields: ["sigma.ledger.seq"],
    optional: [],
  },
  "ledger.rolled_back": {
    level: "error",
    message: "the ledger has not the entry any more that this gateway knows",
    groups: [],
    fields: ["sigma.stream.id", "sigma.ledger.seq", "sigma.remedy"],
    optional: [],
  },
  "record.failed": {
    level: "info",
    message: "a record is FAILED",
    groups: ["stream", "failure"],
    fields: ["sigma.offset", "sigma.decision.id"],
    optional: ["sigma.contract", "sigma.contract.digest"],
  },
  "records.failed": {
    level: "info",
    message: "records are FAILED",
    groups: ["stream", "failure"],
    fields: ["sigma.count", "sigma.offset", "sigma.decision.id"],
    optional: ["sigma.contract", "sigma.contract.digest"],
  },
  "failures.unlogged": {
    level: "warn",
    message: "failures without a line of their own: more than log.failures_per_second",
    groups: [],
    fields: ["sigma.count"],
    optional: [],
  },
  "contracts.swapped": {
    level: "info",
    message: "contract set swapped",
    groups: [],
    fields: ["sigma.contract_set.before", "sigma.contract_set", "sigma.changes"],
    optional: [],
  },
  "contracts.refused": {
    level: "error",
    message: "changed contract files refused",
    groups: [],
    fields: ["sigma.problems", "sigma.remedy"],
    optional: [],
  },
  "contracts.stale": {
    level: "warn",
    message: "contracts not brought up to date; the last copy stays live",
    groups: [],
    fields: ["sigma.why"],
    optional: [],
  },
  "contracts.default_idle": {
    level: "warn",
    message: null,
    groups: [],
    fields: ["messaging.destination.name", "sigma.remedy"],
    optional: [],
  },
  "schema.unknown": {
    level: "warn",
    message: "a schema id stands for no contract version; its records are FAILED",
    groups: [],
    fields: ["sigma.schema.id", "sigma.why"],
    optional: [],
  },
  "advisories.lost": {
    level: "warn",
    message: "advisories to producers of deprecated versions not sent",
    groups: [],
    fields: ["sigma.count", "sigma.why"],
    optional: [],
  },
  "router.taken": {
    level: "info",
    message: "moving records to lanes",
    groups: ["stream"],
    fields: ["sigma.offset.from"],
    optional: [],
  },
  "router.waiting": {
    level: "warn",
    message: null,
    groups: ["stream"],
    fields: ["error.type", "sigma.remedy", "sigma.runbook", "sigma.retry_ms"],
    optional: [],
  },
  "redrive.started": {
    level: "info",
    message: "a redrive runs here",
    groups: [],
    fields: ["sigma.redrive.plan", "sigma.count"],
    optional: [],
  },
  "redrive.ended": {
    level: "info",
    message: "a redrive runs here no more",
    groups: [],
    fields: ["sigma.redrive.plan", "sigma.redrive.end"],
    optional: [],
  },
  "redrive.trouble": {
    level: "warn",
    message: null,
    groups: [],
    fields: ["sigma.redrive.plan", "sigma.redrive.end", "error.type", "sigma.remedy"],
    optional: [],
  },
  "anchors.written": {
    level: "debug",
    message: "heads anchored",
    groups: [],
    fields: ["sigma.anchor.place"],
    optional: [],
  },
  "anchors.weak": {
    level: "warn",
    message: null,
    groups: [],
    fields: ["sigma.anchor.place"],
    optional: [],
  },
  "anchors.trouble": {
    level: "error",
    message: null,
    groups: [],
    fields: ["sigma.anchor.place", "error.type", "sigma.remedy", "sigma.runbook"],
    optional: [],
  },
  "notification.delivered": {
    level: "debug",
    message: "notification delivered",
    groups: [],
    fields: ["sigma.sink", "sigma.notification.id"],
    optional: [],
  },
  "notification.late": {
    level: "warn",
    message: "notification not delivered yet",
    groups: [],
    fields: ["sigma.sink", "sigma.why", "sigma.retry_ms"],
    optional: [],
  },
  "notifications.lost": {
    level: "error",
    message: "notifications lost",
    groups: [],
    fields: ["sigma.sink", "sigma.count", "sigma.why", "sigma.remedy"],
    optional: [],
  },
  "notifications.gone": {
    level: "error",
    message: "the receiver answered 410 Gone: nothing more is sent to it",
    groups: [],
    fields: ["sigma.sink", "sigma.remedy"],
    optional: [],
  },
  "diagnosis.done": {
    level: "info",
    message: "group diagnosed",
    groups: [],
    fields: ["sigma.fingerprint", "sigma.model", "sigma.duration_ms", "sigma.confidence"],
    optional: [],
  },
  "diagnosis.failed": {
    level: "warn",
    message: null,
    groups: [],
    fields: ["sigma.fingerprint", "sigma.model", "sigma.duration_ms", "error.type", "sigma.remedy"],
    optional: [],
  },
  "diagnosis.paused": {
    level: "warn",
    message: "no group is diagnosed for a while; nothing else waits",
    groups: [],
    fields: ["sigma.why", "sigma.retry_ms"],
    optional: [],
  },
  "diagnosis.capped": {
    level: "warn",
    message: "as many groups were diagnosed today as may be; the others wait",
    groups: [],
    fields: ["sigma.count", "sigma.remedy"],
    optional: [],
  },
  "diagnosis.dropped": {
    level: "warn",
    message: "groups not diagnosed: too many wait already",
    groups: [],
    fields: ["sigma.count"],
    optional: [],
  },
  "diagnosis.broken": {
    level: "error",
    message: "a group cannot be diagnosed by a bug; please report it",
    groups: [],
    fields: ["sigma.fingerprint", "exception.type", "exception.stacktrace"],
    optional: [],
  },
  "shadow.judged": {
    level: "info",
    message: "shadow",
    groups: [],
    fields: ["sigma.contract", "sigma.contract.digest", "sigma.shadow.state", "sigma.shadow"],
    optional: [],
  },
  "verdict.given": {
    level: "debug",
    layer: "validator",
    message: "verdict given",
    groups: [],
    fields: ["http.route", "sigma.status"],
    optional: ["sigma.contract", "sigma.contract.digest", "error.type", "sigma.fingerprint", "sigma.record.digest"],
  },
  "verdicts.given": {
    level: "info",
    layer: "validator",
    message: "verdicts given",
    groups: [],
    fields: ["http.route", "sigma.count", "sigma.verdicts"],
    optional: ["sigma.contract"],
  },
  "verdict.failed": {
    level: "info",
    layer: "validator",
    message: "a payload would be FAILED",
    groups: ["failure"],
    fields: ["http.route"],
    optional: ["sigma.contract", "sigma.contract.digest"],
  },
  "verdicts.failed": {
    level: "info",
    layer: "validator",
    message: "payloads would be FAILED",
    groups: ["failure"],
    fields: ["http.route", "sigma.count"],
    optional: ["sigma.contract", "sigma.contract.digest"],
  },
  "traffic.unnoted": {
    level: "warn",
    message: "who asks for verdicts could not be noted",
    groups: [],
    fields: ["sigma.contract", "sigma.why"],
    optional: [],
  },
  "traces.unheard": {
    level: "warn",
    message: "traces are on, and no SDK is loaded that takes them",
    groups: [],
    fields: ["sigma.remedy"],
    optional: [],
  },
} as const;

/**
 * Every line that the program can write to its log, by the name of what happened. A name is stable: it never means something else.
 * The type of `Logger` follows from this table; the reference page and the JSON Schema are written from it.
 */
export const LOG_EVENTS: typeof GATEWAY_EVENTS & typeof HTTP_EVENTS = { ...GATEWAY_EVENTS, ...HTTP_EVENTS };

export type LogEvent = keyof typeof LOG_EVENTS;

/** The fields that every line of an event has, in the order in which it has them. */
export function fieldsOf({ groups, fields }: EventRow): readonly LogField[] {
  return [...groups.flatMap((group): readonly LogField[] => FIELD_GROUPS[group]), ...fields];
}
