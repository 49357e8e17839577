import { describe, expect, test } from "vitest";
import { sealAction, type HaltNote, type OperatorAction } from "../../src/ledger/operator-log.ts";
import { STREAM } from "./rows.ts";
import type { StoreBackend } from "./store-laws.ts";

/** What every store keeps of operators and of halted streams. */
export function operatorLaws(name: string, start: () => Promise<StoreBackend>): void {
  describe(`${name} keeps the laws of operators`, () => {
    test("of two actions for one place one is admitted, and each comes back as it was", async () => {
      const { open } = await start();
      const [one, other] = [await open(), await open()];
      let previous: OperatorAction | null = null;
      for (let seq = 0; seq < 5; seq += 1) {
        const mine: OperatorAction = action(previous, "mine");
        const theirs: OperatorAction = action(previous, "it's theirs \u{1f4e6}");
        const answers: readonly string[] = await Promise.all([one.appendAction(mine), other.appendAction(theirs)]);
        expect(answers.toSorted()).toEqual(["exists", "inserted"]);
        previous = answers[0] === "inserted" ? mine : theirs;
        expect(await other.reads.operatorLog(seq, 1)).toEqual([previous]);
      }
      expect((await one.reads.operatorLog(0, 3)).map(({ seq }) => seq)).toEqual([0, 1, 2]);
      expect((await one.reads.operatorLog(3, 9)).map(({ seq }) => seq)).toEqual([3, 4]);
    });

    test("a halt is noted for its stream, the last one counts, and it is gone when it is taken back", async () => {
      const { open } = await start();
      const store = await open();
      await store.putHalt(STREAM, halt("LOG_TRUNCATED"));
      await store.putHalt(`${STREAM}0`, { ...halt("DECISION_DIVERGED"), stream: `${STREAM}0` });
      await store.putHalt(STREAM, halt("BREAKER_OPEN"));
      expect((await (await open()).reads.halts()).map(({ code }) => code)).toEqual([
        "BREAKER_OPEN",
        "DECISION_DIVERGED",
      ]);
      expect((await store.reads.halts())[0]).toEqual(halt("BREAKER_OPEN"));
      await store.putHalt(STREAM, null);
      await store.putHalt(STREAM, null);
      expect(await store.reads.halts()).toHaveLength(1);
    });
  });
}

function action(previous: OperatorAction | null, reason: string): OperatorAction {
  const act = {
    at: "2026-01-01T00:00:00Z",
    actor: "ada",
    action: "resume",
    target: STREAM,
    reason,
    detail: "",
  } as const;
  return sealAction(previous, act);
}

function halt(code: HaltNote["code"]): HaltNote {
  return { stream: STREAM, topic: "orders", partition: 0, code, message: "it's so", remedy: "do it" };
}
