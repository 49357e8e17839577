import { describe, expect, test } from "vitest";
import { Unavailable } from "../../src/core/unavailable.ts";
import { createBacklog } from "../../src/gateway/backlog.ts";
import type { StreamState } from "../../src/gateway/gateway.ts";

const stream = { id: "log/topic/0", topic: "topic", partition: 0 };

function stateOf(state: StreamState["state"], settledTo: bigint | null): StreamState {
  return { stream, state, settledTo, decidedTo: settledTo, trouble: null };
}

async function hasBacklog(state: StreamState, end: bigint): Promise<boolean> {
  const source = { bounds: async () => ({ start: 10n, end }) };
  return createBacklog({ streams: () => [state], source, now: () => 0, recordsMax: 100 })();
}

describe("a stream has a backlog", () => {
  test.each([
    ["with more undecided records than a batch has", stateOf("running", 20n), 121n, true],
    ["not with a batch of them", stateOf("running", 20n), 120n, false],
    ["counted from the start of its log, where it never decided anything", stateOf("running", null), 111n, true],
    ["counted from there too where the log begins behind what was decided", stateOf("running", 0n), 110n, false],
    ["not while it is halted", stateOf("halted", 20n), 9_000n, false],
    ["not while it is paused", stateOf("paused", 20n), 9_000n, false],
  ])("%s", async (_, state, end, expected) => {
    expect(await hasBacklog(state, end)).toBe(expected);
  });

  test("and the log is not asked again at once, nor is its silence a backlog", async () => {
    let [asked, nowMs] = [0, 0];
    const source = {
      bounds: async () => {
        asked += 1;
        if (asked > 1) throw new Unavailable("LOG_UNREACHABLE", "away", "wait");
        return { start: 0n, end: 1_000n };
      },
    };
    const isBusy = createBacklog({
      streams: () => [stateOf("running", 0n)],
      source,
      now: () => nowMs,
      recordsMax: 100,
    });
    expect([await isBusy(), await isBusy(), asked]).toEqual([true, true, 1]);
    nowMs = 500;
    expect([await isBusy(), asked]).toEqual([false, 2]);
  });
});
