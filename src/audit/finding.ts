/** The faults that an audit can find. A closed set: each code has a meaning below and a test that provokes it. */
export type FindingCode =
  /** The database engine reports damage. */
  | "STORE_DAMAGED"
  /** An entry is missing in the chain, or the chain does not begin with INIT at 0. */
  | "LEDGER_GAP"
  /** An entry's content does not match its hash. */
  | "LEDGER_HASH"
  /** An entry does not hold the hash of the entry before. */
  | "LEDGER_LINK"
  /** The ranges of two entries do not join: `from[k+1]` is not `to[k]`. */
  | "LEDGER_RANGE"
  /** The outcomes of an entry contradict its range or count. */
  | "LEDGER_OUTCOMES"
  /** The contract set of an entry is missing or does not match its digest. */
  | "CONTRACT_SET"
  /** A stream of the ledger is missing in the list of streams, or the other way round, or is said to be of another topic or partition. */
  | "STREAM_UNKNOWN"
  /** An entry was decided by an older engine than the one before. */
  | "ENGINE_ORDER"
  /** The evidence of an entry is missing, or is not what was decided, or is of no entry. */
  | "EVIDENCE"
  /**
   * A record is erased without an announced action, or an erased record is there again, or an action names no existing
   * entry.
   */
  | "ERASURE"
  /** An erasure was announced, but its completion is not recorded. */
  | "ERASURE_INCOMPLETE"
  /** Retention announced what the ledger does not have, or another number of documents than it had. */
  | "RETENTION"
  /** A document is there that retention took. */
  | "RETENTION_LEFT"
  /** Deciding the evidence again gives other outcomes. */
  | "OUTCOME"
  /** Deciding the evidence again gives other ids. */
  | "ROOT"
  /** An entry's duplicates and conflicts are not those that the next entry records. */
  | "APPLIED"
  /** A decided record has no document. */
  | "ROW_MISSING"
  /** A stored document differs from what follows from the ledger. */
  | "ROW_DIFFERS"
  /** A document belongs to no record of the ledger. */
  | "ROW_ORPHAN"
  /** The log holds other records than those decided. */
  | "SOURCE_DIFFERS"
  /** The log ends before a decided or an acknowledged position. */
  | "SOURCE_TRUNCATED"
  /** The log is missing, is unknown to the store, or an operator has replaced it by another one. */
  | "SOURCE_REPLACED"
  /**
   * Acknowledged records are neither decided nor recorded as lost, and the current log has no stream that holds them.
   */
  | "SOURCE_UNDECIDED"
  /** An operator action does not match its hash or does not follow the action before, or a gap has no action. */
  | "OPERATOR_LOG"
  /** Anchors are missing, out of order, or changed. */
  | "ANCHOR_CHAIN"
  /** An anchor is not signed by a trusted key. */
  | "ANCHOR_SIGNATURE"
  /** A head was anchored or kept by hand, but the store lacks its stream or its entry. */
  | "ANCHOR_MISSING"
  /** An entry or an operator action is not the anchored one. */
  | "ANCHOR_DIFFERS"
  /** A stream or the operator log ends before an anchored head. */
  | "ANCHOR_BEHIND"
  /** A counter of failures differs from the failures of its group. */
  | "GROUPS"
  /** A counter of decided records differs from the records of its stream. */
  | "VOLUME"
  /** A redrive plan is missing or is not what the operator log says, or a redrive stream is of no plan. */
  | "REDRIVE_PLAN"
  /** A redrive decided a record that is not of its plan, or other bytes than those of the record that failed. */
  | "REDRIVE_DIFFERS"
  /** A correction in the operator log is of no record that failed, or of other bytes, or its own record has other bytes. */
  | "CORRECTION"
  /** The totals of the store differ from those of its ledger. */
  | "TOTALS";

/** One fault, at the narrowest place that is known. */
export type Finding = {
  readonly code: FindingCode;
  readonly stream: string | null;
  /** Ledger entry, when the fault is in one. */
  readonly seq: number | null;
  /** Offset, when the fault is in one record. */
  readonly offset: bigint | null;
  readonly message: string;
};
