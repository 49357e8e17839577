import { describeTree, type YamlMapping, type YamlTree } from "../contract/yaml-tree.ts";
import { didYouMean, shorten } from "../contract/yaml-fields.ts";
import type { WebhookFormat } from "../notify/format.ts";
import { NOTIFIED_TYPES, type NotifiedType } from "../notify/notification.ts";
import { faultAt, type ConfigFault } from "./fault.ts";
import type { WebhookSetting } from "./setting-row.ts";
import { isWebhookFormat } from "./values.ts";

const KEYS: readonly string[] = ["url", "format", "secrets", "events"];

/** Reads the list of webhooks of a `sigma.yaml`; null when it has a fault. No fault quotes a URL or a secret. */
export function readWebhooks(tree: YamlTree, faults: ConfigFault[]): readonly WebhookSetting[] | null {
  if (tree.kind !== "list") {
    const message = `Setting notify.webhooks must be a list of webhooks, found ${describeTree(tree)}`;
    faults.push(faultAt(tree.place, "SIG-S-004", message, "Write - url: https://host/path"));
    return null;
  }
  const before = faults.length;
  const webhooks: WebhookSetting[] = [];
  for (const item of tree.items) {
    if (item.kind === "map") webhooks.push(readWebhook(item, faults));
    else {
      const message = `A webhook must be a mapping, found ${describeTree(item)}`;
      faults.push(faultAt(item.place, "SIG-S-004", message, "Write url: https://host/path"));
    }
  }
  return faults.length === before ? webhooks : null;
}

function readWebhook(item: YamlMapping, faults: ConfigFault[]): WebhookSetting {
  let url = "";
  let format: WebhookFormat = "standard";
  let secrets: readonly string[] | null = null;
  let events: readonly NotifiedType[] | null = null;
  for (const { key, keyPlace, value } of item.entries) {
    const wrong = (what: string, remedy: string): void =>
      void faults.push(faultAt(value.place, "SIG-S-004", `Key "${key}" of a webhook must be ${what}`, remedy));
    const texts = textsOf(value);
    const [text] = texts ?? [];
    if (key === "url") {
      if (value.kind === "scalar" && text !== undefined) url = text;
      else wrong("text", "Write url: https://host/path");
    } else if (key === "format") {
      if (value.kind === "scalar" && text !== undefined && isWebhookFormat(text)) format = text;
      else wrong("standard, slack or alertmanager", "Write format: slack");
    } else if (key === "secrets") {
      if (texts !== null && texts.length > 0) secrets = texts;
      else wrong("a list of texts", "Write secrets: [whsec_...]");
    } else if (key === "events") {
      const types = texts?.filter(isType) ?? [];
      if (texts !== null && types.length > 0 && types.length === texts.length) events = types;
      else wrong(`a list of ${NOTIFIED_TYPES.join(", ")}`, "Write events: [stream-halted, stream-resumed]");
    } else {
      const message = `Unknown key "${shorten(key)}" of a webhook${didYouMean(key, KEYS)}`;
      faults.push(faultAt(keyPlace, "SIG-S-003", message, `Known keys are ${KEYS.join(", ")}`));
    }
  }
  if (!item.entries.some(({ key }) => key === "url"))
    faults.push(faultAt(item.place, "SIG-S-016", 'Key "url" of a webhook is missing', "Add url"));
  return { url, format, secrets, events };
}

/** A text, or a list of texts; null for anything else. */
function textsOf(tree: YamlTree): readonly string[] | null {
  const items = tree.kind === "list" ? tree.items : [tree];
  const values = items.map((item) => (item.kind === "scalar" ? item.value : null));
  return values.every((value) => typeof value === "string") ? values : null;
}

function isType(text: string): text is NotifiedType {
  return NOTIFIED_TYPES.some((one) => one === text);
}
