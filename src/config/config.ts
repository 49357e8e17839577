import { existsSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { nearestName } from "../json/nearest.ts";
import type { PayloadLimits } from "../core/contract-set.ts";
import { anchorConfig, anchorFaults, type AnchorConfig } from "./anchor-config.ts";
import type { Written } from "./config-file.ts";
import { diagnosisConfig, diagnosisFaults, type DiagnosisConfig } from "./diagnosis-config.ts";
import type { ConfigFault } from "./fault.ts";
import { httpConfig, httpFaults, type HttpConfig } from "./http-config.ts";
import { httpTlsFaults } from "./http-tls-config.ts";
import { kafkaConfig, kafkaFaults, type KafkaConfig } from "./kafka-config.ts";
import { poolConfig, poolFaults, type PoolConfig } from "./pool-config.ts";
import { processConfig, processFaults, type ProcessConfig } from "./process-config.ts";
import { redactConfig, redactFaults, type RedactConfig } from "./redact-config.ts";
import { laneFaults, routesOf, type RouteConfig } from "./lanes.ts";
import { mongodbFaults } from "./mongodb-config.ts";
import { notifyConfig, notifyFaults, type NotifyConfig } from "./notify-config.ts";
import { oidcConfig, oidcFaults, type OidcConfig } from "./oidc-config.ts";
import { registryConfig, registryFaults, type RegistryConfig } from "./registry-config.ts";
import { retentionConfig, retentionFaults, type RetentionConfig } from "./retention-config.ts";
import type { ObjectiveSetting, SourceSetting } from "./setting-row.ts";
import {
  OTHER_VARIABLES,
  SETTINGS,
  type Setting,
  type SettingInForce,
  type SettingKey,
  type SettingsByKey,
  type SettingValues,
} from "./settings.ts";
import { parseShadow, shadowFaults, type ShadowSetting } from "./shadow.ts";
import { objectiveFaults } from "./objectives.ts";
import { sourceFaults } from "./sources.ts";
import { parseText, textOrNull } from "./values.ts";

/** What the program runs with. Paths are relative to the working directory, or absolute. */
export type Config = {
  readonly process: ProcessConfig;
  /** Null: this process decides by itself. */
  readonly pool: PoolConfig | null;
  readonly http: HttpConfig;
  /** Null: there are keys alone. */
  readonly oidc: OidcConfig | null;
  readonly dataDir: string;
  /** The directory that contracts are read from. With a URL it holds the copy of what is there. */
  readonly contractsDir: string;
  /** A contracts directory on a web server, which is copied; null: the files are the user's own. */
  readonly contractsUrl: string | null;
  /** 0: a running gateway does not look for changed contract files. */
  readonly contractsReloadMs: number;
  /** The topics that records are decided from. A source that has lanes is not among them: its lanes are. */
  readonly sources: readonly SourceSetting[];
  /** The sources that have lanes, which a router fills. */
  readonly routes: readonly RouteConfig[];
  /** The lanes that this process reads, and nothing else; empty: it reads everything. */
  readonly laneNames: readonly string[];
  readonly limits: PayloadLimits;
  readonly batch: { readonly recordsMax: number; readonly bytesMax: number };
  /** The longest that the store should take for a batch, in milliseconds; null: batches do not follow it. */
  readonly settleGoalMs: number | null;
  /** Most bytes that all streams of a process have fetched and not settled. */
  readonly inFlightBytesMax: number;
  readonly log: {
    readonly level: SettingValues["log.level"];
    readonly format: SettingValues["log.format"];
    readonly failures: SettingValues["log.failures"];
    readonly failuresPerSecond: number;
  };
  readonly traces: boolean;
  /** Whether the records of a ledger entry are kept once the next entry is applied. */
  readonly evidence: SettingValues["evidence"];
  /** Null: the embedded log keeps its records for ever. */
  readonly logRetentionMs: number | null;
  readonly redact: RedactConfig;
  readonly retention: RetentionConfig;
  readonly shutdownDeadlineMs: number;
  readonly breaker: {
    /** From 0 to 1; null: off. */
    readonly failedRatioMax: number | null;
    /** Null: off. */
    readonly consecutiveMax: number | null;
    /** In records. */
    readonly window: number;
  };
  /** Null: the log is embedded. */
  readonly kafka: KafkaConfig | null;
  /** Null: the store is embedded. */
  readonly mongodbUri: string | null;
  /** Null: schema ids are those of this gateway's own registry. */
  readonly registry: RegistryConfig | null;
  /** Versions that judge live traffic and decide nothing. */
  readonly shadow: readonly ShadowSetting[];
  readonly anchor: AnchorConfig;
  readonly notify: NotifyConfig;
  /** What is promised. */
  readonly objectives: readonly ObjectiveSetting[];
  readonly diagnosis: DiagnosisConfig;
};

export type ConfigResult =
  | { readonly ok: true; readonly config: Config; readonly settings: readonly SettingInForce[] }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] };

