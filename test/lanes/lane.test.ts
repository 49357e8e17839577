import { expect, test } from "vitest";
import { formerLanes, laneTopic } from "../../src/lanes/lane.ts";

test("a topic is a former lane by its name: of a source, and none of its lanes or a source now", () => {
  const current = new Set(["orders", "orders.lane.rest", "a.lane.b", "a"]);
  const topics = ["orders", "orders.lane.rest", laneTopic("orders", "urgent"), "other.lane.urgent", "orders.lane.UP"];
  expect(formerLanes(topics, current)).toEqual(["orders.lane.urgent"]);
  // A source may be called as a lane is, and has lanes of its own.
  expect(formerLanes(["a.lane.b", "a.lane.b.lane.c", "a.lane.x", ".lane.x"], current)).toEqual([
    "a.lane.b.lane.c",
    "a.lane.x",
  ]);
});
