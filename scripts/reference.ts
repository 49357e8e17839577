import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { FindingCode } from "../src/audit/finding.ts";
import { CODES } from "../src/config/codes.ts";
import { SETTINGS, type Setting } from "../src/config/settings.ts";
import { describeBytes, describeKind, describeValue } from "../src/config/values.ts";
import { CONTRACT_CODES } from "../src/contract/fault.ts";
import { CHANGE_RULES } from "../src/inclusion/change-rules.ts";
import type { ContractFailureCode, MalformedCode } from "../src/core/failure.ts";
import { runbookOf } from "../src/observe/runbooks.ts";
import type { FileCode, FileTrouble, HaltCode, UnavailableCode } from "../src/core/unavailable.ts";
import { logSchema } from "../src/observe/log/schema.ts";
import { apiTypes } from "./api-types.ts";
import { METRICS } from "../src/observe/metrics/definitions.ts";
import type { Definition } from "../src/observe/metrics/family.ts";
import { openRuntimeMetrics } from "../src/observe/metrics/runtime.ts";
import { cliPage } from "./cli-reference.ts";
import { logsPage } from "./log-reference.ts";
import { httpPage } from "./http-reference.ts";
import { markdownTable as table } from "./markdown-table.ts";

// node scripts/reference.ts            writes the pages of docs/reference
// node scripts/reference.ts --check    exits 1 when one of them is not what it would write

/** The pages by path, relative to the repository. */
export async function referencePages(): Promise<ReadonlyMap<string, string>> {
  return new Map([
    ["docs/reference/cli.md", await cliPage(GENERATED)],
    ["docs/reference/http.md", await httpPage(GENERATED)],
    ["docs/reference/config.md", configPage()],
    ["docs/reference/errors.md", errorsPage()],
    ["docs/reference/changes.md", changesPage()],
    ["docs/reference/logs.md", logsPage(GENERATED)],
    ["docs/reference/logs.schema.json", `${JSON.stringify(logSchema(), null, 2)}\n`],
    ["types/api.d.ts", await apiTypes()],
    ["docs/reference/metrics.md", await metricsReference()],
  ]);
}

const GENERATED = "<!-- Written by scripts/reference.ts. Change the tables in the source, then run it. -->";

function configPage(): string {
  const rows = SETTINGS.map((one) => [
    `\`${one.key}\``,
    describeKind(one.value),
    describeDefault(one),
    [one.env, one.alias]
      .filter((name) => name !== null)
      .map((name) => `\`${name}\``)
      .join(" or "),
    one.flag === null ? "" : `\`${one.flag}\``,
    one.description,
  ]);
  return `# Configuration

${GENERATED}

An option wins over a variable, a variable over \`sigma.yaml\` (in the working directory, or named with \`-c\`), and the file
over the default. \`sigma config show --origin\` prints what takes effect and where each value comes from. A key or a
\`SIGMA_\` variable that is not known is an error. In the file a dot is a level: \`http.port\` is \`port\` under \`http\`; a
path is relative to the file.

${table(["Setting", "Value", "Default", "Variable", "Option", "Meaning"], rows)}
`;
}

async function metricsReference(): Promise<string> {
  const rowOf = ({ name, type, labels, help }: Definition): readonly string[] => [
    `\`${name}\``,
    type,
    labels.map((label) => `\`${label}\``).join(", "),
    help,
  ];
  const runtime = (await openRuntimeMetrics().families()).map(({ of }) => of);
  const own = Object.values(METRICS).filter(({ name }) => name.startsWith("sigma_"));
  return `# Metrics

${GENERATED}

What \`GET /metrics\` shows; [metrics](../metrics.md) says how to read it. Histograms have classic and native buckets.

${table(["Metric", "Type", "Labels", "Meaning"], own.map(rowOf))}

## The process and its runtime

On Linux. Elsewhere some are missing.

${table(
  ["Metric", "Type", "Meaning"],
  runtime.map(({ name, type, help }) => [`\`${name}\``, type, help]),
)}
`;
}

function changesPage(): string {
  const rows = Object.entries(CHANGE_RULES).map(([rule, { effect, meaning }]) => [`\`${rule}\``, effect, meaning]);
  return `# What a diff reports

${GENERATED}

\`sigma contract diff\` names each change between two versions. What narrows may break backward compatibility, what widens
forward compatibility, and what changes both; a note breaks nothing. [Compatibility](../compatibility.md) says how the verdict
is found.

${table(["Change", "Effect", "Meaning"], rows)}
`;
}

