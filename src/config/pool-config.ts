import type { ConfigFault } from "./fault.ts";
import { listOf } from "./list-of.ts";
import type { SettingsByKey, SettingValues } from "./settings.ts";

/** Validators that decide for this process. */
export type PoolConfig = {
  readonly urls: readonly string[];
  /** Value of the `Authorization` header; null: the header is not sent. */
  readonly authorization: string | null;
  /** Batches that one validator decides at a time. */
  readonly inFlightMax: number;
  readonly timeoutMs: number;
};

/** @param values in which {@link poolFaults} finds no fault. @returns null without a pool. */
export function poolConfig(values: SettingValues): PoolConfig | null {
  const urls = listOf(values["decide.pool"]);
  if (urls.length === 0) return null;
  return {
    urls,
    authorization: values["decide.pool_key"] === "" ? null : `Bearer ${values["decide.pool_key"]}`,
    inFlightMax: values["decide.in_flight"],
    timeoutMs: values["decide.timeout_seconds"] * 1_000,
  };
}

/** A URL that is none, that holds more than where a validator listens, or that is there twice; and a registry, whose ids are part of a contract set that no validator has. */
export function poolFaults({ values, origins }: SettingsByKey): readonly ConfigFault[] {
  const urls = listOf(values["decide.pool"]);
  const place = origins["decide.pool"];
  if (urls.length === 0) return [];
  const faults: ConfigFault[] = [];
  if (!urls.every(isPlain)) {
    const remedy = "Write them as http://host:8000, separated by commas; a key has a setting of its own";
    const message = "Cannot use these as URLs of validators";
    faults.push({ place, code: "SIG-S-041", message, remedy });
  }
  if (new Set(urls.map(originOf)).size < urls.length) {
    const message = "Cannot ask one validator as if it were two: a URL is there twice";
    faults.push({
      place,
      code: "SIG-S-041",
      message,
      remedy: "Write each once; decide.in_flight is what one is asked at a time",
    });
  }
  if (values["registry.url"] !== "") {
    const message =
      "Cannot let validators decide: schema ids that are learnt from registry.url are known to this process alone";
    faults.push({ place, code: "SIG-S-041", message, remedy: "Leave out decide.pool or registry.url" });
  }
  return faults;
}

/** Whether it says where a validator listens, and no more: what it is asked for is this program's to say, and a key has a setting. */
function isPlain(url: string): boolean {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) return false;
  return parsed.href === `${parsed.origin}/`;
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : url;
}
