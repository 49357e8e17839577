import { describe, expect, test } from "vitest";
import { changeAction, openGroupBooks, stateNow, UNTOUCHED, type GroupState } from "../../src/failures/group-state.ts";
import { recordAction } from "../../src/gateway/operate.ts";
import type { Store } from "../../src/store/store.ts";
import { openStore } from "./store.ts";

const NOW = 1_700_000_000_000;

function muted(untilMs: number | null, threshold: number | null): GroupState {
  return { kind: "muted", untilMs, threshold };
}

async function say(
  store: Store,
  target: string,
  change: Parameters<typeof changeAction>[0],
  reason = "why",
): Promise<void> {
  await recordAction(store, { ...changeAction(change), target, actor: "ann", at: "2026-11-29T10:00:00.000Z", reason });
}

describe("the state of a group", () => {
  test.each<[GroupState, number, GroupState["kind"]]>([
    [{ kind: "acknowledged" }, 9, "acknowledged"],
    [{ kind: "fixed-in", version: 2 }, 9, "fixed-in"],
    [muted(NOW + 1, null), 1_000_000, "muted"],
    [muted(NOW, null), 0, "open"],
    [muted(null, 10), 9, "muted"],
    [muted(null, 10), 10, "open"],
    [muted(NOW + 1, 10), 10, "open"],
    [muted(NOW, 10), 9, "open"],
    [muted(NOW + 1, 10), 9, "muted"],
  ])("that was set to %o is, with %i failures, %s", (state, count, kind) => {
    expect(stateNow({ ...UNTOUCHED, state }, count, NOW).kind).toBe(kind);
  });
});

describe("what operators said", () => {
  test("is folded from the operator log: the last state and owner, and every note", async () => {
    const store = openStore();
    const books = openGroupBooks(store.reads);
    await say(store, "a", { kind: "state", state: { kind: "acknowledged" }, count: 3 }, "mine");
    await say(store, "a", { kind: "owner", owner: "team" });
    await say(store, "b", { kind: "note" }, "first");
    expect((await books()).get("a")).toMatchObject({ state: { kind: "acknowledged" }, countThen: 3, owner: "team" });
    await say(store, "b", { kind: "note" }, "second");
    await say(store, "a", { kind: "state", state: muted(NOW, null), count: 5 });
    await say(store, "a", { kind: "owner", owner: null });
    const after = await books();
    expect(after.get("a")).toMatchObject({ state: muted(NOW, null), countThen: 5, owner: null, set: { text: "why" } });
    expect(after.get("b")?.notes.map(({ text }) => text)).toEqual(["first", "second"]);
    expect(after.get("c")).toBeUndefined();
  });

  test("is folded once, also when many ask at the same time", async () => {
    const store = openStore();
    for (const text of ["one", "two", "three"]) await say(store, "a", { kind: "note" }, text);
    const books = openGroupBooks(store.reads);
    const all = await Promise.all(Array.from({ length: 8 }, async () => books()));
    for (const one of all) expect(one.get("a")?.notes).toHaveLength(3);
  });

  test("is read again by the next who asks when the store could not be read", async () => {
    const store = openStore();
    await say(store, "a", { kind: "note" }, "one");
    let isDown = true;
    const operatorLog: Store["reads"]["operatorLog"] = async (...args) => {
      if (isDown) throw new Error("down");
      return store.reads.operatorLog(...args);
    };
    const books = openGroupBooks({ operatorLog });
    await expect(books()).rejects.toThrow("down");
    isDown = false;
    expect((await books()).get("a")?.notes).toHaveLength(1);
  });

  test.each(["", "{", "[]", "null", '{"state":"gone"}', '{"state":"fixed-in"}'])(
    "leaves a group as it was when the log says %j, which no command writes",
    async (detail) => {
      const store = openStore();
      const by = { actor: "ann", at: "", reason: "x", target: "a" };
      await recordAction(store, { ...by, action: "group-state", detail });
      expect((await openGroupBooks(store.reads)()).get("a")).toBeUndefined();
    },
  );
});
