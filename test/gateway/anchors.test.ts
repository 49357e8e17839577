import { describe, expect, test } from "vitest";
import { Unavailable } from "../../src/core/unavailable.ts";
import { startAnchors, type Anchors } from "../../src/gateway/anchors.ts";
import type { AnchorEvent } from "../../src/gateway/event.ts";
import type { Heads } from "../../src/ledger/anchor.ts";
import { sealAction, type OperatorAction } from "../../src/ledger/operator-log.ts";
import { until } from "../patience.ts";

/** Anchors of a gateway whose events are made up, to a place that is a list. */
function anchoring(entries: number) {
  const written: Heads[] = [];
  const events: AnchorEvent[] = [];
  const actions: OperatorAction[] = [];
  let away = false;
  const anchors = startAnchors({
    reads: { operatorLog: async (from, limit) => actions.slice(from, from + limit) },
    writers: [
      {
        name: "place",
        write: async (heads) => {
          if (away) throw new Unavailable("ANCHOR_FILE", "it is away", "wait");
          written.push(heads);
          return null;
        },
        close: async () => undefined,
      },
    ],
    entries,
    everyMs: 3_600_000,
    now: () => 0,
    report: (event) => events.push(event),
  });
  return { anchors, written, events, actions, setAway: (is: boolean) => (away = is) };
}

const STREAM = { id: "log/topic/0", topic: "topic", partition: 0 };

function acquired({ observe }: Anchors, seq: number, hash = String(seq)): void {
  observe({ kind: "stream-acquired", stream: STREAM, seq, hash, position: BigInt(seq) });
}

function seqsOf({ streams }: Heads): readonly number[] {
  return streams.map(({ seq }) => seq);
}

describe("heads are anchored", () => {
  test("when so many entries were written, with the newest of each stream, and the rest at the end", async () => {
    const { anchors, written } = anchoring(3);
    acquired(anchors, 0);
    acquired(anchors, 1);
    acquired(anchors, 2);
    await until(() => written.length === 1);
    acquired(anchors, 3);
    await anchors.close();
    expect(written.map(seqsOf)).toEqual([[2], [3]]);
  });

  test("only when there is anything new, an action of an operator too", async () => {
    const { anchors, written, actions } = anchoring(1);
    acquired(anchors, 5);
    await until(() => written.length === 1);
    // The same head again is nothing new.
    acquired(anchors, 5);
    const action = { at: "", actor: "", action: "resume", target: "", reason: "", detail: "" } as const;
    actions.push(sealAction(null, action));
    await anchors.close();
    expect(written.map(({ operator }) => operator?.seq ?? null)).toEqual([null, 0]);
  });

  test("and one that its stream fell behind stays in every anchor from then on", async () => {
    const { anchors, written, events } = anchoring(100);
    acquired(anchors, 5);
    acquired(anchors, 3, "other");
    acquired(anchors, 9);
    await anchors.close();
    expect(written.map(seqsOf)).toEqual([[9, 5]]);
    expect(events).toContainEqual({ kind: "head-fell-behind", stream: STREAM.id, seq: 5 });
  });

  test("later, when the place was away", async () => {
    const { anchors, written, events, setAway } = anchoring(1);
    setAway(true);
    acquired(anchors, 1);
    await until(() => events.length === 1);
    expect(events).toEqual([expect.objectContaining({ kind: "anchor-trouble", code: "ANCHOR_FILE" })]);
    setAway(false);
    await anchors.close();
    expect(written.map(seqsOf)).toEqual([[1]]);
  });
});
