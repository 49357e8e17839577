import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join, resolve } from "node:path";
import type { Command } from "commander";
import { checkLog, logMissing } from "../audit/log.ts";
import type { FindingCode } from "../audit/finding.ts";
import { EXIT } from "../codes.ts";
import type { Config } from "../config.ts";
import { idleDefaults } from "../contract/idle-defaults.ts";
import { describeIoError } from "../contract/source-text.ts";
import { fail, ok, warn, type Check } from "../core/check.ts";
import { Unavailable } from "../core/unavailable.ts";
import {
  checkEngines,
  checkFile,
  foldersOfRestores,
  hasData,
  layoutIn,
  loadContractSet,
  openToLook,
  requireWritable,
  type ContractsResult,
  type Look,
} from "../main.ts";
import { placed } from "./contracts.ts";
import { checkAnchors } from "./doctor-anchors.ts";
import { counted, print, printJson, printTable, styled } from "./output.ts";
import { withCommands } from "./printed-command.ts";
import { configFor } from "./settings.ts";

/** Below this, a gateway of moderate traffic is full within days. */
const FREE_BYTES_LOW = 1_073_741_824;
/** A commit waits for one fsync: slower than this and every batch is slow. */
const FSYNC_SLOW_MS = 50;

/** `sigma doctor`: every check with a fix; exit 10 when one fails. */
export async function doctor(command: Command, { json }: { readonly json: boolean }): Promise<void> {
  const config = await configFor(command);
  const contracts = await loadContractSet(config);
  const embedded = config.kafka === null || config.mongodbUri === null;
  const checks: Check[] = [
    ok("node", `Node ${process.versions.node}, SQLite ${process.versions.sqlite ?? "missing"}`),
    ok("configuration", "every setting is valid"),
    ...describeContracts(config, contracts),
    ...(embedded ? checkDirectory(config) : []),
    await checkPort(config),
    ...(await engineChecks(config, contracts)),
    ...(embedded ? await checkRestores(config) : []),
    ...(embedded ? await checkData(config) : []),
    ...(await checkAnchors(config)),
  ];
  if (checks.some(({ result }) => result === "fail")) process.exitCode = EXIT.findings;
  if (json) return checks.forEach((check) => printJson({ kind: "check", ...check }));
  printTable(checks.map(({ name, result, message }) => [STYLED[result](), name, message]));
  for (const { name, fix } of checks) if (fix !== null) print(`fix ${name}: ${withCommands(fix)}`);
}

const STYLED: Readonly<Record<Check["result"], () => string>> = {
  ok: () => styled("green", "ok  "),
  warn: () => styled("yellow", "warn"),
  fail: () => styled("red", "fail"),
};

/** Files of the connection that cannot be read are told like everything else. */
async function engineChecks(config: Config, contracts: ContractsResult): Promise<readonly Check[]> {
  try {
    return await checkEngines(config, contracts.ok ? contracts.set : null);
  } catch (error) {
    if (error instanceof Unavailable) return [fail("engines", `${error.code} ${error.message}`, error.remedy)];
    throw error;
  }
}

function describeContracts(config: Config, loaded: ContractsResult): readonly Check[] {
  if (!loaded.ok) {
    return loaded.faults
      .map(placed)
      .map(({ place, code, message, remedy }) => fail("contracts", `${place}: ${code} ${message}`, remedy));
  }
  const versions = [...loaded.set.bySubject.values()].reduce((sum, contract) => sum + contract.versions.size, 0);
  return [
    ok(
      "contracts",
      `${counted(loaded.set.bySubject.size, "contract")}, ${counted(versions, "version")}, as frozen in ${join(config.contractsDir, "contracts.lock")}`,
    ),
    ...idleDefaults(loaded.set).map(({ topic, message, remedy }) => fail(`source ${topic}`, message, remedy)),
  ];
}

/** Writes, syncs and removes a small file where the data goes. */
function checkDirectory({ dataDir }: Config): readonly Check[] {
  const probe = join(dataDir, `.doctor-${process.pid}`);
  const made = mkdirTolerant(dataDir);
  if (made !== null)
    return [
      fail(
        "data directory",
        `"${dataDir}" cannot be made: ${made}`,
        "choose another with --data, or correct its permissions",
      ),
    ];
  try {
    const file = openSync(probe, "wx");
    let slowestMs = 0;
    try {
      for (let round = 0; round < 3; round += 1) {
        const startedMs = performance.now();
        writeSync(file, "sigma");
        fsyncSync(file);
        slowestMs = Math.max(slowestMs, performance.now() - startedMs);
      }
    } finally {
      closeSync(file);
      rmSync(probe, { force: true });
    }
    const sync = `an fsync takes up to ${slowestMs.toFixed(1)} ms`;
    return [
      ok("data directory", `"${resolve(dataDir)}" can be written`),
      slowestMs > FSYNC_SLOW_MS
        ? warn("fsync", sync, "use a local disk; network disks make every batch slow")
        : ok("fsync", sync),
      checkSpace(dataDir),
    ];
  } catch (error) {
    return [
      fail(
        "data directory",
        `"${dataDir}" cannot be written: ${describeIoError(error)}`,
        "correct its permissions, or choose another with --data",
      ),
    ];
  }
}

