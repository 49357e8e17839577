import { readFileSync } from "node:fs";
import { AclOperations, AclPermissionTypes, ResourcePatternTypes, ResourceTypes } from "@platformatic/kafka";
import { MongoClient, type Db } from "mongodb";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { diagnoseKafka } from "../../src/source/kafka/diagnose.ts";
import { diagnoseMongo } from "../../src/store/mongodb/diagnose.ts";
import { PATIENCE_MS } from "../patience.ts";
import { createTopic, withAdmin } from "../servers/kafka-for-tests.ts";
import { SHORT_LIVED, startKafka, type KafkaServer } from "../servers/kafka.ts";
import { startMongo, type MongoServer } from "../servers/mongodb.ts";
import { jsonLines, project, sigma } from "./run.ts";

type Found = { readonly name: string; readonly result: string; readonly message: string; readonly fix: string | null };

async function doctor(
  env: Readonly<Record<string, string>>,
  cwd: string = project(),
): Promise<{ code: number | null; found: readonly Found[] }> {
  const { code, stdout } = await sigma(["doctor", "--port", "0", "--json"], { cwd, env });
  return { code, found: jsonLines(stdout) as unknown as readonly Found[] };
}

/** What was found under a name, as [result, message]. */
function named(found: readonly Found[], name: string): readonly (readonly [string, string])[] {
  return found.filter((one) => one.name === name).map(({ result, message }) => [result, message]);
}

function everyTroubleHasAFix(found: readonly Found[]): boolean {
  return found.every(({ result, fix }) => (result === "ok") === (fix === null));
}

const SASL = [
  "listener.name.sasl.sasl.enabled.mechanisms=PLAIN",
  "listener.name.sasl.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required " +
    'user_stranger="s3cret" user_reader="s3cret";',
  "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
  "super.users=User:ANONYMOUS",
];

