import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { openAccess, type Access } from "../../src/access/access.ts";
import { makeApiKey, readApiKeys, revokeApiKey, rotateApiKey } from "../../src/access/change-keys.ts";
import { createUseNotes, readUses } from "../../src/access/key-use.ts";
import { LOCAL } from "../../src/access/principal.ts";
import { Unavailable } from "../../src/core/unavailable.ts";
import type { StoreReads } from "../../src/store/store.ts";
import { openEmbedded, type Embedded } from "../embedded.ts";

const OPERATOR = { actor: "ann", at: "2026-11-29T00:00:00.000Z", reason: "for the tests" };
const HOUR = 3_600_000;
const WANTED = { name: "orders", roles: ["producer"], topics: ["orders"], subjects: [], endsMs: null } as const;

/** A clock that is set by hand, and what a gateway knows of the keys by it. */
async function start(reads?: (own: Embedded) => Pick<StoreReads, "operatorLog">): Promise<{
  readonly embedded: Embedded;
  readonly access: Access;
  readonly clock: { ms: number };
  readonly used: string[];
}> {
  const embedded = await openEmbedded();
  const clock = { ms: Date.parse("2026-11-29T00:00:00Z") };
  const used: string[] = [];
  const noteUse = (id: string): void => void used.push(id);
  const access = openAccess({ reads: reads?.(embedded) ?? embedded.store.reads, now: () => clock.ms, noteUse });
  return { embedded, access, clock, used };
}

test("nobody needs a key until one was made, and everybody from then on, also when it has ended", async () => {
  const { embedded, access, clock } = await start();
  const { store } = embedded;
  expect(await access.authenticate(null)).toEqual({ kind: "known", who: LOCAL });
  const { id } = await makeApiKey(store, WANTED, OPERATOR, randomBytes);
  clock.ms += 1_000;
  expect(await access.authenticate(null)).toEqual({ kind: "none" });
  expect(await revokeApiKey(store, id, OPERATOR)).toBeNull();
  clock.ms += 1_000;
  expect(await access.authenticate(null)).toEqual({ kind: "none" });
});

test("a change that this process made holds from the next request on, on a clock that stands still", async () => {
  const { embedded, access } = await start();
  const { store } = embedded;
  expect(await access.authenticate(null)).toEqual({ kind: "known", who: LOCAL });
  // Somebody asks while the key is made.
  const [{ id, key }] = await Promise.all([
    makeApiKey(store, WANTED, OPERATOR, randomBytes),
    access.authenticate(null),
  ]);
  access.changed();
  expect(await access.authenticate(null)).toEqual({ kind: "none" });
  expect(await access.authenticate(key)).toMatchObject({ kind: "known", who: { kind: "key", id } });
  await revokeApiKey(store, id, OPERATOR);
  access.changed();
  expect(await access.authenticate(key)).toEqual({ kind: "ended", state: "revoked" });
});

test("a key that is revoked is refused within a second also when the clock went back meanwhile", async () => {
  const { embedded, access, clock } = await start();
  const { id, key } = await makeApiKey(embedded.store, WANTED, OPERATOR, randomBytes);
  clock.ms += 1_000;
  expect((await access.authenticate(key)).kind).toBe("known");
  expect(await revokeApiKey(embedded.store, id, OPERATOR)).toBeNull();
  clock.ms -= HOUR;
  expect(await access.authenticate(key)).toEqual({ kind: "ended", state: "revoked" });
});

test("a key is known by its secret, and by nothing else", async () => {
  const { embedded, access, used } = await start();
  const { id, key } = await makeApiKey(embedded.store, WANTED, OPERATOR, randomBytes);
  const other = await makeApiKey(embedded.store, WANTED, OPERATOR, randomBytes);
  expect(await access.authenticate(key)).toEqual({
    kind: "known",
    who: { kind: "key", id, name: "orders", roles: ["producer"], scope: { subjects: [], topics: ["orders"] } },
  });
  const secretOf = (text: string): string => text.slice(text.indexOf("_", 6) + 1);
  const wrong = [
    "",
    id,
    `${key} `,
    key.slice(0, -1),
    `sigma_${other.id}_${secretOf(key)}`,
    `sigma_${"0".repeat(12)}_${secretOf(key)}`,
    key.toUpperCase(),
  ];
  for (const one of wrong) expect([one, await access.authenticate(one)]).toEqual([one, { kind: "unknown" }]);
  expect(used).toEqual([id]);
});

