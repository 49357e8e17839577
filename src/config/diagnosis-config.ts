import type { ConfigFault } from "./fault.ts";
import type { SettingKey, SettingsByKey, SettingValues } from "./settings.ts";
import { textOrNull } from "./values.ts";

/** The language model that is asked about groups of failures, and what it is shown. */
export type DiagnosisConfig = {
  /** URL of an Ollama server; null: nobody is asked. */
  readonly url: string | null;
  readonly model: string;
  /** Null: no `Authorization` header is sent. */
  readonly token: string | null;
  /** Whether the gateway asks by itself. */
  readonly automatic: boolean;
  readonly timeoutMs: number;
  /** Questions in a day. */
  readonly dailyCap: number;
  /** In bytes. */
  readonly promptMax: number;
  readonly withExcerpt: boolean;
};

/** @param values in which {@link diagnosisFaults} finds no fault. */
export function diagnosisConfig(values: SettingValues): DiagnosisConfig {
  return {
    url: textOrNull(values["diagnosis.url"]),
    model: values["diagnosis.model"],
    token: textOrNull(values["diagnosis.token"]),
    automatic: values["diagnosis.automatic"],
    timeoutMs: values["diagnosis.timeout_seconds"] * 1_000,
    dailyCap: values["diagnosis.daily_cap"],
    promptMax: values["diagnosis.max_prompt"],
    withExcerpt: values["diagnosis.excerpt"] === "redacted",
  };
}

/** Names of models as Ollama has them: `qwen2.5:7b`, `registry.example.com/team/model:tag`. */
const MODEL = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,199}$/;
const TOKEN = /^[\x21-\x7e]{0,1000}$/;

/** A URL that is no HTTP URL or holds a user, names that are none. The fault shows neither URL nor token. */
export function diagnosisFaults({ values, origins }: SettingsByKey): readonly ConfigFault[] {
  const faults: ConfigFault[] = [];
  const fault = (key: SettingKey, message: string, remedy: string): void =>
    void faults.push({ place: origins[key], code: "SIG-S-030", message, remedy });
  const url = values["diagnosis.url"];
  if (url !== "" && !isPlainUrl(url)) {
    const message = "Cannot use this as the URL of an Ollama server";
    fault("diagnosis.url", message, "Write http://127.0.0.1:11434, without a user and without a query");
  }
  if (!MODEL.test(values["diagnosis.model"]))
    fault("diagnosis.model", "Cannot use this as the name of a model", "Write it as ollama list shows it: qwen2.5:7b");
  if (!TOKEN.test(values["diagnosis.token"]))
    fault("diagnosis.token", "The token has characters that no header can hold", "Write it without spaces");
  return faults;
}

function isPlainUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return /^https?:$/.test(protocol) && [username, password, search, hash].every((part) => part === "");
}
