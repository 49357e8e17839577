import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { queryOf, writeCursor } from "../src/failures/cursor.ts";
import { ANY_FAILURE, type FailureFilter } from "../src/failures/filter.ts";
import { newestOf } from "../src/failures/find.ts";
import { openGroupPage } from "../src/failures/group-page.ts";
import { openGroups } from "../src/failures/groups.ts";
import { NO_REDACTION } from "../src/failures/redact.ts";
import { holdsRedriven } from "../src/failures/redriven.ts";
import { searchFailures } from "../src/failures/search.ts";
import { guardLog } from "../src/gateway/guarded-log.ts";
import { createLookup } from "../src/gateway/lookup.ts";
import { createHttpServer } from "../src/http/server.ts";
import { createWhatIfRuns } from "../src/rejudge/what-if/runs.ts";
import { HOUR_MS } from "../src/store/groups.ts";
import type { Store } from "../src/store/store.ts";
import { shipmentContracts } from "./contracts.ts";
import { END_MS, groupOf, streamsIn, timeOf } from "./failure-store.ts";
import { openLog, startOn } from "./start.ts";

const WARM_UP = 5;
const PAGE = 50;

type Asked = {
  readonly name: string;
  /** A filter, or parameters of a query string that say the same. */
  readonly filter: () => Partial<FailureFilter>;
  readonly query: (filter: Partial<FailureFilter>) => string;
  /** Whether the page begins behind a place in the middle. */
  readonly isDeep?: boolean;
};

const iso = (ms: number | null | undefined): string => new Date(ms ?? 0).toISOString();

/** What is asked of a store of `count` failures. */
function questions(count: number, any: () => number): readonly Asked[] {
  return [
    { name: "newest", filter: () => ({}), query: () => "" },
    {
      name: "of a group",
      filter: () => ({ fingerprint: groupOf(any()).fingerprint }),
      query: ({ fingerprint }) => `group=${fingerprint}`,
    },
    { name: "of a code", filter: () => ({ code: "rule" }), query: ({ code }) => `code=${code}` },
    {
      name: "of an hour",
      filter: () => {
        const fromMs = timeOf(any(), count);
        return { fromMs, toMs: fromMs + HOUR_MS };
      },
      query: ({ fromMs, toMs }) => `since=${iso(fromMs)}&until=${iso(toMs)}`,
    },
    { name: "of a topic", filter: () => ({ topic: "orders" }), query: ({ topic }) => `topic=${topic}` },
    { name: "of a producer", filter: () => ({ producer: "svc-7" }), query: ({ producer }) => `producer=${producer}` },
    {
      name: "of a producer, long ago",
      filter: () => ({ producer: "svc-rare" }),
      query: ({ producer }) => `producer=${producer}`,
    },
    { name: "of a pointer", filter: () => ({ pointer: "/field_39" }), query: ({ pointer }) => `pointer=${pointer}` },
    {
      name: "of a contract version",
      filter: () => ({ subject: "order", version: 5 }),
      query: ({ subject, version }) => `contract=${subject}@${version}`,
    },
    {
      name: "of a field",
      filter: () => ({ field: { pointer: "/destination", value: "Dublin" } }),
      query: () => "field=/destination=Dublin",
    },
    {
      name: "of a field, found nowhere",
      filter: () => ({ field: { pointer: "/destination", value: "Cork" } }),
      query: () => "field=/destination=Cork",
    },
    { name: "behind a deep cursor", filter: () => ({}), query: () => "", isDeep: true },
    {
      name: "of a group, behind a deep cursor",
      filter: () => ({ fingerprint: groupOf(any()).fingerprint }),
      query: ({ fingerprint }) => `group=${fingerprint}`,
      isDeep: true,
    },
  ];
}

