/** What an audit can find wrong. Closed: each has a meaning below and a test that provokes it. */
export type FindingCode =
  /** The database engine itself reports damage. */
  | "STORE_DAMAGED"
  /** A seq of the chain is missing, or it does not begin with INIT at 0. */
  | "LEDGER_GAP"
  /** An entry's content does not have the hash it carries. */
  | "LEDGER_HASH"
  /** An entry does not point at the one before. */
  | "LEDGER_LINK"
  /** Ranges do not join: `from[k+1]` is not `to[k]`. */
  | "LEDGER_RANGE"
  /** The outcomes of an entry contradict its range or count. */
  | "LEDGER_OUTCOMES"
  /** The contract set of an entry is missing or is not what its digest says. */
  | "CONTRACT_SET"
  /** A decided offset has nothing stored. */
  | "ROW_MISSING"
  /** A decided offset has more than one object stored. */
  | "ROW_TWICE"
  /** An object is stored where no entry decided a record. */
  | "ROW_ORPHAN"
  /** A stored object cannot be read as anything the gateway writes. */
  | "ROW_UNREADABLE"
  /** Stored as one outcome, decided as the other. */
  | "ROW_OUTCOME"
  /** An object's id, contract, reason or fingerprint is not what its bytes give. */
  | "ROW_DIFFERS"
  /** Stored bytes do not have their hash. */
  | "RAW_HASH"
  /** The bytes, times, keys or headers of a range are not those that were decided. */
  | "RAW_ROOT"
  /** The evidence of an entry is missing, or is not what was decided. */
  | "EVIDENCE"
  /** The ids of a range are not those that were decided. */
  | "ROOT"
  /** A duplicate or conflict names a stored fact that is not there. */
  | "HOLDER_MISSING"
  /** The log holds other records than those decided. */
  | "SOURCE_DIFFERS"
  /** The log ends before a decided or an acknowledged position. */
  | "SOURCE_TRUNCATED"
  /** The log is missing, or is not one that the store knows. */
  | "SOURCE_REPLACED"
  /** An operator action does not have its hash or does not follow the one before, or a gap has no action. */
  | "OPERATOR_LOG"
  /** The totals of the store are not those of its ledger. */
  | "TOTALS";

/** One thing wrong, at the narrowest place that can be named. */
export type Finding = {
  readonly code: FindingCode;
  readonly stream: string | null;
  /** Ledger entry, when one is meant. */
  readonly seq: number | null;
  /** Offset, when one record is to blame. */
  readonly offset: bigint | null;
  readonly message: string;
};
