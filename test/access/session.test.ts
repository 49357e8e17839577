import { describe, expect, test } from "vitest";
import { judgeSession } from "../../src/access/people/session.ts";

const MINUTE = 60_000;
const LIMITS = { idleMs: 30 * MINUTE, absoluteMs: 480 * MINUTE };
const BEGAN = 1_700_000_000_000;
const session = { id: "x", subject: "ada", name: "Ada", roles: [], beganMs: BEGAN, usedMs: BEGAN };

describe("a session", () => {
  test("ends when it was not used for so long, and in any case after so long", () => {
    expect(judgeSession(session, LIMITS, BEGAN + 29 * MINUTE).kind).toBe("renew");
    expect(judgeSession(session, LIMITS, BEGAN + 30 * MINUTE).kind).toBe("ended");
    const used = { ...session, usedMs: BEGAN + 479 * MINUTE };
    expect([479, 480].map((minutes) => judgeSession(used, LIMITS, BEGAN + minutes * MINUTE).kind)).toEqual([
      "in",
      "ended",
    ]);
  });

  test("is no longer because a clock went back: one that begins in the future, or was used there, has ended", () => {
    expect(judgeSession(session, LIMITS, BEGAN - MINUTE).kind).toBe("in");
    expect(judgeSession(session, LIMITS, BEGAN - 6 * MINUTE).kind).toBe("ended");
    const ahead = { ...session, usedMs: BEGAN + 100 * MINUTE };
    expect(judgeSession(ahead, LIMITS, BEGAN + 50 * MINUTE).kind).toBe("ended");
  });
});
