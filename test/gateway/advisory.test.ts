import { describe, expect, test } from "vitest";
import type { Standing } from "../../src/contract/negotiation.ts";
import { advisoryRecord, createAdvisories } from "../../src/gateway/advisory.ts";
import type { Sighting } from "../../src/traffic/sightings.ts";

const DEPRECATED: Standing = {
  subject: "parcel",
  version: 1,
  status: "deprecated",
  digest: "sha256:1",
  deprecated: "2026-11-01",
  sunset: "2027-01-31",
  successor: 2,
};

function seen(producer: string, topic = "parcels"): Sighting {
  const contract = { subject: "parcel", version: 1, digest: "sha256:1" };
  return { contract, producer, count: 1, position: { stream: "s", topic, partition: 0, offset: 0n } };
}

describe("advisories to producers of deprecated versions", () => {
  test("come at once, then hourly for each topic and producer", () => {
    let nowMs = 5_000;
    const due = createAdvisories(() => nowMs);
    const told = (...sightings: readonly Sighting[]): readonly string[] =>
      due(sightings, () => DEPRECATED).map(({ topic, producer }) => `${topic} ${producer}`);
    expect(told(seen("a"), seen("b"), seen("a"))).toEqual(["parcels a", "parcels b"]);
    nowMs += 3_599_999;
    expect(told(seen("a"), seen("a", "returns"))).toEqual(["returns a"]);
    nowMs += 1;
    expect(told(seen("a"))).toEqual(["parcels a"]);
  });

  test("are not for versions in any other state, nor for one that is gone", () => {
    const due = createAdvisories(() => 0);
    for (const status of ["draft", "active", "retired"] as const) {
      expect(due([seen("a")], () => ({ ...DEPRECATED, status }))).toEqual([]);
    }
    expect(due([seen("a")], () => null)).toEqual([]);
    expect(due([seen("a")], () => DEPRECATED)).toHaveLength(1);
  });

  test("are CloudEvents with the attributes of the deprecation extension, the same id within an hour", () => {
    const advisory = { topic: "parcels", producer: "svc/ä", standing: DEPRECATED };
    const at = Date.parse("2026-11-23T10:59:59.500Z");
    const { key, headers, value } = advisoryRecord(advisory, at);
    expect(Object.fromEntries(headers.map(([name, text]) => [name, Buffer.from(text).toString()]))).toEqual({
      "content-type": "application/json",
      ce_specversion: "1.0",
      ce_id: "parcels/parcel%401/svc%2F%C3%A4/2026-11-23T10%3A00%3A00.000Z",
      ce_source: "/sigma/topics/parcels",
      ce_type: "sigma.contract.deprecated.v1",
      ce_subject: "parcel@1",
      ce_time: "2026-11-23T10:59:59.500Z",
      ce_deprecated: "true",
      ce_deprecationfrom: "2026-11-01T00:00:00Z",
      ce_deprecationsunset: "2027-01-31T00:00:00Z",
    });
    expect(Buffer.from(key ?? []).toString()).toBe("svc/ä");
    expect(JSON.parse(Buffer.from(value ?? []).toString())).toEqual({
      topic: "parcels",
      contract: "parcel@1",
      producer: "svc/ä",
      deprecated: "2026-11-01",
      sunset: "2027-01-31",
      successor: "parcel@2",
    });
    const idAt = (ms: number): unknown => advisoryRecord(advisory, ms).headers.find(([name]) => name === "ce_id")?.[1];
    expect(idAt(at)).toEqual(idAt(at + 499));
    expect(idAt(at)).not.toEqual(idAt(at + 500));
  });
});
