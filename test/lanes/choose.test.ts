import { describe, expect, test } from "vitest";
import { originOf } from "../../src/core/origin.ts";
import type { Header, SourceRecord } from "../../src/core/record.ts";
import { compileContractSet } from "../../src/core/compile.ts";
import { DEFAULT_LIMITS, sealContractSet, versionDigest } from "../../src/core/contract-set.ts";
import { compileRoute } from "../../src/lanes/choose.ts";
import type { Lane, LaneConditions } from "../../src/lanes/lane.ts";
import { partitionOf } from "../../src/source/partitioner.ts";

const ANY: LaneConditions = { subject: null, versions: null, bytesMin: null, priorities: null, priorityField: null };

function lane(name: string, when: Partial<LaneConditions> = {}): Lane {
  return { name, topic: `in.lane.${name}`, when: { ...ANY, ...when } };
}

function contract(subject: string, versions: readonly number[]) {
  const content = { schema: true, rules: [], identity: ["/id"] };
  return {
    subject,
    collection: subject,
    versionField: "/v",
    versions: versions.map((version) => ({
      ...content,
      version,
      status: "active" as const,
      digest: versionDigest(subject, { ...content, version }),
    })),
  };
}

/** The lane and partition of a record of a source that carries contract a, by lanes of which `b` are bound to contract b. */
function choose(lanes: readonly Lane[], record: SourceRecord) {
  const bindings = [
    { topic: "in", subject: "a", defaultVersion: 1 },
    ...lanes.map(({ topic, when }) => ({ topic, subject: when.subject ?? "a", defaultVersion: 1 })),
  ];
  const set = compileContractSet(
    sealContractSet({ limits: DEFAULT_LIMITS, contracts: [contract("a", [1, 2]), contract("b", [1])], bindings }),
  );
  return compileRoute({ topic: "in", lanes }, set)(record, () => 64);
}

function recordOf(value: string | null, headers: readonly Header[] = [], key: string | null = null): SourceRecord {
  return {
    position: { stream: "cluster/topic/3", topic: "in", partition: 3, offset: 42n },
    timestampMs: 7,
    key: key === null ? null : Buffer.from(key),
    headers,
    value: value === null ? null : Buffer.from(value),
  };
}

function header(name: string, value: string): Header {
  return [name, Buffer.from(value)];
}

const LANES = [
  lane("two", { versions: [2] }),
  lane("high", { priorities: ["1", "high"] }),
  lane("field", { priorities: ["1", "high"], priorityField: "/p" }),
  lane("big", { bytesMin: 100 }),
  lane("b", { subject: "b" }),
  lane("rest"),
];

describe("the lane of a record", () => {
  test.each([
    ["two", recordOf('{"id":1,"v":2}')],
    ["two", recordOf('{"id":1}', [header("Sigma-Contract", "a@2")])],
    ["high", recordOf('{"id":1}', [header("Sigma-Priority", "high")])],
    ["field", recordOf('{"id":1,"p":1}')],
    ["field", recordOf('{"id":1,"p":"high"}')],
    ["big", recordOf(`{"id":"${"x".repeat(100)}"}`)],
    ["b", recordOf('{"id":1}', [header("sigma-contract", "b@1")])],
    ["b", recordOf('{"id":1}', [header("sigma-contract", "b@9")])],
    ["rest", recordOf('{"id":1}')],
    ["rest", recordOf('{"id":1,"p":2}')],
    ["rest", recordOf('{"id":1,"v":9}')],
    ["rest", recordOf("{broken")],
    ["rest", recordOf(null)],
    ["rest", recordOf('{"id":1}', [header("sigma-contract", "nothing@1")])],
  ])("is %s", (expected, record) => {
    expect(choose(LANES, record).topic).toBe(`in.lane.${expected}`);
  });

  test("is the last where the record meets no condition, whatever the last one says", () => {
    expect(choose([lane("only", { versions: [2] })], recordOf('{"id":1}')).topic).toBe("in.lane.only");
  });

  test("is that of the data of a CloudEvent in structured mode", () => {
    const event = '{"specversion":"1.0","id":"e","source":"s","type":"t","data":{"id":"X","p":"high"}}';
    const chosen = choose(LANES, recordOf(event, [header("content-type", "application/cloudevents+json")]));
    expect([chosen.topic, chosen.partition]).toEqual(["in.lane.field", partitionOf(Buffer.from("X"), 64)]);
  });
});

describe("the partition of a record", () => {
  test("follows from its identity, however it is written", () => {
    const partitions = ['{"id":"A"}', '{ "id" : "\\u0041" , "x": 1 }', '{"id":"A","v":2}'].map(
      (text) => choose([lane("rest")], recordOf(text, [], "another key")).partition,
    );
    expect(partitions).toEqual(Array.from({ length: 3 }, () => partitionOf(Buffer.from("A"), 64)));
  });

  test("follows from its key where it has no identity, and else from its partition", () => {
    expect(choose([lane("rest")], recordOf("{broken", [], "k")).partition).toBe(partitionOf(Buffer.from("k"), 64));
    expect(choose([lane("rest")], recordOf("{broken")).partition).toBe(3);
  });
});

test("a record is moved as it is, with its origin behind its headers", () => {
  const record = recordOf('{"id":1}', [header("a", "1"), header("a", "2")], "k");
  const { key, headers, value, timestampMs } = choose([lane("rest")], record);
  expect({ key, headers: headers.slice(0, 2), value, timestampMs }).toEqual({
    key: record.key,
    headers: record.headers,
    value: record.value,
    timestampMs: 7,
  });
  expect(headers[2]?.map(String)).toEqual(["sigma-origin", "in/3@42 cluster/topic/3"]);
  expect(originOf(headers)).toEqual(record.position);
});
