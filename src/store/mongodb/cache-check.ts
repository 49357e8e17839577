import { ok, warn, type Check } from "../../doctor/check.ts";

/** What the server says of its cache, in bytes. */
export type Cache = {
  readonly size: number;
  /** Of it, pages that changed and are not written yet. */
  readonly changed: number;
  /** WiredTiger's settings as text, those that apply later last. */
  readonly settings: readonly string[];
};

/** Of the cache, for the entry of a fact in the index of ids while facts arrive: 102 to 126 bytes over five million facts (measured). */
const BYTES_AN_ID = 110;
/** `eviction_dirty_target` where nobody set it (WiredTiger, `wiredtiger_open`), in percent of the cache. */
const TARGET_PERCENT = 5;
/** A server under pressure holds about as much as its target: it writes no faster than it has to. */
const NEAR_TARGET = 0.8;

/**
 * Says whether the index of ids has room in the server's cache. Ids are random, so while facts arrive all its pages change all the
 * time; once they exceed what may be changed, the server writes each of them again and again: 3 to 4 times its CPU a fact (measured).
 * The check warns only of a server that is at it, as a store at rest loses nothing.
 * @param facts how many the database has.
 */
export function checkCache(cache: Cache, facts: number): Check {
  const name = "mongodb cache";
  const target = targetOf(cache);
  const ids = facts * BYTES_AN_ID;
  const message = `${megabytes(cache.size)}, of which the ids of ${facts.toLocaleString("en-US")} facts need about ${megabytes(ids)}; what changed is written from ${megabytes(target)} on`;
  if (ids <= target || cache.changed < target * NEAR_TARGET) return ok(name, message);
  return warn(
    name,
    message,
    "raise eviction_dirty_target or the cache of the server: docs/mongodb.md#the-servers-cache",
  );
}

/** From how many changed bytes on the server writes pages. The setting is a percentage up to 100, and else a size. */
function targetOf({ size, settings }: Cache): number {
  const last = settings.flatMap((text) => [...text.matchAll(SETTING)]).at(-1);
  const [number, unit] = [Number(last?.[1] ?? TARGET_PERCENT), last?.[2]?.toUpperCase() ?? ""];
  return unit === "" && number <= 100 ? (size * number) / 100 : number * 1_024 ** UNITS.indexOf(unit);
}

const SETTING = /\beviction_dirty_target\s*=\s*(\d+)([kmgt]?)/gi;
const UNITS = ["", "K", "M", "G", "T"];

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1_048_576).toLocaleString("en-US")} MiB`;
}
