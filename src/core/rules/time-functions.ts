import { simple, unary, type Builtin } from "./builtin.ts";
import { expectKind, isUnknown, refuse, UNKNOWN, written, type Checker, type Code, type Scope } from "./checker.ts";
import type { Num } from "./exact.ts";
import {
  DATE_PARTS,
  dayOfInstant,
  dayOfText,
  DURATION_PARTS,
  durationOfText,
  instantOfText,
  secondsOfDays,
  TIME_PARTS,
} from "./instant.ts";
import { computedShape, numberShape, onlyKind, type ComputedKind } from "./shape.ts";
import type { Call, Expr } from "./syntax.ts";
import type { RuleValue } from "./value.ts";

const PART_MEANINGS: Readonly<Record<string, string>> = {
  getFullYear: "The year, of an instant (in UTC) or a date",
  getMonth: "The month, 0 to 11",
  getDate: "The day of the month, 1 to 31",
  getDayOfMonth: "The day of the month, 0 to 30",
  getDayOfWeek: "The day of the week, 0 (Sunday) to 6",
  getDayOfYear: "The day of the year, 0 to 365",
  getHours: "The hour of an instant, 0 to 23 in UTC; of a duration, its whole hours",
  getMinutes: "The minute of an instant, 0 to 59; of a duration, its whole minutes",
  getSeconds: "The second of an instant, 0 to 59; of a duration, its whole seconds",
  getMilliseconds: "The milliseconds of an instant, 0 to 999; of a duration, all of it in milliseconds",
};

/** Functions of instants, dates and durations. There is no clock, and UTC is the only time zone. */
export const TIME_FUNCTIONS: readonly Builtin[] = [
  {
    name: "timestamp",
    form: "timestamp(x)",
    meaning:
      'The instant of a text with an asserted `format: date-time`, of a literal such as `"2026-01-31T00:00:00Z"`, or of a number of seconds since 1970 in UTC',
    style: "function",
    arity: [1, 1],
    check: checkTimestamp,
  },
  {
    name: "date",
    form: "date(x)",
    meaning:
      'The date of a text with an asserted `format: date`, of a literal such as `"2026-01-31"`, or of an instant in UTC',
    style: "function",
    arity: [1, 1],
    check: checkDate,
  },
  {
    name: "duration",
    form: 'duration("2h45m")',
    meaning: "A length of time, written out in `h`, `m`, `s`, `ms`, `us`, `ns`",
    style: "function",
    arity: [1, 1],
    check: checkDuration,
  },
  simple({
    name: "days",
    form: "days(n)",
    meaning: "A length of time of so many times 24 hours",
    style: "function",
    kinds: [["number"]],
    shape: () => computedShape("duration"),
    run: (count) => secondsOfDays(count as Num),
  }),
  ...Object.entries(PART_MEANINGS).map(([name, meaning]): Builtin => ({
    name,
    form: `time.${name}()`,
    meaning,
    style: "method",
    arity: [1, 2],
    check: (checker, call, parts, scope) => checkPart(checker, call, parts, scope, name),
  })),
];

/** Converts a text: a literal during the check, a text of the payload during evaluation, if its schema asserts the format. */
function checkText(
  checker: Checker,
  of: Expr,
  code: Code,
  kind: "instant" | "date",
  read: (text: string) => Num | null,
): Code | null {
  const { string } = code.shape;
  if (onlyKind(code.shape) !== "string" || string === null) return null;
  const values = string.values === null ? null : [...string.values];
  if (string.format !== FORMATS[kind] && (values === null || values.some((text) => read(text) === null))) return null;
  const shape = computedShape(kind);
  if (typeof code.constant === "string") {
    const value = read(code.constant);
    return value === null ? null : { ...code, shape, constant: value, run: () => value };
  }
  return unary(code, shape, (text) => {
    const value = read(text as string);
    // The check of formats and this function must accept the same texts; tests compare them.
    if (value === null) throw new Error(`${written(checker, of)} does not have the format of its schema`);
    return value;
  });
}

const FORMATS = { instant: "date-time", date: "date" } as const;

