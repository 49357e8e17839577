import { randomBytes } from "node:crypto";
import { openAccess } from "../../src/access/access.ts";
import { makeApiKey } from "../../src/access/change-keys.ts";
import { createLive } from "../../src/http/live/live.ts";
import type { Console } from "../../src/http/console/routes.ts";
import { openEmbedded, shipment, TOPIC, type Embedded } from "../embedded.ts";
import { feedLive } from "../http/feed-live.ts";
import { serve, type Service } from "../http/service.ts";
import { until } from "../patience.ts";
import type { Page } from "../servers/chromium.ts";
import { addresses } from "./addresses.ts";
import { AWAY, openFront, type Front } from "./front.ts";
import { says } from "./opened.ts";

/** Four fail, in groups of their own. */
export const RECORDS: readonly string[] = [
  shipment("a"),
  shipment("b", -1),
  "{",
  shipment("c", 5_000),
  shipment("a"),
  shipment("a", 99),
];

/** What pages say over a store with records, and over an empty one. A page that is not named says its title at least. */
const SAYS: Readonly<Record<string, readonly [full: string, empty: string]>> = {
  "/": ["What needs you", "No record failed in the last 24 hours"],
  "/live": ["No record that passes this filter", "No record that passes this filter"],
  "/failures": ["4 groups", "0 groups"],
  "/failures/all": [`${TOPIC}/0@2`, "No failure passes this filter"],
  "/failures/g/:fingerprint": ["must be > 0", "Ask again"],
  "/r/kafka/:topic/:partition/:offset": ["must be > 0", "Ask again"],
  "/redrives": ["the limit was wrong", "No record was sent again"],
  "/redrives/:plan": ["the limit was wrong", "Ask again"],
  "/contracts": ["shipment", "shipment"],
  "/contracts/:subject": ["JSON Schema of shipment@1", "None in the last 7 days"],
  "/contracts/:subject/diff": ["so there is nothing to compare", "so there is nothing to compare"],
  "/contracts/:subject/migration": ["Nobody sent a record of shipment yet", "Nobody sent a record of shipment yet"],
  "/contracts/:subject/what-if": ["judged nothing again yet", "judged nothing again yet"],
  "/ledger": [`${TOPIC}/0`, "No head was written"],
  "/ledger/entries": ["BATCH", "INIT"],
  "/ledger/proof": ["It holds", "No entry of the ledger covers"],
  "/objectives": ["No objective is set", "No objective is set"],
  "/operator-log": ["the limit was wrong", "key-new"],
  "/keys": ["the stranger", "the stranger"],
  "/playground": ["FAILED", "FAILED"],
  "/health": ["running", "running"],
  "/runbooks/:name": ["Too many records fail", "Too many records fail"],
};
/** These ask for nothing that needs a role. */
const OPEN_TO_ALL = ["/runbooks/:name"];
/** These have something to show before they have an answer. */
const NEVER_WAITING = ["/live", "/playground", "/runbooks/:name"];

/** How a page is looked at. */
export type State = "full" | "empty" | "loading" | "error" | "forbidden";

/** A gateway that wants keys, behind a front that gives them; with records and a plan, or without. */
export async function startBehind(
  built: Console,
  isFull: boolean,
): Promise<{ readonly front: Front; readonly pages: ReturnType<typeof addresses> }> {
  const embedded = await openEmbedded();
  const keyOf = async (role: "admin" | "producer", name: string): Promise<string> => {
    const wanted = { name, roles: [role], topics: [TOPIC], subjects: [], endsMs: null };
    const operator = { actor: "ann", at: new Date().toISOString(), reason: "for the tests" };
    const all = role === "admin" ? { ...wanted, topics: [] } : wanted;
    return (await makeApiKey(embedded.store, all, operator, randomBytes)).key;
  };
  const [admin, stranger] = [await keyOf("admin", "ann"), await keyOf("producer", "the stranger")];
  const service = await startWith(built, { embedded, records: isFull ? RECORDS : [] });
  const values: Record<string, string> = {
    subject: "shipment",
    version: "1",
    topic: TOPIC,
    partition: "0",
    offset: "1",
    name: "breaker-open",
  };
  values["stream"] = await streamOf(service);
  values["fingerprint"] = "0".repeat(32);
  values["plan"] = "0".repeat(12);
  if (isFull) {
    const headers = { authorization: `Bearer ${admin}`, "content-type": "application/json" };
    const at = async (path: string, init = {}): Promise<Record<string, string>> =>
      (await (await fetch(`${service.url}${path}`, { headers, ...init })).json()) as Record<string, string>;
    const { fingerprint = "" } = await at(`/v1/decisions/${TOPIC}/0/1`);
    const body = JSON.stringify({ reason: "the limit was wrong", select: { group: fingerprint } });
    const { id = "" } = await at("/v1/redrives", { method: "POST", body });
    Object.assign(values, { fingerprint, plan: id });
  }
  return { front: await openFront(service.port, { admin, stranger }), pages: addresses(values) };
}

/** Waits until a page says what it has to say in a state. */
export async function settles(page: Page, front: Front, path: string, state: State): Promise<void> {
  const [full, empty] = SAYS[path] ?? ["", ""];
  const isOpen = OPEN_TO_ALL.includes(path);
  const words = {
    full,
    empty,
    loading: NEVER_WAITING.includes(path) ? "" : "Asking the gateway",
    error: isOpen ? "" : path === "/live" ? "the gateway does not answer" : AWAY,
    forbidden: isOpen ? "" : "needs the role",
  }[state];
  await says(page, words);
  await until(async () => {
    const isThere = await page.run("return document.querySelector('h1') !== null && document.title !== ''");
    return isThere === true && (state === "loading" || front.isIdle());
  });
}

/** A gateway with the console; `records` are decided when it is there. */
export async function startWith(
  built: Console,
  { records = [], embedded: given }: { readonly records?: readonly string[]; readonly embedded?: Embedded } = {},
): Promise<Service> {
  const live = createLive({ now: Date.now });
  const embedded = given ?? (await openEmbedded());
  const access = openAccess({ reads: embedded.store.reads, now: Date.now, noteUse: () => undefined });
  const service = await serve(embedded, {
    ingest: feedLive(live, embedded),
    http: { console: built, now: Date.now, live, access },
  });
  if (records.length > 0) {
    await service.append(...records);
    await until(async () => (await service.store.tail(await streamOf(service)))?.to === BigInt(records.length));
  }
  return service;
}

export async function streamOf({ log }: Service): Promise<string> {
  const [stream] = await log.streams();
  return stream?.id ?? "";
}
