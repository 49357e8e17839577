import { homedir } from "node:os";
import { join } from "node:path";
import { setting, type Setting, type SourceSetting } from "./setting.ts";
import type { ConfigFault } from "./fault.ts";

/** Where heads are anchored, how often, and with which key. */
export type AnchorConfig = {
  /** Null: to no file. */
  readonly file: string | null;
  /** Null: to no topic. */
  readonly topic: string | null;
  readonly keyFile: string;
  readonly entries: number;
  readonly everyMs: number;
};

export const ANCHOR_SETTINGS: readonly Setting[] = [
  setting(
    "anchor.file",
    { kind: "path" },
    "",
    "File that signed heads of the ledger are appended to, where the writer of the store cannot write; empty is off",
    null,
  ),
  setting(
    "anchor.topic",
    { kind: "text" },
    "",
    "Compacted Kafka topic that signed heads of the ledger are appended to; empty is off",
    null,
  ),
  setting(
    "anchor.key_file",
    { kind: "path" },
    "",
    "Key that signs anchors, made by sigma keys new; without it anchor.key in the folder sigma-aetl of the user's configuration",
    "--key-file",
  ),
  setting(
    "anchor.entries",
    { kind: "integer", min: 1, max: 1_000_000 },
    1_000,
    "Ledger entries after which the next anchor is written",
    null,
  ),
  setting(
    "anchor.minutes",
    { kind: "integer", min: 1, max: 1_440 },
    5,
    "Longest time until the next anchor is written, when there is anything to anchor",
    null,
  ),
];

/** @param text reads a setting as text. */
export function anchorConfig(
  text: (key: Setting["key"]) => string,
  env: Readonly<Record<string, string | undefined>>,
): AnchorConfig {
  const orNull = (key: Setting["key"]): string | null => (text(key) === "" ? null : text(key));
  return {
    file: orNull("anchor.file"),
    topic: orNull("anchor.topic"),
    keyFile: orNull("anchor.key_file") ?? defaultKeyFile(env),
    entries: Number(text("anchor.entries")),
    everyMs: Number(text("anchor.minutes")) * 60_000,
  };
}

/** Not where the data is: whoever can write the data should not be able to sign for it. */
function defaultKeyFile(env: Readonly<Record<string, string | undefined>>): string {
  const folder = env["XDG_CONFIG_HOME"] ?? env["APPDATA"];
  return join(folder === undefined || folder === "" ? join(homedir(), ".config") : folder, "sigma-aetl", "anchor.key");
}

/** As Kafka names topics. */
const TOPIC = /^[A-Za-z0-9._-]{1,249}$/;

/** What of these settings cannot be meant so. */
export function anchorFaults(
  inForce: (key: Setting["key"]) => { readonly value: string; readonly origin: string },
  sources: readonly SourceSetting[],
): readonly ConfigFault[] {
  const topic = inForce("anchor.topic");
  if (topic.value === "") return [];
  if (!TOPIC.test(topic.value)) {
    const message = `Setting anchor.topic is "${topic.value.slice(0, 100)}", which is no name of a topic`;
    const remedy = "Use letters, digits, dots, underscores and dashes";
    return [{ place: topic.origin, code: "SIG-S-011", message, remedy }];
  }
  if (sources.some((source) => source.topic === topic.value)) {
    const message = `Setting anchor.topic is "${topic.value}", whose records are judged by a contract`;
    return [{ place: topic.origin, code: "SIG-S-011", message, remedy: "Name a topic that is no source" }];
  }
  if (inForce("kafka.brokers").value !== "") return [];
  const message = "Setting anchor.topic names a topic, and there is no Kafka that it could be in";
  return [{ place: topic.origin, code: "SIG-S-011", message, remedy: "Set kafka.brokers, or use anchor.file" }];
}
