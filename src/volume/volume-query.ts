import { parseTime } from "../failures/parse-filter.ts";
import { HOUR_MS } from "../store/groups.ts";

/** What became of a decided record. Each decision counts once, under one kind. */
export const KINDS = ["stored", "failed", "duplicate", "redelivery", "conflict", "redriven", "replayed"] as const;

export type Kind = (typeof KINDS)[number];

/** What is asked of the volume. */
export type VolumeQuestion = {
  /** Hours since 1970, `[fromHour, toHour)`. */
  readonly fromHour: number;
  readonly toHour: number;
  readonly by: "hour" | "day";
  /** Null: any. */
  readonly subject: string | null;
  readonly producer: string | null;
  readonly kind: Kind | null;
};

/** A question as people write it: parameters of a query, or options of a command. */
export type QuestionText = { readonly [Name in keyof typeof VOLUME_PARAMETERS]?: string };

/** What each parameter means. The HTTP interface and the command line have the same ones. */
export const VOLUME_PARAMETERS = {
  since: "records from the hour of this time on: RFC 3339 as 2026-11-29T10:00:00Z, or so long ago: 90m, 24h, 7d",
  until: "records up to the hour of this time, included; written in the same way",
  by: "hour or day (UTC)",
  subject: "contract of the topic",
  producer: "sender that the record names",
  kind: "what became of the records: stored, failed, duplicate, redelivery, conflict, redriven or replayed",
} as const;

/** The parameter that cannot be read, and what it must be. */
export type QuestionFault = { readonly parameter: keyof QuestionText; readonly message: string };

/** Hours back to the first one that is shown without `since`: the last day by hour, the last 30 days by day. */
const HOURS_BACK = { hour: 23, day: 29 * 24 } as const;

/** Reads a question. @param nowMs resolves times such as `1h`. */
export function parseQuestion(
  { since, until, by = "hour", subject, producer, kind }: QuestionText,
  nowMs: number,
): { readonly ok: true; readonly question: VolumeQuestion } | ({ readonly ok: false } & QuestionFault) {
  const fault = (parameter: keyof QuestionText, message: string) => ({ ok: false, parameter, message }) as const;
  if (by !== "hour" && by !== "day") return fault("by", "is neither hour nor day");
  const known = KINDS.find((one) => one === kind) ?? null;
  if (kind !== undefined && known === null) return fault("kind", `is no kind: use ${KINDS.join(", ")}`);
  if (subject === "") return fault("subject", "is no contract");
  if (producer === "") return fault("producer", "is no producer");
  const fromMs = since === undefined ? nowMs - HOURS_BACK[by] * HOUR_MS : parseTime(since, nowMs);
  if (fromMs === null) return fault("since", NO_TIME);
  const toMs = until === undefined ? null : parseTime(until, nowMs);
  if (until !== undefined && toMs === null) return fault("until", NO_TIME);
  const span = by === "day" ? 24 : 1;
  const fromHour = Math.max(0, floorTo(fromMs, span));
  const toHour = toMs === null ? HOURS_END : floorTo(toMs, 1) + 1;
  if (toHour <= fromHour) return fault("until", "is before since");
  const only = { subject: subject ?? null, producer: producer ?? null, kind: known };
  return { ok: true, question: { fromHour, toHour, by, ...only } };
}

const NO_TIME = "is no time: write 2026-11-29T10:00:00Z, or 90m, 24h, 7d for so long ago";

/** Behind the last hour that is counted, of the year 9999. Producers may be ahead of our clock. */
const HOURS_END = 70_389_528;

function floorTo(ms: number, hours: number): number {
  return Math.floor(ms / (hours * HOUR_MS)) * hours;
}