/** Measures each question so many times through the use cases, and over HTTP. */
export async function measure(store: Store, count: number, rounds: number): Promise<void> {
  const timesOf = async (run: () => Promise<unknown>): Promise<readonly number[]> => timesIn(rounds, run);
  const any = (): number => Math.floor(Math.random() * count);
  const groups = openGroups(store.reads, holdsRedriven);
  const page = openGroupPage(groups);
  const notes = await streamsIn(store);
  const { url, stop } = await serve(store);
  const list = async (fromMs: number | null): Promise<unknown> =>
    page({ filter: { ...ANY_FAILURE, fromMs }, sort: "count", limit: PAGE, cursor: null, nowMs: END_MS });
  const cursorFor = (filter: FailureFilter): string => {
    const n = any();
    const note = notes[n % notes.length];
    if (note === undefined) throw new Error("there is no stream");
    const place = { atMs: timeOf(n, count), stream: note.number, offset: BigInt(Math.floor(n / notes.length)) };
    return writeCursor({ collection: "shipments", ...place, fromMs: null, toMs: null }, queryOf(filter));
  };
  say(
    `${"".padEnd(40)} ${"p50".padStart(8)} ${"p95".padStart(8)}   over HTTP ${"p50".padStart(8)} ${"p95".padStart(8)}`,
  );
  const windows = [["groups", null], ["groups since 1 h", 1], ["groups since 1 d", 24], ["groups since 7 d", 168], ["groups since 30 d", 720]] as const; // prettier-ignore
  for (const [name, hours] of windows) {
    const fromMs = hours === null ? null : END_MS - hours * HOUR_MS;
    const since = fromMs === null ? "" : `&since=${iso(fromMs)}`;
    const here = await timesOf(async () => list(fromMs));
    await row(name, here, await timesOf(async () => ask(`${url}/v1/failures/groups?sort=count${since}`)));
  }
  const one = (): string => groupOf(any()).fingerprint;
  const detail = await timesOf(async () => {
    const fingerprint = one();
    await groups.group(fingerprint, END_MS);
    await newestOf(store.reads, fingerprint, NO_REDACTION);
    await groups.trend(fingerprint, END_MS);
  });
  await row("one group", detail, await timesOf(async () => ask(`${url}/v1/failures/groups/${one()}`)));
  for (const { name, filter, query, isDeep = false } of questions(count, any)) {
    const search = async (): Promise<unknown> => {
      const wanted = { ...ANY_FAILURE, ...filter() };
      const cursor = isDeep ? cursorFor(wanted) : null;
      const found = await searchFailures(store.reads, {
        filter: wanted,
        cursor,
        limit: PAGE,
        withPayload: false,
        stateOf: () => "open",
        redaction: NO_REDACTION,
        isLeftOut: holdsRedriven,
      });
      if (found === "foreign-cursor") throw new Error("the cursor was refused");
      return found;
    };
    const here = await timesOf(search);
    const there = await timesOf(async () => {
      const wanted = { ...ANY_FAILURE, ...filter() };
      const cursor = isDeep ? `&cursor=${cursorFor(wanted)}` : "";
      await ask(`${url}/v1/failures?${query(wanted)}${cursor}`);
    });
    await row(`failures ${name}`, here, there);
  }
  await stop();
}

async function row(name: string, here: readonly number[], there: readonly number[]): Promise<void> {
  const shown = (times: readonly number[], share: number): string =>
    `${(times[Math.floor((times.length - 1) * share)] ?? Number.NaN).toFixed(1)} ms`.padStart(8);
  say(
    `${name.padEnd(40)} ${shown(here, 0.5)} ${shown(here, 0.95)}             ${shown(there, 0.5)} ${shown(there, 0.95)}`,
  );
}

/** Milliseconds of each run, least first. */
async function timesIn(rounds: number, run: () => Promise<unknown>): Promise<readonly number[]> {
  const times: number[] = [];
  for (let round = -Math.min(rounds, WARM_UP); round < rounds; round += 1) {
    const started = performance.now();
    await run();
    if (round >= 0) times.push(performance.now() - started);
  }
  return times.toSorted((a, b) => a - b);
}

async function ask(url: string): Promise<void> {
  const answer = await fetch(url);
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}: ${text}`);
}

/** The HTTP interface over the store, with a gateway that has nothing to do. */
async function serve(store: Store): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const directory = mkdtempSync(join(tmpdir(), "sigma-bench-"));
  const log = openLog(join(directory, "log.db"), "idle");
  const set = shipmentContracts("idle");
  const gateway = await startOn(log, store, set, 100);
  const app = await createHttpServer({
    log: guardLog(log, { gateway, reads: store.reads, now: Date.now, sleep: delay }),
    source: log,
    reads: store.reads,
    lookup: createLookup(store.reads),
    failures: { groups: openGroups(store.reads, holdsRedriven), store },
    redrives: { store, newId: () => "" },
    whatIfs: createWhatIfRuns({
      judge: async () => Promise.reject(new Error("unused")),
      newId: () => "",
      now: Date.now,
    }),
    tail: store.tail,
    gateway,
    contracts: () => set,
    about: () => new Map(),
    refusedContracts: () => [],
    now: () => END_MS,
    randomBytes,
    logger: false,
    version: randomBytes(4).toString("hex"),
  });
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  return {
    url,
    stop: async () => {
      app.server.closeAllConnections();
      await app.close();
      await gateway.stop();
      await log.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Prints a line. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
