import { checkFile, foldersOfRestores, hasData, layoutIn, requireWritable } from "../app/data-directory.ts";
import { openReadOnly, type ReadOnlyEngine } from "../app/engine.ts";
import type { FindingCode } from "../audit/finding.ts";
import { checkLog, logMissing } from "../audit/log.ts";
import type { Config } from "../config/config.ts";
import { Unavailable } from "../core/unavailable.ts";
import { fail, ok, warn, type Check } from "./check.ts";

export async function checkRestores(config: Config): Promise<readonly Check[]> {
  const fix = "unless one runs now: run sigma restore again, which removes it, or remove it";
  return (await foldersOfRestores(config)).map((folder) =>
    warn("restore", `"${folder}" is of a restore that was broken off`, fix),
  );
}

export async function checkData(config: Config): Promise<readonly Check[]> {
  if (!hasData(config)) return [ok("data", "none yet")];
  try {
    const engine = await openReadOnly(config);
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

/**
 * Checks the layout of the store's file. MongoDB's layout is checked with its server; a file that cannot be opened is
 * reported by the error.
 */
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

async function checkStore({ store }: ReadOnlyEngine): Promise<readonly Check[]> {
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

/** Checks that the log is the one that the store knows. */
async function checkItsLog({ log, logFile, store }: ReadOnlyEngine): Promise<readonly Check[]> {
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
