import type { SourceSetting } from "./setting-row.ts";

/** Where data and contracts are, how records are judged and settled, and how the program behaves. */
export const GATEWAY_SETTINGS = {
  "data.dir": {
    value: { kind: "path" },
    byDefault: ".sigma/data",
    description: "Directory of the embedded log and store",
    flag: "--data",
  },
  "contracts.dir": {
    value: { kind: "path" },
    byDefault: "contracts",
    description: "Directory of the contracts",
    flag: "--contracts",
  },
  "contracts.url": {
    value: { kind: "text" },
    byDefault: "",
    description:
      "A contracts directory that a web server gives out; it is copied into data.dir, and the last copy serves while it is away",
  },
  "contracts.reload_seconds": {
    value: { kind: "integer", min: 0, max: 3_600 },
    byDefault: 2,
    description: "How often a running gateway looks for changed contract files; 0 never does",
  },
  sources: {
    value: { kind: "sources" },
    byDefault: [
      { topic: "sigma-aetl.shipments", subject: "shipment", accepts: null, defaultVersion: 1, partitions: 1 },
    ],
    description:
      "Topics, each with the contract its records are judged by. A list of topic, subject, accepts (versions its records may be of; without it any live version), default (the version of records that declare none) and partitions (1); as text: topic=subject@default/accepts:partitions, separated by commas, as in orders=order@1/1+2:4",
  },
  "limits.record_bytes": {
    // 64 MiB and 1 MiB, written out: `isolatedDeclarations` takes no arithmetic here.
    value: { kind: "bytes", min: 1, max: 67_108_864 },
    byDefault: 1_048_576,
    description: "Largest record that can pass",
  },
  "limits.depth": {
    value: { kind: "integer", min: 1, max: 1_000 },
    byDefault: 64,
    description: "Deepest nesting that can pass",
  },
  "batch.records": {
    value: { kind: "integer", min: 1, max: 100_000 },
    byDefault: 3_000,
    description:
      "Most records decided and stored at once; each batch waits for durable writes of its own, so that 1 settles a hundredth of the rate with MongoDB",
  },
  "batch.bytes": {
    value: { kind: "bytes", min: 1_024, max: 67_108_864 },
    // Against 1 MiB, records of 1 kB: MongoDB's CPU 0.77x and 0.88x, rate 1.2x and 1.04x, 90 MB more (docs/benchmarks.md).
    byDefault: 4_194_304,
    description: "Most bytes decided and stored at once",
  },
  "batch.settle_ms": {
    value: { kind: "integer", min: 0, max: 60_000 },
    byDefault: 1_000,
    description:
      "Longest time that MongoDB should take for a batch, in milliseconds: where it is far, full batches grow to twice batch.records, four times for a single partition, within half of that, and shrink above it; 0 keeps them as they are",
  },
  "batch.in_flight_bytes": {
    // 64 MiB and 4 GiB - 1.
    value: { kind: "bytes", min: 1_048_576, max: 4_294_967_295 },
    byDefault: 67_108_864,
    description:
      "Most bytes of records that all partitions of a process have fetched and not stored; above it a partition waits before it fetches. One batch alone may be larger",
  },
  "log.level": {
    value: { kind: "choice", values: ["trace", "debug", "info", "warn", "error", "silent"] },
    byDefault: "info",
    description: "Least severe log line to write; debug has one for each batch and verdict",
    flag: "--log-level",
  },
  "log.format": {
    value: { kind: "choice", values: ["auto", "json", "pretty"] },
    byDefault: "auto",
    description: "Form of log lines; auto is pretty on a terminal, else json",
    flag: "--log-format",
  },
  "log.failures": {
    value: { kind: "choice", values: ["off", "grouped", "each"] },
    byDefault: "off",
    description:
      "Lines for FAILED records and verdicts, with position, code, fingerprint, digests and trace: none, one for each group and minute, or one for each; never a payload",
  },
  "log.failures_per_second": {
    value: { kind: "integer", min: 1, max: 10_000 },
    byDefault: 20,
    description: "Most lines of log.failures: each in a second; one line more says how many had none",
  },
  "log.retention_hours": {
    value: { kind: "integer", min: 0, max: 87_600 },
    byDefault: 24,
    description: "How long the embedded log keeps records that are settled: the ledger has them. 0 keeps them for ever",
  },
  traces: {
    value: { kind: "choice", values: ["off", "on"] },
    byDefault: "off",
    description:
      "Whether batches, requests and webhooks are traced through the API of OpenTelemetry. Where spans go is up to the SDK that is loaded by --import (docs/traces.md); off loads nothing",
  },
  "shutdown.deadline_seconds": {
    value: { kind: "integer", min: 1, max: 3_600 },
    byDefault: 20,
    description: "Longest time to finish the batches in flight after SIGTERM",
  },
  evidence: {
    value: { kind: "choice", values: ["keep", "drop"] },
    byDefault: "keep",
    description:
      "Whether the ledger keeps the records that it decided, exactly as they were fetched. Without them positions cannot be looked up, documents not be repaired, and an audit checks the chain only",
  },
  "shadow.versions": {
    value: { kind: "texts" },
    byDefault: "",
    description:
      "Versions that also judge live traffic, each in a thread of its own, without a say in any decision; separated by commas, as in shipment@2,order@3; at most 8",
  },
  "breaker.failed_percent": {
    value: { kind: "integer", min: 0, max: 99 },
    byDefault: 0,
    description: "Stop a stream when more than this share of its last breaker.window records is FAILED; 0 is off",
  },
  "breaker.consecutive": {
    value: { kind: "integer", min: 0, max: 1_000_000 },
    byDefault: 0,
    description: "Stop a stream at so many FAILED records in a row; 0 is off",
  },
  "breaker.window": {
    value: { kind: "integer", min: 1, max: 1_000_000 },
    byDefault: 1_000,
    description: "Records the share is taken of, and how many pass unjudged after a stream was resumed",
  },
} as const;

/** The source of a gateway whose configuration names none. */
export const DEFAULT_SOURCE: SourceSetting = GATEWAY_SETTINGS.sources.byDefault[0];