function describeDefault({ value, byDefault }: Setting): string {
  if (describeValue(byDefault) === "") return "none";
  return value.kind === "bytes" ? describeBytes(Number(byDefault)) : `\`${describeValue(byDefault)}\``;
}

function errorsPage(): string {
  return `# Error codes

${GENERATED}

A code is stable: it never means something else. The sentence beside it says what happened, the line below what to do.

## Command line, configuration, start

${codeTable(CODES)}

## Contracts

${codeTable(CONTRACT_CODES)}

## The log and the store

\`LOG_\` is the log (\`log.db\` or Kafka), \`STORE_\` the store (\`store.db\` or MongoDB). A running gateway pauses and tries again; no record is
FAILED because of one of these.

What to do about those of files: [a full disk](../runbooks/disk-full.md), [another layout](../runbooks/store-layout.md), [everything
else](../runbooks/embedded-files.md).

${fileTable()}

${runbookTable(OTHERS)}

## Streams that are halted until an operator acts

${runbookTable(HALTS)}

## Why a record is FAILED

${codeTable(FAILURES)}

## What the audit can find

${codeTable(FINDINGS)}
`;
}

/** Of the log and of the store alike: both are files of SQLite where the engine is embedded. */
const FILES: Readonly<Record<FileTrouble, string>> = {
  LOCKED: "Another process holds the lock of the file. Exit code 40: trying again may help",
  READONLY: "The file cannot be written",
  IO: "The disk reports an error",
  CORRUPT: "The file is damaged, or it is no database",
  FULL: "The disk is full; the gateway answers 503 and goes on by itself when there is space",
  CANTOPEN: "The file or its directory cannot be opened",
  NEWER: "A newer program wrote the file",
  FOREIGN: "The file belongs to another program",
  WAL: "The -wal beside the file is not its own, was cut off or is damaged in its middle, or the file itself is gone. Nothing is changed",
  MOVED:
    "The file was moved, deleted or replaced while it is open: nothing is acknowledged or decided until it is back, or the gateway begins anew",
  OLDER: "It has an older layout of ours: `sigma store migrate` leads on from that of a store (docs/layouts.md)",
};

const OTHERS: Readonly<Record<Exclude<UnavailableCode, FileCode | HaltCode>, string>> = {
  STORE_MIXED: "The store holds two layouts of ours at once: an older build began on it; nothing is changed",
  LOG_RESTORING: "A restore into the data directory was broken off before the log was there, or goes on",
  LOG_UNREACHABLE: "Kafka cannot be reached. Exit code 40",
  LOG_TLS: "The TLS connection to a broker cannot be made: a certificate or its key",
  LOG_UNAUTHORIZED: "Kafka refuses the credentials or the operation",
  LOG_TOPIC_MISSING: "A topic does not exist",
  LOG_TOPIC_REPLACED: "A topic was deleted and made anew meanwhile; what was being appended is not acknowledged",
  LOG_FENCED:
    "Another router took a partition, or the broker ended a transaction that took too long; what was not moved is moved again",
  LOG_TRANSACTION_OPEN:
    "A transaction that committed a position of the router has no end, so that nobody can read how far the partition was moved",
  LOG_TIMESTAMP: "A lane's topic refuses the timestamp of a record that its source has: the two have other limits",
  LOG_DIVERGED: "A position has the decision of other bytes than were appended there; nothing is acknowledged",
  STREAM_STARTING: "The gateway has not taken the stream up yet, so it acknowledges nothing for it",
  LOG_TOO_LARGE: "A record is larger than its topic takes; or a batch has more than 512 MiB when it is decompressed",
  LOG_DAMAGED:
    "A record batch of Kafka is not what was written: its checksum is wrong, or what it holds cannot be read",
  LOG_FORMAT: "A record batch has a message format from before Kafka 0.11",
  LOG_TOO_OLD: "The brokers are older than Kafka 3.1",
  LOG_COMPACTED: "A topic is compacted: records could be deleted before they are decided",
  ANCHOR_KEY:
    "The key that signs anchors is missing, is none, can be read by others, or is not the one of before. Nothing stops",
  ANCHOR_FILE: "Anchors cannot be written to their file, or read from it. A gateway goes on, and tries again",
  CONTRACTS_UNREACHABLE:
    "The contracts cannot be copied from contracts.url, and there is no earlier copy. Exit code 40",
  REGISTRY_UNREACHABLE: "The schema registry cannot be reached; nothing is decided meanwhile. Exit code 40",
  POOL_UNREACHABLE:
    "No validator of decide.pool that has the same contracts and engine answers: nothing is decided until one does",
  REGISTRY_TIMEOUT: "The schema registry does not answer in time. Exit code 40",
  REGISTRY_UNAUTHORIZED: "The schema registry refuses the credentials",
  REGISTRY_ANSWER: "What answers is no schema registry, or one in trouble: 5xx, 429, a redirect, no JSON, a bare 404",
  REGISTRY_RULESET:
    "A schema in the registry carries rules that are not executed here: no record of it is judged without them",
  STORE_UNREACHABLE: "MongoDB cannot be reached. Exit code 40",
  STORE_TIMEOUT: "MongoDB does not answer in time. Exit code 40",
  STORE_UNAUTHORIZED: "MongoDB refuses the credentials or the operation",
  STORE_URI: "The MongoDB URI would weaken a promise, or cannot be read",
  STORE_LAYOUT: "A collection, index or validator is missing or different, or of an older build; nothing is changed",
  STORE_REFUSED: "A validator of a collection refuses what the gateway writes",
  STORE_TROUBLE: "MongoDB answers an error that may pass; the gateway tries again",
  STORE_INCONSISTENT: "The store did not keep what it acknowledged",
};

