import fc from "fast-check";
import { expect, test } from "vitest";
import { partsOf } from "../../src/json/parts.ts";

test("every member of any object is found with its name and its own text, and every item of any list", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.boolean(), (object, spaced) => {
      const text = JSON.stringify(object, null, spaced ? 2 : undefined);
      const parts = partsOf(text);
      const members = parts.kind === "object" ? parts.members : [];
      expect(members.map(({ name, from, to }) => [name, JSON.parse(text.slice(from, to)) as unknown])).toEqual(
        Object.entries(JSON.parse(text) as object),
      );
      expect(members.every(({ name, start }) => text.startsWith(JSON.stringify(name), start))).toBe(true);
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), (list) => {
      const text = JSON.stringify(list);
      const parts = partsOf(text);
      const items = parts.kind === "array" ? parts.items : [];
      expect(items.map(({ from, to }) => JSON.parse(text.slice(from, to)) as unknown)).toEqual(JSON.parse(text));
    }),
  );
});

test("repeated names are told, and no depth overflows the stack", () => {
  const text = ` { "a":1 , "\\u0061":[ "}" ,"\\"" ] }`;
  const parts = partsOf(text);
  expect(parts).toMatchObject({ kind: "object", members: [{ name: "a" }, { name: "a", from: 20, to: 33 }] });
  const deep = `{"d":${"[".repeat(400_000)}${"]".repeat(400_000)},"e":true}`;
  const members = partsOf(deep);
  expect(members.kind === "object" ? members.members.map(({ from, to }) => to - from) : []).toEqual([800_000, 4]);
  expect([partsOf("[]"), partsOf(" {} "), partsOf('"{"')]).toEqual([
    { kind: "array", items: [] },
    { kind: "object", members: [] },
    { kind: "scalar" },
  ]);
});
