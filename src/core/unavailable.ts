/** Troubles of the two files of the embedded engines; other engines report some of the same troubles. */
export type FileTrouble =
  | "CANTOPEN"
  | "CORRUPT"
  | "FOREIGN"
  | "FULL"
  | "IO"
  | "LOCKED"
  | "MOVED"
  | "NEWER"
  | "OLDER"
  | "READONLY"
  | "WAL";

/** `LOG`: the log, embedded or Kafka. `STORE`: the store, embedded or MongoDB. */
export type FileCode = `${"LOG" | "STORE"}_${FileTrouble}`;

/** Every code of {@link Unavailable}; docs/reference/errors.md explains each. */
export type UnavailableCode =
  | FileCode
  | HaltCode
  | "ANCHOR_FILE"
  | "ANCHOR_KEY"
  | "CONTRACTS_UNREACHABLE"
  | "LOG_COMPACTED"
  | "LOG_DAMAGED"
  | "LOG_DIVERGED"
  | "LOG_FENCED"
  | "LOG_FORMAT"
  | "LOG_RESTORING"
  | "LOG_TIMESTAMP"
  | "LOG_TLS"
  | "LOG_TOO_LARGE"
  | "LOG_TOO_OLD"
  | "LOG_TOPIC_MISSING"
  | "LOG_TOPIC_REPLACED"
  | "LOG_TRANSACTION_OPEN"
  | "LOG_UNAUTHORIZED"
  | "LOG_UNREACHABLE"
  | "POOL_UNREACHABLE"
  | "REGISTRY_ANSWER"
  | "REGISTRY_RULESET"
  | "REGISTRY_TIMEOUT"
  | "REGISTRY_UNAUTHORIZED"
  | "REGISTRY_UNREACHABLE"
  | "STORE_INCONSISTENT"
  | "STORE_LAYOUT"
  | "STORE_MIXED"
  | "STORE_REFUSED"
  | "STORE_TIMEOUT"
  | "STORE_TROUBLE"
  | "STORE_UNAUTHORIZED"
  | "STORE_UNREACHABLE"
  | "STORE_URI"
  | "STREAM_STARTING";

/**
 * The one error into which an adapter translates its backend's trouble: unreachable, full, locked, slow. It means "no
 * decision yet", never FAILED. `code` is stable and safe to show; `remedy` tells a person what to do.
 */
export class Unavailable extends Error {
  readonly code: UnavailableCode;
  readonly remedy: string;

  constructor(code: UnavailableCode, message: string, remedy: string, cause?: unknown) {
    super(message, { cause });
    this.name = "Unavailable";
    this.code = code;
    this.remedy = remedy;
  }
}

/** Why a stream is halted until an operator acts. */
export type HaltCode =
  /** Retention deleted the log at our position (P8). */
  | "LOG_START_PASSED"
  /** The log ends before our position, or before what was acknowledged: it lost records. */
  | "LOG_TRUNCATED"
  /** The log is not the one that the store knows. */
  | "LOG_REPLACED"
  /** A newer program decided the last entry. */
  | "ENGINE_NEWER"
  /** The evidence of the last entry is missing or does not match its digest. */
  | "EVIDENCE_DAMAGED"
  /** Deciding the tail again with its own contract set gave other machine ids. */
  | "DECISION_DIVERGED"
  /** The contract set of the tail is missing in the store or does not match its digest. */
  | "CONTRACT_SET_MISSING"
  /** More records FAILED than the circuit breaker allows. */
  | "BREAKER_OPEN";
