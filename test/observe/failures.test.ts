import { describe, expect, test } from "vitest";
import { hashBytes } from "../../src/gateway/decided.ts";
import { openFailureLog, type FailureLines } from "../../src/observe/failures.ts";
import type { FailedRow } from "../../src/store/store.ts";
import { faultsOf, keepLines } from "./lines.ts";

const TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

function failure(offset: number, fingerprint = "a1", headers: FailedRow["headers"] = []): FailedRow {
  return {
    kind: "failed",
    id: `log/topic/0@${offset}`,
    position: { stream: "log/topic/0", topic: "orders", partition: 0, offset: BigInt(offset) },
    timestampMs: 0,
    key: Buffer.from("CANARY-key"),
    headers,
    raw: Buffer.from("CANARY-value"),
    contract: { subject: "order", version: 1, digest: "sha256:ef" },
    declaredBy: "default",
    reason: { kind: "malformed", code: "not-json", message: "Not JSON", byteOffset: 0, pointer: null },
    fingerprint,
    producer: "CANARY-producer",
    machineId: null,
    parsed: null,
  };
}

function open(lines: Exclude<FailureLines, "off">, perSecond = 20) {
  const kept = keepLines();
  const log = openFailureLog(kept.log, { lines, perSecond, later: kept.later, digestOf: hashBytes });
  const store = (rows: readonly FailedRow[], conflicts: readonly FailedRow[] = []): void => {
    const batch = log.batch();
    rows.forEach(batch.see);
    batch.stored(conflicts);
  };
  return { ...kept, failures: log, store };
}

const OWN = {
  "messaging.destination.name": "orders",
  "messaging.destination.partition.id": "0",
  "error.type": "malformed-not-json",
  "sigma.record.digest": hashBytes(Buffer.from("CANARY-value")),
  "sigma.contract": "order@1",
  "sigma.contract.digest": "sha256:ef",
};

describe("each failure", () => {
  test("has a line with its position, its group, its digests and its trace, and nothing that it holds", () => {
    const { store, lines, texts } = open("each");
    store([failure(7, "a1", [["traceparent", Buffer.from(TRACE)]])]);
    expect(lines()).toEqual([
      {
        event_name: "record.failed",
        "sigma.layer": "orchestration",
        ...OWN,
        "sigma.offset": "7",
        "sigma.decision.id": "log/topic/0@7",
        "sigma.fingerprint": "a1",
        trace_id: "4bf92f3577b34da6a3ce929d0e0e4736",
        span_id: "00f067aa0ba902b7",
        msg: "a record is FAILED",
      },
    ]);
    expect(texts.join("")).not.toContain("CANARY");
    expect(texts.flatMap(faultsOf)).toEqual([]);
  });

  test("has no line before its batch is stored; a conflict is one like any other", () => {
    const { failures, lines } = open("each");
    const batch = failures.batch();
    batch.see(failure(1));
    expect(lines()).toEqual([]);
    batch.stored([failure(2, "b2")]);
    expect(lines().map((one) => one["sigma.offset"])).toEqual(["1", "2"]);
  });

  test("beyond so many in a second, has none, and one line says how many had none", () => {
    const { store, lines, pass } = open("each", 3);
    store([1, 2].map((offset) => failure(offset)));
    store([3, 4, 5, 6].map((offset) => failure(offset)));
    store([7, 8, 9, 10, 11, 12].map((offset) => failure(offset)));
    expect(lines().map((one) => one["sigma.offset"])).toEqual(["1", "2", "3"]);
    pass();
    expect(lines().at(-1)).toMatchObject({ event_name: "failures.unlogged", "sigma.count": 9 });
    store([failure(13)]);
    expect(lines().at(-1)).toMatchObject({ event_name: "record.failed", "sigma.offset": "13" });
    pass();
    pass();
    expect(lines()).toHaveLength(5);
  });

  test("of a verdict has the route instead of a position", () => {
    const { failures, lines, texts } = open("each");
    const contract = { subject: "order", version: 1, digest: "sha256:ef" };
    const judged = { route: "/v1/validate", contract, status: "FAILED", code: "schema", fingerprint: "a1" } as const;
    failures.verdict({ ...judged, digest: "d1", trace: null });
    expect(lines()).toEqual([
      {
        event_name: "verdict.failed",
        "sigma.layer": "validator",
        "http.route": "/v1/validate",
        "error.type": "schema",
        "sigma.fingerprint": "a1",
        "sigma.record.digest": "d1",
        "sigma.contract": "order@1",
        "sigma.contract.digest": "sha256:ef",
        msg: "a payload would be FAILED",
      },
    ]);
    expect(texts.flatMap(faultsOf)).toEqual([]);
  });
});

test("a group has a line for its first failure, and later one with the number and the latest", () => {
  const { store, lines, pass, texts } = open("grouped");
  store([failure(1), failure(2), failure(3, "b2")]);
  store([failure(4), failure(5)]);
  store([failure(6)]);
  const seen = (): unknown => lines().map((one) => [one["sigma.fingerprint"], one["sigma.count"], one["sigma.offset"]]);
  expect(seen()).toEqual([
    ["a1", 2, "1"],
    ["b2", 1, "3"],
  ]);
  pass();
  expect(seen()).toEqual([
    ["a1", 2, "1"],
    ["b2", 1, "3"],
    ["a1", 3, "6"],
  ]);
  expect(texts.flatMap(faultsOf)).toEqual([]);
});
