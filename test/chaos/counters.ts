import { MongoClient, type Db } from "mongodb";

/** The counters of the gateway's database beside its documents, read with the official driver and none of the gateway's code. */
export type CountersByHour = {
  /** What is counted in another hour, or another number of times, than documents say. */
  readonly wrong: () => Promise<readonly string[]>;
  readonly close: () => Promise<void>;
};

const HOUR_MS = 3_600_000;

type Counts = Map<string, number>;

/** @param uri with the database in its path; no retention and no redrive ever ran in it. */
export function openCounters(uri: string): CountersByHour {
  const client = new MongoClient(uri, { readConcern: { level: "majority" } });
  const db = client.db();
  return {
    wrong: async () => [
      ...differences("group", await failuresByGroup(db), await groupDays(db)),
      ...differences("volume", await documentsByHour(db), await volume(db)),
    ],
    close: async () => client.close(),
  };
}

type Sourced = { readonly source: { readonly stream: number; readonly at: Date }; readonly fingerprint?: string };

async function failuresByGroup(db: Db): Promise<Counts> {
  const counts: Counts = new Map();
  for await (const { fingerprint, source } of db.collection<Sourced>("failed_shipments").find())
    add(counts, `${fingerprint} ${source.stream} ${hourOf(source)}`, 1);
  return counts;
}

type Day = { readonly fingerprint: string; readonly stream: number; readonly day: number; readonly count: number };

/** Hours, and the days as they count themselves: a day that is not the sum of its hours is one more difference. */
async function groupDays(db: Db): Promise<Counts> {
  const counts: Counts = new Map();
  const days = db.collection<Day & { readonly hours: Readonly<Record<string, number>> }>("sigma_group_days");
  for await (const { fingerprint, stream, day, count, hours } of days.find()) {
    for (const [hour, inHour] of Object.entries(hours))
      add(counts, `${fingerprint} ${stream} ${day * 24 + Number(hour)}`, inHour);
    const sum = Object.values(hours).reduce((all, one) => all + one, 0);
    add(counts, `${fingerprint} ${stream} day ${day} beside its hours`, count - sum);
  }
  return counts;
}

async function documentsByHour(db: Db): Promise<Counts> {
  const counts: Counts = new Map();
  for (const [name, what] of [
    ["validated_shipments", "stored"],
    ["failed_shipments", "failed"],
  ] as const)
    for await (const { source } of db.collection<Sourced>(name).find())
      add(counts, `${what} ${source.stream} ${hourOf(source)}`, 1);
  return counts;
}

type Counter = { readonly kind: string; readonly stream: number; readonly hour: number; readonly count: number };

/** What repeats or contradicts a fact was counted as passed, too. */
async function volume(db: Db): Promise<Counts> {
  const counts: Counts = new Map();
  for await (const { kind, stream, hour, count } of db.collection<Counter>("sigma_volume").find()) {
    if (kind === "failed" || kind === "conflict") add(counts, `failed ${stream} ${hour}`, count);
    if (kind !== "failed") add(counts, `stored ${stream} ${hour}`, kind === "passed" ? count : -count);
  }
  return counts;
}

function hourOf({ at }: Sourced["source"]): number {
  return Math.floor(at.getTime() / HOUR_MS);
}

function add(counts: Counts, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}

function differences(what: string, stored: Counts, counted: Counts): readonly string[] {
  const keys = [...new Set([...stored.keys(), ...counted.keys()])];
  return keys
    .filter((key) => (stored.get(key) ?? 0) !== (counted.get(key) ?? 0))
    .map((key) => `${what} ${key}: ${stored.get(key) ?? 0} are stored, ${counted.get(key) ?? 0} counted`);
}
