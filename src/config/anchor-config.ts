import { homedir } from "node:os";
import { join } from "node:path";
import type { ConfigFault } from "./fault.ts";
import type { SettingsByKey, SettingValues } from "./settings.ts";
import { isTopicName, textOrNull } from "./values.ts";

/** Where heads are anchored, how often, and with which key. */
export type AnchorConfig = {
  /** Null: heads are appended to no file. */
  readonly file: string | null;
  /** Null: heads are appended to no topic. */
  readonly topic: string | null;
  readonly keyFile: string;
  readonly entries: number;
  readonly everyMs: number;
};

/** @param values in which {@link anchorFaults} finds no fault. */
export function anchorConfig(values: SettingValues, env: Readonly<Record<string, string | undefined>>): AnchorConfig {
  return {
    file: textOrNull(values["anchor.file"]),
    topic: textOrNull(values["anchor.topic"]),
    keyFile: textOrNull(values["anchor.key_file"]) ?? defaultKeyFile(env),
    entries: values["anchor.entries"],
    everyMs: values["anchor.minutes"] * 60_000,
  };
}

/** The key is not kept with the data: a person who can write the data should not be able to sign for it. */
function defaultKeyFile(env: Readonly<Record<string, string | undefined>>): string {
  const folder = env["XDG_CONFIG_HOME"] ?? env["APPDATA"];
  return join(folder === undefined || folder === "" ? join(homedir(), ".config") : folder, "sigma-aetl", "anchor.key");
}

/** A topic of anchors that Kafka cannot have, that is a source, or that is named where there is no Kafka. */
export function anchorFaults({ values, origins }: SettingsByKey): readonly ConfigFault[] {
  const topic = values["anchor.topic"];
  if (topic === "") return [];
  const fault = (message: string, remedy: string): readonly ConfigFault[] => [
    { place: origins["anchor.topic"], code: "SIG-S-011", message, remedy },
  ];
  if (!isTopicName(topic)) {
    const message = `Setting anchor.topic is "${topic.slice(0, 100)}", which is no name of a topic`;
    return fault(message, "Use letters, digits, dots, underscores and dashes");
  }
  if (values.sources.some((source) => source.topic === topic)) {
    const message = `Setting anchor.topic is "${topic}", whose records are judged by a contract`;
    return fault(message, "Name a topic that is no source");
  }
  if (values["kafka.brokers"] !== "") return [];
  const message = "Setting anchor.topic names a topic, and there is no Kafka that it could be in";
  return fault(message, "Set kafka.brokers, or use anchor.file");
}
