import { ANY_FAILURE, type FailureFilter } from "./filter.ts";
import type { GroupStateKind } from "./group-state.ts";

/** A filter as people write it: parameters of a query, or options of a command. */
export type FilterText = { readonly [Name in keyof typeof PARAMETERS]?: string };

/** The parameter that cannot be read, and what it must be. */
export type FilterFault = { readonly parameter: string; readonly message: string };

/** What each parameter means. The HTTP interface and the command line have the same ones. */
export const PARAMETERS = {
  since: "records from this time on: RFC 3339 as 2026-11-29T10:00:00Z, or so long ago: 30m, 1h, 7d",
  until: "records before this time, written in the same way",
  code: "failure code, such as schema or malformed-not-json",
  group: "fingerprint of the group",
  topic: "topic of the record",
  partition: "partition of the record",
  offset: "offset of the record",
  origin: "where the record arrived before a router moved it: orders, orders/3 or orders/3@1042",
  contract: "contract that judged: shipment, or shipment@1 for one version",
  version: "version of the contract that judged",
  producer: "sender that the record names",
  pointer: "JSON pointer (RFC 6901) of a violation, such as /weight_kg",
  state: "state of the group: open, acknowledged, fixed-in or muted",
  field: "a field of the payload and its value: /destination=Dublin",
} as const;

const STATES: readonly GroupStateKind[] = ["open", "acknowledged", "fixed-in", "muted"];

/** Reads a filter. @param nowMs resolves times such as `1h`. */
export function parseFilter(
  text: FilterText,
  nowMs: number,
): { readonly ok: true; readonly filter: FailureFilter } | ({ readonly ok: false } & FilterFault) {
  const faults: FilterFault[] = [];
  const read = <T>(parameter: keyof FilterText, parse: (value: string) => T | null, message: string): T | null => {
    const value = text[parameter];
    if (value === undefined) return null;
    const parsed = parse(value);
    if (parsed === null) faults.push({ parameter, message });
    return parsed;
  };
  const contract = read("contract", parseContract, "is no contract: write shipment or shipment@1");
  const version = read("version", parseVersion, "is no version: write 1, 2, 3 ...");
  if (version !== null && contract !== null && (contract.version ?? version) !== version)
    faults.push({ parameter: "version", message: "is another than that of the contract: name it once" });
  const time = (value: string): number | null => parseTime(value, nowMs);
  const timeMessage = "is no time: write 2026-11-29T10:00:00Z, or 30m, 1h, 7d for so long ago";
  const filter: FailureFilter = {
    ...ANY_FAILURE,
    fromMs: read("since", time, timeMessage),
    toMs: read("until", time, timeMessage),
    code: read("code", nonEmpty, "is no code: see `sigma failures groups`"),
    fingerprint: read("group", parseFingerprint, "is no fingerprint: it has 32 characters, 0-9 and a-f"),
    topic: read("topic", nonEmpty, "is no topic"),
    partition: read("partition", (value) => wholeNumber(value, 2_147_483_647), "is no partition: write 0, 1, 2 ..."),
    offset: read("offset", parseOffset, "is no offset: write 0, 1, 2 ... up to 2^63 - 1"),
    origin: read("origin", parseOrigin, "is no origin: write orders, orders/3 or orders/3@1042"),
    subject: contract?.subject ?? null,
    version: version ?? contract?.version ?? null,
    producer: read("producer", nonEmpty, "is no producer"),
    pointer: read("pointer", parsePointer, "is no JSON pointer: it begins with /"),
    state: read("state", parseState, `is no state: use ${STATES.join(", ")}`),
    field: read("field", parseField, "is no field: write /destination=Dublin"),
  };
  const [fault] = faults;
  return fault === undefined ? { ok: true, filter } : { ok: false, ...fault };
}

function nonEmpty(value: string): string | null {
  return value === "" ? null : value;
}

function parseContract(value: string): { readonly subject: string; readonly version: number | null } | null {
  const [, subject, version] = /^([A-Za-z0-9][A-Za-z0-9_.-]{0,248})(?:@([1-9][0-9]{0,8}))?$/.exec(value) ?? [];
  return subject === undefined ? null : { subject, version: version === undefined ? null : Number(version) };
}

function parseVersion(value: string): number | null {
  return /^[1-9]\d{0,8}$/.test(value) ? Number(value) : null;
}

function wholeNumber(value: string, max: number): number | null {
  return /^\d{1,10}$/.test(value) && Number(value) <= max ? Number(value) : null;
}

function parseOffset(value: string): bigint | null {
  return /^\d{1,19}$/.test(value) && BigInt(value) < 2n ** 63n ? BigInt(value) : null;
}

function parseOrigin(value: string): string | null {
  return /^[A-Za-z0-9._-]{1,249}(?:\/\d{1,9}(?:@\d{1,19})?)?$/.test(value) ? value : null;
}

function parseFingerprint(value: string): string | null {
  return /^[0-9a-f]{32}$/.test(value) ? value : null;
}

function parsePointer(value: string): string | null {
  return value === "" || value.startsWith("/") ? value : null;
}

function parseState(value: string): GroupStateKind | null {
  return STATES.find((one) => one === value) ?? null;
}

function parseField(value: string): FailureFilter["field"] {
  const at = value.indexOf("=");
  return value.startsWith("/") && at > 1 ? { pointer: value.slice(0, at), value: value.slice(at + 1) } : null;
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The first time that JavaScript's dates know, in milliseconds. A duration that reaches behind it means it. */
const FIRST_MS = -8_640_000_000_000_000;

/** Reads a time: RFC 3339 with its offset, or a duration before now. Milliseconds since 1970; null for any other text. */
export function parseTime(value: string, nowMs: number): number | null {
  const duration = parseDuration(value);
  return duration === null ? parseDateTime(value) : Math.max(FIRST_MS, nowMs - duration);
}

/** Reads a time to come: RFC 3339 with its offset, or a duration from now on. Null for any other text, and for a time that is over. */
export function parseTimeToCome(value: string, nowMs: number): number | null {
  const duration = parseDuration(value);
  const ms = duration === null ? parseDateTime(value) : Math.min(-FIRST_MS, nowMs + duration);
  return ms === null || ms <= nowMs ? null : ms;
}

function parseDuration(value: string): number | null {
  const [, number, unit = ""] = /^(\d{1,9})([smhd])$/.exec(value) ?? [];
  return number === undefined ? null : Number(number) * (UNITS[unit] ?? 0);
}

function parseDateTime(value: string): number | null {
  const [, year, month, day] =
    /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/i.exec(value) ?? [];
  // Date.parse takes the 30th of February for the 2nd of March.
  if (
    day === undefined ||
    new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() !== Number(day)
  )
    return null;
  const ms = Date.parse(value.toUpperCase());
  return Number.isNaN(ms) ? null : ms;
}