const HALTS: Readonly<Record<HaltCode, string>> = {
  LOG_START_PASSED: "The log below the position is gone",
  LOG_TRUNCATED:
    "The log ends before the position or before what was acknowledged, or was restored without it: it lost records",
  LOG_REPLACED:
    "The log is not the one that the store decides: it was lost, another one is in its place, or it is back after an operator accepted another one",
  ENGINE_NEWER: "A newer program decided the last entry, and its engine is one that this program does not know",
  EVIDENCE_DAMAGED: "The evidence of the last entry is missing, or is not what its digest says",
  DECISION_DIVERGED: "Deciding the last entry again with its own contract set gave another identity",
  CONTRACT_SET_MISSING: "The contract set of the last entry is not in the store, or is not what its digest says",
  BREAKER_OPEN: "More records are FAILED than breaker.failed_percent or breaker.consecutive allow",
};

type FailureName =
  | `malformed-${MalformedCode}`
  | `contract-${ContractFailureCode}`
  | "schema"
  | "rule"
  | "conflict"
  | "store-rejected"
  | "unexplained";

const FAILURES: Readonly<Record<FailureName, string>> = {
  "malformed-empty": "No value, or no bytes",
  "malformed-too-large": "More bytes than limits.record_bytes",
  "malformed-not-utf8": "The bytes are not UTF-8",
  "malformed-not-json": "The text is not JSON (RFC 8259)",
  "malformed-not-cloudevent": "The content type says CloudEvents, and the value is no event that is read",
  "malformed-too-deep": "Nested deeper than limits.depth",
  "malformed-duplicate-key": "A key appears twice in one object",
  "malformed-forbidden-key": "A key is __proto__, constructor or prototype, or holds NUL",
  "malformed-lone-surrogate": "A string holds half of a surrogate pair",
  "malformed-lossy-number":
    "A number does not survive as a double, and is no integer that the contract declares to have 64 bits",
  "contract-undeclared": "The record declares no version, and its topic has no default",
  "contract-ambiguous": "The record declares two versions that disagree",
  "contract-unknown": "The declared contract or version does not exist, or is not one the topic carries",
  "contract-not-accepted": "The declared version is not one the topic accepts",
  "contract-not-active": "The declared version is a draft",
  "contract-retired": "The declared version is retired",
  schema: "The payload breaks the schema; every violation has its pointer",
  rule: "The payload breaks a business rule of the contract",
  conflict: "The same fact is already stored with other content",
  "store-rejected":
    "The payload passed, and the store's engine could never keep it: as a MongoDB document it is too large",
  unexplained: "The ledger says FAILED, and this build, which is not the one that decided, cannot say why",
};

