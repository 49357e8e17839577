import { describe, expect, test } from "vitest";
import type { SourceRecord } from "../../src/core/record.ts";
import { partitionOf } from "../../src/source/partitioner.ts";
import { createTopic, kafkaForFile } from "../servers/kafka-for-tests.ts";
import { inShell } from "../document-steps.ts";
import { recordsIn } from "../source/kafka/records-in.ts";
import { jsonLines, project, shipmentLines, sigma } from "./run.ts";

const kafka = kafkaForFile();

async function recordsOf(topic: string): Promise<readonly SourceRecord[]> {
  return recordsIn(kafka.server().brokers, [topic]);
}

describe("sigma ingest --to kafka", () => {
  test("keys records by their identity, names who sends, and tells by the contracts here what will be FAILED", async () => {
    const { brokers } = kafka.server();
    await createTopic(brokers, "orders", 5);
    const env = { KAFKA_BROKERS: brokers, SIGMA_SOURCES: "orders=shipment@1" };
    const cwd = project({ "a.ndjson": `${shipmentLines(0, 20)}{}\nno JSON\n` });
    const args = ["ingest", "a.ndjson", "--to", "kafka", "--producer", "tests", "--strict"];
    const run = await sigma([...args, "--json"], { cwd, env });
    expect([run.code, run.stderr]).toEqual([10, ""]);
    expect(jsonLines(run.stdout)).toMatchObject([
      {
        kind: "appended",
        records: 22,
        failed: 2,
        firstFailures: [
          { file: "a.ndjson", line: 21, code: "schema" },
          { line: 22, code: "malformed-not-json" },
        ],
      },
    ]);
    const records = await recordsOf("orders");
    expect(records).toHaveLength(22);
    for (const { key, headers, position, value } of records) {
      expect(headers.map(([name, text]) => [name, Buffer.from(text).toString()])).toEqual([
        ["sigma-producer", "tests"],
      ]);
      const id = /"shipment_id":"([^"]*)"/.exec(Buffer.from(value ?? "").toString())?.[1];
      if (id === undefined) continue;
      expect([Buffer.from(key ?? "").toString(), position.partition]).toEqual([id, partitionOf(Buffer.from(id), 5)]);
    }
  });

  test("goes on, after an error, into the same topic of the same brokers", async () => {
    const { brokers } = kafka.server();
    await createTopic(brokers, "others", 1);
    const env = { KAFKA_BROKERS: brokers, SIGMA_SOURCES: "orders=shipment@1,others=shipment@1" };
    const cwd = project();
    const broken = '{\n"a": 1\n}\n{\n"b" 2\n}\n';
    const args = ["ingest", "-", "--to", "kafka", "--topic", "others", "--key", "/a"];
    const { code, stderr } = await sigma(args, { cwd, env, input: broken });
    expect(code).toBe(2);
    const [, names = "", command = ""] = /To go on, with (.*) set as now: (.*)$/m.exec(stderr) ?? [];
    expect(names).toBe("SIGMA_SOURCES, KAFKA_BROKERS");
    const again = await inShell(`printf '\\n\\n\\n{"a":2}\\n' | ${command}`, { cwd, env });
    expect(again.stderr).toBe("");
    expect((await recordsOf("others")).map(({ key }) => Buffer.from(key ?? "").toString())).toEqual(["1", "2"]);
  });

  test("appends without contracts, and says what it then cannot know", async () => {
    const { brokers } = kafka.server();
    await createTopic(brokers, "bare", 1);
    const env = { KAFKA_BROKERS: brokers, SIGMA_SOURCES: "bare=shipment@1", SIGMA_CONTRACTS_DIR: "nowhere" };
    const args = ["ingest", "-", "--to", "kafka", "--json"];
    const lenient = await sigma(args, { cwd: project(), env, input: "{}\n" });
    expect([lenient.code, jsonLines(lenient.stdout)]).toMatchObject([0, [{ records: 1, failed: null }]]);
    expect(lenient.stderr).toContain("the contracts cannot be read here");
    const strict = await sigma([...args, "--strict"], { cwd: project(), env, input: "{}\n" });
    expect([strict.code, strict.stdout]).toEqual([2, ""]);
    expect(strict.stderr).toContain("SIG-C-001");
    expect(await recordsOf("bare")).toHaveLength(1);
  });
});
