import { describe, expect, test } from "vitest";
import { noCounts } from "../../src/rejudge/flips.ts";
import { verifyWhatIfReport } from "../../src/rejudge/gate.ts";
import { reportDigest, sealReport, type WhatIfBody } from "../../src/rejudge/report.ts";

const DIGEST = `sha256:${"a".repeat(64)}`;

function body(passToFail = 0, declaredToFail = 0): WhatIfBody {
  const counts = { ...noCounts(), passToPass: 10, passToFail };
  const group = { name: "depot", cause: null, counts, examples: { passToFail: ["t/0@7"] } };
  return {
    subject: "parcel",
    candidate: { version: 2, digest: DIGEST },
    of: null,
    source: "store",
    engine: "2",
    flips: {
      counts,
      examples: { passToFail: ["t/0@7"] },
      declared: { ...noCounts(), passToFail: declaredToFail },
      identityChanged: 0,
      producers: [group],
      fingerprints: [{ ...group, name: "f", cause: "schema maximum at /x" }],
      otherProducers: false,
      otherFingerprints: false,
    },
    duplicates: 0,
    conflicts: 0,
    coverage: {
      decided: 10 + passToFail,
      redecided: 10 + passToFail,
      otherVersions: 0,
      notRedecided: { bytesNotKept: 0, unreadable: 0, notInLog: 0, notStored: 0 },
      contractSets: [{ digest: "sha256:1", records: 10 + passToFail }],
      streams: [{ stream: "c/t/0", topic: "t", partition: 0, from: "0", to: "10", records: 10 + passToFail }],
    },
  };
}

function saved(of: WhatIfBody, change: (text: string) => string = (text) => text): string {
  return change(JSON.stringify({ v: 1, kind: "what-if", ...sealReport(of) }, null, 2));
}

function codeOf(text: string, accept?: number, digest = DIGEST): string {
  const verdict = verifyWhatIfReport(text, digest, accept);
  return verdict.ok ? "ok" : verdict.code;
}

describe("the gate of activation", () => {
  test("lets a report pass in which nothing that passed would fail", () => {
    const verdict = verifyWhatIfReport(saved(body()), DIGEST);
    expect(verdict.ok && verdict.report.digest).toBe(reportDigest(body()));
  });

  test("refuses flips unless exactly so many are accepted, those that named the candidate among them", () => {
    const accepted = [undefined, 0, 2, 3, 4].map((accept) => codeOf(saved(body(2, 1)), accept));
    expect(accepted).toEqual(["SIG-W-006", "SIG-W-006", "SIG-W-006", "ok", "SIG-W-006"]);
    expect(codeOf(saved(body()), 1)).toBe("SIG-W-006");
    expect(verifyWhatIfReport(saved(body(2)), DIGEST)).toEqual({
      ok: false,
      code: "SIG-W-006",
      message: 'Cannot activate "parcel@2": 2 records that passed would fail, 0 are accepted',
      remedy: "look at the report; then accept exactly that many with --accept-flips 2",
    });
  });

  test("refuses a report about another content of the version", () => {
    expect(codeOf(saved(body()), 0, `sha256:${"b".repeat(64)}`)).toBe("SIG-W-005");
  });

  test("refuses a report in which any number was changed", () => {
    const changes: readonly (readonly [string, string])[] = [
      ['"passToFail": 2', '"passToFail": 0'],
      ['"decided": 12', '"decided": 13'],
      ['"from": "0"', '"from": "5"'],
      ['"engine": "2"', '"engine": "3"'],
      ['"name": "depot"', '"name": "other"'],
      ['"of": null', '"of": 1'],
    ];
    for (const [before, after] of changes) {
      const text = saved(body(2), (whole) => whole.replaceAll(before, after));
      expect([before, text === saved(body(2)), codeOf(text)]).toEqual([before, false, "SIG-W-004"]);
    }
  });

  test("refuses whatever is no report", () => {
    const wrong = [
      "",
      "{",
      "null",
      "[]",
      "{}",
      '{"v":1,"kind":"what-if"}',
      saved(body(), (text) => text.replace('"v": 1', '"v": 2')),
    ];
    const broken = ["flips", "candidate", "coverage", "producers", "counts"].map((key) =>
      saved(body(), (text) => text.replace(`"${key}":`, `"${key}_":`)),
    );
    expect([...wrong, ...broken].map((text) => codeOf(text))).toEqual([...wrong, ...broken].map(() => "SIG-W-004"));
  });

  test("asks for the same digest however many examples were wanted", () => {
    const without = { ...body(2), flips: { ...body(2).flips, examples: {} } };
    expect(reportDigest(without)).toBe(reportDigest(body(2)));
  });
});
