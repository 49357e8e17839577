import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A listener besides the plain one, for example `TLS` that speaks `SSL`; its own lines begin with `listener.name.tls.`. */
export type KafkaListener = {
  readonly name: string;
  readonly protocol: "PLAINTEXT" | "SSL" | "SASL_PLAINTEXT" | "SASL_SSL";
};

/** Where a listener is: host:port. */
export type At = KafkaListener & { readonly address: string };

/** The node of every broker, since a formatted directory is one node's. */
const NODE = 1;

/**
 * Writes `server.properties` and `log4j2.yaml` into a directory, and makes its `data`.
 * @param plain port of the plain listener. @param settings more lines; they win.
 * @returns path of the properties.
 */
export function writeSettings(
  directory: string,
  ports: { readonly plain: number; readonly controller: number },
  listeners: readonly At[],
  settings: readonly string[],
): string {
  mkdirSync(join(directory, "data"));
  const properties = join(directory, "server.properties");
  const lines = [...propertiesOf(directory, ports.controller), ...propertiesOfListeners(ports, listeners)];
  writeFileSync(properties, [...lines, ...settings, ""].join("\n"));
  writeFileSync(join(directory, "log4j2.yaml"), LOGGING);
  return properties;
}

/** Names a cluster and its directory anew in a directory that was formatted for another one. */
export function writeIdentity(data: string, cluster: string, directory: string): void {
  const lines = ["version=1", `node.id=${NODE}`, `cluster.id=${cluster}`, `directory.id=${directory}`];
  writeFileSync(join(data, "meta.properties"), [...lines, ""].join("\n"));
}

function propertiesOf(directory: string, controller: number): readonly string[] {
  return [
    "process.roles=broker,controller",
    `node.id=${NODE}`,
    `controller.quorum.voters=${NODE}@127.0.0.1:${controller}`,
    "controller.listener.names=CONTROLLER",
    "inter.broker.listener.name=PLAINTEXT",
    `log.dirs=${directory}/data`,
    "num.partitions=1",
    // Tests give records times of other years; by its default Kafka deletes them half a minute after it started.
    "log.retention.ms=-1",
    "offsets.topic.num.partitions=2",
    "offsets.topic.replication.factor=1",
    "transaction.state.log.num.partitions=2",
    "transaction.state.log.replication.factor=1",
    "transaction.state.log.min.isr=1",
    "share.coordinator.state.topic.num.partitions=1",
    "share.coordinator.state.topic.replication.factor=1",
    "share.coordinator.state.topic.min.isr=1",
    "group.initial.rebalance.delay.ms=0",
    "group.min.session.timeout.ms=1000",
    "auto.create.topics.enable=false",
    "num.network.threads=2",
    "num.io.threads=2",
  ];
}

function propertiesOfListeners(
  { plain, controller }: { readonly plain: number; readonly controller: number },
  listeners: readonly At[],
): readonly string[] {
  const own = [{ name: "PLAINTEXT", protocol: "PLAINTEXT", address: `127.0.0.1:${plain}` }, ...listeners];
  const addresses = own.map(({ name, address }) => `${name}://${address}`).join(",");
  const protocols = own.map(({ name, protocol }) => `${name}:${protocol}`).join(",");
  return [
    `listeners=${addresses},CONTROLLER://127.0.0.1:${controller}`,
    `advertised.listeners=${addresses}`,
    `listener.security.protocol.map=${protocols},CONTROLLER:PLAINTEXT`,
  ];
}

const LOGGING = `Configuration:
  status: warn
  Appenders: {Console: {name: S, PatternLayout: {pattern: "[%d] %p %m (%c)%n"}}}
  Loggers: {Root: {level: WARN, AppenderRef: {ref: S}}}
`;
