import { expect, test } from "vitest";
import { createGroupUse } from "../../src/access/group-use.ts";

const DAY = 86_400_000;
const NOON = 19_000 * DAY + DAY / 2;

test("a producer opens as many groups in a day as it may, and is refused from the next one on until the day is over", () => {
  const use = createGroupUse(2);
  const isRefused = (producer: string, nowMs: number): boolean => use.judge(producer, nowMs).kind === "refused";
  for (const group of ["a", "b", "a", "b"]) use.note("svc", group, NOON);
  expect(use.judge("svc", NOON)).toEqual({ kind: "spent", left: { quota: 2, left: 0, resetSeconds: 43_200 } });
  use.note("svc", "c", NOON);
  expect(use.judge("svc", NOON)).toEqual({
    kind: "refused",
    limit: "groups",
    left: { quota: 2, left: 0, resetSeconds: 43_200 },
    retrySeconds: 43_200,
  });
  expect([isRefused("other", NOON), isRefused("svc", NOON + DAY / 2 - 1), isRefused("svc", NOON + DAY / 2)]).toEqual([
    false,
    true,
    false,
  ]);
  // A clock that goes back frees nobody, and opens no day twice.
  expect(isRefused("svc", NOON - DAY)).toBe(true);
});

test("what it remembers is bounded, however many producers and groups there are", () => {
  const use = createGroupUse(1);
  for (const group of ["a", "b"]) use.note("first", group, NOON);
  for (let number = 0; number < 10_000; number += 1) use.note(`svc-${number}`, "a", NOON);
  expect(use.judge("first", NOON).kind).toBe("spent");
});

test("without a limit nobody is refused, and nothing is kept", () => {
  const use = createGroupUse(null);
  for (const group of ["a", "b", "c"]) use.note("svc", group, NOON);
  expect(use.judge("svc", NOON)).toEqual({ kind: "spent", left: null });
});
