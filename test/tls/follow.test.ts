import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { TlsEvent } from "../../src/tls/event.ts";
import { followPair } from "../../src/tls/follow.ts";
import { readTlsPair } from "../../src/tls/pair.ts";
import { makeAuthority, replace, temporary } from "./certificates.ts";

const DAY_MS = 86_400_000;

/** Files that are followed, in steps that the test takes. */
async function following(days = 60) {
  const authority = makeAuthority(temporary());
  const made = authority.sign("gateway", { days });
  const files = { certFile: made.cert, keyFile: made.key, passphrase: null, clientCaFile: null };
  const first = await readTlsPair(files);
  if (first.kind !== "pair") throw new Error(first.why);
  const events: TlsEvent[] = [];
  const used: string[] = [];
  const clock = { aheadMs: 0 };
  const stopping = new AbortController();
  let wake: () => void = () => undefined;
  let slept: () => void = () => undefined;
  const { look, done } = followPair(
    {
      read: async () => readTlsPair(files),
      use: ({ about }) => used.push(about.names),
      report: (event) => events.push(event),
      everyMs: 1,
      now: () => Date.now() + clock.aheadMs,
      sleep: async (_, signal) =>
        new Promise((resolve) => {
          wake = resolve;
          signal.addEventListener("abort", () => resolve(), { once: true });
          slept();
        }),
    },
    first.pair,
    stopping.signal,
  );
  /** One look of its own. */
  const turn = async (): Promise<void> =>
    new Promise((resolve) => {
      slept = resolve;
      wake();
    });
  const since = (): readonly TlsEvent[] => events.splice(0);
  /** Why pairs were refused since the last look, and what else was said. */
  const said = (): readonly string[] => since().map((event) => (event.kind === "tls-refused" ? event.why : event.kind));
  return { authority, made, clock, used, look, turn, since, said, stop: () => stopping.abort(), done };
}

test("a new pair is used from the next look on, and files that stay are not", async () => {
  const { authority, made, used, turn, since, stop, done } = await following();
  expect(since()).toMatchObject([{ kind: "tls-shown" }]);
  await turn();
  expect([used, since()]).toEqual([[], []]);
  replace(made, authority.sign("next", { names: "DNS:next.example.com", days: 60 }));
  await turn();
  expect(used).toEqual(["DNS:next.example.com"]);
  expect(since()).toMatchObject([{ kind: "tls-shown", names: "DNS:next.example.com" }]);
  stop();
  await done;
});

test("a certificate whose key is not written yet is waited for once, then it is refused once, and the pair before goes on", async () => {
  const { authority, made, used, turn, since, said } = await following();
  since();
  const next = authority.sign("next", { names: "DNS:next.example.com", days: 60 });
  writeFileSync(made.cert, readFileSync(next.cert));
  await turn();
  expect(since()).toEqual([]);
  for (let round = 0; round < 3; round += 1) await turn();
  expect([used, said()]).toEqual([[], [expect.stringContaining("is not that of")]]);
  writeFileSync(made.key, readFileSync(next.key));
  await turn();
  expect([used, since()]).toEqual([["DNS:next.example.com"], [expect.objectContaining({ kind: "tls-shown" })]]);
});

test("whoever says that the files changed is answered at once, and files that are put back end the trouble", async () => {
  const { made, look, turn, since, said, used } = await following();
  since();
  const before = readFileSync(made.cert);
  writeFileSync(made.cert, "nothing");
  await look();
  expect(said()).toEqual([expect.stringContaining("holds no certificate")]);
  writeFileSync(made.cert, before);
  await turn();
  writeFileSync(made.cert, "nothing");
  await look();
  expect([used, since().length]).toEqual([[], 1]);
});

test("a valid certificate is not replaced by one that has ended, and one that has ended is by any", async () => {
  const { authority, made, clock, look, since, said, used } = await following(60);
  since();
  clock.aheadMs += 30 * DAY_MS;
  replace(made, authority.sign("short", { names: "DNS:short.example.com", days: 10 }));
  await look();
  expect([used, said()]).toEqual([[], [expect.stringContaining("has ended on")]]);
  clock.aheadMs += 40 * DAY_MS;
  await look();
  expect(used).toEqual(["DNS:short.example.com"]);
});

test("the end of a certificate is warned of from two weeks before on, once a day", async () => {
  const { clock, turn, since } = await following(60);
  since();
  clock.aheadMs += 45 * DAY_MS;
  await turn();
  expect(since()).toEqual([]);
  clock.aheadMs += 2 * DAY_MS;
  for (let round = 0; round < 3; round += 1) await turn();
  expect(since()).toMatchObject([{ kind: "tls-expiring", leftDays: 12 }]);
  clock.aheadMs += 20 * DAY_MS;
  await turn();
  expect(since()).toMatchObject([{ kind: "tls-expiring", leftDays: -8 }]);
});
