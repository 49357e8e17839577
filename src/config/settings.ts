import { BREAKER_SETTINGS, ENGINE_SETTINGS } from "./engine-settings.ts";
import { ANCHOR_SETTINGS } from "./anchor-settings.ts";
import { HTTP_SETTINGS } from "./http-settings.ts";
import { REGISTRY_SETTINGS } from "./registry.ts";
import { setting, type Setting, type SourceSetting } from "./setting.ts";

export const DEFAULT_SOURCE: SourceSetting = {
  topic: "sigma-aetl.shipments",
  subject: "shipment",
  accepts: null,
  defaultVersion: 1,
  partitions: 1,
};

const MIB = 1_048_576;

export const SETTINGS: readonly Setting[] = [
  ...HTTP_SETTINGS,
  setting("data.dir", { kind: "path" }, ".sigma/data", "Directory of the embedded log and store", "--data"),
  setting("contracts.dir", { kind: "path" }, "contracts", "Directory of the contracts", "--contracts"),
  setting(
    "contracts.url",
    { kind: "text" },
    "",
    "A contracts directory that a web server gives out; it is copied into data.dir, and the last copy serves while it is away",
    null,
  ),
  setting(
    "contracts.reload_seconds",
    { kind: "integer", min: 0, max: 3_600 },
    2,
    "How often a running gateway looks for changed contract files; 0 never does",
    null,
  ),
  setting(
    "sources",
    { kind: "sources" },
    [DEFAULT_SOURCE],
    "Topics, each with the contract its records are judged by. A list of topic, subject, accepts (versions its records may " +
      "be of; without it any version in force), default (the version of records that declare none) and partitions (1); as " +
      "text: topic=subject@default/accepts:partitions, separated by commas, as in orders=order@1/1+2:4",
    null,
  ),
  setting("limits.record_bytes", { kind: "bytes", min: 1, max: 64 * MIB }, MIB, "Largest record that can pass", null),
  setting("limits.depth", { kind: "integer", min: 1, max: 1_000 }, 64, "Deepest nesting that can pass", null),
  setting(
    "batch.records",
    { kind: "integer", min: 1, max: 100_000 },
    3_000,
    "Most records decided and stored at once; each batch waits for durable writes of its own, so that 1 settles a hundredth of the rate with MongoDB",
    null,
  ),
  setting(
    "batch.bytes",
    { kind: "bytes", min: 1_024, max: 64 * MIB },
    MIB,
    "Most bytes decided and stored at once",
    null,
  ),
  setting(
    "log.level",
    { kind: "choice", values: ["trace", "debug", "info", "warn", "error", "silent"] },
    "info",
    "Least severe log line to write; debug has one for each batch",
    "--log-level",
  ),
  setting(
    "log.format",
    { kind: "choice", values: ["auto", "json", "pretty"] },
    "auto",
    "Form of log lines; auto is pretty on a terminal, else json",
    "--log-format",
  ),
  setting(
    "log.retention_hours",
    { kind: "integer", min: 0, max: 87_600 },
    24,
    "How long the embedded log keeps records that are settled: the ledger has them. 0 keeps them for ever",
    null,
  ),
  setting(
    "shutdown.deadline_seconds",
    { kind: "integer", min: 1, max: 3_600 },
    20,
    "Longest time to finish the batches in flight after SIGTERM",
    null,
  ),
  setting(
    "evidence",
    { kind: "choice", values: ["keep", "drop"] },
    "keep",
    "Whether the ledger keeps the records that it decided, exactly as they were fetched. Without them positions cannot be looked " +
      "up, documents not be repaired, and an audit checks the chain only",
    null,
  ),
  setting(
    "shadow.versions",
    { kind: "text" },
    "",
    "Versions that also judge live traffic, each in a thread of its own, without a say in any decision; as in " +
      "shipment@2,order@3; at most 8",
    null,
  ),
  ...BREAKER_SETTINGS,
  ...ENGINE_SETTINGS,
  ...REGISTRY_SETTINGS,
  ...ANCHOR_SETTINGS,
];

/** Variables that begin with SIGMA_ and are no setting. */
export const OTHER_VARIABLES: readonly string[] = ["SIGMA_DEBUG", "SIGMA_RELAUNCHED"];