/** Where configuration comes from. */
export type ConfigInput = {
  /** The options that the command was given, by setting. */
  readonly flags: ReadonlyMap<SettingKey, string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Null: `sigma.yaml` in the working directory, if it exists. */
  readonly file: string | null;
};

const FILE_NAME = "sigma.yaml";

/**
 * Reads the configuration once and judges it whole: every fault of every origin is reported. An option wins over a variable, a
 * variable over the file, the file over the default.
 */
export async function readConfig({ flags, env, file }: ConfigInput): Promise<ConfigResult> {
  const faults: ConfigFault[] = [];
  const path = file ?? (existsSync(FILE_NAME) ? FILE_NAME : null);
  const written = new Map<SettingKey, Written>();
  if (path !== null) {
    // The YAML parser is only loaded when there is a file.
    const { readConfigFile } = await import("./config-file.ts");
    const read = readConfigFile(path);
    faults.push(...read.faults);
    for (const [key, value] of read.values) written.set(key, inPlace(key, value, dirname(path)));
  }
  faults.push(...unknownVariables(env));
  const settings = SETTINGS.map((setting): SettingInForce => {
    const flag = flags.get(setting.key);
    if (flag !== undefined) return fromText(setting, flag, `option ${setting.flag ?? setting.key}`, faults);
    for (const name of [setting.env, setting.alias]) {
      const variable = name === null ? undefined : env[name];
      if (variable !== undefined) return fromText(setting, variable, `environment ${name}`, faults);
    }
    const inFile = written.get(setting.key);
    if (inFile !== undefined) return { setting, value: inFile.value, origin: inFile.place };
    return { setting, value: setting.byDefault, origin: "default" };
  });
  const inForce = byKey(settings);
  faults.push(...contradictions(inForce));
  return faults.length > 0
    ? { ok: false, faults: faults.map(presentable) }
    : { ok: true, config: configOf(inForce.values, env), settings };
}

/** A fault quotes values, and a value may be of any length. */
const MESSAGE_MAX = 400;

