import { lstatSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { SCHEMA, writeFiles } from "../contract/contract-files.ts";
import { temporaryDirectory } from "../embedded.ts";
import { sigma, startSigma, type Run } from "./run.ts";

const CONTRACT = `# A parcel
subject: parcel
owner: team@example.com
description: A parcel
collection: parcels
identity: [/id]
versions:
  1:
    status: draft   # the first
    schema: v1.schema.json
  2:
    status: draft
    schema: v2.schema.json
`;

const CONFIG = `sources:
  - { topic: parcels, subject: parcel }
log: { format: json }
http: { port: 0 }
contracts: { reload_seconds: 1 }
`;

type Workplace = {
  readonly run: (...args: readonly string[]) => Promise<Run>;
  readonly contract: () => string;
  readonly cwd: string;
};

/** A contract with two frozen drafts, and a data directory of its own. */
async function workplace(): Promise<Workplace> {
  const cwd = temporaryDirectory();
  const fixtures = (version: number): Record<string, string> => ({
    [`contracts/parcel/v${version}.schema.json`]: SCHEMA,
    [`contracts/parcel/fixtures/v${version}/pass/one.json`]: '{"id":"a","weight":1}',
    [`contracts/parcel/fixtures/v${version}/fail/no-id.json`]: '{"weight":1}',
    [`contracts/parcel/fixtures/v${version}/fail/no-weight.json`]: '{"id":"a"}',
    [`contracts/parcel/fixtures/v${version}/fail/id.json`]: '{"id":1,"weight":1}',
    [`contracts/parcel/fixtures/v${version}/fail/weight.json`]: '{"id":"a","weight":"1"}',
    [`contracts/parcel/fixtures/v${version}/fail/text.json`]: '"a"',
  });
  writeFiles(cwd, {
    "sigma.yaml": CONFIG,
    "contracts/parcel/contract.yaml": CONTRACT,
    ...fixtures(1),
    ...fixtures(2),
  });
  const run = async (...args: readonly string[]): Promise<Run> => sigma(args, { cwd });
  for (const name of ["parcel@1", "parcel@2"]) expect(await run("contract", "freeze", name)).toMatchObject({ code: 0 });
  return { cwd, run, contract: () => readFileSync(join(cwd, "contracts/parcel/contract.yaml"), "utf8") };
}

describe("the life of a version", () => {
  test("from draft to retired under a running gateway: who still sends it keeps it from ending", async () => {
    const { cwd, run, contract } = await workplace();
    const why = ["--reason", "phase one"];
    expect(await run("contract", "activate", "parcel@1", ...why)).toMatchObject({ code: 0 });
    expect(contract()).toBe(CONTRACT.replace("draft   # the first", "active   # the first"));

    const gateway = startSigma(["start", "--no-demo"], { cwd });
    const url = /http:\S+/.exec(await gateway.line(/ on http/))?.[0] ?? "";
    const send = async (id: string, version: number, producer: string): Promise<unknown> => {
      const response = await fetch(`${url}/v1/events/parcels`, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "sigma-contract": `parcel@${version}`,
          "sigma-producer": producer,
          prefer: "wait=30",
        },
        body: `{"id":"${id}","weight":1}`,
      });
      const { decisions } = (await response.json()) as { decisions: readonly { status: string; code?: string }[] };
      return decisions.map(({ status, code }) => code ?? status);
    };
    expect(await send("a", 1, "svc-a")).toEqual(["PASSED"]);
    expect(await send("b", 2, "svc-b")).toEqual(["contract-not-active"]);

    // The running gateway takes the new state without a restart.
    expect(await run("contract", "activate", "parcel@2", ...why)).toMatchObject({ code: 0 });
    await gateway.line(
      /contract set swapped.*parcel@2 is active, was draft|parcel@2 is active, was draft.*contract set swapped/,
    );
    expect(await send("c", 2, "svc-b")).toEqual(["PASSED"]);

    const early = await run("contract", "retire", "parcel@1", ...why);
    expect([early.code, early.stderr]).toEqual([2, expect.stringContaining("SIG-I-014")]);
    expect(await run("contract", "deprecate", "parcel@1", "--sunset", "2027-01-31", ...why)).toMatchObject({ code: 0 });
    const refused = await run("contract", "retire", "parcel@1", ...why);
    expect(refused.code).toBe(10);
    expect(refused.stdout).toMatch(/^PRODUCER +LAST SEEN\nsvc-a +\d{4}-.* \(0 min ago\)\n$/);
    expect(refused.stderr).toContain("SIG-I-015 Cannot retire parcel@1: a producer sent it inside the window");
    expect(contract()).toContain("status: deprecated   # the first");

    const traffic = await run("contract", "traffic", "parcel");
    expect(traffic.stdout.split("\n").map((line) => line.split(/ +/, 2).join(" "))).toEqual([
      "CONTRACT PRODUCER",
      "parcel@1 svc-a",
      "parcel@2 svc-b",
      "",
    ]);
    const forced = await run("contract", "retire", "parcel@1", "--despite-traffic", ...why);
    expect(forced).toMatchObject({ code: 0 });
    await gateway.line(/parcel@1 is retired, was/);
    expect(await send("d", 1, "svc-a")).toEqual(["contract-retired"]);
    gateway.child.kill("SIGTERM");
    expect((await gateway.ended).code).toBe(0);
    // The operator log is part of what the audit checks.
    expect(await run("audit", "--source", "--quiet")).toMatchObject({ code: 0 });
  });

  test("a version that is not frozen, or whose fixtures do not hold, is not activated", async () => {
    const { cwd, run, contract } = await workplace();
    writeFileSync(join(cwd, "contracts/contracts.lock"), "");
    const unfrozen = await run("contract", "activate", "parcel@1", "--reason", "r");
    expect([unfrozen.code, unfrozen.stderr]).toEqual([2, expect.stringContaining("it is not frozen")]);
    await run("contract", "freeze", "parcel@1");
    writeFileSync(join(cwd, "contracts/parcel/fixtures/v1/pass/two.json"), "{}");
    const unproved = await run("contract", "activate", "parcel@1", "--reason", "r");
    expect(unproved.stderr).toContain("SIG-C-040");
    expect(unproved.code).not.toBe(0);
    expect(contract()).toBe(CONTRACT);
  });

  test("a contract that asks for a what-if is activated with its report only, and what it accepts is in the operator log", async () => {
    const { cwd, run, contract } = await workplace();
    writeFileSync(
      join(cwd, "contracts/parcel/contract.yaml"),
      contract().replace("versions:", "requireWhatIf: true\nversions:"),
    );
    const activate = async (...args: readonly string[]) =>
      run("contract", "activate", "parcel@1", "--reason", "r", ...args);
    const bare = await activate();
    expect([bare.code, bare.stderr]).toEqual([2, expect.stringContaining("asks for a what-if report")]);
    const absent = await activate("--what-if", "report.json");
    expect([absent.code, absent.stderr]).toEqual([2, expect.stringContaining("it does not exist")]);
    // Something must have been decided before it can be judged again.
    writeFileSync(join(cwd, "records.ndjson"), '{"id":"a","weight":1}\n{"id":"b"}\n');
    expect((await run("ingest", "records.ndjson", "--topic", "parcels")).code).toBe(0);
    expect(await run("contract", "what-if", "parcel@1", "--save", "report.json")).toMatchObject({ code: 0 });
    // A device stays one, whoever runs the command; a report that cannot be written leaves nothing behind.
    symlinkSync("/dev/null", join(cwd, "nothing"));
    symlinkSync("/dev/full", join(cwd, "full"));
    expect(await run("contract", "what-if", "parcel@1", "--save", "nothing")).toMatchObject({ code: 0 });
    expect(await run("contract", "what-if", "parcel@1", "--save", "full")).toMatchObject({ code: 1 });
    expect(["nothing", "full"].map((name) => lstatSync(join(cwd, name)).isSymbolicLink())).toEqual([true, true]);
    const other = await run("contract", "activate", "parcel@2", "--reason", "r", "--what-if", "report.json");
    expect([other.code, other.stderr]).toEqual([10, expect.stringContaining("SIG-W-005")]);
    expect(await activate("--what-if", "report.json", "--accept-flips", "1")).toMatchObject({ code: 10 });
    expect(await activate("--what-if", "report.json")).toMatchObject({ code: 0 });
    expect(contract()).toContain("status: active");
  });

  test("wrong input is a sentence and exit code 2", async () => {
    const { run } = await workplace();
    for (const [args, words] of [
      [["activate", "parcel@1"], "--reason"],
      [["activate", "parcel", "--reason", "r"], "Name the version too"],
      [["activate", "parcel@9", "--reason", "r"], "SIG-I-004"],
      [["activate", "parcel@1", "--reason", " "], "SIG-I-012"],
      [["deprecate", "parcel@1", "--reason", "r", "--sunset", "2027-02-30"], "YYYY-MM-DD"],
      [["deprecate", "parcel@1", "--reason", "r", "--sunset", "2020-01-01"], "it is past"],
      [["retire", "parcel@1", "--reason", "r", "--window", "soon"], "30d"],
      [["traffic", "pracel"], "SIG-I-004"],
      [["traffic", "parcel"], "SIG-I-007"],
    ] as const) {
      const { code, stderr } = await run("contract", ...args);
      expect([args, code, stderr]).toEqual([args, 2, expect.stringContaining(words)]);
      expect(stderr).not.toMatch(/^\s+at /m);
    }
  });

  test("a version that is some topic's default is not retired", async () => {
    const { cwd, run } = await workplace();
    writeFileSync(join(cwd, "sigma.yaml"), CONFIG.replace("subject: parcel }", "subject: parcel, default: 1 }"));
    for (const action of ["activate", "deprecate"]) await run("contract", action, "parcel@1", "--reason", "r");
    const { code, stderr } = await run("contract", "retire", "parcel@1", "--reason", "r");
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining("topic parcels judges records by it that declare no version"),
    ]);
  });
});
