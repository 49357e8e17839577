import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { readConfig } from "../../src/config/config.ts";
import { boundSources, checkLanes, describeLane, parseLanes } from "../../src/config/lanes.ts";

async function read(env: Readonly<Record<string, string>>, file: string | null = null) {
  return readConfig({ flags: new Map(), env: { SIGMA_KAFKA_BROKERS: "b:9092", ...env }, file });
}

async function faultsOf(env: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const result = await read(env);
  return result.ok ? [] : result.faults.map(({ code, message }) => `${code} ${message}`);
}

async function ofYaml(yaml: string) {
  const directory = mkdtempSync(join(tmpdir(), "sigma-lanes-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "sigma.yaml");
  writeFileSync(file, yaml);
  const result = await read({}, file);
  return result.ok
    ? result
    : { ...result, faults: result.faults.map((one) => ({ ...one, place: one.place.replace(`${directory}/`, "") })) };
}

const SOURCES = { SIGMA_SOURCES: "a=x@1:3,b=y" };

describe("lanes", () => {
  test("take the place of their source among what is decided", async () => {
    const result = await read({ ...SOURCES, SIGMA_LANES: "big@a?bytes_min=10KiB,other@a?subject=z,rest@a" });
    if (!result.ok) throw new Error(JSON.stringify(result.faults));
    const { sources, routes } = result.config;
    expect(sources).toEqual([
      { topic: "a.lane.big", subject: "x", accepts: null, defaultVersion: 1, partitions: 3 },
      { topic: "a.lane.other", subject: "z", accepts: null, defaultVersion: null, partitions: 3 },
      { topic: "a.lane.rest", subject: "x", accepts: null, defaultVersion: 1, partitions: 3 },
      { topic: "b", subject: "y", accepts: null, defaultVersion: null, partitions: 1 },
    ]);
    expect(routes.map(({ source, lanes }) => [source.topic, lanes.map(({ topic }) => topic)])).toEqual([
      ["a", ["a.lane.big", "a.lane.other", "a.lane.rest"]],
    ]);
    expect(boundSources(sources, routes).map(({ topic }) => topic)).toEqual([
      "a.lane.big",
      "a.lane.other",
      "a.lane.rest",
      "b",
      "a",
    ]);
  });

  test("of no source are lanes of every source", async () => {
    const result = await read({ ...SOURCES, SIGMA_LANES: "rest" });
    expect(result.ok && result.config.sources.map(({ topic }) => topic)).toEqual(["a.lane.rest", "b.lane.rest"]);
  });

  test("may be all that a process reads, whose contracts are those of every process", async () => {
    const env = { ...SOURCES, SIGMA_LANES: "big@a?bytes_min=1,rest@a" };
    const [all, one] = [await read(env), await read({ ...env, SIGMA_WORKER_LANES: "big" })];
    if (!all.ok || !one.ok) throw new Error("both are sound");
    expect(one.config.sources.map(({ topic }) => topic)).toEqual(["a.lane.big"]);
    const bound = ({ config: { sources, routes } }: typeof all) =>
      boundSources(sources, routes)
        .map(({ topic }) => topic)
        .toSorted();
    expect(bound(one)).toEqual(bound(all).filter((topic) => topic !== "b"));
  });

  test("are read from the file as from the variable", async () => {
    const result = await ofYaml(`sources:
  - topic: a
    subject: x
lanes:
  - lane: urgent
    source: a
    priority: [1, high]
    priority_field: /p
    versions: [1, 2]
    in_flight: 50
  - lane: rest
    failed_percent: 50
    consecutive: 9
`);
    const written = result.ok ? result.config.routes.flatMap(({ lanes }) => lanes.map(({ setting }) => setting)) : [];
    expect(written.map(({ place }) => place.replace(/^.*\//, ""))).toEqual(["sigma.yaml:5:5", "sigma.yaml:11:5"]);
    const text = written.map(describeLane).join(",");
    expect(text).toBe(
      "urgent@a?versions=1+2&priority=1+high&priority_field=/p&in_flight=50,rest?failed_percent=50&consecutive=9",
    );
    const again = parseLanes(text);
    const placeless = (one: object) => ({ ...one, place: "" });
    expect(again.ok && again.value.map(placeless)).toEqual(written.map(placeless));
  });
});

describe("a fault of lanes", () => {
  test.each([
    ["rest@c", 'Lane "rest" is of source "c", which is no source (did you mean "a"?)'],
    ["big?bytes_min=1", 'A record of source "a" that meets no condition would have no lane'],
    ["rest,big?bytes_min=1", 'Lane "rest" takes every record of source "a": those behind it are never reached'],
    [
      "big?bytes_min=1,bigger?bytes_min=2,rest",
      'Lane "bigger" of source "a" is never reached: "big" before it takes all its records',
    ],
    [
      "some?priority=1+2&priority_field=/p,one?priority=2&priority_field=/p&versions=1,rest",
      'Lane "one" of source "a" is never reached: "some" before it takes all its records',
    ],
    [
      "two?versions=1+2,one?versions=1,rest",
      'Lane "one" of source "a" is never reached: "two" before it takes all its records',
    ],
    [
      "x?subject=x,big-x?subject=x&bytes_min=9,rest",
      'Lane "big-x" of source "a" is never reached: "x" before it takes all its records',
    ],
    ["rest?bytes_min=1,rest", 'Lane "rest" of source "a" stands twice'],
  ])("in %s is said", async (lanes, message) => {
    expect(await faultsOf({ SIGMA_SOURCES: "a=x", SIGMA_LANES: lanes })).toContain(`SIG-S-031 ${message}`);
  });

  test.each([
    "big?bytes_min=2,small?bytes_min=1,rest",
    "field?priority=1&priority_field=/p,header?priority=1,rest",
    "one?priority=1,some?priority=1+2,rest",
    "own?versions=1,other?versions=1&subject=y,rest",
    "x?subject=x,y?subject=y,rest",
    "x?subject=x,big?bytes_min=9,rest",
    "urgent-big?priority=1&bytes_min=9,urgent?priority=1,big?bytes_min=9,rest",
  ])("is not %s, where each lane takes what none before it does", async (lanes) => {
    expect(await faultsOf({ SIGMA_SOURCES: "a=x", SIGMA_LANES: lanes })).toEqual([]);
  });

  test("is a lane without Kafka", async () => {
    const result = await readConfig({ flags: new Map(), env: { SIGMA_LANES: "rest" }, file: null });
    expect(result.ok ? [] : result.faults.map(({ message, remedy }) => [message, remedy])).toEqual([
      ["Lanes need Kafka: records are moved by its transactions", "Set kafka.brokers"],
    ]);
  });

  test("is the topic of a lane that is a source", async () => {
    expect(await faultsOf({ SIGMA_SOURCES: "a=x,a.lane.rest=x", SIGMA_LANES: "rest@a" })).toEqual([
      "SIG-S-031 The topic of the lane, a.lane.rest, is a source",
    ]);
  });

  test("is a worker of a lane that does not exist", async () => {
    expect(await faultsOf({ SIGMA_SOURCES: "a=x", SIGMA_LANES: "rest", SIGMA_WORKER_LANES: "rset" })).toEqual([
      'SIG-S-031 There is no lane "rset" (did you mean "rest"?)',
    ]);
  });

  test.each([
    ["lane: UP", 'sigma.yaml:2:11 SIG-S-031 "UP" is no name of a lane'],
    ["lane: a\n    versions: [0]", "sigma.yaml:3:15 SIG-S-031 versions of a lane are whole numbers from 1"],
    ["lane: a\n    bytes_min: lots", 'sigma.yaml:3:16 SIG-S-031 "lots" is no bytes_min of a lane'],
    ["lane: a\n    priority_field: p", "sigma.yaml:3:21 SIG-S-031 priority_field is no JSON pointer"],
    ["lane: a\n    priority_field: /p", "sigma.yaml:3:21 SIG-S-031 priority_field says where a priority is"],
    ["lane: a\n    size: 3", 'sigma.yaml:3:5 SIG-S-003 Unknown key "size" of a lane'],
    ["lane: {}", 'sigma.yaml:2:11 SIG-S-004 Key "lane" of a lane must be one value or a list of values'],
  ])("in the file has its place: %s", async (lane, expected) => {
    const result = await ofYaml(`lanes:\n  - ${lane}\n`);
    const faults = result.ok ? [] : result.faults.map(({ place, code, message }) => `${place} ${code} ${message}`);
    expect(faults.filter((fault) => fault.startsWith(expected))).toHaveLength(1);
  });

  test.each(["rest?size=3", "rest?versions", "@a", "rest?priority_field=x&priority=1"])(
    "is refused as text: %s",
    (text) => {
      expect(parseLanes(text).ok).toBe(false);
    },
  );

  test("is a contract or a version that does not exist", async () => {
    const result = await read({ SIGMA_SOURCES: "a=x", SIGMA_LANES: "z?subject=z,two?versions=2,rest" });
    if (!result.ok) throw new Error("the settings alone are sound");
    const version = { version: 1 } as never;
    const contracts = [{ subject: "x", versions: [version] } as never];
    expect(checkLanes(result.config.routes, contracts).map(({ message }) => message)).toEqual([
      'Lane "z" names contract "z", which does not exist (did you mean "x"?)',
      'Lane "two" names version 2, and contract "x" has no such version',
    ]);
  });
});