function checkTimestamp(checker: Checker, _call: Call, [of]: readonly Expr[], scope: Scope): Code {
  if (of === undefined) return UNKNOWN;
  const code = checker.check(of, scope);
  if (isUnknown(code)) return UNKNOWN;
  const kind = onlyKind(code.shape);
  if (kind === "instant") return code;
  if (kind === "number") return unary(code, computedShape("instant"), (seconds) => seconds);
  const read = checkText(checker, of, code, "instant", instantOfText);
  if (read !== null) return read;
  if (kind !== "string" || code.constant !== undefined) {
    if (kind !== "string") expectKind(checker, of, code, ["string", "number"]);
    else refuseText(checker, of, "timestamp");
    return UNKNOWN;
  }
  const text = written(checker, of);
  const isDate = code.shape.string?.format === "date";
  return refuse(checker, "time-zone", of.start, {
    message: `${text} is a text that need not name its time zone`,
    remedy: isDate
      ? `Write date(${text}): it is a day, which begins at another instant in each time zone`
      : `Say "format": "date-time" for it in the schema and formats: assert in the version, or use a literal such as timestamp("2026-01-31T00:00:00Z")`,
  });
}

function checkDate(checker: Checker, _call: Call, [of]: readonly Expr[], scope: Scope): Code {
  if (of === undefined) return UNKNOWN;
  const code = checker.check(of, scope);
  if (isUnknown(code)) return UNKNOWN;
  const kind = onlyKind(code.shape);
  if (kind === "date") return code;
  if (kind === "instant") return unary(code, computedShape("date"), (instant) => dayOfInstant(instant as Num));
  const read = checkText(checker, of, code, "date", dayOfText);
  if (read !== null) return read;
  if (kind !== "string") {
    expectKind(checker, of, code, ["string"]);
    return UNKNOWN;
  }
  if (code.constant !== undefined) return refuseText(checker, of, "date");
  const text = written(checker, of);
  const isInstant = code.shape.string?.format === "date-time";
  return refuse(checker, "wrong-type", of.start, {
    message: `${text} is a text that need not be a date`,
    remedy: isInstant
      ? `Write date(timestamp(${text})): the day in UTC`
      : `Say "format": "date" for it in the schema and formats: assert in the version`,
  });
}

function refuseText(checker: Checker, of: Expr, name: "timestamp" | "date"): Code {
  const form = name === "date" ? "2026-01-31" : "2026-01-31T00:00:00Z";
  return refuse(checker, name === "date" ? "wrong-type" : "time-zone", of.start, {
    message: `${written(checker, of)} is no ${name === "date" ? "date" : "instant with its time zone"}`,
    remedy: `Write it as in ${name}("${form}")`,
  });
}

function checkDuration(checker: Checker, _call: Call, [of]: readonly Expr[], scope: Scope): Code {
  if (of === undefined) return UNKNOWN;
  const code = checker.check(of, scope);
  if (isUnknown(code)) return UNKNOWN;
  const value = typeof code.constant === "string" ? durationOfText(code.constant) : null;
  if (value !== null) return { ...code, shape: computedShape("duration"), constant: value, run: () => value };
  return refuse(checker, "wrong-type", of.start, {
    message: `${written(checker, of)} is no duration written out`,
    remedy: 'Write it as in duration("2h45m"), with the units h, m, s, ms, us, ns; or days(30)',
  });
}

function checkPart(checker: Checker, call: Call, parts: readonly Expr[], scope: Scope, name: string): Code {
  const [of, zone] = parts;
  if (of === undefined) return UNKNOWN;
  if (zone !== undefined) {
    return refuse(checker, "time-zone", zone.start, {
      message: `${name}() with a time zone depends on the machine's time zone data`,
      remedy: `Use ${name}() without an argument: it is UTC`,
    });
  }
  const code = checker.check(of, scope);
  const kinds = (["instant", "date", "duration"] as const).filter((kind) => reader(kind, name) !== null);
  if (!expectKind(checker, of, code, kinds)) return UNKNOWN;
  const read = reader(onlyKind(code.shape) as ComputedKind, name);
  if (read === null)
    return refuse(checker, "wrong-type", call.start, {
      message: `There is no ${name}() here`,
      remedy: "Correct the expression",
    });
  return unary(code, numberShape({ whole: true }), (value: RuleValue) => read(value as Num));
}

function reader(kind: ComputedKind, name: string): ((value: Num) => Num) | null {
  const onDay = DATE_PARTS.get(name);
  switch (kind) {
    case "date":
      return onDay ?? null;
    case "duration":
      return DURATION_PARTS.get(name) ?? null;
    case "instant":
      return onDay === undefined ? (TIME_PARTS.get(name) ?? null) : (instant) => onDay(dayOfInstant(instant));
  }
}
