import { existsSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { nearestName } from "../contract/nearest.ts";
import type { PayloadLimits } from "../core/contract-set.ts";
import { anchorConfig, anchorFaults, type AnchorConfig } from "./anchor-settings.ts";
import type { Written } from "./file.ts";
import type { Setting, SettingKey, SourceSetting, SettingInForce } from "./setting.ts";
import { OTHER_VARIABLES, SETTINGS } from "./settings.ts";
import { type ConfigFault } from "./fault.ts";
import { engineFaults, kafkaConfig, type KafkaConfig } from "./engines.ts";
import { httpConfig, httpFaults, type HttpConfig } from "./http-settings.ts";
import { registryConfig, registryFaults, type RegistryConfig } from "./registry.ts";
import { parseShadow, shadowFaults, type ShadowSetting } from "./shadow.ts";
import { describeValue, parseText } from "./values.ts";

/** What the program runs with. Paths are relative to the working directory, or absolute. */
export type Config = {
  readonly http: HttpConfig;
  readonly dataDir: string;
  /** With a URL, where the copy is. */
  readonly contractsDir: string;
  /** A directory on the web that is copied; null: the files are the user's own. */
  readonly contractsUrl: string | null;
  /** 0: a running gateway does not look for changes. */
  readonly contractsReloadMs: number;
  readonly sources: readonly SourceSetting[];
  readonly limits: PayloadLimits;
  readonly batch: { readonly recordsMax: number; readonly bytesMax: number };
  readonly log: { readonly level: string; readonly format: "auto" | "json" | "pretty" };
  /** Whether the records of a ledger entry are kept once the next one is applied. */
  readonly evidence: "keep" | "drop";
  /** Null: the embedded log forgets nothing. */
  readonly logRetentionMs: number | null;
  readonly shutdownDeadlineMs: number;
  readonly breaker: {
    readonly failedRatioMax: number | null;
    readonly consecutiveMax: number | null;
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
};

export type ConfigResult =
  | { readonly ok: true; readonly config: Config; readonly settings: readonly SettingInForce[] }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] };

/** Where configuration comes from. `flags` are options given, by setting. `file` null: `sigma.yaml` where we stand, if there. */
export type ConfigInput = {
  readonly flags: ReadonlyMap<SettingKey, string>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly file: string | null;
};

const FILE_NAME = "sigma.yaml";

/** Option over environment over file over default; read once, judged whole, every fault reported. */
export async function readConfig({ flags, env, file }: ConfigInput): Promise<ConfigResult> {
  const faults: ConfigFault[] = [];
  const path = file ?? (existsSync(FILE_NAME) ? FILE_NAME : null);
  const written = new Map<SettingKey, Written>();
  if (path !== null) {
    // The YAML parser is only paid for when there is a file.
    const { readConfigFile } = await import("./file.ts");
    const read = readConfigFile(path);
    faults.push(...read.faults);
    for (const [key, value] of read.values) written.set(key, inPlace(key, value, dirname(path)));
  }
  faults.push(...strangeVariables(env));
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
  faults.push(...contradictions(settings));
  return faults.length > 0
    ? { ok: false, faults: faults.map(presentable) }
    : { ok: true, config: configOf(settings, env), settings };
}

/** Values are quoted in faults, and may be of any length. */
const MESSAGE_MAX = 400;

/** Values are quoted in faults: whoever stands in an address before an @, in whichever setting, stays out of them. */
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
  const parsed = parseText(setting, text);
  if (parsed.ok) return { setting, value: parsed.value, origin };
  const message = `Setting ${setting.key} ${parsed.problem}`;
  faults.push({ place: origin, code: "SIG-S-004", message, remedy: setting.description });
  return { setting, value: setting.byDefault, origin };
}

/** A mistyped variable would be ignored in silence, and the default would run. */
function strangeVariables(env: ConfigInput["env"]): readonly ConfigFault[] {
  const known = [...SETTINGS.map((setting) => setting.env), ...OTHER_VARIABLES];
  const faults: ConfigFault[] = [];
  for (const name of Object.keys(env).toSorted()) {
    if (!name.startsWith("SIGMA_") || known.includes(name)) continue;
    const nearest = nearestName(name, known);
    const hint = nearest === null ? "" : ` (did you mean ${nearest}?)`;
    const message = `Unknown variable ${name}${hint}`;
    faults.push({
      place: `environment ${name}`,
      code: "SIG-S-005",
      message,
      remedy: "Correct or unset it; sigma config show lists the known ones",
    });
  }
  return faults;
}

