import {
  Admin,
  AclOperations,
  ConfigResourceTypes,
  describeQuorumV1,
  metadataV12,
  type AclOperationLabel,
} from "@platformatic/kafka";
import { checkClock, fail, ok, warn, type Check } from "../../doctor/check.ts";
import { Unavailable } from "../../core/unavailable.ts";
import type { KafkaConnection } from "../kafka-connection.ts";
import { ask } from "./ask.ts";
import { baseOptions, guarded, isBrokerError, TOPIC_REMEDY } from "./client.ts";

export type KafkaDiagnosis = {
  readonly connection: KafkaConnection;
  /** Source topics: the gateway reads them, HTTP and tools append to them. */
  readonly topics: readonly string[];
  /** Topics that the gateway appends events to and never reads. */
  readonly appendOnly: readonly string[];
  /** Topic that anchors are written to; null when there is none. */
  readonly anchors?: string | null;
  /** Groups that positions are committed to. */
  readonly groups: readonly string[];
  readonly acceptCompacted: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
};

/**
 * Checks every broker, topic and access right that the gateway needs. It changes nothing, joins no group and reads no
 * record.
 */
export async function diagnoseKafka(options: KafkaDiagnosis): Promise<readonly Check[]> {
  const { connection, topics, appendOnly } = options;
  const checks: Check[] = [];
  const asked = new Set<string>();
  const toAsk = [...connection.brokers];
  let reached: string | null = null;
  for (let address = toAsk.shift(); address !== undefined; address = toAsk.shift()) {
    if (asked.has(address)) continue;
    asked.add(address);
    const { check, others } = await checkBroker(connection, address);
    checks.push(check);
    toAsk.push(...others);
    if (check.result === "ok") reached ??= address;
  }
  if (reached === null) return checks;
  for (const topic of topics) checks.push(...(await checkTopic(options, reached, topic, SOURCE_OPERATIONS)));
  for (const topic of appendOnly) checks.push(...(await checkTopic(options, reached, topic, APPEND_OPERATIONS)));
  const { anchors = null } = options;
  if (anchors !== null) {
    const found = await checkTopic(options, reached, anchors, APPEND_OPERATIONS);
    const isThere = found.every(({ result }) => result !== "fail");
    checks.push(...found, ...(isThere ? await checkAnchorsStay(options, anchors) : []));
  }
  for (const group of options.groups) checks.push(await checkGroup(options, group));
  return [...checks, await compareClocks(options, reached)];
}

/**
 * Checks that a broker answers, with the configured TLS and SASL. Also returns the addresses of the other brokers it
 * names.
 */
async function checkBroker(
  connection: KafkaConnection,
  address: string,
): Promise<{ readonly check: Check; readonly others: readonly string[] }> {
  const name = "kafka broker";
  try {
    const { brokers } = await ask(connection, address, async (link) => metadataV12.api.async(link, [], false, false));
    const how = connection.tls === null ? "answers" : "answers over TLS";
    const as = connection.sasl === null ? "" : ` and accepts the credentials (${connection.sasl.mechanism})`;
    const others = brokers.map(({ host, port }) => `${host.includes(":") ? `[${host}]` : host}:${port}`);
    return { check: ok(name, `${address} ${how}${as}`), others };
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return { check: fail(name, `${address}: ${error.code} ${error.message}`, error.remedy), others: [] };
  }
}

async function checkTopic(
  options: KafkaDiagnosis,
  address: string,
  topic: string,
  needed: readonly Operation[],
): Promise<readonly Check[]> {
  const { connection } = options;
  const name = "kafka topic";
  try {
    const { topics } = await ask(connection, address, async (link) =>
      metadataV12.api.async(link, [topic], false, true),
    );
    const [found] = topics;
    if (found === undefined) throw new Error("Kafka left out the topic it was asked for");
    const refused = refusedOf(needed, found.topicAuthorizedOperations);
    const configured = needed.includes("DESCRIBE_CONFIGS") && !refused.includes("DESCRIBE_CONFIGS");
    const configs = configured ? await checkConfigs(options, topic) : [];
    return [
      checkPartitions(topic, found.partitions),
      checkAccess(options, "topic", topic, needed, refused),
      ...configs,
    ];
  } catch (error) {
    if (isBrokerError(causeOf(error), "TOPIC_AUTHORIZATION_FAILED")) {
      return [checkAccess(options, "topic", topic, needed, needed)];
    }
    if (isBrokerError(causeOf(error), "UNKNOWN_TOPIC_OR_PARTITION")) {
      const fix = needed === SOURCE_OPERATIONS ? TOPIC_REMEDY : "create the topic";
      return [fail(name, `"${topic}" does not exist`, fix)];
    }
    return [troubleWith(name, topic, error)];
  }
}

