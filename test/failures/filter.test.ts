import { describe, expect, test } from "vitest";
import { ANY_FAILURE, isWanted, type FailureFilter } from "../../src/failures/filter.ts";
import { createRedaction } from "../../src/failures/redact.ts";
import type { FailureRecord } from "../../src/store/failures.ts";
import { parcelSet, parcelVersion } from "../rejudge/history.ts";
import { REASONS } from "../store/rows.ts";

const schema = REASONS.find(({ kind }) => kind === "schema") ?? null;

const FAILURE: FailureRecord = {
  collection: "orders",
  stream: { number: 1, stream: "s", topic: "orders", partition: 2 },
  offset: 7n,
  atMs: 1_000,
  code: "schema",
  reason: schema,
  fingerprint: "f",
  contract: { subject: "order", version: 2 },
  declaredBy: "header",
  producer: "svc-a",
  origin: "intake/3@1042",
  identity: null,
  payloadText: '{"a":{"b":[1,"x",null,true,9007199254740993]},"t":"5","":0,"~/":"s"}',
};

function wants(filter: Partial<FailureFilter>, changes: Partial<FailureRecord> = {}): boolean {
  return isWanted({ ...ANY_FAILURE, ...filter }, { ...FAILURE, ...changes }, () => "acknowledged");
}

describe("a filter wants", () => {
  test.each<[Partial<FailureFilter>, Partial<FailureFilter>]>([
    [{ code: "schema" }, { code: "rule" }],
    [{ fingerprint: "f" }, { fingerprint: "g" }],
    [{ topic: "orders" }, { topic: "order" }],
    [{ partition: 2 }, { partition: 0 }],
    [{ offset: 7n }, { offset: 8n }],
    [{ subject: "order" }, { subject: "shipment" }],
    [{ version: 2 }, { version: 1 }],
    [{ producer: "svc-a" }, { producer: "svc" }],
    [{ origin: "intake" }, { origin: "int" }],
    [{ origin: "intake/3" }, { origin: "intake/31" }],
    [{ origin: "intake/3@1042" }, { origin: "intake/3@104" }],
    [{ pointer: "/a" }, { pointer: "/b" }],
    [{ pointer: "" }, { pointer: "/" }],
    [{ state: "acknowledged" }, { state: "open" }],
    [{ field: { pointer: "/a/b/0", value: "1" } }, { field: { pointer: "/a/b/0", value: "01" } }],
    [{ field: { pointer: "/a/b/1", value: "x" } }, { field: { pointer: "/a/b/1", value: '"x"' } }],
    [{ field: { pointer: "/a/b/2", value: "null" } }, { field: { pointer: "/a/b/9", value: "null" } }],
    [
      { field: { pointer: "/a/b/4", value: "9007199254740993" } },
      { field: { pointer: "/a/b/4", value: "9007199254740992" } },
    ],
    [{ field: { pointer: "/~0~1", value: "s" } }, { field: { pointer: "/~2", value: "s" } }],
    [{ field: { pointer: "/t", value: "5" } }, { field: { pointer: "/toString", value: "5" } }],
  ])("a failure for %o and not for %o", (yes, no) => {
    expect([wants(yes), wants(no), wants({ ...yes, ...no })]).toEqual([true, false, false]);
  });

  test("the reason, which takes longer to read than all the rest, only of what passes everything else", () => {
    const read: string[] = [];
    const failure = (producer: string): FailureRecord => ({
      ...FAILURE,
      producer,
      get reason() {
        read.push(producer);
        return schema;
      },
    });
    const search = (filter: Partial<FailureFilter>): readonly boolean[] =>
      ["svc-a", "svc-b"].map((one) => isWanted({ ...ANY_FAILURE, ...filter }, failure(one), () => "open"));
    expect([search({ producer: "svc-a" }), read]).toEqual([[true, false], []]);
    expect([search({ producer: "svc-a", pointer: "/a" }), read]).toEqual([[true, false], ["svc-a"]]);
  });

  test("a redacted value, and what lies below it, as what is shown of it", () => {
    const rules = { pointers: [{ subject: "order", pointer: "/a" }], classes: [] };
    const redaction = createRedaction(rules, () => parcelSet("parcels", 1, [parcelVersion(1, { status: "active" })]));
    const kept = { message: "twice", byteOffset: 9, pointer: "/a/ann@example.org" };
    const failure: FailureRecord = { ...FAILURE, reason: { kind: "malformed", code: "duplicate-key", ...kept } };
    const found = (filter: Partial<FailureFilter>, contract = FAILURE.contract): boolean =>
      isWanted({ ...ANY_FAILURE, ...filter }, { ...failure, contract }, () => "open", redaction);
    const field = (pointer: string, value: string): Partial<FailureFilter> => ({ field: { pointer, value } });
    expect([field("/a/b/0", "1"), field("/a/b/1", "x"), { pointer: kept.pointer }].map((one) => found(one))).toEqual([
      false,
      false,
      false,
    ]);
    expect([field("/a", "[redacted]"), field("/t", "5"), { pointer: "/a" }].map((one) => found(one))).toEqual([
      true,
      true,
      true,
    ]);
    expect(found(field("/a/b/1", "x"), { subject: "other", version: 1 })).toBe(true);
  });

  test("no failure by what it does not have", () => {
    const bare = { contract: null, producer: null, origin: null, reason: null, payloadText: null };
    const filters = [
      { subject: "order" },
      { version: 2 },
      { producer: "svc-a" },
      { origin: "intake" },
      { pointer: "/a" },
      { field: { pointer: "/t", value: "5" } },
    ];
    expect(filters.filter((filter) => wants(filter, bare))).toEqual([]);
    expect(wants({}, bare)).toBe(true);
  });
});
