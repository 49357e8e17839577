import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Broker } from "./servers.ts";

/** A record that a read_committed consumer sees. */
export type VisibleRecord = {
  readonly partition: number;
  readonly offset: bigint;
  /** SHA-256 of the value, hex; "-" for a tombstone. */
  readonly sha256: string;
};

/**
 * Every visible record of a topic, as Apache Kafka's own Java consumer reads it (VisibleSet.java).
 * @throws with what Java printed when it fails, or when a transaction stays open.
 */
export async function readVisible(kafka: Broker, topic: string): Promise<readonly VisibleRecord[]> {
  const program = new URL("VisibleSet.java", import.meta.url).pathname;
  const flags = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dorg.apache.logging.log4j.level=OFF"];
  const command = [...flags, "-cp", `${kafka.jars}/*`, program, kafka.brokers, topic];
  const child = spawn("java", command, { stdio: ["ignore", "pipe", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (chunk) => (stderr += String(chunk)));
  const closed = once(child, "close");
  const visible: VisibleRecord[] = [];
  for await (const line of createInterface({ input: child.stdout })) visible.push(parseVisible(line));
  const [code] = (await closed) as [number | null];
  if (code !== 0) throw new Error(`the Java consumer failed:\n${stderr.slice(-4_000)}`);
  return visible;
}

function parseVisible(line: string): VisibleRecord {
  const [, partition, offset, sha256] = /^(\d+) (\d+) (-|[0-9a-f]{64})$/.exec(line) ?? [];
  if (partition === undefined || offset === undefined || sha256 === undefined)
    throw new Error(`the Java consumer printed "${line.slice(0, 200)}"`);
  return { partition: Number(partition), offset: BigInt(offset), sha256 };
}
