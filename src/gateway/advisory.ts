import type { Standing } from "../contract/negotiation.ts";
import type { Header } from "../core/record.ts";
import type { NewRecord } from "../source/source.ts";
import { createThrottleByName } from "../traffic/throttle-by-name.ts";
import type { Sighting } from "../traffic/sightings.ts";

/** Tells a producer that it still sends a deprecated contract version. */
export type Advisory = { readonly topic: string; readonly producer: string; readonly standing: Standing };

/** How often a producer gets an advisory for the same topic and version, in milliseconds. */
const EVERY_MS = 3_600_000;
const PRODUCERS_MAX = 1_000;
/** Type of the CloudEvent. */
export const ADVISORY_TYPE = "sigma.contract.deprecated.v1";

/** Turns sightings into the advisories that are due: at the first sighting, then hourly for each topic, version and producer. */
export function createAdvisories(
  now: () => number,
): (sightings: readonly Sighting[], standingOf: (sighting: Sighting) => Standing | null) => readonly Advisory[] {
  const due = createThrottleByName(now, { everyMs: EVERY_MS, namesMax: PRODUCERS_MAX });
  return (sightings, standingOf) =>
    sightings.flatMap((sighting): readonly Advisory[] => {
      const standing = standingOf(sighting);
      if (standing?.status !== "deprecated") return [];
      const { topic } = sighting.position;
      const producer = due(`${topic} ${standing.subject}@${standing.version}`, sighting.producer);
      return producer === null ? [] : [{ topic, producer, standing }];
    });
}

/**
 * Encodes an advisory as a CloudEvent in the binary mode of the Kafka binding, with the attributes of the CloudEvents
 * extension "deprecation". The key is the producer. Every gateway gives the same id to the advisory of one topic, version,
 * producer and hour.
 */
export function advisoryRecord({ topic, producer, standing }: Advisory, nowMs: number): NewRecord {
  const { subject, version, deprecated, sunset, successor } = standing;
  const contract = `${subject}@${version}`;
  const hour = new Date(nowMs - (nowMs % EVERY_MS)).toISOString();
  const attributes: readonly (readonly [string, string | null])[] = [
    ["specversion", "1.0"],
    ["id", [topic, contract, producer, hour].map(encodeURIComponent).join("/")],
    ["source", `/sigma/topics/${encodeURIComponent(topic)}`],
    ["type", ADVISORY_TYPE],
    ["subject", contract],
    ["time", new Date(nowMs).toISOString()],
    ["deprecated", "true"],
    ["deprecationfrom", midnight(deprecated)],
    ["deprecationsunset", midnight(sunset)],
  ];
  const headers: Header[] = [["content-type", utf8("application/json")]];
  for (const [name, text] of attributes) if (text !== null) headers.push([`ce_${name}`, utf8(text)]);
  const next = successor === null ? null : `${subject}@${successor}`;
  const body = { topic, contract, producer, deprecated, sunset, successor: next };
  return { key: utf8(producer), headers, value: utf8(JSON.stringify(body)), partition: null };
}

function midnight(day: string | null): string | null {
  return day === null ? null : `${day}T00:00:00Z`;
}

function utf8(text: string): Uint8Array {
  return Buffer.from(text, "utf8");
}
