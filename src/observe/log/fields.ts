/** What a field of a log line may hold. `integer`: from 0 to 2^53; `counts`: numbers by name. */
export type FieldKind = "string" | "integer" | "strings" | "counts";

type ValueOfKind = {
  readonly string: string;
  readonly integer: number;
  readonly strings: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
};

export type FieldRow = {
  readonly kind: FieldKind;
  /** Its name in lines for people. */
  readonly short: string;
  /** For the reference page. */
  readonly meaning: string;
};

// Names that OpenTelemetry's semantic conventions have are theirs, so that a line, a span and a metric say one thing with one
// word. Everything else begins with `sigma.`, the one namespace that is ours. Offsets may be larger than a double holds exactly, so
// they are decimal strings, as 64-bit integers are in the JSON of OTLP.

/** Every field of a log line besides {@link ENVELOPE}. No field ever holds bytes, a key or a header of a record. */
export const LOG_FIELDS = {
  "messaging.destination.name": { kind: "string", short: "topic", meaning: "Topic of the records" },
  "messaging.destination.partition.id": { kind: "string", short: "partition", meaning: "Partition of the topic" },
  "messaging.batch.message_count": { kind: "integer", short: "records", meaning: "Records of the batch or batches" },
  "sigma.stream.id": { kind: "string", short: "stream", meaning: "The stream: log id, topic id and partition" },
  "sigma.offset": { kind: "string", short: "offset", meaning: "Offset of a record" },
  "sigma.offset.from": { kind: "string", short: "from", meaning: "First offset of what was decided" },
  "sigma.offset.to": { kind: "string", short: "to", meaning: "The offset behind the last one that was decided" },
  "sigma.ledger.seq": { kind: "integer", short: "seq", meaning: "Number of the ledger entry; of several, the last" },
  "sigma.batches": { kind: "integer", short: "batches", meaning: "Batches that the line speaks of" },
  "sigma.stored": { kind: "integer", short: "stored", meaning: "Records that became facts" },
  "sigma.duplicates": { kind: "integer", short: "duplicates", meaning: "Records that repeat a fact" },
  "sigma.conflicts": { kind: "integer", short: "conflicts", meaning: "Records that contradict a fact" },
  "sigma.failures": { kind: "counts", short: "failures", meaning: "FAILED records by code, conflicts included" },
  "sigma.contract_set": { kind: "string", short: "set", meaning: "Digest of the contract set that decided" },
  "sigma.contract_set.before": { kind: "string", short: "before", meaning: "Digest of the set that was replaced" },
  "sigma.contract": { kind: "string", short: "contract", meaning: "The contract version, as `shipment@1`" },
  "sigma.contract.digest": { kind: "string", short: "contractDigest", meaning: "Digest of that version" },
  "sigma.decision.id": { kind: "string", short: "id", meaning: "Id of the decision: for a failure its position id" },
  "sigma.fingerprint": { kind: "string", short: "fingerprint", meaning: "Group of the failure" },
  "sigma.record.digest": { kind: "string", short: "digest", meaning: "SHA-256 of the record's value; `-` without one" },
  "sigma.count": { kind: "integer", short: "count", meaning: "How many there were" },
  "sigma.status": { kind: "string", short: "status", meaning: "PASSED or FAILED" },
  "sigma.verdicts": { kind: "counts", short: "verdicts", meaning: "Verdicts by PASSED or the code of the failure" },
  "error.type": { kind: "string", short: "code", meaning: "The stable code: docs/reference/errors.md explains it" },
  "sigma.remedy": { kind: "string", short: "remedy", meaning: "What a person can do" },
  "sigma.runbook": {
    kind: "string",
    short: "runbook",
    meaning: "Page of the documentation that says how to go about it",
  },
  "sigma.why": { kind: "string", short: "why", meaning: "The cause, in words" },
  "sigma.certificate.names": { kind: "string", short: "names", meaning: "Names that a certificate is for" },
  "sigma.certificate.ends": { kind: "string", short: "ends", meaning: "When a certificate ends, ISO 8601" },
  "sigma.certificate.days_left": {
    kind: "integer",
    short: "daysLeft",
    meaning: "Whole days until a certificate ends; 0 on the last, and after it",
  },
  "sigma.retry_ms": {
    kind: "integer",
    short: "retryInMs",
    meaning: "When it is tried again, in milliseconds from now",
  },
  "sigma.deadline_ms": { kind: "integer", short: "deadlineMs", meaning: "Longest time for it, in milliseconds" },
  "sigma.problems": { kind: "strings", short: "problems", meaning: "What is wrong with the contract files" },
  "sigma.changes": { kind: "strings", short: "changes", meaning: "What changed between two contract sets" },
  "sigma.schema.id": { kind: "string", short: "schema", meaning: "Id of a schema in the registry" },
  "sigma.anchor.place": { kind: "string", short: "place", meaning: "Where anchors are written" },
  "sigma.redrive.plan": { kind: "string", short: "plan", meaning: "Id of a redrive plan" },
  "sigma.redrive.end": {
    kind: "string",
    short: "end",
    meaning: "How its run here ended: `done`, `paused`, `overtaken`",
  },
  "sigma.sink": { kind: "string", short: "sink", meaning: "Who is notified: a webhook by its host, or a file" },
  "sigma.notification.id": { kind: "string", short: "id", meaning: "Id of the notification" },
  "sigma.model": { kind: "string", short: "model", meaning: "The language model that was asked" },
  "sigma.duration_ms": { kind: "integer", short: "durationMs", meaning: "How long it took, in milliseconds" },
  "sigma.confidence": { kind: "string", short: "confidence", meaning: "How sure a model says it is" },
  "sigma.shadow.state": { kind: "string", short: "state", meaning: "Whether the thread of a candidate runs" },
  "sigma.shadow": { kind: "counts", short: "shadow", meaning: "Records that a candidate saw, and how verdicts differ" },
  "sigma.worker": { kind: "integer", short: "worker", meaning: "Number of a worker on its machine, from 1" },
  "url.full": { kind: "string", short: "url", meaning: "Address of the API, or of a validator" },
  "http.route": { kind: "string", short: "route", meaning: "The route, never the path that was asked for" },
  "exception.type": { kind: "string", short: "exception", meaning: "Name of the error" },
  "exception.stacktrace": {
    kind: "string",
    short: "stack",
    meaning: "The frames of the stack, without the error's own words, which could quote a payload",
  },
  trace_id: { kind: "string", short: "trace", meaning: "Trace of W3C Trace Context, 32 hex digits" },
  span_id: { kind: "string", short: "span", meaning: "Span of it, 16 hex digits" },
} as const;

export type LogField = keyof typeof LOG_FIELDS;

/** The type that a field's value has. */
export type FieldValue<Field extends LogField> = ValueOfKind[(typeof LOG_FIELDS)[Field]["kind"]];

/** What every line has. */
export const ENVELOPE = {
  time: "When, RFC 3339 in UTC with milliseconds",
  level: "`trace`, `debug`, `info`, `warn` or `error`",
  msg: "A sentence for people; its words may change",
  event_name: "What happened: a stable name of the table below",
  "sigma.layer": "`validator` (verdicts asked for over HTTP) or `orchestration` (everything else)",
  "service.name": "`sigma-aetl`",
  "process.pid": "The process: workers of one machine are told apart by it",
} as const;

/** Fields that any line may have besides its own. */
export const ANYWHERE: readonly LogField[] = ["trace_id", "span_id", "sigma.worker"];
