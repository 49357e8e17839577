import { expect, test } from "vitest";
import { EVERYTHING, isWithin } from "../../src/access/scope.ts";

const JUDGED: Readonly<Record<string, string>> = { orders: "order", "orders-old": "order", parcels: "parcel" };
const subjectOf = (topic: string): string | null => JUDGED[topic] ?? null;

test("a key without limits is for everything, and a limited one is not for what is about everything", () => {
  const limited = { subjects: ["order"], topics: [] };
  expect([isWithin(EVERYTHING, {}, subjectOf), isWithin(limited, {}, subjectOf)]).toEqual([true, false]);
});

test("a key of a subject is for its topics, and a key of a topic for the subject that judges it, and no other topic of it", () => {
  const order = { subjects: ["order"], topics: [] };
  const orders = { subjects: [], topics: ["orders"] };
  const asked = [{ topic: "orders" }, { topic: "orders-old" }, { topic: "parcels" }, { topic: "none" }];
  expect(asked.map((about) => isWithin(order, about, subjectOf))).toEqual([true, true, false, false]);
  expect(asked.map((about) => isWithin(orders, about, subjectOf))).toEqual([true, false, false, false]);
  const subjects = [{ subject: "order" }, { subject: "parcel" }];
  expect(subjects.map((about) => isWithin(order, about, subjectOf))).toEqual([true, false]);
  expect(subjects.map((about) => isWithin(orders, about, subjectOf))).toEqual([true, false]);
});

test("what names a topic and a subject must be within for both", () => {
  const scope = { subjects: ["order"], topics: ["parcels"] };
  expect(isWithin(scope, { topic: "parcels", subject: "order" }, subjectOf)).toBe(true);
  expect(isWithin(scope, { topic: "parcels", subject: "other" }, subjectOf)).toBe(false);
});
