import { cpSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { readConfig, type ConfigResult } from "../../src/config/config.ts";
import { readContractSet } from "../../src/config/load-contracts.ts";
import { describeValue } from "../../src/config/values.ts";
import { temporaryDirectory } from "../embedded.ts";

async function read(text: string, env: Readonly<Record<string, string>> = {}): Promise<ConfigResult> {
  const file = join(temporaryDirectory(), "sigma.yaml");
  writeFileSync(file, text);
  return readConfig({ flags: new Map(), env, file });
}

/** `line:column code message | remedy` of each fault. */
async function faults(text: string, env: Readonly<Record<string, string>> = {}): Promise<readonly string[]> {
  const result = await read(text, env);
  if (result.ok) return [];
  return result.faults.map(
    ({ place, code, message, remedy }) => `${place.replace(/^.*sigma\.yaml:/, "")} ${code} ${message} | ${remedy}`,
  );
}

/** One objective in a file, with other lines in the place of some of its own. */
function objective(others: Readonly<Record<string, string | null>> = {}): string {
  const lines = { name: "q", kind: "quality", contract: "shipment", target: "99.5%", window: "30d", ...others };
  const written = Object.entries(lines).filter(([, value]) => value !== null);
  return `  - ${written.map(([key, value]) => `${key}: ${value}`).join("\n    ")}\n`;
}

describe("the objectives", () => {
  test("are a list in the file, each with its place", async () => {
    const text = `objectives:\n${objective()}${objective({ name: "a", kind: "availability", contract: null, window: "7d" })}${objective({ name: "f", kind: "freshness", within: "5s" })}`;
    const result = await read(text);
    expect(result).toMatchObject({
      ok: true,
      config: {
        objectives: [
          { name: "q", kind: "quality", subject: "shipment", targetMillionths: 995_000, windowMs: 2_592_000_000 },
          { name: "a", kind: "availability", subject: null, windowMs: 604_800_000, withinMs: null },
          { name: "f", kind: "freshness", subject: "shipment", withinMs: 5_000 },
        ],
      },
    });
    expect(result.ok ? result.config.objectives.map(({ place }) => place.split("sigma.yaml")[1]) : []).toEqual([
      ":2:5",
      ":7:5",
      ":11:5",
    ]);
  });

  test("are a text in a variable, which sigma config show prints again", async () => {
    const text = "q=quality:shipment:99.5%/30d,a=availability::99.9%/7d,f=freshness:shipment:99%/36h@500ms";
    const result = await read("", { SIGMA_OBJECTIVES: text });
    expect(result.ok ? describeValue(result.config.objectives) : result.faults).toBe(text);
    expect(await faults("", { SIGMA_OBJECTIVES: "q=quality" })).toEqual([
      expect.stringContaining("environment SIGMA_OBJECTIVES SIG-S-004 Setting objectives must be written"),
    ]);
    expect(await faults("", { SIGMA_OBJECTIVES: "q=quality:shipment:100%/30d" })).toEqual([
      expect.stringContaining("A target of 100% leaves no budget"),
    ]);
  });

  test.each<[Readonly<Record<string, string | null>>, string]>([
    [
      { target: "100%" },
      "5:13 SIG-S-020 A target of 100% leaves no budget: the first bad event would miss it, and no alert could come before | Write what is good enough, as 99.9%",
    ],
    [
      { target: "0.995" },
      '5:13 SIG-S-020 "0.995" is no target: a percentage above 0% and below 100%, with at most four decimals | Write it with its sign, as 99.5%',
    ],
    [
      { target: "0%" },
      '5:13 SIG-S-020 "0%" is no target: a percentage above 0% and below 100%, with at most four decimals | Write it with its sign, as 99.5%',
    ],
    [{ target: null }, "2:5 SIG-S-020 An objective needs a target | Add target: 99.5%"],
    [
      { window: "a month" },
      '6:13 SIG-S-020 "a month" is no window of an objective: whole hours or days, from 1d to 90d | Write window: 30d',
    ],
    [
      { window: "5m" },
      '6:13 SIG-S-020 "5m" is no window of an objective: whole hours or days, from 1d to 90d | Write window: 30d',
    ],
    [
      { window: "91d" },
      '6:13 SIG-S-020 "91d" is no window of an objective: whole hours or days, from 1d to 90d | Write window: 30d',
    ],
    [
      { within: "5s" },
      "7:13 SIG-S-020 An objective of quality has no time to be within | Remove within, or write kind: freshness",
    ],
    [{ kind: "freshness" }, "2:5 SIG-S-020 An objective of freshness needs the time to be within | Add within: 5s"],
    [
      { kind: "freshness", within: "2d" },
      '7:13 SIG-S-020 "2d" is no time to be within: from 1ms to 1d | Write within: 5s, or 500ms',
    ],
    [
      { kind: "qualty" },
      '3:11 SIG-S-020 There is no kind of objective "qualty" (did you mean "quality"?) | Write kind: availability, or kind: quality, or kind: freshness',
    ],
    [
      { name: "My Quality" },
      '2:11 SIG-S-020 "My Quality" is no name of an objective, which has at most 40 lower-case letters, digits and dashes | Write name: shipment-quality, in lower-case letters, digits and dashes',
    ],
    [{ contract: null }, "2:5 SIG-S-020 An objective of quality needs a contract | Add contract: and the name of one"],
    [
      { goal: "1" },
      '7:5 SIG-S-003 Unknown key "goal" of an objective | Known keys are name, kind, contract, target, window, within',
    ],
    [
      { target: "[1]" },
      '5:13 SIG-S-004 Key "target" of an objective must be one value, found a list | Write one value',
    ],
  ])("with %j are refused with the place and the remedy", async (others, fault) => {
    expect(await faults(`objectives:\n${objective(others)}`)).toEqual([fault]);
  });

  test("are refused where they are no list", async () => {
    expect(await faults("objectives: 99%\n")).toEqual([
      expect.stringContaining("1:13 SIG-S-004 Setting objectives must be a list of objectives, found text"),
    ]);
    expect(await faults("objectives:\n  - 99%\n")).toEqual([
      expect.stringContaining("2:5 SIG-S-004 An objective must be a mapping, found text"),
    ]);
  });

  test("are refused where one name stands twice, or the same is measured in two windows", async () => {
    const twice = `objectives:\n${objective()}${objective({ kind: "availability" })}`;
    expect(await faults(twice)).toEqual([
      '7:5 SIG-S-020 Two objectives have the name "q" | Give each a name of its own',
    ]);
    const overlapping = `objectives:\n${objective()}${objective({ name: "r", window: "7d", target: "99%" })}`;
    expect(await faults(overlapping)).toEqual([
      '7:5 SIG-S-020 Objectives "q" and "r" measure the same, in windows that overlap: 30d and 7d end both now | Keep one of them: its alerts look at short and long times by themselves',
    ]);
  });

  test("are refused where a longer time is promised no higher a share", async () => {
    const quick = { name: "quick", kind: "freshness", within: "1s", target: "99%" };
    const slow = { name: "slow", kind: "freshness", within: "10s" };
    const contradicting = `objectives:\n${objective({ ...slow, target: "99%" })}${objective(quick)}`;
    expect(await faults(contradicting)).toEqual([
      '8:5 SIG-S-020 Objective "slow" promises 99% within 10s, and "quick" 99% already within 1s | Give the longer time the higher target, or keep one of them',
    ]);
    expect(await faults(`objectives:\n${objective({ ...slow, target: "99.9%" })}${objective(quick)}`)).toEqual([]);
  });

  test("are refused where the contract does not exist or has no source, when the contracts are read", async () => {
    const contractsDir = join(temporaryDirectory(), "contracts");
    cpSync(resolve(import.meta.dirname, "../../contracts"), contractsDir, { recursive: true });
    const check = async (subject: string, topic = "shipment"): Promise<unknown> => {
      const result = await read(`objectives:\n${objective({ contract: subject })}`);
      if (!result.ok) return result.faults;
      const sources = [{ topic: "t", subject: topic, accepts: null, defaultVersion: 1, partitions: 1 }];
      const contracts = readContractSet({ ...result.config, contractsDir, sources });
      return contracts.ok ? [] : contracts.faults;
    };
    expect(await check("shipment")).toEqual([]);
    expect(await check("shipmnt")).toEqual([
      {
        place: expect.stringMatching(/sigma\.yaml:2:5$/) as string,
        code: "SIG-S-020",
        message: 'Objective "q" names contract "shipmnt", which does not exist (did you mean "shipment"?)',
        remedy: expect.stringMatching(/^Use one of .*shipment/) as string,
      },
    ]);
  });
});
