import { join, resolve } from "node:path";
import type { Command } from "commander";
import { makeBackup } from "../../../backup/make.ts";
import type { Manifest } from "../../../backup/manifest.ts";
import { restoreBackup } from "../../../backup/restore.ts";
import { EXIT } from "../../../config/codes.ts";
import type { Config } from "../../../config/config.ts";
import { describeIoError } from "../../../contract/source-text.ts";
import { fileKinds, layoutIn } from "../../../app/data-directory.ts";
import { streamsOfCopies } from "../../../app/copied-streams.ts";
import { skipPositions } from "../../../app/logs.ts";
import { SQLITE_LAYOUT, newerLayout } from "../../../store/layout-version.ts";
import { counted, print, printJson } from "../../terminal/output.ts";
import { version } from "../../terminal/package.ts";
import { toRun } from "../../terminal/printed-command.ts";
import { Refusal, usage } from "../../terminal/refusal.ts";
import { configFor } from "../../terminal/settings.ts";

type BackupOptions = { readonly json: boolean };
type RestoreOptions = BackupOptions & { readonly replace: boolean };

/** `sigma backup DIR`: copies the files of the data directory, also while a gateway runs on it. */
export async function backupCommand(command: Command, to: string, { json }: BackupOptions): Promise<void> {
  const config = await configFor(command);
  if (config.kafka !== null && config.mongodbUri !== null) throw notEmbedded();
  const made = await writing(to, async () =>
    makeBackup({
      dataDir: config.dataDir,
      to: resolve(to),
      program: version(),
      now: () => new Date(),
      kinds: await fileKinds(),
      describe: async (directory) => streamsOfCopies(config, directory),
    }),
  );
  switch (made.kind) {
    case "nothing-there":
      throw usage("SIG-I-007", `Cannot back up "${config.dataDir}": it holds no data yet`, "name another with --data");
    case "not-empty":
      throw usage("SIG-I-031", `Cannot back up to "${to}": it holds something already`, "name a folder that is new");
    case "inconsistent":
      throw new Refusal(
        "SIG-I-032",
        `Cannot back up "${config.dataDir}": ${made.why}`,
        "run sigma doctor: the log is not the one that the store knows",
        EXIT.findings,
      );
    case "made":
      return report("backup", to, made.manifest, config, json);
  }
}

/** `sigma restore DIR`: puts a backup into a data directory that no gateway uses. */
export async function restoreCommand(command: Command, from: string, options: RestoreOptions): Promise<void> {
  const config = await configFor(command);
  const { dataDir } = config;
  const aside = options.replace ? `before-${new Date().toISOString().replaceAll(/[:.]/g, "-")}` : null;
  const restored = await writing(dataDir, async () =>
    restoreBackup({
      from: resolve(from),
      dataDir,
      aside,
      kinds: await fileKinds(),
      prepare: async (directory, manifest) => {
        await refuseNewer(directory, from);
        await skipPositions({ ...config, dataDir: directory }, manifest);
      },
    }),
  );
  switch (restored.kind) {
    case "no-backup":
      throw usage("SIG-I-033", `Cannot restore "${from}": ${restored.why}`, "name a folder that sigma backup made");
    case "damaged":
      throw new Refusal(
        "SIG-I-033",
        `Cannot restore "${join(from, restored.name)}": it is not what its manifest says`,
        "use another backup; nothing was changed",
        EXIT.findings,
      );
    case "occupied":
      throw usage(
        "SIG-I-031",
        `Cannot restore into "${dataDir}": it holds data`,
        "name a new folder with --data, or move what is there aside with --replace",
      );
    case "in-use":
      throw usage(
        "SIG-I-034",
        `Cannot restore into "${dataDir}": another process has ${restored.name} open`,
        "stop the gateway first; nothing was changed",
      );
    case "restored":
      if (restored.aside !== null && !options.json) print(`what was there is in ${restored.aside}`);
      report("restored", dataDir, restored.manifest, config, options.json);
      return reportLayout(dataDir, options.json);
  }
}

/** Refuses a store of a newer build, before any file is moved. */
async function refuseNewer(directory: string, from: string): Promise<void> {
  const layout = await layoutIn(directory);
  if (layout !== null && layout > SQLITE_LAYOUT)
    throw newerLayout(`store "${join(from, "store.db")}"`, layout, SQLITE_LAYOUT);
}

/** Reports that the restored store has an older layout: a backup is restored unchanged. */
async function reportLayout(dataDir: string, json: boolean): Promise<void> {
  const layout = await layoutIn(dataDir);
  if (layout === null || layout === SQLITE_LAYOUT) return;
  if (json) return printJson({ kind: "older-layout", layout, writes: SQLITE_LAYOUT });
  print(
    `Its store has an older layout of ours (${layout}); this build writes ${SQLITE_LAYOUT}: ${toRun("store migrate")} comes first`,
  );
}

function report(kind: string, where: string, manifest: Manifest, config: Config, json: boolean): void {
  if (json) return printJson({ ...manifest, kind, where });
  const { files, streams, madeAt } = manifest;
  print(
    `${kind === "backup" ? "copied to" : "restored into"} ${where}: ${files.map(({ name }) => name).join(" and ")}, as at ${madeAt}`,
  );
  const waiting = streams.reduce((sum, { settledTo, logEnd }) => sum + BigInt(logEnd) - BigInt(settledTo), 0n);
  if (streams.length > 0 && config.mongodbUri === null) {
    print(`${counted(streams.length, "stream")}, ${counted(Number(waiting), "offset")} of them not decided yet`);
  }
  if (config.mongodbUri !== null)
    print(
      kind === "backup"
        ? "The store is in MongoDB: dump it before the log is copied (docs/backup.md)"
        : `The store is in MongoDB, and may know of more: ${toRun("doctor")} says what was acknowledged and is lost`,
    );
  if (config.kafka !== null) print("The log is in Kafka, which keeps it");
  if (kind === "restored")
    print("What was acknowledged later is not in it: let its producers send it again, which does no harm");
}

async function writing<T>(where: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    if (error instanceof Error && typeof code === "string" && /^E[A-Z]+$/.test(code)) {
      throw new Refusal(
        "SIG-I-035",
        `Cannot write "${where}": ${describeIoError(error)}`,
        "check the path, its permissions and the space",
        EXIT.error,
      );
    }
    throw error;
  }
}

function notEmbedded(): Refusal {
  return usage(
    "SIG-I-007",
    "Cannot back up: the log is in Kafka and the store in MongoDB, and nothing is in the data directory",
    "use the tools of both; docs/backup.md says in which order",
  );
}
