import type { UnavailableCode } from "../../core/unavailable.ts";

/**
 * Every code of a problem that is ours, with its meaning for people: docs/reference/http.md lists them. A code is stable: it never
 * means something else. The others are those of `Unavailable`.
 */
export const PROBLEMS = {
  "already-corrected": "Somebody appended these corrected bytes of the failure before",
  "bad-certificate":
    "The certificate that the client showed is of no authority that is trusted now, or its names are none that this gateway knows",
  "bad-key": "The key or token in Authorization is none that this gateway takes",
  "bad-cloudevent":
    "The body or the ce- headers are no CloudEvent that is read; `pointer`, `missing` and `byteOffset` say where",
  "bad-framing": "The chunks of the body cannot be told apart",
  "bad-records": "The records of a batch cannot be read",
  "bad-gzip": "The body is not gzip, as its content encoding says",
  "bad-key-field": "The header sigma-key-field holds no JSON pointer",
  "bad-parameter": "A part of the path or of the query is not what it must be",
  "bad-path": "The path cannot be decoded",
  "bad-request": "The request cannot be read",
  "body-cut-short": "The body ended before its announced length",
  "body-too-large": "A body that is read whole has too many bytes",
  "contract-not-acceptable":
    "The record would be judged by a version that Accept-Contract does not name; `available` lists those there are",
  comparing: "As many comparisons of contract versions wait as may: try again after `Retry-After`",
  "contract-busy": "Another redrive plan for the same contract is started and not finished",
  "contracts-changed": "The contracts are others than those of the plan's dry run: plan again",
  "diagnosis-away":
    "The language model failed several times in a row and is left alone for a while: try again after `Retry-After`",
  "diagnosis-capped": "As many questions were asked of the language model today as diagnosis.daily_cap allows",
  "diagnosis-full": "As many groups wait to be asked about as may: try again after `Retry-After`",
  "diagnosis-off": "No language model is configured: see diagnosis.url",
  csrf: "A session changes something without its token in X-CSRF-Token",
  "document-missing": "The position was decided, and its document is not in the store: run `sigma audit`",
  empty: "There are no corrected bytes",
  erased: "The record of the position was erased by an operator",
  "evidence-gone": "The record that failed is not kept, so nobody can say what a correction corrects",
  "evidence-dropped":
    "The position was decided, and its evidence is not kept (`evidence: drop`), or retention took it; `taken` says when",
  expectation: "The header Expect names another expectation than 100-continue",
  "foreign-cursor": "The cursor is damaged, of another build, or of a query with other parameters",
  "foreign-host": "The server does not answer under the name in Host",
  "foreign-origin": "A page of another origin makes the request",
  "gzip-too-large": "A packed body of lines has too many bytes, unpacked",
  "headers-too-large": "The headers, or the extensions of the body's chunks, have too many bytes",
  interrupted: "No plan was made: whoever asked is gone, or the contracts changed meanwhile",
  internal: "The request failed by a bug of the gateway; its log says more",
  "json-list":
    "The body is a JSON list, which the topic's contract does not take as a record: send its items as records",
  "key-over": "The key is revoked, expired or replaced, so that it cannot be changed",
  "key-ended": "The key was revoked, or the key, the token, the session or the certificate is expired",
  "line-too-long": "A line has too many bytes; `line` says which, `appended` and `ranges` what came before it",
  "malformed-accept-contract": "The header Accept-Contract cannot be read",
  "malformed-empty": "The payload has no bytes",
  "malformed-not-json": "The payload is not JSON; `byteOffset` says where",
  "malformed-not-utf8": "The payload is not UTF-8; `byteOffset` says where",
  method: "The path does not take the method; the header Allow lists those it takes",
  "ndjson-as-json": "The body is several JSON texts, one on each line: send it as application/x-ndjson",
  "no-admin-left": "Nobody could make another key afterwards, because no key would be of an admin for all records",
  "no-asset": "The console has no such file",
  "no-bytes": "No bytes are stored for the position",
  "no-console": "The console is not built",
  "no-contract": "No contract judges what declares none: see http.validate_subject",
  "no-entry": "No entry of the ledger covers the offset: it is not decided yet, or lies before the first that was read",
  "no-host": "The request has no header Host",
  "no-key": "A key is needed in Authorization, and there is none",
  "no-record":
    "The position holds no record (`final`: for good); or a body of lines has too many blank bytes and no record",
  "no-route": "There is nothing at the path",
  "no-source": "The topic of the failure is no source any more",
  "no-sign-in": "No provider is configured at which people sign in",
  "no-shadow": "No shadow version of that name runs",
  "not-compared": "Comparing the versions takes more than a request may: `sigma contract diff` takes its time",
  "not-json": "The body is no JSON object",
  "nothing-selected": "No record that could be redriven is selected",
  backlogged:
    "More records of the topic wait to be decided than http.backlog_records, or for longer than http.backlog_age_seconds: try again after `Retry-After`",
  overloaded: "Bodies and answers of all requests hold too many bytes: try again after `Retry-After`",
  "other-contracts": "The process decides by another contract set, or another engine, than the question names",
  "other-role": "Processes of another role serve the route: see `role`",
  "out-of-scope": "The key is for other subjects or topics",
  "over-limit": "Whoever asks has used as much as one may; `limit` says of what, and `Retry-After` when there is more",
  "path-too-long": "A part of the path has too many characters",
  "plan-damaged": "What the store holds of the plan is not what the operator log says: run `sigma audit`",
  "plan-not-running": "The plan does not run, so it cannot be paused",
  "plan-over": "The plan is done or cancelled: make a new one of what is left",
  planning: "The gateway is making another plan: ask again when that one is made",
  "provider-away": "The provider that vouches for people cannot be asked: try again after `Retry-After`",
  "record-lost": "The record was lost before it was decided, as an operator recorded",
  redacted: "Values of such records are redacted: their bytes are shown to who says who and why, which is kept",
  role: "The key has not the role that the route asks for",
  "sign-in": "A sign-in with a browser did not come to its end; the detail says why",
  starting: "The gateway is starting: try again after `Retry-After`",
  taken:
    "Retention took the failure; `taken` says when and by which term, and the other members what became of its record",
  "too-many": "More records are selected than a plan may have",
  "stream-halted": "The stream of the failure is halted: an operator resumes it first",
  "too-large": "The corrected record has too many bytes",
  "too-many-readers": "As many read what is decided live as may at a time: try again after `Retry-After`",
  "too-many-rows": "The answer would have too many rows: ask for less time, or by day",
  "too-slow": "The headers, the body or a whole line did not arrive in time",
  "two-hosts": "The request has more than one header Host",
  "unknown-key": "There is no API key of this id",
  unchanged: "The corrected bytes are those that failed: redrive the failure",
  "unexpected-count": "The plan has another number of records than `expect` says",
  "unknown-what-if": "This gateway remembers no what-if with the id",
  "unknown-version": "The topic of the failure takes no record that declares such a version",
  "unknown-contract": "There is no contract of that name, or no such version of it",
  "unknown-failure": "There is no failure at the position",
  "unknown-group": "There is no failure with the fingerprint",
  "unknown-plan": "There is no redrive plan with the id",
  "unknown-stream": "Nothing of the stream was ever decided",
  "unknown-topic": "There is no topic of that name, or no such partition of it",
  "unsupported-media-type": "The content type or the content encoding is not one that the route reads",
  "what-if-running": "This gateway judges past records already: one what-if runs at a time",
  "version-unfit": "The version that is to judge cannot judge these records; the detail says why",
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

/** Stands in the list of a route for the codes of `Unavailable`: the log or the store cannot be asked now, or the stream is halted. */
export const ANY_UNAVAILABLE = "any code of the log or the store";

/** The codes that a route may answer, by status. */
export type ProblemsByStatus = Readonly<Record<number, readonly (ProblemCode | typeof ANY_UNAVAILABLE)[]>>;

/** The code of a problem. */
export type AnyCode = ProblemCode | UnavailableCode;
