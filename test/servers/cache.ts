import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";

/** Where downloaded servers are kept between runs; SIGMA_SERVER_CACHE names another directory. */
export const CACHE: string =
  process.env["SIGMA_SERVER_CACHE"] ??
  join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "sigma-test-servers");

/** Runs `make` once for ever: its directory appears in the cache only when it is complete, whoever else makes it too. */
export function cached(name: string, make: (directory: string) => void): string {
  const directory = join(CACHE, name);
  if (existsSync(directory)) return directory;
  mkdirSync(CACHE, { recursive: true });
  const making = mkdtempSync(join(CACHE, `${name}-`));
  make(making);
  try {
    renameSync(making, directory);
  } catch (error) {
    if (!existsSync(directory)) throw error;
    // Another process was faster.
    rmSync(making, { recursive: true });
  }
  return directory;
}

/** Runs a tool to its end. @throws with what it printed when it fails or is missing. */
export function run(command: string, args: readonly string[], cwd?: string): string {
  return execFileSync(command, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** Ports nothing listens on now. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      async () =>
        new Promise<ReturnType<typeof createServer>>((listening) => {
          const server = createServer();
          server.listen(0, "127.0.0.1", () => listening(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map(async (server) => new Promise((closed) => server.close(closed))));
  return ports;
}