const FINDINGS: Readonly<Record<FindingCode, string>> = {
  STORE_DAMAGED: "The database engine itself reports damage",
  LEDGER_GAP: "An entry of the chain is missing, or the chain does not begin at its beginning",
  LEDGER_HASH: "An entry does not have the hash it carries",
  LEDGER_LINK: "An entry does not point at the one before",
  LEDGER_RANGE: "The ranges of two entries do not join",
  LEDGER_OUTCOMES: "The outcomes of an entry contradict its range or count",
  CONTRACT_SET: "The contract set of an entry is missing, or is not what its digest says",
  STREAM_UNKNOWN:
    "A stream of the ledger has no number, one is in no log, or one is said to be of another topic or partition",
  ENGINE_ORDER: "An older engine decided an entry than the one before",
  EVIDENCE: "The evidence of an entry is missing, or is not what was decided",
  ERASURE:
    "A record is erased that no operator announced, one that was erased is there again, or what was announced is of no entry",
  REDRIVE_PLAN:
    "A redrive plan is missing or is not what the operator log says, or a redrive stream is of no plan: restore the store from a backup",
  REDRIVE_DIFFERS:
    "A redrive decided a record that is not of its plan, or other bytes than those of the record that failed: restore the store from a backup",
  CORRECTION:
    "A correction in the operator log is of no record that failed, or of other bytes, or the record in its place has other bytes: the operator log or the ledger was changed",
  ERASURE_INCOMPLETE: "An erasure was announced and is not known to be complete: run `sigma erase --resume`",
  RETENTION:
    "Retention announced what the ledger does not have, or another number of documents than it had: the operator log or the ledger was changed",
  RETENTION_LEFT:
    "A document or evidence is there that retention took, as a process that was held up for long may write: run `sigma retention run --sweep`",
  OUTCOME: "Deciding the evidence of an entry again gives other outcomes",
  ROOT: "Deciding the evidence of an entry again gives other ids",
  APPLIED: "What became of duplicates and conflicts is not what the next entry says",
  ROW_MISSING: "A decided offset has nothing stored",
  ROW_DIFFERS: "A stored document is not what the ledger says",
  ROW_ORPHAN: "A document is stored where no entry decided a record",
  SOURCE_DIFFERS: "The log holds other records than those decided",
  SOURCE_TRUNCATED: "The log ends before a decided or an acknowledged position",
  SOURCE_REPLACED:
    "The log is missing, is not one that the store knows, or an operator accepted another one in its place",
  SOURCE_UNDECIDED:
    "What was acknowledged is neither decided nor recorded as lost, and no stream of the sources leads to it: a topic is no source any more, or a gateway went on with a log of before",
  OPERATOR_LOG: "The chain of operator actions is broken, or a gap was accepted by nobody",
  ANCHOR_CHAIN: "Anchors are missing, stand in another order, or were changed, or their end was cut off",
  ANCHOR_SIGNATURE: "An anchor does not have the signature of the trusted key, or of one tied to it by rotations",
  ANCHOR_MISSING: "A head was anchored or kept by hand, and the store has nothing of its stream, or no such entry",
  ANCHOR_DIFFERS: "An entry or an action of an operator is another than the one that was anchored",
  ANCHOR_BEHIND: "A stream or the operator log ends before a head that was anchored",
  GROUPS: "A counter of failures differs from the failures of its group, or is of no stream or entry",
  VOLUME: "A counter of decided records differs from the records of its stream: `sigma store repair` counts again",
  TOTALS: "The totals of the store are not those of its ledger",
};

function fileTable(): string {
  const rows = Object.entries(FILES).map(([trouble, meaning]) => [`\`LOG_${trouble}\`, \`STORE_${trouble}\``, meaning]);
  return table(["Code", "Meaning"], rows);
}

function codeTable(codes: Readonly<Record<string, string>>): string {
  return table(
    ["Code", "Meaning"],
    Object.entries(codes).map(([code, meaning]) => [`\`${code}\``, meaning]),
  );
}

/** Codes with the page that says what to do. */
function runbookTable(codes: Readonly<Partial<Record<UnavailableCode, string>>>): string {
  return table(
    ["Code", "Meaning", "What to do"],
    Object.entries(codes).map(([code, meaning]) => {
      const page = runbookOf(code).replace("docs/", "../");
      return [`\`${code}\``, meaning, `[runbook](${page})`];
    }),
  );
}

if (import.meta.main) {
  const root = new URL("../", import.meta.url);
  const check = process.argv.includes("--check");
  mkdirSync(new URL("docs/reference/", root), { recursive: true });
  for (const [path, text] of await referencePages()) {
    if (!check) writeFileSync(new URL(path, root), text);
    else if (readFileSync(new URL(path, root), "utf8") !== text) {
      process.stderr.write(`${path} is not current; run node scripts/reference.ts\n`);
      process.exitCode = 1;
    }
  }
}
