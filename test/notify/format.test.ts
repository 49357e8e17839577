import { describe, expect, test } from "vitest";
import { bodyOf } from "../../src/notify/format.ts";
import { faultsOfAlerts } from "./alert-shape.ts";
import type { Notification, NotifiedEvent } from "../../src/notify/notification.ts";

const AT = "2026-01-01T00:00:00.000Z";
const GROUP = {
  fingerprint: "f".repeat(32),
  code: "schema",
  contract: "shipment@1",
  topics: ["a", "b"],
  count: 7,
  firstSeen: "2025-12-31T00:00:00.000Z",
  lastSeen: AT,
  link: "http://s/v1/failures/groups/f",
};
const STREAM = {
  topic: "a",
  partition: 3,
  code: "LOG_GAP",
  haltedAt: "2025-12-31T23:00:00.000Z",
  link: "http://s/readyz",
};

const EVENTS: readonly NotifiedEvent[] = [
  { type: "group-appeared", data: GROUP },
  { type: "group-passed-threshold", data: { ...GROUP, contract: null, threshold: 5 } },
  { type: "stream-halted", data: { ...STREAM, message: "It lost <records> & more", remedy: "look" } },
  { type: "stream-resumed", data: STREAM },
  { type: "notifications-withheld", data: { count: 12, link: "http://s/v1/failures/groups" } },
  { type: "test", data: { message: "a test" } },
];

function notified(event: NotifiedEvent): Notification {
  return { id: "msg_1", timestamp: AT, event };
}

describe("a body", () => {
  test("for a receiver of Standard Webhooks has type, timestamp and data", () => {
    expect(EVENTS.map((event) => JSON.parse(bodyOf("standard", notified(event))) as unknown)).toEqual(
      EVENTS.map(({ type, data }) => ({ type, timestamp: AT, data })),
    );
  });

  test("for Slack is a text, in which what others wrote is no markup", () => {
    expect(EVENTS.map((event) => JSON.parse(bodyOf("slack", notified(event))) as unknown)).toEqual([
      {
        text: `New group of failures: schema by shipment@1 in a, b, 7 so far (${GROUP.fingerprint})\n<http://s/v1/failures/groups/f|Look at it>`,
      },
      {
        text: `A group of failures passed 5: schema by no contract in a, b, 7 so far (${GROUP.fingerprint})\n<http://s/v1/failures/groups/f|Look at it>`,
      },
      {
        text: "Stream a/3 is halted (LOG_GAP): It lost &lt;records&gt; &amp; more. look\n<http://s/readyz|Look at it>",
      },
      { text: "Stream a/3 goes on after LOG_GAP\n<http://s/readyz|Look at it>" },
      {
        text: "12 more notifications about groups of failures were not sent: too many in a minute\n<http://s/v1/failures/groups|Look at it>",
      },
      { text: "a test" },
    ]);
  });

  test("for Alertmanager is a list of alerts that it takes", () => {
    expect(EVENTS.flatMap((event) => faultsOfAlerts(bodyOf("alertmanager", notified(event))))).toEqual([]);
  });

  test("for Alertmanager takes a halt back by the same labels when the stream goes on", () => {
    const [halted, resumed] = [EVENTS[2], EVENTS[3]].map(
      (event) => (JSON.parse(bodyOf("alertmanager", notified(event!))) as readonly Record<string, unknown>[])[0],
    );
    expect(halted).toEqual({
      labels: { alertname: "SigmaStreamHalted", severity: "critical", topic: "a", partition: "3" },
      annotations: { summary: "Stream a/3 is halted (LOG_GAP): It lost <records> & more. look" },
      startsAt: "2025-12-31T23:00:00.000Z",
      endsAt: "2026-01-08T00:00:00.000Z",
      generatorURL: "http://s/readyz",
    });
    expect(resumed).toMatchObject({ labels: halted?.["labels"], startsAt: halted?.["startsAt"], endsAt: AT });
  });
});
