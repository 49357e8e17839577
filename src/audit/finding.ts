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
  /** A stream that the ledger has is missing among the numbered ones, or the other way round. */
  | "STREAM_UNKNOWN"
  /** An entry was decided by an older engine than the one before. */
  | "ENGINE_ORDER"
  /** The evidence of an entry is missing, or is not what was decided. */
  | "EVIDENCE"
  /** A record is erased that nobody announced, or is there again, or what was announced is of no entry. */
  | "ERASURE"
  /** An erasure was announced and is not known to be complete. */
  | "ERASURE_INCOMPLETE"
  /** Deciding the evidence again gives other outcomes. */
  | "OUTCOME"
  /** Deciding the evidence again gives other ids. */
  | "ROOT"
  /** What became of an entry's duplicates and conflicts is not what the next entry says. */
  | "APPLIED"
  /** A decided offset has nothing stored. */
  | "ROW_MISSING"
  /** A stored document is not what the ledger says. */
  | "ROW_DIFFERS"
  /** A document is stored where no entry decided a record. */
  | "ROW_ORPHAN"
  /** The log holds other records than those decided. */
  | "SOURCE_DIFFERS"
  /** The log ends before a decided or an acknowledged position. */
  | "SOURCE_TRUNCATED"
  /** The log is missing, is not one that the store knows, or another one took its place by an operator's word. */
  | "SOURCE_REPLACED"
  /** What was acknowledged is neither decided nor recorded as lost, and no stream of the log at hand leads to it. */
  | "SOURCE_UNDECIDED"
  /** An operator action does not have its hash or does not follow the one before, or a gap has no action. */
  | "OPERATOR_LOG"
  /** Anchors are missing, stand in another order, or were changed. */
  | "ANCHOR_CHAIN"
  /** An anchor does not have the signature of a key that is trusted. */
  | "ANCHOR_SIGNATURE"
  /** A head was anchored or kept by hand, and the store has nothing of its stream, or no such entry. */
  | "ANCHOR_MISSING"
  /** An entry or an action is another than the one that was anchored. */
  | "ANCHOR_DIFFERS"
  /** A stream or the operator log ends before a head that was anchored. */
  | "ANCHOR_BEHIND"
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
