import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join, resolve } from "node:path";
import type { Config } from "../config/config.ts";
import { describeIoError } from "../contract/source-text.ts";
import { fail, ok, warn, type Check } from "./check.ts";

/** Free space below which a gateway with moderate traffic fills the disk within days. */
const FREE_BYTES_LOW = 1_073_741_824;

/** A slower fsync slows down every batch, because each commit waits for one. */
const FSYNC_SLOW_MS = 50;

/** Checks the data directory by writing, syncing and removing a small file. */
export function checkDirectory({ dataDir }: Config): readonly Check[] {
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

export async function checkPort({ http: { host, port } }: Config): Promise<Check> {
  const code = await new Promise<string | null>((resolvePort) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolvePort(error.code ?? error.message));
    server.listen({ host, port }, () => server.close(() => resolvePort(null)));
  });
  if (code === null) return ok("port", `${host}:${port} is free`);
  // A running gateway uses its own port, so this is a warning, not a failure.
  if (code === "EADDRINUSE")
    return warn("port", `${host}:${port} is in use`, "if that is not this gateway, choose another port with --port");
  return fail(
    "port",
    `${host}:${port} cannot be listened on (${code})`,
    "choose an address of this machine and a port from 1024 on",
  );
}
