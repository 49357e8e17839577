import { WEBHOOK_FORMATS, type WebhookFormat } from "../notify/format.ts";
import { describeLane, parseLanes } from "./lanes.ts";
import { listOf } from "./list-of.ts";
import { describeObjectiveSetting, parseObjectives } from "./objectives.ts";
import type { SettingValue, SourceSetting, ValueKind, WebhookSetting } from "./setting-row.ts";

/** A value, or what is wrong with the text: `problem` continues a sentence that begins with "Setting http.port". */
export type Parsed =
  | { readonly ok: true; readonly value: SettingValue }
  | { readonly ok: false; readonly problem: string };

/** Topic names that Kafka accepts. */
const TOPIC = /^[A-Za-z0-9._-]{1,249}$/;
const SUBJECT = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,248}$/;
const PARTITIONS_MAX = 1_024;
const VERSION_MAX = 999_999_999;

/** Parses the text of an option or a variable. */
export function parseText(kind: ValueKind, text: string): Parsed {
  switch (kind.kind) {
    case "integer":
      return /^\d{1,15}$/.test(text) ? inRange(kind, Number(text)) : wrong(kind, `"${text}"`);
    case "boolean":
      return text === "true" || text === "false" ? { ok: true, value: text === "true" } : wrong(kind, `"${text}"`);
    case "bytes":
    case "text":
    case "texts":
    case "path":
    case "choice":
      return parseScalar(kind, text);
    case "sources":
      return parseSources(text);
    case "webhooks":
      return parseWebhooks(text);
    case "objectives":
      return parseObjectives(text);
    case "lanes":
      return parseLanes(text);
  }
}

/** Parses a scalar of the YAML file. A number or a boolean must be written as one, and not as text. */
export function parseScalar(kind: ValueKind, value: string | number | boolean | null): Parsed {
  switch (kind.kind) {
    case "integer":
      return typeof value === "number" && Number.isSafeInteger(value) ? inRange(kind, value) : wrong(kind, show(value));
    case "boolean":
      return typeof value === "boolean" ? { ok: true, value } : wrong(kind, show(value));
    case "bytes": {
      const bytes = typeof value === "number" ? value : typeof value === "string" ? bytesOf(value) : null;
      return bytes !== null && Number.isSafeInteger(bytes) ? inRange(kind, bytes) : wrong(kind, show(value));
    }
    case "text":
    case "path":
      return typeof value === "string" && value.trim() !== "" ? { ok: true, value } : wrong(kind, show(value));
    case "texts":
      return parseTexts(kind, value);
    case "choice":
      return typeof value === "string" && kind.values.includes(value) ? { ok: true, value } : wrong(kind, show(value));
    case "sources":
    case "webhooks":
    case "objectives":
    case "lanes":
      return wrong(kind, show(value));
  }
}

/** What a value of a kind has to be, as a sentence for people goes on after "must be". */
export function describeKind(kind: ValueKind): string {
  switch (kind.kind) {
    case "integer":
      return `a whole number from ${kind.min} to ${kind.max}`;
    case "bytes":
      return `a size from ${describeBytes(kind.min)} to ${describeBytes(kind.max)}, such as 65536, 64 KiB or 1 MiB`;
    case "boolean":
      return "true or false";
    case "text":
      return "text";
    case "texts":
      return "texts, separated by commas";
    case "path":
      return "a path";
    case "choice":
      return `one of ${kind.values.join(", ")}`;
    case "sources":
      return "a list of sources";
    case "webhooks":
      return "a list of webhooks";
    case "objectives":
      return "a list of objectives";
    case "lanes":
      return "a list of lanes";
  }
}

/** A size in its largest whole unit: 1 MiB, 512 KiB, 1000 bytes. */
export function describeBytes(bytes: number): string {
  if (bytes > 0 && bytes % 1_048_576 === 0) return `${bytes / 1_048_576} MiB`;
  if (bytes > 0 && bytes % 1_024 === 0) return `${bytes / 1_024} KiB`;
  return `${bytes} bytes`;
}

/** Whether Kafka accepts a text as the name of a topic. */
export function isTopicName(text: string): boolean {
  return TOPIC.test(text);
}

/** Null for "", which is the value of a setting that is not set. */
export function textOrNull(text: string): string | null {
  return text === "" ? null : text;
}

