import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { cached, run } from "./cache.ts";
import { freePorts } from "./ports.ts";
import { writeIdentity, writeSettings, type KafkaListener } from "./kafka-settings.ts";

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

type Start = {
  readonly settings?: readonly string[];
  readonly listeners?: readonly KafkaListener[];
  readonly flags?: readonly string[];
};

const NAME = "kafka-4.4.0";
/** The log of the metadata, which a formatted directory begins with. */
const METADATA = "__cluster_metadata-0";
const CLASSES = "classes.jsa";

/** Flags for the broker of a test file: it lives for seconds, in which the JVM's second compiler costs more than it brings. */
export const SHORT_LIVED: readonly string[] = ["-XX:TieredStopAtLevel=1"];

/** The jars of the broker, from Maven Central. @throws when there is no Maven or no network. */
export function kafkaJars(): string {
  return cached(NAME, (directory) => {
    const pom = new URL("pom.xml", import.meta.url).pathname;
    run("mvn", ["-q", "-B", "-ntp", "-f", pom, `-Djars=${directory}`, "package"]);
  });
}

/**
 * What every broker begins with, made once: a formatted log of the metadata, and the classes that a broker loads as a
 * JDK maps them. Another JDK or other jars leave the classes unused, and load them as ever.
 */
export function preparedKafka(): string {
  const jars = kafkaJars();
  return cached(`${NAME}-prepared-1`, (folder) => {
    const directory = mkdtempSync(join(tmpdir(), "sigma-kafka-"));
    const properties = writeSettings(directory, { plain: 1, controller: 2 }, [], []);
    const tool = [...javaArguments(jars, directory, SHORT_LIVED), "kafka.tools.StorageTool"];
    run("java", [...tool, "format", "-t", newId(), "-c", properties]);
    cpSync(join(directory, "data", METADATA), join(folder, METADATA), { recursive: true });
    rmSync(directory, { recursive: true });
    run(process.execPath, [new URL("kafka-classes.child.ts", import.meta.url).pathname, folder]);
  });
}

/** Runs a broker that writes down what classes it loaded when it ends. @param use what is done with it. */
export async function recordClasses(folder: string, use: (brokers: string) => Promise<void>): Promise<void> {
  const broker = await startBroker(kafkaJars(), folder, {
    flags: [...SHORT_LIVED, `-XX:ArchiveClassesAtExit=${join(folder, CLASSES)}`],
  });
  try {
    await use(broker.brokers);
    await broker.end("SIGTERM");
  } finally {
    await broker.stop();
  }
}

/** @param settings more lines of server.properties; they win. @param flags of the JVM; benchmarks take it as it comes. */
export async function startKafka(
  settings: readonly string[] = [],
  listeners: readonly KafkaListener[] = [],
  flags: readonly string[] = [],
): Promise<KafkaServer> {
  const prepared = preparedKafka();
  const classes = join(prepared, CLASSES);
  const shared = existsSync(classes) ? [`-XX:SharedArchiveFile=${classes}`, "-Xshare:auto"] : [];
  return startBroker(kafkaJars(), prepared, { settings, listeners, flags: [...shared, ...flags] });
}

type Broker = KafkaServer & { readonly end: (signal: NodeJS.Signals) => Promise<void> };

async function startBroker(jars: string, prepared: string, start: Start): Promise<Broker> {
  const { settings = [], listeners = [], flags = [] } = start;
  const directory = mkdtempSync(join(tmpdir(), "sigma-kafka-"));
  const [plain = 0, controller = 0, ...others] = await freePorts(2 + listeners.length);
  const all = listeners.map((one, index) => ({ ...one, address: `127.0.0.1:${others[index]}` }));
  const properties = writeSettings(directory, { plain, controller }, all, settings);
  const data = join(directory, "data");
  cpSync(join(prepared, METADATA), join(data, METADATA), { recursive: true });
  writeIdentity(data, newId(), newId());
  let child = await launch();

  async function launch(): Promise<ChildProcess> {
    const out = openSync(join(directory, "broker.log"), "a");
    const heap = ["-Xmx512m", "-Xms128m", "-XX:+UseSerialGC"];
    const java = javaArguments(jars, directory, [...heap, ...flags]);
    const started = spawn("java", [...java, "kafka.Kafka", properties], { stdio: ["ignore", out, out] });
    await waitUntilReady(plain, started, join(directory, "broker.log"));
    return started;
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  };
  return {
    brokers: `127.0.0.1:${plain}`,
    data,
    listener: (name) => {
      const found = all.find((one) => one.name === name);
      if (found === undefined) throw new Error(`there is no listener ${name}`);
      return found.address;
    },
    jars,
    end,
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

/** As Kafka writes a random UUID. */
function newId(): string {
  return randomBytes(16).toString("base64url");
}

function javaArguments(jars: string, directory: string, flags: readonly string[]): readonly string[] {
  const logging = `-Dlog4j2.configurationFile=${directory}/log4j2.yaml`;
  return [...flags, logging, "-Djava.awt.headless=true", "-cp", `${jars}/*`];
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
