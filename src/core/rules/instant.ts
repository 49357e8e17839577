import { addNums, divideNums, indexOfNum, multiplyNums, negateNum, numOfText, remainder, type Num } from "./exact.ts";

const DAY_SECONDS = 86_400;

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/;
const DATE_TIME = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/;

/** Digits of a fraction of a second that are used, as in CEL: nanoseconds. */
const FRACTION_DIGITS = 9;

/** The days since 1970-01-01 of an RFC 3339 full-date; null for any other text. */
export function dayOfText(text: string): number | null {
  const [, year, month, day] = DATE.exec(text) ?? [];
  if (year === undefined) return null;
  return dayNumber(Number(year), Number(month), Number(day));
}

/**
 * The seconds since 1970-01-01T00:00:00Z of an RFC 3339 date-time, to the nanosecond (further digits are cut off); null for any
 * other text. A leap second equals the second after it, as in POSIX: 23:59:60Z is 00:00:00Z of the next day.
 */
export function instantOfText(text: string): Num | null {
  const [, year, month, day, hour, minute, second, fraction = "", sign, offsetHour = "0", offsetMinute = "0"] =
    DATE_TIME.exec(text) ?? [];
  if (year === undefined) return null;
  const days = dayNumber(Number(year), Number(month), Number(day));
  const [hours, minutes, seconds] = [Number(hour), Number(minute), Number(second)];
  const [ahead, behind] = [Number(offsetHour), Number(offsetMinute)];
  if (days === null || hours > 23 || minutes > 59 || seconds > 60 || ahead > 23 || behind > 59) return null;
  const offset = (ahead * 3_600 + behind * 60) * (sign === "-" ? -1 : 1);
  const whole = days * DAY_SECONDS + hours * 3_600 + minutes * 60 + seconds - offset;
  const kept = fraction.slice(0, FRACTION_DIGITS);
  return kept === "" ? whole : addNums(whole, numOfText(`0.${kept}`));
}

const MONTH_DAYS: readonly number[] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Days since 1970-01-01 in the proleptic Gregorian calendar; null when the day does not exist. */
function dayNumber(year: number, month: number, day: number): number | null {
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const last = month === 2 && isLeap ? 29 : MONTH_DAYS[month - 1];
  if (last === undefined || day < 1 || day > last) return null;
  // Years are counted from March, so that the leap day comes last. Eras of 400 years have 146,097 days.
  const from = month > 2 ? year : year - 1;
  const era = Math.floor(from / 400);
  const inEra = from - era * 400;
  const inYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  return era * 146_097 + inEra * 365 + Math.floor(inEra / 4) - Math.floor(inEra / 100) + inYear - 719_468;
}

/** Year, month (0-11) and day of month (1-31) of a day number; exact at any distance. */
function civil(days: bigint): { readonly year: bigint; readonly month: number; readonly day: number } {
  const shifted = days + 719_468n;
  const era = (shifted >= 0n ? shifted : shifted - 146_096n) / 146_097n;
  const inEra = Number(shifted - era * 146_097n);
  const yearOfEra = Math.floor(
    (inEra - Math.floor(inEra / 1_460) + Math.floor(inEra / 36_524) - Math.floor(inEra / 146_096)) / 365,
  );
  const inYear = inEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const fromMarch = Math.floor((5 * inYear + 2) / 153);
  const month = fromMarch < 10 ? fromMarch + 2 : fromMarch - 10;
  return {
    year: BigInt(yearOfEra) + era * 400n + (month < 2 ? 1n : 0n),
    month,
    day: inYear - Math.floor((153 * fromMarch + 2) / 5) + 1,
  };
}

/** The day of an instant in UTC. */
export function dayOfInstant(instant: Num): Num {
  return divideNums(instant, DAY_SECONDS, 0, "floor");
}

export function secondsOfDays(days: Num): Num {
  return multiplyNums(days, DAY_SECONDS);
}

