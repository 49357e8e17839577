import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { DEFAULT_LIMITS } from "../../src/core/contract-set.ts";
import { runFixtures } from "../../src/contract/check.ts";
import { lintContracts, loadFrozenContracts } from "../../src/contract/commands.ts";
import { toContractSet } from "../../src/contract/files.ts";
import { formatLock, LOCK_NAME, readLock } from "../../src/contract/lock.ts";
import { loaded } from "./contract-files.ts";

const DIRECTORY = resolve(import.meta.dirname, "../../contracts");

/** What shipment@1 says, for good. A change here breaks every store that holds its decisions: it is a new version instead. */
const SHIPMENT_1 = "sha256:5e3203c4703b6717d9380a8c1129ac69fb03bfc31f92533e32f813c70fced095";

describe("the shipment contract", () => {
  test("has the digest it was released with", () => {
    expect(loaded(DIRECTORY)[0]!.versions[0]!.digest).toBe(SHIPMENT_1);
  });

  test("is frozen, and its lock is written as freezing writes it", () => {
    const lock = readLock(DIRECTORY);
    const entries = lock.ok ? lock.lock.entries : [];
    expect(entries.map(({ subject, version, digest }) => ({ subject, version, digest }))).toEqual([
      { subject: "shipment", version: 1, digest: SHIPMENT_1 },
    ]);
    expect(readFileSync(join(DIRECTORY, LOCK_NAME), "utf8")).toBe(formatLock(entries));
    expect(loadFrozenContracts(DIRECTORY).ok).toBe(true);
  });

  test("has no lint finding", async () => {
    expect(await lintContracts(DIRECTORY)).toEqual([]);
  });

  test("decides its fixtures as they say", () => {
    expect(runFixtures(loaded(DIRECTORY)).findings).toEqual([]);
  });

  test("has a fixture that needs each constraint", () => {
    expect(runFixtures(loaded(DIRECTORY)).untested).toEqual([]);
  });

  test("has a second version, a draft for the worked migration", () => {
    expect(loaded(DIRECTORY)[0]!.versions.map(({ version, status }) => [version, status])).toEqual([
      [1, "active"],
      [2, "draft"],
    ]);
  });

  test("seals to a set that does not depend on when or where it is loaded", () => {
    const binding = { topic: "sigma-aetl.shipments", subject: "shipment", defaultVersion: 1 };
    const sealed = toContractSet(loaded(DIRECTORY), [binding], DEFAULT_LIMITS);
    expect(sealed).toEqual(toContractSet(loaded(DIRECTORY), [binding], DEFAULT_LIMITS));
    expect(sealed.text).not.toContain(DIRECTORY);
  });
});