/** Makes one source of its parts. @returns a text where a part is wrong, which says what the part has to be. */
export function sourceOf(
  topic: string,
  subject: string,
  version: number | null,
  accepts: readonly number[] | null,
  partitions: number,
): SourceSetting | string {
  if (!isTopicName(topic)) return "a topic has letters, digits, dots, underscores and dashes, at most 249";
  if (!SUBJECT.test(subject)) return "a subject has letters, digits, dots, underscores and dashes, at most 249";
  if ([...(accepts ?? []), version ?? 1].some((one) => !within(one, 1, VERSION_MAX)))
    return `a version is a whole number from 1 to ${VERSION_MAX}`;
  if (accepts?.length === 0)
    return "a topic accepts at least one version; leave accepts out to accept any live version";
  if (accepts !== null && version !== null && !accepts.includes(version))
    return `the default version ${version} is not among the versions it accepts`;
  if (!within(partitions, 1, PARTITIONS_MAX)) return `partitions are a whole number from 1 to ${PARTITIONS_MAX}`;
  return {
    topic,
    subject,
    accepts: accepts === null ? null : [...new Set(accepts)].toSorted((a, b) => a - b),
    defaultVersion: version,
    partitions,
  };
}

/** A value as one line of text. */
export function describeValue(value: SettingValue): string {
  if (typeof value !== "object") return String(value);
  return value
    .map((one) => {
      if ("topic" in one) return describeSource(one);
      if ("bytesMin" in one) return describeLane(one);
      return "format" in one ? `${one.format}=${one.url}` : describeObjectiveSetting(one);
    })
    .join(",");
}

/** Whether a text names a format of webhooks. */
export function isWebhookFormat(text: string): text is WebhookFormat {
  return WEBHOOK_FORMATS.some((one) => one === text);
}

/** The text form of a source: `topic=subject@default/accepts:partitions`. */
function describeSource({ topic, subject, accepts, defaultVersion, partitions }: SourceSetting): string {
  const byDefault = defaultVersion === null ? "" : `@${defaultVersion}`;
  return `${topic}=${subject}${byDefault}${accepts === null ? "" : `/${accepts.join("+")}`}:${partitions}`;
}

/** Parses `format=url`, separated by blanks; the format may be left out. The fault quotes nothing: a URL may hold a secret. */
function parseWebhooks(text: string): Parsed {
  const webhooks: WebhookSetting[] = [];
  for (const part of text.split(/\s+/).filter((one) => one !== "")) {
    const [, name, url = part] = /^([a-z]{1,20})=(.*)$/.exec(part) ?? [];
    const format = name ?? "standard";
    if (!isWebhookFormat(format)) {
      const formats = WEBHOOK_FORMATS.join(", ");
      return { ok: false, problem: `must be written format=url, separated by blanks; a format is one of ${formats}` };
    }
    webhooks.push({ url, format, secrets: null, events: null });
  }
  return { ok: true, value: webhooks };
}

function parseSources(text: string): Parsed {
  const sources: SourceSetting[] = [];
  for (const part of text.split(",")) {
    const match = /^\s*([^=\s]+)=([^@:/\s]+)(?:@(\d{1,10}))?(?:\/([\d+]{1,1000}))?(?::(\d{1,10}))?\s*$/.exec(part);
    const [, topic, subject, version, accepts, partitions] = match ?? [];
    if (topic === undefined || subject === undefined) {
      return { ok: false, problem: "must be written topic=subject@default/accepts:partitions, separated by commas" };
    }
    const source = sourceOf(
      topic,
      subject,
      version === undefined ? null : Number(version),
      accepts === undefined ? null : accepts.split("+").map(Number),
      Number(partitions ?? 1),
    );
    if (typeof source === "string") return { ok: false, problem: `is not valid: ${source}` };
    sources.push(source);
  }
  return { ok: true, value: sources };
}

const UNITS: Readonly<Record<string, number>> = { "": 1, B: 1, KiB: 1_024, MiB: 1_048_576, GiB: 1_073_741_824 };

function bytesOf(text: string): number | null {
  const match = /^(\d{1,15}) ?([A-Za-z]*)$/.exec(text);
  const unit = UNITS[match?.[2] ?? "?"];
  return match === null || unit === undefined ? null : Number(match[1]) * unit;
}

/** What stands in the list is not shown: it may be a list of secrets. */
function parseTexts(kind: ValueKind, value: string | number | boolean | null): Parsed {
  if (typeof value !== "string" || value.trim() === "") return wrong(kind, show(value));
  return listOf(value).includes("") ? wrong(kind, "an empty one") : { ok: true, value };
}

function inRange(kind: ValueKind & { readonly min: number; readonly max: number }, value: number): Parsed {
  return within(value, kind.min, kind.max) ? { ok: true, value } : wrong(kind, String(value));
}

function within(value: number, min: number, max: number): boolean {
  return Number.isSafeInteger(value) && value >= min && value <= max;
}

function wrong(kind: ValueKind, found: string): Parsed {
  return { ok: false, problem: `must be ${describeKind(kind)}, found ${found}` };
}

function show(value: string | number | boolean | null): string {
  if (value === null) return "nothing";
  return typeof value === "string" ? JSON.stringify(value.slice(0, 60)) : String(value);
}