function causeOf(error: unknown): unknown {
  return error instanceof Unavailable ? error.cause : error;
}

function troubleWith(name: string, what: string, error: unknown): Check {
  if (!(error instanceof Unavailable)) throw error;
  return fail(name, `"${what}": ${error.code} ${error.message}`, error.remedy);
}

type Partition = {
  readonly partitionIndex: number;
  readonly leaderId: number;
  readonly replicaNodes: readonly number[];
};

function checkPartitions(topic: string, partitions: readonly Partition[]): Check {
  const name = "kafka topic";
  const without = partitions.filter(({ leaderId }) => leaderId < 0).map(({ partitionIndex }) => partitionIndex);
  const has = `"${topic}" has ${partitions.length} partition${partitions.length === 1 ? "" : "s"}`;
  if (without.length > 0) {
    const message = `${has}, and no broker leads ${without.join(", ")}`;
    return fail(name, message, "bring back the brokers that hold them: nothing can be read there until then");
  }
  const copies = Math.min(...partitions.map(({ replicaNodes }) => replicaNodes.length));
  if (copies > 1) return ok(name, `${has}, each on ${copies} brokers`);
  return warn(name, `${has}, each on one broker: one disk is one copy`, "raise its replication factor to 3");
}

type Operation = Extract<AclOperationLabel, "READ" | "WRITE" | "DESCRIBE" | "DESCRIBE_CONFIGS">;

/**
 * WRITE is needed only for records that arrive over HTTP or `sigma ingest --to kafka`; every gateway needs the others.
 */
const SOURCE_OPERATIONS: readonly Operation[] = ["READ", "WRITE", "DESCRIBE", "DESCRIBE_CONFIGS"];
const APPEND_OPERATIONS: readonly Operation[] = ["WRITE", "DESCRIBE"];
const GROUP_OPERATIONS: readonly Operation[] = ["READ"];

/** The needed operations that the broker refuses. The broker answers with a bit mask of the allowed ones (KIP-430). */
function refusedOf(needed: readonly Operation[], allowed: number): readonly Operation[] {
  return needed.filter((operation) => (allowed & (1 << AclOperations[operation])) === 0);
}

function checkAccess(
  { connection: { sasl } }: KafkaDiagnosis,
  kind: "topic" | "group",
  what: string,
  needed: readonly Operation[],
  refused: readonly Operation[],
): Check {
  const name = "kafka access";
  if (refused.length === 0) return ok(name, `${kind} "${what}": ${needed.map(aclName).join(", ")}`);
  const user = sasl !== null && "username" in sasl ? sasl.username : "NAME";
  const operations = refused.map((operation) => ` --operation ${aclName(operation)}`).join("");
  const fix = `kafka-acls.sh --add --allow-principal User:${user}${operations} --${kind} ${what}`;
  const message = `${kind} "${what}": it refuses ${refused.map(aclName).join(", ")}`;
  const onlyWrite = needed === SOURCE_OPERATIONS && refused.every((operation) => operation === "WRITE");
  return onlyWrite ? warn(name, `${message}: nothing can be appended to it`, fix) : fail(name, message, fix);
}

/** The name of an operation as Kafka's tools write it: DescribeConfigs for DESCRIBE_CONFIGS. */
function aclName(operation: string): string {
  return operation
    .split("_")
    .map((word) => word.charAt(0) + word.slice(1).toLowerCase())
    .join("");
}

const RETENTION_SHORT_MS = 86_400_000;

async function checkConfigs({ connection, acceptCompacted }: KafkaDiagnosis, topic: string): Promise<readonly Check[]> {
  const valueOf = await configsOf(connection, topic);
  return [
    checkCleanup(topic, valueOf("cleanup.policy"), acceptCompacted),
    ...checkRetention(topic, valueOf("cleanup.policy"), Number(valueOf("retention.ms"))),
  ];
}

