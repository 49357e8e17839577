import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NO_LIMIT, renderStatus, type Drawn } from "../../src/cli/commands/observe/render-status.ts";
import type { StatusView, StreamView } from "../../src/cli/commands/observe/status-view.ts";

const STREAM: StreamView = {
  topic: "shipments",
  partition: 0,
  state: "running",
  settledTo: 1_234_567,
  lag: 0,
  lagSeconds: 0,
  trouble: null,
};

test("a store that does not answer hides no stream, and is named", () => {
  const storeTrouble = { code: "STORE_UNREACHABLE", message: "Cannot use MongoDB", remedy: "check that it runs" };
  const status = { ...STATUS, groups: [], objectives: [], storeTrouble };
  const lines = renderStatus({ url: "http://localhost", status, before: null, trouble: null }, NO_LIMIT);
  const at = lines.indexOf("GROUPS AND OBJECTIVES ARE NOT KNOWN NOW");
  expect(lines.slice(at + 1, at + 3)).toEqual(["STORE_UNREACHABLE  Cannot use MongoDB", "check that it runs"]);
  expect(lines.join("\n")).toContain("BREAKER_OPEN");
});

const STATUS: StatusView = {
  version: "1.0.0",
  now: "2026-01-01T12:00:10.000Z",
  upSeconds: 11_520,
  ready: false,
  decided: { decided: 31_000, passed: 30_000, failed: 700, duplicates: 300 },
  streams: [
    STREAM,
    { ...STREAM, partition: 1, lag: 12_345, lagSeconds: 95 },
    {
      ...STREAM,
      topic: "orders",
      state: "halted",
      lag: 7,
      lagSeconds: 90_000,
      trouble: { code: "BREAKER_OPEN", message: "m", remedy: "r" },
    },
  ],
  groups: [
    {
      fingerprint: "0123456789abcdef",
      code: "schema",
      why: "/priority: must be <= 3\u001b[2J",
      contract: { subject: "shipment", version: 1 },
      recent: 650,
      count: 12_000,
      last: "2026-01-01T11:59:59.000Z",
    },
  ],
  objectives: [
    { name: "shipment-quality", state: "breached", budgetLeft: -0.5, firing: "page" },
    { name: "decisions", state: "no-data", budgetLeft: 1, firing: null },
  ],
};

const BEFORE: StatusView = {
  ...STATUS,
  now: "2026-01-01T12:00:00.000Z",
  decided: { decided: 21_000, passed: 20_000, failed: 699, duplicates: 300 },
};

const DRAWN: Drawn = { url: "http://127.0.0.1:8000", status: STATUS, before: BEFORE, trouble: null };

describe("the page of sigma top", () => {
  test("shows rates, streams with trouble and lag first, what failed lately, and objectives", () => {
    expect(renderStatus(DRAWN, { columns: 80, rows: 24 })).toEqual([
      "sigma 1.0.0  http://127.0.0.1:8000  up 3h 12m  not ready  12:00:10",
      "",
      "                     DECIDED          PASSED          FAILED      DUPLICATES",
      "records/s              1,000           1,000             0.1               0",
      "since start           31,000          30,000             700             300",
      "",
      "STREAM                           STATE      SETTLED TO        LAG   BEHIND",
      "orders/0                         halted      1,234,567          7    1d 1h  BRE…",
      "shipments/1                      running     1,234,567     12,345   1m 35s",
      "shipments/0                      running     1,234,567          0",
      "",
      "FAILED LATELY   LAST HOUR        ALL  LAST      WHY",
      "01234567              650     12,000  11:59:59  shipment@1 /priority: must be <…",
      "",
      "OBJECTIVES",
      "shipment-quality               missed   -50% of the budget left  page",
      "decisions                      no data",
      "",
    ]);
  });

  test("is in the documentation as it is drawn", () => {
    const page = readFileSync(join(import.meta.dirname, "../../docs/top.md"), "utf8");
    const [, block = ""] = /<!-- tried: .*? -->\n\n```text\n([\s\S]*?)```/.exec(page) ?? [];
    expect(block.trimEnd()).toBe(renderStatus(DRAWN, { columns: 80, rows: 24 }).join("\n").trimEnd());
  });

  test("has no rates before the second answer, nor after the gateway began anew", () => {
    const rates = (before: StatusView | null): string | undefined =>
      renderStatus({ ...DRAWN, before }, NO_LIMIT).find((line) => line.startsWith("records/s"));
    const none = "records/s                  -               -               -               -";
    expect(rates(null)).toBe(none);
    expect(rates({ ...BEFORE, decided: { decided: 99_999, passed: 99_999, failed: 9_999, duplicates: 9_999 } })).toBe(
      none,
    );
  });

  test("says that the gateway does not answer", () => {
    expect(renderStatus({ ...DRAWN, trouble: "NO ANSWER" }, NO_LIMIT)[0]).toContain("NO ANSWER");
  });

  test("counts what does not fit", () => {
    const streams = Array.from({ length: 100 }, (_, partition) => ({ ...STREAM, partition }));
    const lines = renderStatus({ ...DRAWN, status: { ...STATUS, streams } }, { columns: 80, rows: 24 });
    expect(lines.length).toBe(24);
    expect(lines).toContain("... and 92 more streams");
    expect(lines).toContain("OBJECTIVES");
  });

  test("fits every terminal, whatever there is to show", () => {
    const size = fc.record({ columns: fc.integer({ min: 20, max: 200 }), rows: fc.integer({ min: 6, max: 60 }) });
    const of = fc.nat(40);
    fc.assert(
      fc.property(size, of, of, of, fc.string({ unit: "binary" }), (limits, streams, groups, objectives, topic) => {
        const status: StatusView = {
          ...STATUS,
          streams: Array.from({ length: streams }, () => ({ ...STREAM, topic })),
          groups: Array.from(
            { length: groups },
            () => ({ ...STATUS.groups[0], code: topic }) as StatusView["groups"][number],
          ),
          objectives: Array.from(
            { length: objectives },
            () => ({ ...STATUS.objectives[0], name: topic }) as StatusView["objectives"][number],
          ),
        };
        const lines = renderStatus({ ...DRAWN, status }, limits);
        expect(lines.length).toBeLessThanOrEqual(limits.rows);
        expect(lines.filter((line) => line.length > limits.columns || /\p{Cc}/u.test(line))).toEqual([]);
      }),
    );
  });
});