function contradictions(settings: readonly SettingInForce[]): readonly ConfigFault[] {
  const faults: ConfigFault[] = [];
  const inForce = (key: SettingKey): SettingInForce | undefined => settings.find(({ setting }) => setting.key === key);
  const host = inForce("http.host");
  if (host !== undefined && !isLoopback(describeValue(host.value)) && inForce("http.allow_remote")?.value !== true) {
    const message = `Cannot listen on "${describeValue(host.value)}": other machines could reach the gateway, and it has no authentication yet`;
    const remedy = "Use 127.0.0.1, or set http.allow_remote: true behind a proxy that authenticates";
    faults.push({ place: host.origin, code: "SIG-S-007", message, remedy });
  }
  const byKey = new Map(settings.map((one) => [one.setting.key, one]));
  faults.push(...engineFaults(byKey), ...registryFaults(byKey));
  const shadow = inForce("shadow.versions");
  if (shadow !== undefined) faults.push(...shadowFaults(describeValue(shadow.value), shadow.origin));
  const sources = inForce("sources");
  const configured = typeof sources?.value === "object" ? sources.value : [];
  const asText = (key: SettingKey): { readonly value: string; readonly origin: string } => {
    const found = inForce(key);
    return { value: describeValue(found?.value ?? ""), origin: found?.origin ?? "default" };
  };
  faults.push(...httpFaults(asText, configured), ...anchorFaults(asText, configured));
  const topics = configured.map(({ topic }) => topic);
  const twice = topics.find((topic, index) => topics.indexOf(topic) !== index);
  if (sources !== undefined && twice !== undefined) {
    const message = `Topic "${twice}" stands twice`;
    faults.push({ place: sources.origin, code: "SIG-S-006", message, remedy: "Keep one source for each topic" });
  }
  return faults;
}

/** 127.0.0.0/8, ::1 and the name that stands for them. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

/** The one place where values of the table become typed: each was parsed by its kind. */
function configOf(settings: readonly SettingInForce[], env: ConfigInput["env"]): Config {
  const values = new Map(settings.map(({ setting, value }) => [setting.key, value]));
  const text = (key: SettingKey): string => describeValue(values.get(key) ?? "");
  const number = (key: SettingKey): number => Number(values.get(key));
  return {
    http: httpConfig(text),
    dataDir: text("data.dir"),
    contractsDir: text("contracts.url") === "" ? text("contracts.dir") : join(text("data.dir"), "contracts"),
    contractsUrl: text("contracts.url") === "" ? null : text("contracts.url"),
    contractsReloadMs: number("contracts.reload_seconds") * 1_000,
    sources: values.get("sources") as readonly SourceSetting[],
    limits: { bytesMax: number("limits.record_bytes"), depthMax: number("limits.depth") },
    batch: { recordsMax: number("batch.records"), bytesMax: number("batch.bytes") },
    log: { level: text("log.level"), format: text("log.format") as Config["log"]["format"] },
    evidence: text("evidence") as Config["evidence"],
    logRetentionMs: number("log.retention_hours") === 0 ? null : number("log.retention_hours") * 3_600_000,
    shutdownDeadlineMs: number("shutdown.deadline_seconds") * 1_000,
    breaker: {
      failedRatioMax: number("breaker.failed_percent") === 0 ? null : number("breaker.failed_percent") / 100,
      consecutiveMax: number("breaker.consecutive") === 0 ? null : number("breaker.consecutive"),
      window: number("breaker.window"),
    },
    kafka: kafkaConfig(text),
    mongodbUri: text("mongodb.uri") === "" ? null : text("mongodb.uri"),
    registry: registryConfig(text),
    shadow: parseShadow(text("shadow.versions")) ?? [],
    anchor: anchorConfig(text, env),
  };
}
