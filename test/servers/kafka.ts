import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { cached, freePorts, run } from "./cache.ts";

/** A real, single-node Apache Kafka (KRaft) of the tests' own. */
export type KafkaServer = {
  /** host:port, as in KAFKA_BROKERS. */
  readonly brokers: string;
  /** host:port of a listener that was asked for by this name. */
  readonly listener: (name: string) => string;
  readonly jars: string;
  /** Directory with one folder of segments for each partition: `topic-0`. */
  readonly data: string;
  /** SIGKILL, then the same node on the same data again. */
  readonly kill: () => Promise<void>;
  readonly restart: () => Promise<void>;
  /** SIGSTOP and SIGCONT: a broker that hangs. */
  readonly freeze: (frozen: boolean) => void;
  readonly stop: () => Promise<void>;
};

/** The jars of the broker, from Maven Central. @throws when there is no Maven or no network. */
export function kafkaJars(): string {
  return cached("kafka-4.4.0", (directory) => {
    const pom = new URL("pom.xml", import.meta.url).pathname;
    run("mvn", ["-q", "-B", "-ntp", "-f", pom, `-Djars=${directory}`, "package"]);
  });
}

/** A listener besides the plain one, for example `TLS` that speaks `SSL`; its own lines begin with `listener.name.tls.`. */
export type KafkaListener = {
  readonly name: string;
  readonly protocol: "PLAINTEXT" | "SSL" | "SASL_PLAINTEXT" | "SASL_SSL";
};

/** @param settings more lines of server.properties; they win. */
export async function startKafka(
  settings: readonly string[] = [],
  listeners: readonly KafkaListener[] = [],
): Promise<KafkaServer> {
  const jars = kafkaJars();
  const directory = mkdtempSync(join(tmpdir(), "sigma-kafka-"));
  const [port = 0, controller = 0, ...others] = await freePorts(2 + listeners.length);
  const all = listeners.map((one, index) => ({ ...one, address: `127.0.0.1:${others[index]}` }));
  const properties = join(directory, "server.properties");
  const lines = [...propertiesOf(directory, controller), ...propertiesOfListeners(port, controller, all)];
  writeFileSync(properties, [...lines, ...settings, ""].join("\n"));
  writeFileSync(join(directory, "log4j2.yaml"), LOGGING);
  const java = javaArguments(jars, directory);
  const tool = [...java(["-XX:TieredStopAtLevel=1"]), "kafka.tools.StorageTool"];
  const cluster = run("java", [...tool, "random-uuid"]).trim();
  run("java", [...tool, "format", "-t", cluster, "-c", properties]);
  let child = await launch();

  async function launch(): Promise<ChildProcess> {
    const out = openSync(join(directory, "broker.log"), "a");
    const heap = ["-Xmx512m", "-Xms128m", "-XX:+UseSerialGC"];
    const started = spawn("java", [...java(heap), "kafka.Kafka", properties], { stdio: ["ignore", out, out] });
    await waitUntilReady(port, started, join(directory, "broker.log"));
    return started;
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  };
  return {
    brokers: `127.0.0.1:${port}`,
    data: join(directory, "data"),
    listener: (name) => {
      const found = all.find((one) => one.name === name);
      if (found === undefined) throw new Error(`there is no listener ${name}`);
      return found.address;
    },
    jars,
    kill: async () => end("SIGKILL"),
    restart: async () => {
      await end("SIGKILL");
      child = await launch();
    },
    freeze: (frozen) => void child.kill(frozen ? "SIGSTOP" : "SIGCONT"),
    stop: async () => {
      await end("SIGKILL");
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function propertiesOf(directory: string, controller: number): readonly string[] {
  mkdirSync(join(directory, "data"));
  return [
    "process.roles=broker,controller",
    "node.id=1",
    `controller.quorum.voters=1@127.0.0.1:${controller}`,
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
  port: number,
  controller: number,
  listeners: readonly (KafkaListener & { readonly address: string })[],
): readonly string[] {
  const own = [{ name: "PLAINTEXT", protocol: "PLAINTEXT", address: `127.0.0.1:${port}` }, ...listeners];
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

function javaArguments(jars: string, directory: string): (flags: readonly string[]) => readonly string[] {
  const logging = `-Dlog4j2.configurationFile=${directory}/log4j2.yaml`;
  return (flags) => [...flags, logging, "-Djava.awt.headless=true", "-cp", `${jars}/*`];
}

/** Ready is when an ApiVersions request (key 18, version 0) is answered. */
async function waitUntilReady(port: number, child: ChildProcess, logFile: string): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`the broker ended:\n${readFileSync(logFile, "utf8").slice(-4_000)}`);
    if (await answersApiVersions(port)) return;
    await delay(100);
  }
  throw new Error(`the broker did not become ready:\n${readFileSync(logFile, "utf8").slice(-4_000)}`);
}

async function answersApiVersions(port: number): Promise<boolean> {
  return new Promise((answered) => {
    const socket = connect(port, "127.0.0.1");
    const finish = (value: boolean): void => {
      socket.destroy();
      answered(value);
    };
    socket.setTimeout(2_000, () => finish(false));
    socket.on("error", () => finish(false));
    socket.on("connect", () => socket.write(Buffer.from("0000000a0012000000000001ffff", "hex")));
    socket.on("data", () => finish(true));
  });
}