/** The parts of a date, as CEL numbers them: months and days of the month from 0, days of the week from Sunday. */
export const DATE_PARTS: ReadonlyMap<string, (day: Num) => Num> = new Map<string, (day: Num) => Num>([
  ["getFullYear", (day) => narrow(civil(wholeOf(day)).year)],
  ["getMonth", (day) => civil(wholeOf(day)).month],
  ["getDate", (day) => civil(wholeOf(day)).day],
  ["getDayOfMonth", (day) => civil(wholeOf(day)).day - 1],
  ["getDayOfWeek", (day) => Number((((wholeOf(day) + 4n) % 7n) + 7n) % 7n)],
  ["getDayOfYear", (day) => dayOfYear(wholeOf(day))],
]);

/** The parts of the time of day of an instant, in UTC. */
export const TIME_PARTS: ReadonlyMap<string, (instant: Num) => Num> = new Map<string, (instant: Num) => Num>([
  ["getHours", (instant) => divideNums(secondOfDay(instant), 3_600, 0, "floor")],
  ["getMinutes", (instant) => divideNums(remainder(secondOfDay(instant), 3_600), 60, 0, "floor")],
  ["getSeconds", (instant) => divideNums(remainder(secondOfDay(instant), 60), 1, 0, "floor")],
  ["getMilliseconds", (instant) => floor(multiplyNums(remainder(secondOfDay(instant), 1), 1_000))],
]);

/** The whole hours, minutes, seconds or milliseconds of a duration, truncated. */
export const DURATION_PARTS: ReadonlyMap<string, (duration: Num) => Num> = new Map<string, (duration: Num) => Num>([
  ["getHours", (duration) => divideNums(duration, 3_600, 0, "trunc")],
  ["getMinutes", (duration) => divideNums(duration, 60, 0, "trunc")],
  ["getSeconds", (duration) => divideNums(duration, 1, 0, "trunc")],
  ["getMilliseconds", (duration) => divideNums(multiplyNums(duration, 1_000), 1, 0, "trunc")],
]);

function dayOfYear(days: bigint): number {
  const { year } = civil(days);
  // The calendar repeats after 400 years: 1 January of this year is 1 January of its year within the cycle, shifted by whole
  // cycles.
  const inCycle = Number(((year % 400n) + 400n) % 400n);
  const first = dayNumber(inCycle, 1, 1) ?? 0;
  return Number(days - (BigInt(first) + ((year - BigInt(inCycle)) / 400n) * 146_097n));
}

function secondOfDay(instant: Num): Num {
  return addNums(instant, negateNum(secondsOfDays(dayOfInstant(instant))));
}

function floor(value: Num): Num {
  return divideNums(value, 1, 0, "floor");
}

/** @param value whole. */
function wholeOf(value: Num): bigint {
  if (typeof value === "bigint") return value;
  if (typeof value === "number") return BigInt(value);
  return value.exponent >= 0
    ? value.digits * 10n ** BigInt(value.exponent)
    : value.digits / 10n ** BigInt(-value.exponent);
}

function narrow(value: bigint): Num {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

const UNIT_SECONDS: Readonly<Record<string, string>> = {
  h: "3600",
  m: "60",
  s: "1",
  ms: "0.001",
  us: "0.000001",
  ns: "0.000000001",
};

const DURATION = /^[+-]?(?:\d{1,12}(?:\.\d{1,9})?(?:h|ms|us|ns|m|s))+$/;

/** The exact seconds of a duration such as `90m`, `-1.5h` or `2h45m` (units h, m, s, ms, us, ns); null for any other text. */
export function durationOfText(text: string): Num | null {
  if (!DURATION.test(text)) return null;
  let seconds: Num = 0;
  for (const [, amount = "0", unit = "s"] of text.matchAll(/([\d.]+)(h|ms|us|ns|m|s)/g)) {
    seconds = addNums(seconds, multiplyNums(numOfText(amount), numOfText(UNIT_SECONDS[unit] ?? "1")));
  }
  return text.startsWith("-") ? negateNum(seconds) : seconds;
}

/**
 * Limits an index of a text to the range 0 to `size`.
 * @param at an integer.
 */
export function clampIndex(at: Num, size: number): number {
  return Math.min(Math.max(indexOfNum(at), 0), size);
}
