import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { openToMigrate } from "../../src/app/migrating.ts";
import { runMigrations, type Operator } from "../../src/store/migrations/migration.ts";
import type { Store } from "../../src/store/store.ts";
import { unavailable } from "../unavailable.ts";
import { OLD_REASON } from "./layout-1/fixture.ts";

/** A place for a store, with nothing in it yet. */
export type LayoutBackend = {
  readonly dataDir: string;
  readonly mongodbUri: string | null;
  /** As a gateway would open it; closed when the test ends, or before. */
  readonly open: (readOnly: boolean) => Promise<Store>;
  /** Puts a store there, as the program that wrote layout 1 made it. */
  readonly makeOlder: () => Promise<void>;
  /** A store of the present layout, marked as one of the layout after it. */
  readonly makeNewer: () => Promise<void>;
  /** Something of another program. */
  readonly makeForeign: () => Promise<void>;
  /** A store of layout 1 in which a build of the present layout began. */
  readonly makeMixed: () => Promise<void>;
  /** Everything that is there, as text. */
  readonly contents: () => Promise<string>;
  /** What a migration kept of a store of layout 1, in the form of `contents`. */
  readonly kept: () => Promise<string>;
  /** Works on the store as a gateway of layout 1 does, until it is let go. */
  readonly hold: () => Promise<() => Promise<void>>;
  /** A gateway of layout 1 that was there before a migration and does not hold the store; then its next append. */
  readonly appendsAsBefore: () => Promise<() => Promise<unknown>>;
};

const OPERATOR: Operator = { actor: "somebody", at: "2026-11-28T17:00:00.000Z" };

/** No engine is through before. */
const STEPS_MIN = 5;

