import type { KafkaConnection } from "../kafka-connection.ts";
import { Admin, ConfigResourceTypes, type ClusterMetadata } from "@platformatic/kafka";
import { Unavailable } from "../../core/unavailable.ts";
import type { Stream } from "../source.ts";
import { baseOptions, guarded } from "./client.ts";

/** The topics of the cluster at one moment. */
export type Topics = {
  readonly clusterId: string;
  readonly byName: ReadonlyMap<string, { readonly id: string; readonly partitions: number }>;
};

export function topicsOf(metadata: ClusterMetadata): Topics {
  return {
    clusterId: metadata.id,
    byName: new Map(
      [...metadata.topics].map(([name, { id, partitionsCount }]) => [name, { id, partitions: partitionsCount }]),
    ),
  };
}

/**
 * The stream of a partition; null when it does not exist. A topic that is created again has another id and so another
 * stream: its offsets name other records.
 */
export function streamOf(topics: Topics, topic: string, partition: number): Stream | null {
  const found = topics.byName.get(topic);
  if (found === undefined || partition >= found.partitions) return null;
  return { id: `${topics.clusterId}/${found.id}/${partition}`, topic, partition };
}

/** The topic id in a stream's id. */
export function topicIdOf(stream: Stream): string {
  return stream.id.split("/").at(-2) ?? "";
}

/**
 * Refuses compacted topics: compaction deletes records by key, so a record could disappear silently before its
 * decision.
 * @throws `Unavailable` with code LOG_COMPACTED that names the topics, unless they are accepted.
 */
export async function refuseCompaction(
  connection: KafkaConnection,
  topics: readonly string[],
  accepted: readonly string[],
): Promise<void> {
  const compacted = (await compactedTopics(connection, topics)).filter((topic) => !accepted.includes(topic));
  if (compacted.length === 0) return;
  throw new Unavailable(
    "LOG_COMPACTED",
    `Cannot read ${compacted.join(", ")}: cleanup.policy includes compact, which deletes records before they may be decided`,
    "set cleanup.policy=delete on the topic, or name it in kafka.accept_compacted",
  );
}

/** The topics whose cleanup policy includes compaction. */
export async function compactedTopics(
  connection: KafkaConnection,
  topics: readonly string[],
): Promise<readonly string[]> {
  const admin = new Admin(baseOptions(connection));
  try {
    return await guarded(async () => {
      const described = await admin.describeConfigs({
        resources: topics.map((resourceName) => ({
          resourceType: ConfigResourceTypes.TOPIC,
          resourceName,
          configurationKeys: ["cleanup.policy"],
        })),
      });
      return described
        .filter(({ configs }) => configs.some(({ value }) => value?.includes("compact") === true))
        .map(({ resourceName }) => resourceName);
    });
  } finally {
    await admin.close();
  }
}

/** The names of all topics that the cluster shows to this user. */
export async function topicNames(connection: KafkaConnection): Promise<readonly string[]> {
  const admin = new Admin(baseOptions(connection));
  try {
    return await guarded(async () => admin.listTopics());
  } finally {
    await admin.close();
  }
}
