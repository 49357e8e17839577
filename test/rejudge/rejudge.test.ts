import { describe, expect, test } from "vitest";
import { decide } from "../../src/core/decide.ts";
import { failureCode } from "../../src/core/failure.ts";
import type { JsonValue } from "../../src/json/json.ts";
import type { Recorded } from "../../src/rejudge/rejudge.ts";
import { parcelSet, parcelVersion, rejudgeBy } from "./history.ts";

const V1 = parcelVersion(1, { status: "active" });
const STRICTER = parcelVersion(2, { maximum: 10 });

/** The verdict version 1 gives. */
function recorded(payload: JsonValue): Recorded {
  const decision = decide(
    { topic: "parcels", headers: [], value: Buffer.from(JSON.stringify(payload)) },
    parcelSet("parcels", 1, [V1]),
  );
  if (decision.status === "PASSED") return { passed: true, version: 1, code: null, fingerprint: null };
  const { reason, fingerprint } = decision;
  return { passed: false, version: 1, code: failureCode(reason), fingerprint };
}

function flip(payload: JsonValue, candidate = STRICTER): readonly [cell: string, cause: string] {
  const { cell, cause } = rejudgeBy(candidate, [V1, STRICTER]).judge({ ok: true, payload }, recorded(payload));
  return [cell, cause()];
}

describe("judging a record again", () => {
  test("tells every way a verdict can go, with the cause in the contract's own words", () => {
    const wider = parcelVersion(2, { maximum: 5_000 });
    expect(flip({ id: "a", kg: 1 })).toEqual(["passToPass", ""]);
    expect(flip({ id: "a", kg: 11 })).toEqual(["passToFail", "schema maximum at /properties/kg/maximum"]);
    expect(flip({ id: "a", kg: 2_000 }, wider)).toEqual(["failToPass", "schema"]);
    expect(flip({ id: "a", kg: 2_000 })).toEqual(["failToFailSame", "schema maximum at /properties/kg/maximum"]);
    expect(flip({ id: "a", kg: 2_000, x: 1 })[0]).toBe("failToFailSame");
    expect(flip({ kg: 2_000 }, parcelVersion(2, { required: ["id", "to"] }))[0]).toBe("failToFailSame");
    expect(flip({ id: "a", kg: 2_000 }, parcelVersion(2, { required: ["id", "to"], maximum: 5_000 }))).toEqual([
      "failToFailChanged",
      "schema required at /required",
    ]);
  });

  test("knows a failure by the fingerprint of the version that judges now, and a repaired one by its recorded", () => {
    const rejudge = rejudgeBy(STRICTER, [V1]);
    const payload = { id: "a", kg: 2_000 };
    const before = recorded(payload);
    const after = decide(
      { topic: "parcels", headers: [], value: Buffer.from(JSON.stringify(payload)) },
      parcelSet("parcels", 2, [V1, { ...STRICTER, status: "active" }]),
    );
    const again = rejudge.judge({ ok: true, payload }, before);
    expect(after.status === "FAILED" && after.fingerprint).toBe(again.fingerprint);
    expect(again.fingerprint).not.toBe(before.fingerprint);
    const repaired = rejudge.judge({ ok: true, payload: { id: "a", kg: 1 } }, before);
    expect([repaired.cell, repaired.fingerprint]).toEqual(["failToPass", before.fingerprint]);
  });

  test("counts a record apart that had named the candidate itself", () => {
    const rejudge = rejudgeBy(STRICTER, [V1]);
    const of = (version: number | null): boolean =>
      rejudge.judge({ ok: true, payload: { id: "a", kg: 1 } }, { passed: true, version, code: null, fingerprint: null })
        .declared;
    expect([of(1), of(2), of(null)]).toEqual([false, true, false]);
  });

  test("leaves what no contract judged as it is, but judges what only waited for the candidate to be live", () => {
    const { concerns, keep } = rejudgeBy(STRICTER, [V1]);
    const failed = (code: string, version: number | null): Recorded => ({
      passed: false,
      version,
      code,
      fingerprint: "f",
    });
    const stays = ["malformed-not-json", "contract-unknown", "contract-undeclared", "store-rejected"];
    expect(stays.map((code) => concerns(failed(code, null)))).toEqual([false, false, false, false]);
    expect(["schema", "rule", "unexplained"].map((code) => concerns(failed(code, 1)))).toEqual([true, true, true]);
    expect([1, 2].map((version) => concerns(failed("contract-not-active", version)))).toEqual([false, true]);
    const { cell, fingerprint, cause } = keep(failed("malformed-empty", null));
    expect([cell, fingerprint, cause()]).toEqual(["failToFailSame", "f", "malformed-empty"]);
  });

  test("says when a record that passes both times would be another fact", () => {
    const byBoth = parcelVersion(2, { identity: ["/id", "/to"], required: ["id", "to"] });
    const changed = (candidate: typeof V1, payload: JsonValue, version: number | null = 1): boolean =>
      rejudgeBy(candidate, [V1, byBoth]).judge(
        { ok: true, payload },
        { passed: true, version, code: null, fingerprint: null },
      ).identityChanged;
    const payload = { id: "a", kg: 1, to: "x" };
    expect(changed(byBoth, payload)).toBe(true);
    expect(changed(byBoth, payload, 2)).toBe(false);
    expect(changed(byBoth, payload, null)).toBe(false);
    expect(changed(parcelVersion(2), payload)).toBe(false);
    // Another field with the same value names the same fact.
    const byTo = parcelVersion(3, { identity: ["/to"], required: ["id", "to"] });
    expect([changed(byTo, { id: "a", to: "a" }), changed(byTo, { id: "a", to: "b" })]).toEqual([false, true]);
  });

  test("a payload that another engine let through and this one does not would fail", () => {
    const reason = { kind: "malformed", code: "too-deep", message: "", byteOffset: null, pointer: null } as const;
    const { cell, cause } = rejudgeBy(STRICTER, [V1]).judge({ ok: false, reason }, recorded({ id: "a", kg: 1 }));
    expect([cell, cause()]).toEqual(["passToFail", "malformed-too-deep"]);
  });
});