/** What every engine keeps of layouts. @param layout the one that this build writes. @param refusal what the engine answers a gateway of the layout before. */
export function layoutLaws(name: string, layout: number, refusal: RegExp, start: () => Promise<LayoutBackend>): void {
  describe(`${name} keeps the laws of layouts`, () => {
    test("one of the layout before is told so with both versions and the command, and left as it was", async () => {
      const backend = await start();
      await backend.makeOlder();
      const before = await backend.contents();
      for (const readOnly of [false, true]) {
        const { code, message, remedy } = await unavailable(backend.open(readOnly));
        expect([code, message, remedy]).toEqual([
          "STORE_OLDER",
          has(`it has an older layout of ours (1); this build writes ${layout}`),
          has("`sigma store migrate`"),
        ]);
      }
      expect(await backend.contents()).toBe(before);
    });

    test("a newer one is refused with both versions, also by a migration, and left as it was", async () => {
      const backend = await start();
      await backend.makeNewer();
      const before = await backend.contents();
      const work = [async () => backend.open(false), async () => backend.open(true), async () => migrate(backend)];
      for (const attempt of work) {
        const { code, message } = await unavailable(attempt());
        const sentence = `it has a newer layout of ours (${layout + 1}); this build writes ${layout}`;
        expect([code, message]).toEqual(["STORE_NEWER", has(sentence)]);
      }
      expect(await backend.contents()).toBe(before);
    });

    test.each([
      ["what is not ours", "STORE_FOREIGN", "makeForeign"],
      ["two layouts in one", "STORE_MIXED", "makeMixed"],
    ] as const)("%s is refused, and left as it was", async (_, code, make) => {
      const backend = await start();
      await backend[make]();
      const before = await backend.contents();
      for (const readOnly of [false, true]) expect((await unavailable(backend.open(readOnly))).code).toBe(code);
      expect(await backend.contents()).toBe(before);
    });

    test("a migration keeps the old store whole and leads to one that opens, with what no log can give again", async () => {
      const backend = await start();
      await backend.makeOlder();
      const before = await backend.contents();
      expect(await migrate(backend)).toEqual([1, layout]);
      expect(await backend.kept()).toBe(before);
      await holdsWhatWasCarried(backend);
      const after = await backend.contents();
      expect(await migrate(backend)).toEqual([layout]);
      expect(await backend.contents()).toBe(after);
    });

    test("a migration is refused while a gateway works on the store, and changes nothing", async () => {
      const backend = await start();
      await backend.makeOlder();
      const release = await backend.hold();
      const before = await backend.contents();
      expect((await unavailable(migrate(backend, false))).code).toBe("STORE_LOCKED");
      expect(await backend.contents()).toBe(before);
      await release();
      expect(await migrate(backend)).toEqual([1, layout]);
    });

    test("a migration of a store that another one migrated meanwhile is refused, and changes nothing", async () => {
      const backend = await start();
      await backend.makeOlder();
      const { migrations, close } = await openToMigrate(backend, true);
      await migrate(backend);
      const before = await backend.contents();
      const late = migrations[0]?.up(() => undefined, OPERATOR) ?? Promise.resolve();
      expect((await unavailable(late)).code).toBe("STORE_LOCKED");
      expect(await backend.contents()).toBe(before);
      await close();
    });

    test("a gateway of the layout before that was there all the same cannot go on in the new one", async () => {
      const backend = await start();
      await backend.makeOlder();
      const append = await backend.appendsAsBefore();
      await migrate(backend);
      const before = await backend.contents();
      await expect(append()).rejects.toThrow(refusal);
      expect(await backend.contents()).toBe(before);
    });

    test("a migration that is killed at any step leaves what is told to be old or is whole, and ends when run again", async () => {
      const backend = await start();
      await backend.makeOlder();
      const before = await backend.contents();
      // What was done stays done: each gets one step further than the one before.
      for (let step = 1, through = false; !through; step += 1) {
        through = await killedAt(backend, step);
        expect(["STORE_OLDER", ...(through || step > STEPS_MIN ? ["open"] : [])]).toContain(await openOrCode(backend));
      }
      expect(await openOrCode(backend)).toBe("open");
      expect(await backend.kept()).toBe(before);
      await holdsWhatWasCarried(backend);
    });
  });

  async function migrate({ dataDir, mongodbUri }: LayoutBackend, othersElsewhere = true): Promise<readonly number[]> {
    const migrating = await openToMigrate({ dataDir, mongodbUri }, othersElsewhere);
    try {
      const found = async (): Promise<number> => (await migrating.found()) ?? 0;
      return await runMigrations(migrating.migrations, found, OPERATOR, () => undefined);
    } finally {
      await migrating.close();
    }
  }

  async function holdsWhatWasCarried({ open }: LayoutBackend): Promise<void> {
    const store = await open(false);
    const { reads } = store;
    expect(await reads.tally()).toEqual({ validated: 0, failed: 0, receipts: 0 });
    expect(await reads.streams()).toEqual([]);
    const [first, second, ...others] = await reads.operatorLog(0, 9);
    expect(first).toMatchObject({ seq: 0, action: "resume", reason: OLD_REASON });
    expect(second).toMatchObject({ seq: 1, prevHash: first?.hash, action: "migrate", actor: OPERATOR.actor });
    expect(others).toEqual([]);
    expect((await reads.traffic("shipment")).map(({ producer }) => producer)).toEqual(["harbour", "warehouse"]);
    expect((await reads.logEnds()).map(({ end }) => end)).toEqual([9n]);
    expect(await reads.integrity()).toEqual([]);
    await store.close();
  }

  async function openOrCode({ open }: LayoutBackend): Promise<string> {
    try {
      await (await open(false)).close();
      return "open";
    } catch (error) {
      return String((error as { code?: unknown }).code);
    }
  }

  /** @returns whether it got through before that step. */
  async function killedAt({ dataDir, mongodbUri }: LayoutBackend, step: number): Promise<boolean> {
    const script = fileURLToPath(new URL("migrate.child.ts", import.meta.url));
    const child = spawn(process.execPath, [script, dataDir, mongodbUri ?? "", String(step)], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
    expect([code, signal]).toEqual(signal === null ? [0, null] : [null, "SIGKILL"]);
    return signal === null;
  }
}

function has(text: string): string {
  return expect.stringContaining(text) as string;
}