test("a revoked key is refused a second later at most, and an expired one from its time on", async () => {
  const { embedded, access, clock } = await start();
  const { store } = embedded;
  const forever = await makeApiKey(store, WANTED, OPERATOR, randomBytes);
  const brief = await makeApiKey(store, { ...WANTED, endsMs: clock.ms + HOUR }, OPERATOR, randomBytes);
  for (const { key } of [forever, brief]) expect((await access.authenticate(key)).kind).toBe("known");
  await revokeApiKey(store, forever.id, OPERATOR);
  clock.ms += 1_000;
  expect(await access.authenticate(forever.key)).toEqual({ kind: "ended", state: "revoked" });
  clock.ms += HOUR;
  expect(await access.authenticate(brief.key)).toEqual({ kind: "ended", state: "expired" });
  // Whoever has not the secret is not told that there was such a key.
  expect(await access.authenticate(`${brief.key.slice(0, -4)}AAAA`)).toEqual({ kind: "unknown" });
});

test("a key that takes the place of another may do the same, and the other goes on for the overlap", async () => {
  const { embedded, access, clock } = await start();
  const { store } = embedded;
  const old = await makeApiKey(store, WANTED, OPERATOR, randomBytes);
  const times = { endsMs: null, oldEndsMs: clock.ms + HOUR, nowMs: clock.ms };
  const made = await rotateApiKey(store, old.id, times, OPERATOR, randomBytes);
  if ("refused" in made) throw new Error(made.refused);
  const [before, after] = [await access.authenticate(old.key), await access.authenticate(made.key)];
  expect([before.kind, after.kind]).toEqual(["known", "known"]);
  expect(after).toMatchObject({ who: { id: made.id, roles: ["producer"], scope: { topics: ["orders"] } } });
  clock.ms += HOUR;
  expect(await access.authenticate(old.key)).toEqual({ kind: "ended", state: "expired" });
  expect(await rotateApiKey(store, old.id, { ...times, nowMs: clock.ms }, OPERATOR, randomBytes)).toEqual({
    refused: "expired",
  });
  expect((await readApiKeys(store.reads)).map(({ id, replacedBy }) => [id, replacedBy])).toEqual([
    [old.id, made.id],
    [made.id, null],
  ]);
});

test("a key that has no successor and is none cannot be changed", async () => {
  const { embedded, clock } = await start();
  const { store } = embedded;
  expect(await revokeApiKey(store, "0".repeat(12), OPERATOR)).toBe("unknown");
  const { id } = await makeApiKey(store, WANTED, OPERATOR, randomBytes);
  const times = { endsMs: null, oldEndsMs: clock.ms, nowMs: clock.ms - 1 };
  await rotateApiKey(store, id, { ...times, oldEndsMs: clock.ms + HOUR }, OPERATOR, randomBytes);
  expect(await rotateApiKey(store, id, times, OPERATOR, randomBytes)).toEqual({ refused: "replaced" });
  await revokeApiKey(store, id, OPERATOR);
  expect(await revokeApiKey(store, id, OPERATOR)).toBe("revoked");
});

test("the store holds no secret", async () => {
  const { embedded } = await start();
  const { key } = await makeApiKey(embedded.store, WANTED, OPERATOR, randomBytes);
  const log = JSON.stringify(await embedded.store.reads.operatorLog(0, 10));
  expect(log).toContain('\\"name\\":\\"orders\\"');
  for (let at = 0; at + 8 <= 43; at += 8) expect(log).not.toContain(key.slice(-43).slice(at, at + 8));
});

