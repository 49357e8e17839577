/** `date`: full-date of RFC 3339 section 5.6, with the days that a month has (appendix C for leap years); 0000 to 9999. */
export function isDate(text: string): boolean {
  return text.length === 10 && isFullDate(text);
}

/**
 * `time`: full-time of RFC 3339 section 5.6, so an offset is required. The second 60 is allowed when the time is
 * 23:59:60 in UTC.
 */
export function isTime(text: string): boolean {
  // "00:00:00Z" is the shortest.
  return text.length >= 9 && isFullTime(text, 0);
}

/**
 * `date-time`: date-time of RFC 3339 section 5.6. `t` and `z` may be lower case. The grammar excludes a space instead
 * of the T, a comma instead of the point, and a missing offset. The second 60 is allowed at the end of a month in UTC
 * (section 5.7).
 */
export function isDateTime(text: string): boolean {
  if (text.length < 20 || !isFullDate(text)) return false;
  const separator = text.charCodeAt(10);
  if (separator !== UPPER_T && separator !== LOWER_T) return false;
  return isFullTime(text, 11) && (text.charCodeAt(17) !== DIGIT_6 || isAtMonthEnd(text));
}

const UPPER_T = 0x54;
const LOWER_T = 0x74;
const UPPER_Z = 0x5a;
const LOWER_Z = 0x7a;
const PLUS = 0x2b;
const MINUS = 0x2d;
const POINT = 0x2e;
const COLON = 0x3a;
const DIGIT_6 = 0x36;
const DAY_MINUTES = 1_440;
/** The minute 23:59, which may have a second 60. */
const LAST_MINUTE = 1_439;

/** The value of two ASCII digits, or -1. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 0x30;
  const ones = text.charCodeAt(at + 1) - 0x30;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1;
}

/** Whether a text begins with a full-date; it must have at least ten characters. */
function isFullDate(text: string): boolean {
  const century = twoDigits(text, 0);
  const yearOfCentury = twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  if (century < 0 || yearOfCentury < 0 || text.charCodeAt(4) !== MINUS || text.charCodeAt(7) !== MINUS) return false;
  if (month < 1 || month > 12 || day < 1) return false;
  return day <= 28 || day <= daysIn(century * 100 + yearOfCentury, month);
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Whether the text from `at` to its end is a full-time. */
function isFullTime(text: string, at: number): boolean {
  const hour = twoDigits(text, at);
  const minute = twoDigits(text, at + 3);
  const second = twoDigits(text, at + 6);
  if (text.charCodeAt(at + 2) !== COLON || text.charCodeAt(at + 5) !== COLON) return false;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return false;
  const offsetAt = afterFraction(text, at + 8);
  if (offsetAt < 0) return false;
  const offset = offsetMinutes(text, offsetAt);
  if (offset === null) return false;
  return second < 60 || (hour * 60 + minute - offset + DAY_MINUTES) % DAY_MINUTES === LAST_MINUTE;
}

/**
 * The index of the offset: after `time-secfrac`, a point and at least one digit, if there is one; -1 for a point
 * without digits.
 */
function afterFraction(text: string, at: number): number {
  if (text.charCodeAt(at) !== POINT) return at;
  let next = at + 1;
  for (; next < text.length; next++) {
    const code = text.charCodeAt(next);
    if (code < 0x30 || code > 0x39) break;
  }
  return next === at + 1 ? -1 : next;
}

/** The minutes east of UTC in `time-offset`; null when the rest of the text is not an offset. */
function offsetMinutes(text: string, at: number): number | null {
  const sign = text.charCodeAt(at);
  if (sign === UPPER_Z || sign === LOWER_Z) return at + 1 === text.length ? 0 : null;
  if ((sign !== PLUS && sign !== MINUS) || at + 6 !== text.length || text.charCodeAt(at + 3) !== COLON) return null;
  const hours = twoDigits(text, at + 1);
  const minutes = twoDigits(text, at + 4);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return null;
  return sign === PLUS ? hours * 60 + minutes : -(hours * 60 + minutes);
}

/**
 * Whether a date-time with a second 60 falls on the last day of a month in UTC, where leap seconds are put (RFC 3339
 * section 5.7). Which months have one is announced half a year ahead and cannot be known here.
 */
function isAtMonthEnd(text: string): boolean {
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  const last = daysIn(twoDigits(text, 0) * 100 + twoDigits(text, 2), month);
  const offset = offsetMinutes(text, afterFraction(text, 19)) ?? 0;
  const utcDays = Math.floor((twoDigits(text, 11) * 60 + twoDigits(text, 14) - offset) / DAY_MINUTES);
  // The local day is one before UTC's, the same, or one after: the first day of a month may still be the last day of
  // the previous month in UTC.
  return utcDays < 0 ? day === 1 : day + utcDays === last;
}