/** Warns when retention deletes anchors: an audit reports them as missing. */
async function checkAnchorsStay({ connection }: KafkaDiagnosis, topic: string): Promise<readonly Check[]> {
  const name = "kafka anchors";
  try {
    const valueOf = await configsOf(connection, topic);
    const policy = valueOf("cleanup.policy");
    if (!policy.includes("delete") || Number(valueOf("retention.ms")) < 0)
      return [ok(name, `"${topic}" keeps anchors`)];
    const fix = `kafka-configs.sh --alter --entity-type topics --entity-name ${topic} --add-config cleanup.policy=compact`;
    return [warn(name, `"${topic}" deletes anchors when they are old, and an audit then misses them`, fix)];
  } catch (error) {
    // A user that may only append often has no right to read the topic's configuration.
    if (error instanceof Unavailable) return [];
    throw error;
  }
}

async function configsOf(connection: KafkaConnection, topic: string): Promise<(key: string) => string> {
  const described = await withAdmin(connection, async (admin) =>
    admin.describeConfigs({
      resources: [
        {
          resourceType: ConfigResourceTypes.TOPIC,
          resourceName: topic,
          configurationKeys: ["cleanup.policy", "retention.ms"],
        },
      ],
    }),
  );
  return (key) => described.flatMap(({ configs }) => configs).find(({ name }) => name === key)?.value ?? "";
}

function checkCleanup(topic: string, policy: string, accepted: readonly string[]): Check {
  const name = "kafka compaction";
  if (!policy.includes("compact")) return ok(name, `"${topic}" is not compacted`);
  if (accepted.includes(topic)) return ok(name, `"${topic}" is compacted, which kafka.accept_compacted accepts`);
  const message = `"${topic}" is compacted: records are deleted before they may be decided`;
  return fail(name, message, "set its cleanup.policy to delete, or name it in kafka.accept_compacted");
}

function checkRetention(topic: string, policy: string, retentionMs: number): readonly Check[] {
  const name = "kafka retention";
  if (!policy.includes("delete")) return [];
  if (retentionMs < 0) return [ok(name, `"${topic}" keeps records for ever`)];
  const message = `"${topic}" keeps records for ${(retentionMs / 3_600_000).toFixed(1)} h`;
  if (retentionMs >= RETENTION_SHORT_MS) return [ok(name, message)];
  const fix = "raise its retention.ms beyond the longest outage: a record that is deleted undecided halts its stream";
  return [warn(name, message, fix)];
}

async function checkGroup(options: KafkaDiagnosis, group: string): Promise<Check> {
  const { connection } = options;
  try {
    const groups = await withAdmin(connection, async (admin) =>
      admin.describeGroups({ groups: [group], includeAuthorizedOperations: true }),
    );
    const refused = refusedOf(GROUP_OPERATIONS, groups.get(group)?.authorizedOperations ?? 0);
    return checkAccess(options, "group", group, GROUP_OPERATIONS, refused);
  } catch (error) {
    if (isBrokerError(causeOf(error), "GROUP_AUTHORIZATION_FAILED")) {
      return checkAccess(options, "group", group, GROUP_OPERATIONS, GROUP_OPERATIONS);
    }
    return troubleWith("kafka access", group, error);
  }
}

async function withAdmin<T>(connection: KafkaConnection, run: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Admin(baseOptions(connection));
  try {
    return await guarded(async () => run(admin));
  } finally {
    await admin.close();
  }
}

/**
 * Compares the clocks. Kafka tells the time in one answer only: the quorum leader reports its own last-caught-up time
 * as now (KIP-836).
 */
async function compareClocks({ connection, now }: KafkaDiagnosis, address: string): Promise<Check> {
  const topics = [{ topicName: "__cluster_metadata", partitions: [{ partitionIndex: 0 }] }];
  try {
    const beforeMs = now();
    const quorum = await ask(connection, address, async (link) => describeQuorumV1.api.async(link, topics));
    const oursMs = (beforeMs + now()) / 2;
    const partition = quorum.topics[0]?.partitions[0];
    const leader = partition?.currentVoters.find(({ replicaId }) => replicaId === partition.leaderId);
    const theirsMs = Number(leader?.lastCaughtUpTimestamp ?? -1);
    if (theirsMs > 0) return checkClock("Kafka", theirsMs, oursMs);
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
  }
  return ok("clock", "not compared with that of Kafka, which does not tell this user");
}
