import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readConfig, type ConfigInput, type ConfigResult } from "../../src/config/config.ts";
import { isLoopback } from "../../src/config/http-config.ts";
import { SETTINGS, type SettingKey } from "../../src/config/settings.ts";
import { temporaryDirectory } from "../embedded.ts";
import { sampleOf } from "./sample.ts";

/** The configuration of a file with this text. Files are read relative to nothing but themselves. */
async function read(text: string | null, more: Partial<ConfigInput> = {}): Promise<ConfigResult> {
  const file = join(temporaryDirectory(), "sigma.yaml");
  writeFileSync(file, text ?? "");
  return readConfig({ flags: new Map(), env: {}, file, ...more });
}

/** `line:column code message` of each fault of a file, or its whole place. */
async function faults(text: string | null, more: Partial<ConfigInput> = {}): Promise<readonly string[]> {
  const result = await read(text, more);
  if (result.ok) return [];
  return result.faults.map(({ place, code, message }) => `${place.replace(/^.*sigma\.yaml:/, "")} ${code} ${message}`);
}

describe("the configuration", () => {
  test("without anything is the table of defaults", async () => {
    expect(await read("")).toMatchObject({
      ok: true,
      config: {
        http: { host: "127.0.0.1", port: 8_000 },
        dataDir: ".sigma/data",
        contractsDir: "contracts",
        contractsReloadMs: 2_000,
        sources: [
          { topic: "sigma-aetl.shipments", subject: "shipment", accepts: null, defaultVersion: 1, partitions: 1 },
        ],
        limits: { bytesMax: 1_048_576, depthMax: 64 },
        batch: { recordsMax: 3_000, bytesMax: 4_194_304 },
        log: { level: "info", format: "auto" },
        evidence: "keep",
        shutdownDeadlineMs: 20_000,
        breaker: { failedRatioMax: null, consecutiveMax: null, window: 1_000 },
        kafka: null,
        mongodbUri: null,
      },
    });
  });

  test.each(["SASL_SSL://user:s3cr3t@h:9092", "user:s3cr3t@h:9092", "h:9092,s3cr3t@h", "SSL://h:9092"])(
    "brokers written as %s are refused, and nothing of a secret is shown",
    async (brokers) => {
      const result = await read("", { env: { KAFKA_BROKERS: brokers } });
      const told = result.ok ? "" : result.faults.map(({ message, remedy }) => `${message} ${remedy}`).join("\n");
      expect(told).toContain("kafka.sasl_password_file");
      expect(told).not.toContain("s3cr3t");
    },
  );

  test("every setting can be given by its variable, and by its option where it has one", async () => {
    // A pool of validators does not go with a registry.
    const together = SETTINGS.filter(({ key }) => key !== "decide.pool");
    const env = Object.fromEntries(together.map((one) => [one.env, sampleOf(one).text]));
    const byVariable = await read("", { env });
    expect(
      byVariable.ok &&
        byVariable.settings
          .filter(({ setting }) => setting.key !== "decide.pool")
          .map(({ setting, value, origin }) => [setting.key, value, origin]),
    ).toEqual(together.map((one) => [one.key, sampleOf(one).value, `environment ${one.env}`]));
    const optional = SETTINGS.filter(({ flag }) => flag !== null);
    const flags = new Map(optional.map((one) => [one.key, sampleOf(one).text]));
    const byOption = await read("", { flags, env: { SIGMA_HTTP_ALLOW_REMOTE_WITHOUT_KEYS: "true" } });
    expect(
      byOption.ok &&
        byOption.settings.filter(({ setting }) => flags.has(setting.key)).map(({ value, origin }) => [value, origin]),
    ).toEqual(optional.map((one) => [sampleOf(one).value, `option ${one.flag}`]));
  });

  const lists = SETTINGS.filter(({ description }) => /separated by commas/.test(description));

  test.each(lists)("$key with an empty member is refused, and nothing of it is shown", async (setting) => {
    const { text } = sampleOf(setting);
    for (const list of [",", " , ", `${text},`, `,${text}`, `${text},,${text}`, `${text}, ,${text}`]) {
      const result = await read("", { env: { [setting.env]: list } });
      const told = result.ok ? [] : result.faults.filter(({ place }) => place === `environment ${setting.env}`);
      expect(told.map(({ code, remedy }) => [list, code, remedy])).toContainEqual([
        list,
        "SIG-S-004",
        setting.description,
      ]);
      expect(told.map(({ message }) => message).join()).not.toContain(text);
    }
  });

  test("a file is refused a list with an empty member, as a variable is", async () => {
    expect(await faults("decide: {pool: ','}\nkafka: {brokers: 'a:1,,b:2'}\n")).toEqual([
      "1:16 SIG-S-004 Setting decide.pool must be texts, separated by commas, found an empty one",
      "2:18 SIG-S-004 Setting kafka.brokers must be texts, separated by commas, found an empty one",
    ]);
  });

  test("a size is written in bytes or with a unit, and sources as text", async () => {
    const env = {
      SIGMA_LIMITS_RECORD_BYTES: "2 MiB",
      SIGMA_BATCH_BYTES: "64KiB",
      SIGMA_SOURCES: "a=x@2:3, b=y, c=z/2+1+2, d=z@1/1+2:4",
    };
    expect(await read("", { env })).toMatchObject({
      ok: true,
      config: {
        limits: { bytesMax: 2_097_152 },
        batch: { bytesMax: 65_536 },
        sources: [
          { topic: "a", subject: "x", accepts: null, defaultVersion: 2, partitions: 3 },
          { topic: "b", subject: "y", accepts: null, defaultVersion: null, partitions: 1 },
          { topic: "c", subject: "z", accepts: [1, 2], defaultVersion: null, partitions: 1 },
          { topic: "d", subject: "z", accepts: [1, 2], defaultVersion: 1, partitions: 4 },
        ],
      },
    });
  });

  test("a path in a file is relative to that file", async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, "sigma.yaml"), "data: { dir: d }\ncontracts: { dir: /abs }\n");
    const result = await readConfig({ flags: new Map(), env: {}, file: join(directory, "sigma.yaml") });
    expect(result).toMatchObject({ ok: true, config: { dataDir: join(directory, "d"), contractsDir: "/abs" } });
  });

  test.each([
    ["a key that is mistyped", "http:\n  hots: x\n", ['2:3 SIG-S-003 Unknown key "http.hots" (did you mean "host"?)']],
    ["a dotted key", "http.port: 1\n", ['1:1 SIG-S-003 Unknown key "http.port"']],
    ["a key that stands twice", "http:\n  port: 1\n  port: 2\n", ["3:3 SIG-S-003 The key stands twice in one mapping"]],
    [
      "a number as text",
      'http:\n  port: "8000"\n',
      ['2:9 SIG-S-004 Setting http.port must be a whole number from 0 to 65535, found "8000"'],
    ],
    [
      "a size of no known unit",
      "batch:\n  bytes: 1MB\n",
      [
        '2:10 SIG-S-004 Setting batch.bytes must be a size from 1 KiB to 64 MiB, such as 65536, 64 KiB or 1 MiB, found "1MB"',
      ],
    ],
    [
      "a choice that is none",
      "log: {level: loud}\n",
      ['1:14 SIG-S-004 Setting log.level must be one of trace, debug, info, warn, error, silent, found "loud"'],
    ],
    [
      "a group that is a value",
      "http: 8000\n",
      ['1:7 SIG-S-004 Key "http" must be a mapping of keys to values, found a number'],
    ],
    [
      "a value that is a list",
      "http:\n  port: [1]\n",
      ["2:9 SIG-S-004 Setting http.port must be one value, found a list"],
    ],
    [
      "text that is no YAML",
      "http: [\n",
      ["2:1 SIG-S-002 Not YAML: Flow sequence in block collection must be sufficiently indented and end with a ]"],
    ],
    [
      "a document that is a list",
      "- 1\n",
      ["1:1 SIG-S-004 The configuration must be a mapping of keys to values, found a list"],
    ],
    [
      "evidence that is neither kept nor dropped",
      "evidence: some\n",
      ['1:11 SIG-S-004 Setting evidence must be one of keep, drop, found "some"'],
    ],
    [
      "a topic that stands twice",
      "sources:\n  - {topic: a, subject: x}\n  - {topic: a, subject: y}\n",
      ['3:5 SIG-S-006 Topic "a" stands twice'],
    ],
    ["a source without a subject", "sources:\n  - topic: a\n", ['2:5 SIG-S-006 Key "subject" of a source is missing']],
    [
      "a source with a strange key",
      "sources:\n  - {topic: a, subjct: x, subject: x}\n",
      ['2:16 SIG-S-003 Unknown key "subjct" of a source (did you mean "subject"?)'],
    ],
    [
      "no source at all",
      "sources: []\n",
      ["1:10 SIG-S-004 Setting sources must be a list of at least one source, found none"],
    ],
    [
      "a version that is none",
      "sources:\n  - {topic: a, subject: x, default: 0}\n",
      ["2:5 SIG-S-004 The source is not valid: a version is a whole number from 1 to 999999999"],
    ],
    [
      "accepted versions that are no list of numbers",
      "sources:\n  - {topic: a, subject: x, accepts: 1}\n  - {topic: b, subject: x, accepts: [v1]}\n",
      [
        '2:37 SIG-S-004 Key "accepts" of a source must be a list of version numbers',
        '3:37 SIG-S-004 Key "accepts" of a source must be a list of version numbers',
      ],
    ],
    [
      "a default version the topic does not accept, and a topic that accepts nothing",
      "sources:\n  - {topic: a, subject: x, accepts: [2], default: 1}\n  - {topic: b, subject: x, accepts: []}\n",
      [
        "2:5 SIG-S-004 The source is not valid: the default version 1 is not among the versions it accepts",
        "3:5 SIG-S-004 The source is not valid: a topic accepts at least one version; leave accepts out to accept any live version",
      ],
    ],
    [
      "a topic of anchors without Kafka",
      "anchor: {topic: a}\n",
      ["1:17 SIG-S-011 Setting anchor.topic names a topic, and there is no Kafka that it could be in"],
    ],
    [
      "a topic of anchors that is a source",
      "anchor: {topic: a}\nkafka: {brokers: 'b:1'}\nsources: [{topic: a, subject: x}]\n",
      ['1:17 SIG-S-011 Setting anchor.topic is "a", whose records are judged by a contract'],
    ],
    [
      "a topic of anchors that Kafka could not have",
      "anchor: {topic: 'a b'}\n",
      ['1:17 SIG-S-011 Setting anchor.topic is "a b", which is no name of a topic'],
    ],
  ])("refuses %s, with its place", async (_, text, expected) => {
    expect(await faults(text)).toEqual(expected);
  });

  test("reports every fault of every origin at once", async () => {
    const flags = new Map<SettingKey, string>([["http.port", "-1"]]);
    const found = await faults("log:\n  levle: info\nlimits: {depth: 0}\n", {
      flags,
      env: { SIGMA_BATCH_RECORDS: "", SIGMA_DATADIR: "x" },
    });
    expect(found.map((text) => text.slice(0, 40))).toEqual([
      '2:3 SIG-S-003 Unknown key "log.levle" (d',
      "3:17 SIG-S-004 Setting limits.depth must",
      "environment SIGMA_DATADIR SIG-S-005 Unkn",
      "option --port SIG-S-004 Setting http.por",
      "environment SIGMA_BATCH_RECORDS SIG-S-00",
    ]);
  });

  test.each(["0.0.0.0", "::", "192.168.1.7", "example.org", "127.0.0.1.example.org"])(
    "%s is an address that other machines may reach",
    async (host) => {
      expect(isLoopback(host)).toBe(false);
      expect(await faults(`http: {host: "${host}"}\n`)).toEqual([]);
    },
  );

  test.each(["127.0.0.1", "127.8.8.8", "localhost", "::1"])("listens on %s", async (host) => {
    expect(await faults(`http: {host: "${host}"}\n`)).toEqual([]);
  });
});
