/**
 * What is measured. Availability: the share of time in which a stream decides, neither paused nor halted. Quality: the share of new
 * records that pass their contract. Freshness: the share of records that are durable within a time after they were produced.
 */
export type ObjectiveKind = "availability" | "quality" | "freshness";

export const OBJECTIVE_KINDS: readonly ObjectiveKind[] = ["availability", "quality", "freshness"];

/** A promise about the service: the share of what is measured that is good, within a window that ends now. */
export type Objective = {
  /** Lower-case letters, digits and dashes, at most 40: the name of the Prometheus label and of the OpenSLO object. */
  readonly name: string;
  readonly kind: ObjectiveKind;
  /** The contract whose records or streams count; null (availability only): every stream. */
  readonly subject: string | null;
  /** The share that is to be good, in millionths: 995,000 is 99.5 %. Less than a million. */
  readonly targetMillionths: number;
  /** In milliseconds, whole hours. */
  readonly windowMs: number;
  /** Freshness: the longest time from production to durability that is good, in milliseconds; null for the other kinds. */
  readonly withinMs: number | null;
};

/** The share of events that may be bad, between 0 and 1. */
export function budgetOf({ targetMillionths }: Objective): number {
  return (1_000_000 - targetMillionths) / 1_000_000;
}

/**
 * The key under which the events of an objective are counted. It names what is measured and nothing else: a changed name, target or
 * window keeps the counts.
 */
export function indicatorOf({
  kind,
  subject,
  withinMs,
}: Omit<Objective, "name" | "targetMillionths" | "windowMs">): string {
  const within = withinMs === null ? "" : `:${withinMs}`;
  return `${kind}:${subject ?? "*"}${within}`;
}

/** A target as people write it: 99.5%. */
export function describeTarget({ targetMillionths }: Pick<Objective, "targetMillionths">): string {
  return `${targetMillionths / 10_000}%`;
}

/** An objective in one sentence, without its name. */
export function describeObjective(objective: Objective): string {
  const { kind, subject, withinMs, windowMs } = objective;
  const target = describeTarget(objective);
  const over = `over ${describeDuration(windowMs)}`;
  switch (kind) {
    case "availability":
      return `${target} of the time ${subject === null ? "streams" : `streams of ${subject}`} decide, ${over}`;
    case "quality":
      return `${target} of new records of ${subject} pass, ${over}`;
    case "freshness":
      return `${target} of records of ${subject} are durable within ${describeDuration(withinMs ?? 0)}, ${over}`;
  }
}

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Parses `500ms`, `5s`, `10m`, `12h`, `30d`. @returns milliseconds, at least 1; null for anything else. */
export function parseDuration(text: string): number | null {
  const [, digits, unit] = /^([1-9]\d{0,8})(ms|s|m|h|d)$/.exec(text) ?? [];
  return digits === undefined || !isUnit(unit) ? null : Number(digits) * UNITS[unit];
}

function isUnit(text: string | undefined): text is keyof typeof UNITS {
  return text !== undefined && Object.hasOwn(UNITS, text);
}

/** A duration in its largest whole unit, as Prometheus writes durations: 90m, 36h, 30d. */
export function describeDuration(ms: number): string {
  const unit = (["d", "h", "m", "s"] as const).find((one) => ms % UNITS[one] === 0) ?? "ms";
  return `${ms / UNITS[unit]}${unit}`;
}

/** Parses `99.5%`, with at most four decimals. @returns millionths from 1 to 1,000,000; null for anything else. */
export function parseTarget(text: string): number | null {
  const [, whole, decimals = ""] = /^(\d{1,3})(?:\.(\d{1,4}))?\s?%$/.exec(text) ?? [];
  if (whole === undefined) return null;
  const millionths = Number(whole) * 10_000 + Number(decimals.padEnd(4, "0"));
  return millionths >= 1 && millionths <= 1_000_000 ? millionths : null;
}