describe("sigma doctor on Kafka", () => {
  let kafka: KafkaServer;
  beforeAll(async () => {
    kafka = await startKafka(SASL, [{ name: "SASL", protocol: "SASL_PLAINTEXT" }], SHORT_LIVED);
  });
  afterAll(async () => kafka.stop());

  const env = (topic: string): Readonly<Record<string, string>> => ({
    KAFKA_BROKERS: kafka.brokers,
    SIGMA_SOURCES: `${topic}=shipment@1`,
  });
  const as = (user: string, password: string): Readonly<Record<string, string>> => ({
    KAFKA_BROKERS: kafka.listener("SASL"),
    SIGMA_KAFKA_SASL_MECHANISM: "PLAIN",
    SIGMA_KAFKA_SASL_USERNAME: user,
    SIGMA_KAFKA_SASL_PASSWORD: password,
  });

  test("finds a broker, a topic and the grants in order", async () => {
    await createTopic(kafka.brokers, "orders", 2, { "retention.ms": "604800000" });
    const { code, found } = await doctor(env("orders"));
    expect(named(found, "kafka broker")).toEqual([["ok", `${kafka.brokers} answers`]]);
    expect(named(found, "kafka topic")).toEqual([
      ["warn", '"orders" has 2 partitions, each on one broker: one disk is one copy'],
    ]);
    expect(named(found, "kafka access")).toEqual([
      ["ok", 'topic "orders": Read, Write, Describe, DescribeConfigs'],
      ["ok", 'group "sigma-aetl": Read'],
    ]);
    expect(named(found, "kafka compaction")).toEqual([["ok", '"orders" is not compacted']]);
    expect(named(found, "kafka retention")).toEqual([["ok", '"orders" keeps records for 168.0 h']]);
    expect(named(found, "clock")).toEqual([["ok", expect.stringContaining("that of Kafka differ by 0.")]]);
    expect([code, everyTroubleHasAFix(found)]).toEqual([0, true]);
  });

  test("names a topic that is missing, one that is compacted unless that is accepted, and short retention", async () => {
    await createTopic(kafka.brokers, "compacted", 1, { "cleanup.policy": "compact,delete", "retention.ms": "3600000" });
    const sources = { SIGMA_SOURCES: "missing=shipment@1,compacted=shipment@1" };
    const { code, found } = await doctor({ ...env("missing"), ...sources });
    expect(named(found, "kafka topic")[0]).toEqual(["fail", '"missing" does not exist']);
    expect(named(found, "kafka compaction")).toEqual([
      ["fail", '"compacted" is compacted: records are deleted before they may be decided'],
    ]);
    expect(named(found, "kafka retention")).toEqual([["warn", '"compacted" keeps records for 1.0 h']]);
    expect([code, everyTroubleHasAFix(found)]).toEqual([10, true]);
    const accepted = await doctor({ ...env("compacted"), SIGMA_KAFKA_ACCEPT_COMPACTED: "compacted" });
    expect(named(accepted.found, "kafka compaction")[0]?.[0]).toBe("ok");
  });

  test("looks for the topics of the mirror", async () => {
    await createTopic(kafka.brokers, "told", 1);
    await createTopic(kafka.brokers, "told.failed", 1);
    const { code, found } = await doctor({ ...env("told"), SIGMA_KAFKA_MIRROR: "all" });
    expect(named(found, "kafka access")[1]).toEqual(["ok", 'topic "told.failed": Write, Describe']);
    expect(named(found, "kafka topic").at(-1)).toEqual(["fail", '"told.validated" does not exist']);
    expect(code).toBe(10);
  });

  test("names each operation that is refused, and the command that grants it", async () => {
    await createTopic(kafka.brokers, "closed", 1);
    const stranger = await doctor({ ...env("closed"), ...as("stranger", "s3cret") });
    expect(stranger.code).toBe(10);
    expect(named(stranger.found, "kafka access")).toEqual([
      ["fail", 'topic "closed": it refuses Read, Write, Describe, DescribeConfigs'],
      ["fail", 'group "sigma-aetl": it refuses Read'],
    ]);
    expect(named(stranger.found, "clock")).toEqual([["ok", expect.stringContaining("does not tell this user")]]);
    await allow("reader", "closed", ["READ"]);
    const reader = await doctor({ ...env("closed"), ...as("reader", "s3cret") });
    const [access] = reader.found.filter(({ name }) => name === "kafka access");
    expect(access).toMatchObject({
      result: "fail",
      message: 'topic "closed": it refuses Write, DescribeConfigs',
      fix: "kafka-acls.sh --add --allow-principal User:reader --operation Write --operation DescribeConfigs --topic closed",
    });
    await allow("reader", "closed", ["DESCRIBE_CONFIGS"]);
    const writeless = await doctor({ ...env("closed"), ...as("reader", "s3cret") });
    expect(named(writeless.found, "kafka access")[0]).toEqual([
      "warn",
      'topic "closed": it refuses Write: nothing can be appended to it',
    ]);
  });

  test("tells refused credentials, a listener that wants some, and a broker that is not there", async () => {
    const wrong = await doctor({ ...env("orders"), ...as("reader", "not-it") });
    expect(named(wrong.found, "kafka broker")).toEqual([
      ["fail", `${kafka.listener("SASL")}: LOG_UNAUTHORIZED Cannot use Kafka: it refuses the credentials`],
    ]);
    expect(JSON.stringify(wrong.found)).not.toContain("not-it");
    const without = await doctor({ ...env("orders"), KAFKA_BROKERS: kafka.listener("SASL") });
    expect(named(without.found, "kafka broker")[0]?.[1]).toContain("it hangs up at the first request");
    const half = await doctor({ ...env("orders"), KAFKA_BROKERS: `127.0.0.1:1,${kafka.brokers}` });
    expect(named(half.found, "kafka broker")).toEqual([
      ["fail", "127.0.0.1:1: LOG_UNREACHABLE Cannot use Kafka: it cannot be reached"],
      ["ok", `${kafka.brokers} answers`],
    ]);
    expect([wrong.code, without.code, half.code]).toEqual([10, 10, 10]);
  });

  test("warns of a clock that is off", async () => {
    const found = await diagnoseKafka({
      connection: { brokers: [kafka.brokers], tls: null, sasl: null },
      topics: [],
      appendOnly: [],
      groups: ["any"],
      acceptCompacted: [],
      now: () => Date.now() + 60_000,
    });
    const message = expect.stringMatching(/this machine's clock and that of Kafka differ by (?:59|60)\.\d s/) as string;
    expect(found.at(-1)).toMatchObject({ name: "clock", result: "warn", message });
  });

  async function allow(user: string, topic: string, operations: readonly ("READ" | "DESCRIBE_CONFIGS")[]) {
    await withAdmin(kafka.brokers, async (admin) =>
      admin.createAcls({
        creations: operations.map((operation) => ({
          resourceType: ResourceTypes.TOPIC,
          resourceName: topic,
          resourcePatternType: ResourcePatternTypes.LITERAL,
          principal: `User:${user}`,
          host: "*",
          operation: AclOperations[operation],
          permissionType: AclPermissionTypes.ALLOW,
        })),
      }),
    );
  }
});

describe("sigma doctor on MongoDB", () => {
  let set: MongoServer;
  let client: MongoClient;
  let count = 0;
  beforeAll(async () => {
    set = await startMongo(3);
    client = new MongoClient(set.uri, { serverSelectionTimeoutMS: 2_000 });
  });
  afterAll(async () => {
    await client.close();
    await set.stop();
  });

  const database = (): { readonly db: Db; readonly uri: string } => {
    count += 1;
    const name = `doctor_${count}`;
    return { db: client.db(name), uri: set.uri.replace("/?", `/${name}?`) };
  };
  const members = (states: readonly string[]): string => {
    const text = set.ports.map((port, index) => `127.0.0.1:${port} ${states[index]}`);
    return `replica set rs0: ${text.join(", ")}`;
  };

  test("finds a healthy set and a database before its first start in order", async () => {
    const { code, found } = await doctor({ MONGODB_URI: database().uri });
    expect(named(found, "mongodb")).toEqual([["ok", 'database "doctor_1" can be reached']]);
    expect(named(found, "mongodb version")).toEqual([["ok", "6.0.5"]]);
    const [topology] = named(found, "mongodb topology");
    expect([topology?.[0], topology?.[1].match(/PRIMARY|SECONDARY/g)?.toSorted()]).toEqual([
      "ok",
      ["PRIMARY", "SECONDARY", "SECONDARY"],
    ]);
    expect(named(found, "mongodb layout")[0]?.[1]).toMatch(
      /^the first start makes sigma_layout, sigma_ledger, .*failed_shipments$/,
    );
    expect(named(found, "mongodb connections")[0]?.[0]).toBe("ok");
    expect(named(found, "mongodb cache")).toEqual([
      ["ok", "256 MiB, of which the ids of 0 facts need about 0 MiB; what changed is written from 13 MiB on"],
    ]);
    expect(named(found, "clock")).toEqual([["ok", expect.stringContaining("that of MongoDB differ by 0.")]]);
    expect([code, everyTroubleHasAFix(found)]).toEqual([0, true]);
  });

  test("names another index and another validator, and finds what the gateway made in order", async () => {
    const { db, uri } = database();
    const cwd = project();
    const made = await sigma(["ingest", "--json"], { cwd, env: { MONGODB_URI: uri }, input: "{}\n" });
    expect(made.code).toBe(0);
    const good = await doctor({ MONGODB_URI: uri }, cwd);
    expect(named(good.found, "mongodb layout version")).toEqual([["ok", "4, which this build writes"]]);
    expect(named(good.found, "mongodb layout")).toEqual([["ok", "19 collections with their indexes and validators"]]);
    expect(good.code).toBe(0);
    // Where the log is not that the store knows, a gateway would halt.
    expect(named((await doctor({ MONGODB_URI: uri })).found, "log")).toEqual([
      ["fail", expect.stringContaining("SOURCE_REPLACED") as string],
    ]);
    await db.collection("failed_shipments").dropIndex("time");
    await db.collection("failed_shipments").createIndex({ offset: 1 }, { name: "time" });
    await db.command({ collMod: "sigma_ledger", validator: {} });
    const { code, found } = await doctor({ MONGODB_URI: uri });
    expect(named(found, "mongodb layout")).toEqual([
      ["fail", "the validator of sigma_ledger is missing or different"],
      ["fail", "index time of failed_shipments is another one"],
    ]);
    expect([code, everyTroubleHasAFix(found)]).toEqual([10, true]);
  });

  test("leaves the cache out where the server does not say how it is set, as a service may", async () => {
    const admin = client.db("admin");
    const fault = { failCommands: ["getParameter"], errorCode: 8_000 };
    await admin.command({ configureFailPoint: "failCommand", mode: "alwaysOn", data: fault });
    onTestFinished(async () => void (await admin.command({ configureFailPoint: "failCommand", mode: "off" })));
    const { code, found } = await doctor({ MONGODB_URI: database().uri });
    expect([named(found, "mongodb cache"), named(found, "mongodb connections")[0]?.[0], code]).toEqual([[], "ok", 0]);
  });

  test("refuses a URI that weakens a write without showing its password", async () => {
    const uri = `mongodb://user:s3cret@127.0.0.1:${set.ports[0]}/any?w=1`;
    const { code, found } = await doctor({ MONGODB_URI: uri });
    expect(named(found, "mongodb")).toEqual([
      ["fail", "STORE_URI Cannot use the MongoDB URI: w=1: a write could be acknowledged and then rolled back"],
    ]);
    expect([code, JSON.stringify(found).includes("s3cret")]).toEqual([10, false]);
  });

  test("warns of a clock that is off", async () => {
    const options = { selectionTimeoutMs: PATIENCE_MS, socketTimeoutMs: PATIENCE_MS, collections: [] };
    const found = await diagnoseMongo({ uri: database().uri, ...options, now: () => Date.now() - 60_000 });
    expect(found.at(-1)).toMatchObject({ name: "clock", result: "warn" });
  });

  test("warns that a standalone server is one copy, and reads the setting of docs/mongodb.md from it", async () => {
    const [, setting] = /configString: (\S+)/.exec(readFileSync("docs/mongodb.md", "utf8")) ?? [];
    const flags = ["--wiredTigerCacheSizeGB=0.25", `--wiredTigerEngineConfigString=${setting}`];
    const alone = await startMongo(0, [], flags);
    onTestFinished(alone.stop);
    const { code, found } = await doctor({ MONGODB_URI: alone.uri });
    expect(named(found, "mongodb topology")).toEqual([["warn", "a standalone server: one disk is one copy"]]);
    expect(named(found, "mongodb cache")[0]?.[1]).toContain("what changed is written from 128 MiB on");
    expect(code).toBe(0);
  });

  test("names the members that are not healthy, and what is seen of a set without a primary", async () => {
    const { uri } = database();
    const hello = await client.db("admin").command({ hello: 1 });
    const primary = set.ports.findIndex((port) => String(hello["primary"]).endsWith(`:${port}`));
    const [first = 0, second = 0] = [0, 1, 2].filter((node) => node !== primary);
    await set.kill(first);
    await expect
      .poll(async () => named((await doctor({ MONGODB_URI: uri })).found, "mongodb topology")[0])
      .toEqual([
        "warn",
        members(
          set.ports.map((_, node) =>
            node === first ? "(not reachable/healthy)" : node === primary ? "PRIMARY" : "SECONDARY",
          ),
        ),
      ]);
    await set.kill(second);
    await expect
      .poll(async () => named((await doctor({ MONGODB_URI: uri })).found, "mongodb")[0]?.[1])
      .toMatch(/^STORE_UNREACHABLE Cannot use MongoDB: it cannot be reached; seen: .*RSSecondary/);
  });
});
