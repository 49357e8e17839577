import { escapeStep } from "../json/pointer.ts";
import { partsOf, type Member } from "../json/parts.ts";

/** Attributes by name, with values as headers carry them: text, `true`, `-1`. */
export type Attributes = ReadonlyMap<string, string>;

/** A CloudEvent of the structured mode, read from its JSON text. */
export type CloudEvent = {
  readonly attributes: Attributes;
  /** Media type of the data. */
  readonly contentType: string;
  /** Null when the event has no data. */
  readonly data: Uint8Array | null;
  /** Index in the text at which the data begins; null when the data was decoded or is absent. */
  readonly index: number | null;
};

/**
 * Why a text is not a CloudEvent. `pointer` and `index` locate the fault in the envelope. The message never quotes a
 * value.
 */
export type CloudEventFault = {
  readonly message: string;
  readonly pointer: string;
  readonly index: number | null;
  /** Required attributes that are missing. */
  readonly missing: readonly string[];
};

export type ReadEvent =
  | { readonly ok: true; readonly event: CloudEvent }
  | { readonly ok: false; readonly fault: CloudEventFault };

/** Size that an envelope may have besides its data, in bytes; a larger record is too large. */
export const ENVELOPE_BYTES_MAX = 65_536;

/** Attributes every CloudEvent has (CloudEvents 1.0, section 3.1). */
const REQUIRED = ["specversion", "id", "source", "type"] as const;
/** Attributes of the specification that are texts; none of them may be empty (sections 3.1 and 3.2). */
const TEXTS: ReadonlySet<string> = new Set([...REQUIRED, "datacontenttype", "dataschema", "subject", "time"]);
/** Attribute names: lower-case letters and digits (section 3). */
const NAME = /^[a-z0-9]+$/;
/**
 * Characters that a text must not contain: controls and lone surrogates (section 3.1, type String), and noncharacters.
 */
const UNWELCOME = /[\p{Cc}\p{Cs}\uFDD0-\uFDEF\uFFFE\uFFFF]/u;
/** RFC 3339. */
const TIME =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])[Tt](?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;
/** RFC 2045, without its comments. */
const MEDIA_TYPE = /^[!#$%&'*+.^_`|~\w-]+\/[!#$%&'*+.^_`|~\w-]+\s*(?:;.*)?$/;
/** Integers have 32 bits, and neither fraction nor exponent (section 3.1, type Integer). */
const INTEGER = /^-?\d{1,10}$/;

/**
 * Reads an envelope of the JSON event format 1.0.
 * @param text valid JSON; the event may be a part of it, as in a batch of events.
 * @param from index at which the event begins.
 * @param pointer to the event in the text, for faults.
 */
export function readEnvelope(text: string, from = 0, pointer = ""): ReadEvent {
  const parts = partsOf(text, from);
  if (parts.kind !== "object") return refuse("A CloudEvent is a JSON object", pointer, from);
  const attributes = new Map<string, string>();
  const seen = new Set<string>();
  let data: Member | null = null;
  let base64: Member | null = null;
  for (const member of parts.members) {
    const { name, start } = member;
    const at = `${pointer}/${escapeStep(name).slice(0, 100)}`;
    if (seen.has(name)) return refuse("A member of the CloudEvent stands twice", at, start);
    seen.add(name);
    if (name === "data") data = member;
    else if (text.startsWith("null", member.from)) continue;
    else if (name === "data_base64") base64 = member;
    else {
      const value = attributeOf(name, text.slice(member.from, member.to));
      if (typeof value !== "string") return refuse(value.problem, at, start);
      attributes.set(name, value);
    }
  }
  if (data !== null && base64 !== null) {
    return refuse("A CloudEvent has data or data_base64, not both", `${pointer}/data_base64`, base64.start);
  }
  const fault = findFault(attributes, pointer);
  if (fault !== null) return { ok: false, fault };
  const contentType = attributes.get("datacontenttype") ?? "application/json";
  if (base64 !== null) {
    const decoded = decodeBase64(JSON.parse(text.slice(base64.from, base64.to)));
    if (decoded === null) return refuse("data_base64 is not base64 (RFC 4648)", `${pointer}/data_base64`, base64.start);
    return { ok: true, event: { attributes, contentType, data: decoded, index: null } };
  }
  if (data === null) return { ok: true, event: { attributes, contentType, data: null, index: null } };
  return { ok: true, event: { attributes, contentType, ...dataOf(text, data, contentType) } };
}

/** Finds a fault of a CloudEvent's attributes, in any mode; null when they are valid. */
export function findFault(attributes: Attributes, pointer: string): CloudEventFault | null {
  const missing = REQUIRED.filter((name) => (attributes.get(name) ?? "") === "");
  const problem = (message: string): CloudEventFault => ({ message, pointer, index: null, missing });
  if (missing.length > 0) return problem(`The CloudEvent lacks ${missing.join(", ")}`);
  if (attributes.get("specversion") !== "1.0") return problem("Only CloudEvents 1.0 are read");
  for (const [name, value] of attributes) {
    if (!NAME.test(name)) return problem("An attribute's name is not lower-case letters and digits");
    if (TEXTS.has(name) && value === "") return problem(`The attribute ${name} is empty`);
    if (UNWELCOME.test(value)) {
      return problem("An attribute holds a control character, a noncharacter or half of a surrogate pair");
    }
  }
  if (!TIME.test(attributes.get("time") ?? "1970-01-01T00:00:00Z"))
    return problem("The attribute time is not RFC 3339");
  if (!MEDIA_TYPE.test(attributes.get("datacontenttype") ?? "a/b")) {
    return problem("The attribute datacontenttype is no media type");
  }
  return null;
}

function attributeOf(name: string, text: string): string | { readonly problem: string } {
  if (text.startsWith('"')) return JSON.parse(text) as string;
  if (TEXTS.has(name)) return { problem: `The attribute ${name} is a text` };
  if (text === "true" || text === "false") return text;
  if (text.startsWith("{") || text.startsWith("[")) return { problem: "An attribute is no object and no list" };
  if (INTEGER.test(text) && Math.trunc(Number(text)) === (Number(text) | 0)) return String(Number(text) | 0);
  return { problem: "A number among the attributes is an integer of 32 bits" };
}

/** Decodes base64 strictly: a decoder that skips unknown characters would turn a damaged text into other bytes. */
function decodeBase64(value: unknown): Uint8Array | null {
  if (typeof value !== "string") return null;
  const bytes = Buffer.from(value, "base64");
  return bytes.toString("base64") === value ? bytes : null;
}

/**
 * The data's own JSON text. Only a JSON string under a media type that is not JSON is decoded to its content (JSON
 * format, 3.1).
 */
function dataOf(text: string, { from, to }: Member, contentType: string): Pick<CloudEvent, "data" | "index"> {
  const raw = text.slice(from, to);
  if (raw.startsWith('"') && !isJson(contentType)) {
    return { data: Buffer.from(JSON.parse(raw) as string), index: null };
  }
  return { data: Buffer.from(raw), index: from };
}

function isJson(mediaType: string): boolean {
  const essence = mediaType.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  return /\/(?:.+\+)?json$/.test(essence);
}

function refuse(message: string, pointer: string, index: number): ReadEvent {
  return { ok: false, fault: { message, pointer, index, missing: [] } };
}
