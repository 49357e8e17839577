import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { burnAlertsOf, standingOf, type Counted } from "../../src/slo/burn.ts";
import { describeDuration, type Objective } from "../../src/slo/objective.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

const OBJECTIVE: Objective = {
  name: "q",
  kind: "quality",
  subject: "shipment",
  targetMillionths: 990_000,
  windowMs: 30 * DAY_MS,
  withinMs: null,
};

/** The same share of bad events in every window. */
function steadily(bad: number, good: number): (ms: number) => Counted {
  return () => ({ good, bad });
}

describe("the burn of a budget", () => {
  test("is alerted of in the windows of the SRE workbook for 30 days", () => {
    const alerts = burnAlertsOf(OBJECTIVE).map(({ severity, factor, longMs, shortMs }) =>
      [severity, factor, describeDuration(longMs), describeDuration(shortMs)].join(" "),
    );
    expect(alerts).toEqual(["page 14.4 1h 5m", "page 6 6h 30m", "ticket 3 1d 2h", "ticket 1 3d 6h"]);
  });

  test("is alerted of in shorter windows where the objective has a shorter one, each whole minutes", () => {
    const of = (windowMs: number): readonly string[] =>
      burnAlertsOf({ windowMs }).map(
        ({ longMs, shortMs }) => `${describeDuration(longMs)} ${describeDuration(shortMs)}`,
      );
    expect(of(7 * DAY_MS)).toEqual(["14m 1m", "84m 7m", "336m 28m", "1008m 84m"]);
    expect(of(DAY_MS)).toEqual(["2m 1m", "12m 1m", "48m 4m", "144m 12m"]);
  });

  test("spends 2, 5, 10 and 10 percent of the budget before it is alerted of", () => {
    const spent = burnAlertsOf(OBJECTIVE).map(({ factor, longMs }) => (factor * longMs) / OBJECTIVE.windowMs);
    expect(spent.map((share) => Math.round(share * 100))).toEqual([2, 5, 10, 10]);
  });

  test("leaves all of the budget where nothing was counted", () => {
    expect(standingOf(OBJECTIVE, steadily(0, 0))).toMatchObject({
      ratio: null,
      budgetLeft: 1,
      state: "no-data",
      firing: null,
    });
  });

  test("leaves none at the target, where the objective is met still, and is missed with one bad event more", () => {
    expect(standingOf(OBJECTIVE, steadily(10, 990))).toMatchObject({ ratio: 0.99, budgetLeft: 0, state: "met" });
    const missed = standingOf(OBJECTIVE, steadily(11, 990));
    expect([missed.state, missed.budgetLeft < 0]).toEqual(["breached", true]);
  });

  test("pages only while the long and the short window burn", () => {
    const burning = (long: number, short: number): ReturnType<typeof standingOf> =>
      standingOf(OBJECTIVE, (ms) => {
        const share = ms === HOUR_MS ? long : ms === 300_000 ? short : 0;
        return { good: 1_000_000 - share * 10_000, bad: share * 10_000 };
      });
    expect(burning(14.5, 14.5).firing).toBe("page");
    expect(burning(14.5, 14.4).firing).toBe(null);
    expect(burning(14.4, 14.5).firing).toBe(null);
    expect(burning(0, 100).firing).toBe(null);
  });

  test("raises a ticket where it is slow and lasts", () => {
    const { firing, alerts } = standingOf(OBJECTIVE, (ms) =>
      ms >= 2 * HOUR_MS ? { good: 960, bad: 40 } : { good: 1_000, bad: 0 },
    );
    expect([firing, alerts.map((one) => one.firing)]).toEqual(["ticket", [false, false, true, true]]);
  });

  test("is missed exactly when the good share is below the target, whatever the numbers", () => {
    const count = fc.integer({ min: 0, max: 1_000_000_000 });
    const target = fc.integer({ min: 1, max: 999_999 });
    fc.assert(
      fc.property(count, count, target, (good, bad, targetMillionths) => {
        fc.pre(good + bad > 0);
        const { state, budgetLeft } = standingOf({ ...OBJECTIVE, targetMillionths }, steadily(bad, good));
        const isBelow = BigInt(good) * 1_000_000n < BigInt(targetMillionths) * (BigInt(good) + BigInt(bad));
        expect(state).toBe(isBelow ? "breached" : "met");
        expect(Math.abs(budgetLeft) < 1e-6 || budgetLeft < 0 === isBelow).toBe(true);
      }),
    );
  });
});
