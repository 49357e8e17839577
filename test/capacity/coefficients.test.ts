import { expect, test } from "vitest";
import { MEASURED, parseCoefficients } from "../../src/capacity/coefficients.ts";

test("reads what it wrote, and what knows more", () => {
  const written = JSON.parse(JSON.stringify({ ...MEASURED, note: "ours" })) as unknown;
  expect(parseCoefficients(written)).toEqual({ kind: "coefficients", coefficients: { ...MEASURED, note: "ours" } });
});

test.each([
  [null, "/", "an object"],
  [{}, "/measuredOn", "a text"],
  [{ ...MEASURED, broker: { ...MEASURED.broker, batch: "1" } }, "/broker/batch", "a number from 0 on"],
  [{ ...MEASURED, broker: { ...MEASURED.broker, batch: -1 } }, "/broker/batch", "a number from 0 on"],
  [{ ...MEASURED, disk: { ...MEASURED.disk, fact: { fixed: 1 } } }, "/disk/fact/perKilobyte", "a number from 0 on"],
])("says what is wrong in %j", (value, pointer, expected) => {
  expect(parseCoefficients(value)).toEqual({ kind: "wrong", pointer, expected });
});