function mkdirTolerant(directory: string): string | null {
  try {
    mkdirSync(directory, { recursive: true });
    return null;
  } catch (error) {
    return describeIoError(error);
  }
}

function checkSpace(directory: string): Check {
  const { bavail, bsize } = statfsSync(existsSync(directory) ? directory : dirname(directory));
  const free = bavail * bsize;
  const message = `${(free / 1_073_741_824).toFixed(1)} GiB free`;
  return free < FREE_BYTES_LOW
    ? warn("disk", message, "free some space: a full disk pauses the gateway")
    : ok("disk", message);
}

async function checkPort({ http: { host, port } }: Config): Promise<Check> {
  const code = await new Promise<string | null>((resolvePort) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolvePort(error.code ?? error.message));
    server.listen({ host, port }, () => server.close(() => resolvePort(null)));
  });
  if (code === null) return ok("port", `${host}:${port} is free`);
  // A gateway that runs holds its own port: a warning, not a failure.
  if (code === "EADDRINUSE")
    return warn("port", `${host}:${port} is in use`, "if that is not this gateway, choose another port with --port");
  return fail(
    "port",
    `${host}:${port} cannot be listened on (${code})`,
    "choose an address of this machine and a port from 1024 on",
  );
}

async function checkRestores(config: Config): Promise<readonly Check[]> {
  const fix = "unless one runs now: run sigma restore again, which removes it, or remove it";
  return (await foldersOfRestores(config)).map((folder) =>
    warn("restore", `"${folder}" is of a restore that was broken off`, fix),
  );
}

async function checkData(config: Config): Promise<readonly Check[]> {
  if (!hasData(config)) return [ok("data", "none yet")];
  try {
    const engine = await openToLook(config);
    try {
      if (engine.log === null && (await engine.store.reads.streams()).length === 0) return [ok("data", "none yet")];
      return [
        ...(await checkLayout(config)),
        ...(await checkWritable(config)),
        ...(await checkStore(engine)),
        ...(await checkLogFile(config)),
        ...(await checkItsLog(engine)),
      ];
    } finally {
      await engine.close();
    }
  } catch (error) {
    if (error instanceof Unavailable) return [fail("data", `${error.code} ${error.message}`, error.remedy)];
    throw error;
  }
}

/** That of MongoDB is told with its server. One that cannot be opened is told by the error. */
async function checkLayout({ dataDir, mongodbUri }: Config): Promise<readonly Check[]> {
  const layout = mongodbUri === null ? await layoutIn(dataDir) : null;
  return layout === null ? [] : [ok("layout", `store.db has layout ${layout}, which this build writes`)];
}

async function checkWritable(config: Config): Promise<readonly Check[]> {
  try {
    await requireWritable(config);
    return [];
  } catch (error) {
    if (error instanceof Unavailable) return [fail("data", `${error.code} ${error.message}`, error.remedy)];
    throw error;
  }
}

async function checkStore({ store }: Look): Promise<readonly Check[]> {
  const damage = await store.reads.integrity();
  if (damage.length === 0) return [ok("data", "the store is found in order")];
  return damage.map((message) =>
    fail("data", `the store is damaged: ${message}`, "restore it from a backup, then run sigma audit"),
  );
}

async function checkLogFile(config: Config): Promise<readonly Check[]> {
  const damage = await (await checkFile(config, "log.db")).damage;
  return damage === null ? [] : [fail("log", `${damage.code} ${damage.message}`, damage.remedy)];
}

/** Whether the log is the one that the store knows. */
async function checkItsLog({ log, logFile, store }: Look): Promise<readonly Check[]> {
  const ledgers = await store.reads.streams();
  if (ledgers.length === 0 && (await store.reads.logEnds()).length === 0)
    return [ok("log", "the store knows none yet")];
  const settled = new Map<string, bigint>();
  for (const stream of ledgers) settled.set(stream, (await store.tail(stream))?.to ?? 0n);
  const findings =
    log === null ? [logMissing(logFile)] : await checkLog(store.reads, log, (stream) => settled.get(stream));
  if (findings.length === 0) return [ok("log", "it is the one that the store knows")];
  return findings.map(({ code, message }) => fail("log", `${code} ${message}`, fixOf(code)));
}

function fixOf(code: FindingCode): string {
  return code === "SOURCE_UNDECIDED"
    ? "make its topic a source again, or put the log back that has them; see docs/backup.md"
    : "put the log back, log.db and log.db-wal together; see docs/backup.md";
}