/** A fault quotes values: what stands before the @ of an address, in whichever setting, may be a password and is taken out. */
function presentable(fault: ConfigFault): ConfigFault {
  const message = fault.message.length > MESSAGE_MAX ? `${fault.message.slice(0, MESSAGE_MAX)}...` : fault.message;
  return { ...fault, message: message.replaceAll(/:\/\/[^\s"]*@/g, "://***@") };
}

/** A path in a file is relative to that file. */
function inPlace(key: SettingKey, written: Written, directory: string): Written {
  const setting = SETTINGS.find((one) => one.key === key);
  if (setting?.value.kind !== "path" || typeof written.value !== "string" || isAbsolute(written.value)) return written;
  return { ...written, value: join(directory, written.value) };
}

function fromText(setting: Setting, text: string, origin: string, faults: ConfigFault[]): SettingInForce {
  const parsed = parseText(setting.value, text);
  if (parsed.ok) return { setting, value: parsed.value, origin };
  const message = `Setting ${setting.key} ${parsed.problem}`;
  faults.push({ place: origin, code: "SIG-S-004", message, remedy: setting.description });
  return { setting, value: setting.byDefault, origin };
}

/** A mistyped variable is a fault: otherwise the default would run and nobody would notice. */
function unknownVariables(env: ConfigInput["env"]): readonly ConfigFault[] {
  const known = [...SETTINGS.map((setting) => setting.env), ...OTHER_VARIABLES];
  const faults: ConfigFault[] = [];
  for (const name of Object.keys(env).toSorted()) {
    if (!name.startsWith("SIGMA_") || known.includes(name)) continue;
    const nearest = nearestName(name, known);
    const hint = nearest === null ? "" : ` (did you mean ${nearest}?)`;
    const message = `Unknown variable ${name}${hint}`;
    const remedy = "Correct or unset it; sigma config show lists the known ones";
    faults.push({ place: `environment ${name}`, code: "SIG-S-005", message, remedy });
  }
  return faults;
}

/**
 * The settings by their keys. Only here do values become typed: the cast holds because each value was parsed by the kind in its row,
 * or is the default.
 */
function byKey(settings: readonly SettingInForce[]): SettingsByKey {
  const values = Object.fromEntries(settings.map(({ setting, value }) => [setting.key, value]));
  const origins = Object.fromEntries(settings.map(({ setting, origin }) => [setting.key, origin]));
  return { values, origins } as SettingsByKey;
}

/** What values mean together, or mean beyond their kind. */
function contradictions(settings: SettingsByKey): readonly ConfigFault[] {
  return [
    ...processFaults(settings),
    ...poolFaults(settings),
    ...kafkaFaults(settings),
    ...mongodbFaults(settings),
    ...registryFaults(settings),
    ...shadowFaults(settings),
    ...httpFaults(settings),
    ...httpTlsFaults(settings),
    ...oidcFaults(settings),
    ...anchorFaults(settings),
    ...notifyFaults(settings),
    ...diagnosisFaults(settings),
    ...redactFaults(settings),
    ...objectiveFaults(settings),
    ...retentionFaults(settings),
    ...sourceFaults(settings),
    ...laneFaults(settings),
  ];
}

function configOf(values: SettingValues, env: ConfigInput["env"]): Config {
  const contractsUrl = textOrNull(values["contracts.url"]);
  const { routes, decided, laneNames } = routesOf(values);
  return {
    process: processConfig(values),
    pool: poolConfig(values),
    http: httpConfig(values),
    oidc: oidcConfig(values),
    dataDir: values["data.dir"],
    contractsDir: contractsUrl === null ? values["contracts.dir"] : join(values["data.dir"], "contracts"),
    contractsUrl,
    contractsReloadMs: values["contracts.reload_seconds"] * 1_000,
    sources: decided,
    routes,
    laneNames,
    limits: { bytesMax: values["limits.record_bytes"], depthMax: values["limits.depth"] },
    batch: { recordsMax: values["batch.records"], bytesMax: values["batch.bytes"] },
    settleGoalMs: values["batch.settle_ms"] === 0 ? null : values["batch.settle_ms"],
    inFlightBytesMax: values["batch.in_flight_bytes"],
    log: {
      level: values["log.level"],
      format: values["log.format"],
      failures: values["log.failures"],
      failuresPerSecond: values["log.failures_per_second"],
    },
    traces: values.traces === "on",
    evidence: values.evidence,
    logRetentionMs: positiveOrNull(values["log.retention_hours"] * 3_600_000),
    redact: redactConfig(values),
    retention: retentionConfig(values),
    shutdownDeadlineMs: values["shutdown.deadline_seconds"] * 1_000,
    breaker: {
      failedRatioMax: positiveOrNull(values["breaker.failed_percent"] / 100),
      consecutiveMax: positiveOrNull(values["breaker.consecutive"]),
      window: values["breaker.window"],
    },
    kafka: kafkaConfig(values),
    mongodbUri: textOrNull(values["mongodb.uri"]),
    registry: registryConfig(values),
    shadow: parseShadow(values["shadow.versions"]) ?? [],
    anchor: anchorConfig(values, env),
    notify: notifyConfig(values),
    objectives: values.objectives,
    diagnosis: diagnosisConfig(values),
  };
}

/** 0 is off. */
function positiveOrNull(value: number): number | null {
  return value > 0 ? value : null;
}
