import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  DATE_PARTS,
  dayOfInstant,
  dayOfText,
  durationOfText,
  instantOfText,
  TIME_PARTS,
} from "../../../src/core/rules/instant.ts";
import { compareNums, textOfNum, type Num } from "../../../src/core/rules/exact.ts";
import { compileSchema } from "../../../src/schema/schema.ts";

function text(value: Num | null): string | null {
  return value === null ? null : textOfNum(value);
}

describe("instants, dates and durations", () => {
  test.each([
    ["1970-01-01T00:00:00Z", "0"],
    ["1970-01-01t00:00:00.5z", "0.5"],
    ["2026-01-02T00:00:00+02:00", "1767304800"],
    ["1998-12-31T23:59:60Z", "915148800"],
    ["0000-01-01T00:00:00+23:59", "-62167305540"],
    ["2026-01-01T00:00:00.1234567899Z", "1767225600.123456789"],
    ["2026-02-30T00:00:00Z", null],
    ["2026-01-01T24:00:00Z", null],
    ["2026-01-01T00:00:00", null],
    ["2026-01-01", null],
  ])("%s is %s seconds", (written, expected) => {
    expect(text(instantOfText(written))).toBe(expected);
  });

  test.each([
    ["90m", "5400"],
    ["-1.5h", "-5400"],
    ["2h45m", "9900"],
    ["1ms500us1ns", "0.001500001"],
    ["P1D", null],
    ["", null],
    ["5", null],
  ])("the duration %s is %s seconds", (written, expected) => {
    expect(text(durationOfText(written))).toBe(expected);
  });

  test("days and parts are those of the Gregorian calendar", () => {
    const times = fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 });
    fc.assert(
      fc.property(times, (milliseconds) => {
        const date = new Date(milliseconds);
        const written = date.toISOString();
        const instant = instantOfText(written) ?? NaN;
        const day = dayOfInstant(instant);
        expect(compareNums(instant, milliseconds / 1_000)).toBe(0);
        expect(day).toBe(dayOfText(written.slice(0, 10)));
        expect([...DATE_PARTS].map(([name, read]) => [name, Number(read(day))])).toEqual([
          ["getFullYear", date.getUTCFullYear()],
          ["getMonth", date.getUTCMonth()],
          ["getDate", date.getUTCDate()],
          ["getDayOfMonth", date.getUTCDate() - 1],
          ["getDayOfWeek", date.getUTCDay()],
          ["getDayOfYear", dayOfYear(date)],
        ]);
        expect([...TIME_PARTS].map(([name, read]) => [name, Number(read(instant))])).toEqual([
          ["getHours", date.getUTCHours()],
          ["getMinutes", date.getUTCMinutes()],
          ["getSeconds", date.getUTCSeconds()],
          ["getMilliseconds", date.getUTCMilliseconds()],
        ]);
      }),
      { numRuns: 5_000, seed: 20_260_730 },
    );
  });

  test("parts are there for every number of seconds, however far away", () => {
    for (const instant of [1e308, -1e308, 5e-324, -5e-324, 2n ** 63n - 1n, -(2n ** 63n)]) {
      for (const read of DATE_PARTS.values()) expect(textOfNum(read(dayOfInstant(instant)))).toMatch(/^-?\d+$/);
      for (const read of TIME_PARTS.values()) expect(textOfNum(read(instant))).toMatch(/^\d+$/);
    }
  });

  test("every text with the asserted format is read, and no other date or instant is", () => {
    const digits = fc.constantFrom("00", "01", "12", "13", "23", "24", "28", "29", "30", "31", "59", "60", "99");
    const offset = fc.oneof(
      fc.constantFrom("Z", "z", "", "+1", "-00:00"),
      fc.tuple(digits, digits).map((parts) => `+${parts.join(":")}`),
    );
    const day = fc
      .tuple(fc.constantFrom("0000", "1900", "2000", "2024", "9999"), digits, digits)
      .map((parts) => parts.join("-"));
    const time = fc.tuple(digits, digits, digits).map((parts) => parts.join(":"));
    const fraction = fc.constantFrom("", ".5", ".", ",5", ".123456789012");
    const written = fc
      .tuple(day, fc.constantFrom("T", "t", " "), time, fraction, offset)
      .map((parts) => [parts[0], parts.join("")] as const);
    const isDate = compileSchema({ type: "string", format: "date" }, { formats: "assert" }).accepts;
    const isInstant = compileSchema({ type: "string", format: "date-time" }, { formats: "assert" }).accepts;
    let dates = 0;
    let instants = 0;
    fc.assert(
      fc.property(written, ([date, instant]) => {
        if (isDate(date)) dates += 1;
        if (isInstant(instant)) instants += 1;
        expect(dayOfText(date) !== null).toBe(isDate(date));
        // Of leap seconds the format knows more: only some minutes have one.
        if (isInstant(instant)) expect(instantOfText(instant)).not.toBeNull();
        else if (!/:60/.test(instant)) expect(instantOfText(instant)).toBeNull();
      }),
      { numRuns: 20_000, seed: 20_260_731 },
    );
    expect(dates).toBeGreaterThan(1_000);
    expect(instants).toBeGreaterThan(50);
  });
});

function dayOfYear(date: Date): number {
  const first = new Date(date);
  first.setUTCMonth(0, 1);
  return Math.round((date.getTime() - first.getTime()) / 86_400_000);
}
