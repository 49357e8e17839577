import { describe, expect, test } from "vitest";
import type { GatewayEvent } from "../../src/gateway/event.ts";
import type { Notification } from "../../src/notify/notification.ts";
import { createNotifier, type GroupSeen, type Notifier, type NotifierDeps } from "../../src/notify/notifier.ts";

type Told = { readonly notifier: Notifier; readonly told: Notification[]; readonly clock: { ms: number } };

const START = Date.UTC(2026, 0, 1);

/** A notifier with one sink that remembers what it got, and a sleep that ends when the test says so. */
function notifying(changes: Partial<NotifierDeps> = {}): Told & { readonly minuteOver: () => Promise<void> } {
  const told: Notification[] = [];
  const clock = { ms: START };
  const sleeping = new Set<() => void>();
  const notifier = createNotifier({
    sinks: [{ name: "list", send: (one) => void told.push(one), close: async () => undefined }],
    apiUrl: "http://s",
    perMinute: 1_000,
    halted: [],
    now: () => clock.ms,
    sleep: async (_, signal) =>
      new Promise((wake) => {
        sleeping.add(wake);
        signal.addEventListener("abort", () => wake());
      }),
    ...changes,
  });
  const minuteOver = async (): Promise<void> => {
    clock.ms += 60_000;
    for (const wake of sleeping) wake();
    await Promise.resolve();
  };
  return { notifier, told, clock, minuteOver };
}

function group(fingerprint: string): GroupSeen {
  return { fingerprint, code: "schema", contract: "shipment@1", topics: ["a"], count: 3, firstMs: 0, lastMs: START };
}

const stream = { id: "log/t/0", topic: "orders", partition: 0 };
const halted = (code: "LOG_GAP" | "LOG_REPLACED" = "LOG_GAP"): GatewayEvent => ({
  kind: "stream-halted",
  stream,
  halt: { code: code as never, message: "The log lost records", remedy: "look" },
});
const acquired = (position: bigint): GatewayEvent => ({
  kind: "stream-acquired",
  stream,
  seq: 1,
  hash: "",
  position,
});

describe("a notifier", () => {
  test("tells of a new group once, with its facts, a link, and an id that every process would give it", () => {
    const [{ notifier, told }, other] = [notifying(), notifying()];
    notifier.appeared(group("f1"));
    notifier.appeared(group("f1"));
    other.notifier.appeared({ ...group("f1"), count: 9 });
    expect(told).toEqual([
      {
        id: other.told[0]?.id,
        timestamp: "2026-01-01T00:00:00.000Z",
        event: {
          type: "group-appeared",
          data: {
            fingerprint: "f1",
            code: "schema",
            contract: "shipment@1",
            topics: ["a"],
            count: 3,
            firstSeen: "1970-01-01T00:00:00.000Z",
            lastSeen: "2026-01-01T00:00:00.000Z",
            link: "http://s/v1/failures/groups/f1",
          },
        },
      },
    ]);
    expect(told[0]?.id).toMatch(/^msg_[0-9a-f]{32}$/);
  });

  test("tells of each threshold of a group once", () => {
    const { notifier, told } = notifying();
    for (const threshold of [10, 10, 20]) notifier.passed(group("f1"), threshold);
    expect(told.map(({ event }) => event.type === "group-passed-threshold" && event.data.threshold)).toEqual([10, 20]);
    expect(new Set(told.map(({ id }) => id)).size).toBe(2);
  });

  test("shows times that no date has as the nearest one that there is", () => {
    const { notifier, told } = notifying();
    notifier.appeared({ ...group("f1"), firstMs: -(2 ** 62), lastMs: 2 ** 62 });
    expect(told[0]?.event.data).toMatchObject({
      firstSeen: "-271821-04-20T00:00:00.000Z",
      lastSeen: "+275760-09-13T00:00:00.000Z",
    });
  });

  test("withholds groups beyond so many a minute, says how many, and never withholds a halt", async () => {
    const { notifier, told, minuteOver } = notifying({ perMinute: 2 });
    for (const fingerprint of ["f1", "f2", "f3", "f4", "f5"]) notifier.appeared(group(fingerprint));
    notifier.observe(halted());
    expect(told.map(({ event }) => event.type)).toEqual(["group-appeared", "group-appeared", "stream-halted"]);
    await minuteOver();
    notifier.appeared(group("f6"));
    expect(told.slice(3).map(({ event }) => [event.type, "count" in event.data && event.data.count])).toEqual([
      ["notifications-withheld", 3],
      ["group-appeared", 3],
    ]);
  });

  test("says at the end how many it withheld in the last minute", async () => {
    const { notifier, told } = notifying({ perMinute: 1 });
    for (const fingerprint of ["f1", "f2"]) notifier.appeared(group(fingerprint));
    await notifier.close();
    expect(told.map(({ event }) => event.type)).toEqual(["group-appeared", "notifications-withheld"]);
  });

  test("tells of a halt, and that the stream goes on when it was acquired again", () => {
    const { notifier, told, clock } = notifying();
    notifier.observe(acquired(5n));
    notifier.observe(halted());
    clock.ms += 60_000;
    notifier.observe(acquired(5n));
    notifier.observe(acquired(5n));
    const facts = {
      topic: "orders",
      partition: 0,
      code: "LOG_GAP",
      haltedAt: "2026-01-01T00:00:00.000Z",
      link: "http://s/readyz",
    };
    expect(told.map(({ timestamp, event }) => ({ timestamp, event }))).toEqual([
      {
        timestamp: "2026-01-01T00:00:00.000Z",
        event: { type: "stream-halted", data: { ...facts, message: "The log lost records", remedy: "look" } },
      },
      { timestamp: "2026-01-01T00:01:00.000Z", event: { type: "stream-resumed", data: facts } },
    ]);
  });

  test("gives a halt that a restart meets again the same id, and a halt after a resumption another", () => {
    const ids = [notifying(), notifying()].map(({ notifier, told }) => {
      notifier.observe(acquired(5n));
      notifier.observe(halted());
      notifier.observe(acquired(5n));
      notifier.observe(halted());
      return told.filter(({ event }) => event.type === "stream-halted").map(({ id }) => id);
    });
    expect(ids[0]).toEqual(ids[1]);
    expect(new Set(ids[0]).size).toBe(2);
  });

  test("tells that a stream goes on which stood still when the gateway started", () => {
    const { notifier, told } = notifying({ halted: [{ stream: stream.id, code: "LOG_GAP" }] });
    notifier.observe(acquired(5n));
    expect(told.map(({ event }) => event.type)).toEqual(["stream-resumed"]);
  });
});
