import { rmSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished, describe, expect, test } from "vitest";
import { readContractSet, type ContractSettings } from "../../src/config/load-contracts.ts";
import { followContracts } from "../../src/config/reload.ts";
import { signatureOf } from "../../src/config/signature.ts";
import { freezeContract } from "../../src/contract/commands.ts";
import { holdContracts, type LiveContracts, type Swap } from "../../src/contract/live-contracts.ts";
import { compileContractSet } from "../../src/core/compile.ts";
import { DEFAULT_LIMITS } from "../../src/core/contract-set.ts";
import { THREAD_LIMITS, type ThreadLimits } from "../../src/isolate/thread.ts";
import { PATIENCE_MS } from "../patience.ts";
import { contractsDirectory, SCHEMA, writeFiles } from "../contract/contract-files.ts";

const FIXTURES = {
  "parcel/fixtures/v1/pass/one.json": '{"id":"a","weight":1}',
  "parcel/fixtures/v1/fail/one.json": "{}",
  "parcel/fixtures/v2/pass/one.json": '{"id":"a","weight":1}',
  "parcel/fixtures/v2/fail/one.json": "{}",
};

function contract(versions: readonly string[]): string {
  const lines = versions.map((status, index) => {
    return `  ${index + 1}: { status: ${status}, schema: v${index + 1}.schema.json }\n`;
  });
  const head = "subject: parcel\nowner: o\ndescription: d\ncollection: parcels\nidentity: [/id]\nversions:\n";
  return head + lines.join("");
}

type Followed = {
  readonly directory: string;
  readonly live: LiveContracts;
  /** The next outcome that is reported. */
  readonly next: () => Promise<Swap>;
};

async function follow(reading: Partial<ThreadLimits> = {}): Promise<Followed> {
  const directory = contractsDirectory({
    "parcel/contract.yaml": contract(["draft"]),
    "parcel/v1.schema.json": SCHEMA,
    ...FIXTURES,
  });
  rmSync(join(directory, "parcel/fixtures/v2"), { recursive: true });
  await freezeContract(directory, "parcel", 1);
  writeFiles(directory, { "parcel/contract.yaml": contract(["active"]) });
  const sources = [{ topic: "parcels", subject: "parcel", accepts: null, defaultVersion: 1, partitions: 1 }];
  const settings: ContractSettings = { contractsDir: directory, sources, shadow: [], limits: DEFAULT_LIMITS };
  const seen = await signatureOf(directory);
  const read = readContractSet(settings);
  if (!read.ok) throw new Error(JSON.stringify(read.faults));
  const live = holdContracts({ set: compileContractSet(read.sealed), about: read.about });
  const reported: Swap[] = [];
  const waiting: ((outcome: Swap) => void)[] = [];
  const abort = new AbortController();
  const ended = followContracts(
    {
      settings,
      live,
      seen,
      reading: { ...THREAD_LIMITS, cpuMsMax: PATIENCE_MS, wallMsMax: PATIENCE_MS, ...reading },
      report: (outcome) => {
        const waiter = waiting.shift();
        if (waiter === undefined) reported.push(outcome);
        else waiter(outcome);
      },
      everyMs: 5,
      sleep: async (ms, signal) => (signal.aborted ? undefined : new Promise((resolve) => setTimeout(resolve, ms / 5))),
      pause: async () => undefined,
    },
    abort.signal,
  );
  onTestFinished(async () => {
    abort.abort();
    await ended;
  });
  const next = async (): Promise<Swap> => {
    const there = reported.shift();
    return there ?? new Promise((resolve) => waiting.push(resolve));
  };
  return { directory, live, next };
}

describe("a gateway that follows its contract files", () => {
  test("swaps the set when a version is added, and says what changed", async () => {
    const { directory, live, next } = await follow();
    const before = live.current().digest;
    writeFiles(directory, { "parcel/contract.yaml": contract(["active", "draft"]), "parcel/v2.schema.json": SCHEMA });
    expect(await next()).toMatchObject({ kind: "swapped", from: before, changes: ["parcel@2 is new, draft"] });
    expect(live.current().bySubject.get("parcel")?.versions.size).toBe(2);
  });

  test("refuses a set with a fault, keeps the live one, and takes the corrected one", async () => {
    const { directory, live, next } = await follow();
    const before = live.current();
    writeFiles(directory, { "parcel/contract.yaml": contract(["active", "active"]), "parcel/v2.schema.json": SCHEMA });
    const refused = await next();
    expect(refused).toMatchObject({
      kind: "refused",
      problems: [expect.stringContaining("SIG-C-033 parcel@2 is active")],
    });
    expect(live.current()).toBe(before);
    writeFiles(directory, FIXTURES);
    expect(await freezeContract(directory, "parcel", 2)).toMatchObject({ ok: true });
    // It may look once more before all of it is there.
    let outcome = await next();
    while (outcome.kind === "refused") outcome = await next();
    expect(outcome).toMatchObject({ kind: "swapped", changes: ["parcel@2 is new, active"] });
  });

  test("a frozen version changed together with its lock is still refused", async () => {
    const { directory, live, next } = await follow();
    const before = live.current();
    writeFiles(directory, { "parcel/v1.schema.json": SCHEMA.replace('"number"', '"integer"'), "contracts.lock": "" });
    expect(await freezeContract(directory, "parcel", 1)).toMatchObject({ ok: true });
    // However often it looks while the files change, the end is a refusal that names the version.
    let outcome = await next();
    while (outcome.kind !== "refused" || !outcome.problems.join().includes("live and was changed"))
      outcome = await next();
    expect(live.current()).toBe(before);
  });

  test("files that take too much to read are refused, and what is live stays", async () => {
    const { directory, live, next } = await follow({ cpuMsMax: 1, cpuCheckMs: 1 });
    const before = live.current();
    const wide = { anyOf: Array.from({ length: 5_000 }, (_, index) => ({ required: [`name-${index}`] })) };
    writeFiles(directory, {
      "parcel/contract.yaml": contract(["active", "draft"]),
      "parcel/v2.schema.json": JSON.stringify(wide),
    });
    expect(await next()).toEqual({
      kind: "refused",
      problems: ["The contract files could not be read: it takes too much (cpu)"],
    });
    expect(live.current()).toBe(before);
  });

  test("files that vanish are refused, and their return is no change", async () => {
    const { directory, live, next } = await follow();
    const before = live.current();
    const text = contract(["active"]);
    rmSync(join(directory, "parcel/contract.yaml"));
    expect(await next()).toMatchObject({
      kind: "refused",
      problems: [expect.stringContaining("SIG-C-002")],
    });
    writeFiles(directory, { "parcel/contract.yaml": text });
    writeFiles(directory, { "parcel/contract.yaml": contract(["active", "draft"]), "parcel/v2.schema.json": SCHEMA });
    expect(await next()).toMatchObject({ kind: "swapped", from: before.digest });
  });
});