test("an action whose detail is none that we write makes no key, and opens no gateway", async () => {
  const { embedded, access } = await start();
  const { store } = embedded;
  const details = ["", "{}", "null", '{"id":"x"}', '{"id":1,"name":2,"hash":3}'];
  const { recordAction } = await import("../../src/gateway/operate.ts");
  for (const detail of details) await recordAction(store, { ...OPERATOR, action: "key-new", target: "x", detail });
  expect(await readApiKeys(store.reads)).toEqual([]);
  expect((await access.authenticate(null)).kind).toBe("none");
});

test("while the store cannot be asked a process goes on for thirty seconds with what it knew, and then refuses", async () => {
  let away = false;
  const { embedded, access, clock } = await start(({ store }) => ({
    operatorLog: async (...asked) => {
      if (away) throw new Unavailable("STORE_UNREACHABLE", "no answer", "wait");
      return store.reads.operatorLog(...asked);
    },
  }));
  const { key } = await makeApiKey(embedded.store, WANTED, OPERATOR, randomBytes);
  expect((await access.authenticate(key)).kind).toBe("known");
  away = true;
  clock.ms += 29_000;
  expect((await access.authenticate(key)).kind).toBe("known");
  clock.ms += 1_000;
  await expect(access.authenticate(key)).rejects.toThrow("no answer");
  // Who looks, a scrape above all, looks when something is wrong; and the log takes records whether the store is there or not.
  expect((await access.authenticate(key, true)).kind).toBe("known");
  expect((await access.authenticate(null, true)).kind).toBe("none");
  clock.ms += HOUR;
  await expect(access.authenticate(key, true)).rejects.toThrow("no answer");
});

test("where no key was known, what goes on without the store goes on as long as it is away; the rest ends after thirty seconds", async () => {
  let away = false;
  const { access, clock } = await start(({ store }) => ({
    operatorLog: async (...asked) => {
      if (away) throw new Unavailable("STORE_UNREACHABLE", "no answer", "wait");
      return store.reads.operatorLog(...asked);
    },
  }));
  away = true;
  // Nothing is known of the keys yet.
  await expect(access.authenticate(null, true)).rejects.toThrow("no answer");
  away = false;
  expect(await access.authenticate(null)).toEqual({ kind: "known", who: LOCAL });
  away = true;
  clock.ms += 48 * HOUR;
  expect(await access.authenticate(null, true)).toEqual({ kind: "known", who: LOCAL });
  await expect(access.authenticate(null)).rejects.toThrow("no answer");
});

test("what goes on without the store does not wait for one that hangs", async () => {
  let hangs = false;
  const { embedded, access, clock } = await start(({ store }) => ({
    operatorLog: async (...asked) => (hangs ? new Promise(() => undefined) : store.reads.operatorLog(...asked)),
  }));
  const { key } = await makeApiKey(embedded.store, WANTED, OPERATOR, randomBytes);
  expect((await access.authenticate(key)).kind).toBe("known");
  hangs = true;
  clock.ms += 60_000;
  expect((await access.authenticate(key, true)).kind).toBe("known");
});

test("what goes on without the store waits for one that hangs once, and not each time", async () => {
  let hangs = false;
  const { access, clock } = await start(({ store }) => ({
    operatorLog: async (...asked) => (hangs ? new Promise(() => undefined) : store.reads.operatorLog(...asked)),
  }));
  await access.authenticate(null);
  hangs = true;
  const began = performance.now();
  for (let second = 0; second < 20; second += 1) {
    clock.ms += 1_000;
    expect(await access.authenticate(null, true)).toEqual({ kind: "known", who: LOCAL });
  }
  // One wait is a second: twenty of them would be twenty.
  expect(performance.now() - began).toBeLessThan(10_000);
});

test("the use of a key is noted once a minute", async () => {
  const { embedded, clock } = await start();
  const failed: string[] = [];
  const written: number[] = [];
  const note = createUseNotes(
    {
      noteTraffic: async (notes) => {
        written.push(notes.length);
        await embedded.store.noteTraffic(notes);
      },
    },
    (why) => failed.push(why),
  );
  const began = clock.ms;
  for (let second = 0; second < 150; second += 1) note("k", began + second * 1_000);
  await expect.poll(async () => (await readUses(embedded.store.reads)).get("k")).toBe(began + 120_000);
  expect([written, failed]).toEqual([[1, 1, 1], []]);
});
