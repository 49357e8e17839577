import { expect, test } from "vitest";
import { nearestPointer, POINTER_MAX } from "../../src/json/pointer.ts";
import { compileSchema } from "../../src/schema/schema.ts";
import { parsePayload } from "../../src/core/payload.ts";

test("a pointer that is too long gives way to the nearest one around it that is not", () => {
  const step = `/${"k".repeat(99)}`;
  expect(nearestPointer("")).toBe("");
  expect(nearestPointer(step.repeat(10))).toBe(step.repeat(10));
  expect(nearestPointer(`/${"k".repeat(POINTER_MAX - 1)}`)).toHaveLength(POINTER_MAX);
  expect(nearestPointer(step.repeat(11))).toBe(step.repeat(10));
  expect(nearestPointer(`/a~1b/${"k".repeat(5_000)}/0/c`)).toBe("/a~1b");
  expect(nearestPointer(`/${"k".repeat(5_000)}`)).toBe("");
});

test("an explanation points above a name that is too long to repeat, and says so", () => {
  const name = "k".repeat(5_000);
  const inner = { type: "object", additionalProperties: false };
  const schema = compileSchema({ properties: { map: { additionalProperties: inner } } });
  expect(schema.explain({ map: { [name]: { a: 1 } } })).toEqual([
    {
      pointer: "/map",
      expected: "no such field",
      got: "number",
      keyword: "additionalProperties",
      schemaPath: "/properties/map/additionalProperties/additionalProperties",
      message: "something below it, with a name too long to repeat: is not a field of this contract",
    },
  ]);
  const twice = parsePayload(Buffer.from(`{"a":{"${name}":1,"${name}":2}}`), { bytesMax: 100_000, depthMax: 64 });
  expect(twice).toMatchObject({ ok: false, reason: { code: "duplicate-key", pointer: "/a" } });
});
