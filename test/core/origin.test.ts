import { expect, test } from "vitest";
import { originHeader, originOf, parseOrigin } from "../../src/core/origin.ts";

const POSITION = { stream: "cluster/topic/0", topic: "orders.eu", partition: 0, offset: 9_223_372_036_854_775_807n };

test("an origin is read back as it was written", () => {
  expect(originOf([originHeader(POSITION)])).toEqual(POSITION);
});

test("the nearest router's origin counts", () => {
  const far = originHeader({ ...POSITION, offset: 1n });
  expect(originOf([far, ["other", Buffer.from("x")], originHeader(POSITION)])).toEqual(POSITION);
});

test.each([
  "",
  "orders/0@1",
  "orders/0@1 ",
  "orders/1@1 cluster/topic/0",
  "orders/0@-1 cluster/topic/0",
  "or ders/0@1 cluster/topic/0",
  "orders/0@1 cluster/topic/0 more",
  "orders/00@1 cluster/topic/00",
])('"%s" is no origin', (text) => {
  expect(parseOrigin(text)).toBe(null);
});

test("a record without the header has none", () => {
  expect(originOf([["sigma-contract", Buffer.from("a@1")]])).toBe(null);
});
