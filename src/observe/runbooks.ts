import type { HaltCode } from "../core/unavailable.ts";

/** Pages of docs/runbooks: what a code means, how to look, what to do. */
const PAGES: Readonly<Record<HaltCode, string>> & Readonly<Record<string, string>> = {
  LOG_START_PASSED: "log-start-passed",
  LOG_TRUNCATED: "log-truncated",
  LOG_REPLACED: "log-replaced",
  ENGINE_NEWER: "engine-newer",
  EVIDENCE_DAMAGED: "evidence-damaged",
  DECISION_DIVERGED: "decision-diverged",
  CONTRACT_SET_MISSING: "contract-set-missing",
  BREAKER_OPEN: "breaker-open",
  STORE_UNREACHABLE: "store-unreachable",
  STORE_TIMEOUT: "store-unreachable",
  STORE_TROUBLE: "store-unreachable",
  STORE_INCONSISTENT: "store-unreachable",
  STORE_UNAUTHORIZED: "store-refuses",
  STORE_URI: "store-refuses",
  STORE_REFUSED: "store-refuses",
  STORE_LAYOUT: "store-layout",
  STORE_MIXED: "store-layout",
  STORE_NEWER: "store-layout",
  STORE_OLDER: "store-layout",
  LOG_NEWER: "store-layout",
  LOG_OLDER: "store-layout",
  LOG_UNREACHABLE: "kafka-unreachable",
  LOG_TLS: "kafka-unreachable",
  LOG_UNAUTHORIZED: "kafka-unreachable",
  LOG_TOO_OLD: "kafka-unreachable",
  LOG_TOPIC_MISSING: "kafka-topic",
  LOG_TOPIC_REPLACED: "kafka-topic",
  LOG_COMPACTED: "kafka-topic",
  LOG_DAMAGED: "kafka-topic",
  LOG_FORMAT: "kafka-topic",
  LOG_TOO_LARGE: "kafka-topic",
  LOG_TIMESTAMP: "kafka-topic",
  LOG_FENCED: "kafka-topic",
  LOG_TRANSACTION_OPEN: "kafka-transaction",
  LOG_DIVERGED: "log-diverged",
  LOG_RESTORING: "log-diverged",
  POOL_UNREACHABLE: "pool-unreachable",
  STREAM_STARTING: "stream-starting",
};

/** Families by how their codes begin, for codes without a row of their own. */
const FAMILIES: readonly (readonly [RegExp, string])[] = [
  [/^(?:LOG|STORE)_FULL$/, "disk-full"],
  [/^(?:LOG|STORE)_/, "embedded-files"],
  [/^REGISTRY_/, "registry"],
  [/^ANCHOR_/, "anchors"],
  [/^CONTRACTS_/, "contracts-unreachable"],
];

/** The page for a code, from the top of the repository: `docs/runbooks/disk-full.md`. */
export function runbookOf(code: string): string {
  const page = PAGES[code] ?? FAMILIES.find(([family]) => family.test(code))?.[1] ?? "README";
  return `docs/runbooks/${page}.md`;
}
